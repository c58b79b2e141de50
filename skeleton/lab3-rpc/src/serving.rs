//! The server's half of part E: a task for each call that is executed, and one that drives the machine.

use faultline::asynchronous::{Runtime, UdpSocket};
use lab3_kit::{Fault, ServeConfig, Target};
use std::future::Future;

/// Serves until `closing` is ready and everything that was begun is finished (rules E3 to E6). `handler` executes a call: it is
/// given what is called and the encoded arguments, and gives the encoded result, or why there is none.
pub async fn serve<Handler, Work>(
    runtime: &Runtime,
    socket: UdpSocket,
    config: ServeConfig,
    handler: Handler,
    closing: impl Future<Output = ()>,
) where
    Handler: Fn(Target, Vec<u8>) -> Work + 'static,
    Work: Future<Output = Result<Vec<u8>, Fault>> + 'static,
{
    todo!("lab 3, part E: serve")
}
