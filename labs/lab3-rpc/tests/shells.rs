//! The programs around the student's machines (part E), as the scenarios use them.

use faultline::asynchronous::{JoinHandle, NodeHandle, UdpSocket};
use lab3_kit::shells::{CallerCommand, Close, Ends, Job, Returned, ServiceNotice, WORK};
use lab3_kit::{ClientConfig, Fault, ServeConfig};
use lab3_rpc::{Caller, Question, codec, serve};
use std::io;

/// Makes each call in a task of its own.
pub(crate) async fn call(config: ClientConfig, node: NodeHandle<CallerCommand, Returned>) -> io::Result<()> {
    let mut caller = Some(Caller::start(&node, UdpSocket::bind(&node).await?, config));
    let mut tasks: Vec<JoinHandle<()>> = vec![];
    loop {
        match node.next_command().await {
            CallerCommand::Call { job, deadline } => {
                tasks.retain(|task| !task.is_finished());
                let Some(caller) = caller.clone() else { continue };
                let inside = node.clone();
                tasks.push(node.spawn(async move {
                    let question = Question::new(WORK, &(job.to_string(),));
                    let result = caller.call(question, deadline).await;
                    inside.notify(Returned { name: job.name, result });
                }));
            }
            CallerCommand::Leave => tasks.drain(..).for_each(|task| task.abort()),
            CallerCommand::Part => caller = None,
        }
    }
}

/// Serves until it is told to close.
pub(crate) async fn offer(config: ServeConfig, node: NodeHandle<Close, ServiceNotice>) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let inside = node.clone();
    let handler = move |target, arguments: Vec<u8>| {
        let job = codec::decode::<(String,)>(&arguments).ok().and_then(|(text,)| text.parse::<Job>().ok());
        let job = job.filter(|_| target == WORK);
        inside.notify(match &job {
            Some(job) => ServiceNotice::Began(job.name.clone()),
            None => ServiceNotice::BeganOther,
        });
        if let Some(job) = job.as_ref().filter(|job| job.ends == Ends::PanicsAtOnce) {
            panic!("{}", job.last_words());
        }
        let inside = inside.clone();
        async move {
            let job = job.ok_or(Fault::BadArguments)?;
            inside.sleep(job.takes).await;
            match job.ends {
                Ends::Returns => Ok(codec::encode(&job.result())),
                Ends::Fails => Err(Fault::Failed(job.last_words())),
                Ends::Panics | Ends::PanicsAtOnce => panic!("{}", job.last_words()),
            }
        }
    };
    let closing = async {
        let Close = node.next_command().await;
    };
    serve(&node, socket, config, handler, closing).await;
    node.notify(ServiceNotice::Closed);
    Ok(())
}
