//! The finished RPC, over TCP and over streams in memory.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use faultline::asynchronous::{NodeHandle, Runtime};
use faultline::rpc::{CallError, Client, ClientConfig, Fault, MAX_FRAME, ServeConfig, Why, serve};
use faultline::{Never, ms};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

const FAR: Duration = Duration::from_secs(3_600);

type Node = NodeHandle<Never, Never>;

/// Runs a test's tasks inside tokio, on a host that needs no datagrams.
fn live<Main: Future<Output = ()> + 'static>(main: impl FnOnce(Node) -> Main + 'static) {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    faultline::live::run(socket, &[], |node| async move {
        main(node).await;
        Ok(())
    })
    .unwrap();
}

/// A server of the methods of [`execute`] until the sender says so or is dropped.
async fn server(
    runtime: &Runtime,
    at_once: usize,
) -> (SocketAddr, oneshot::Sender<()>, oneshot::Receiver<()>) {
    let listener = Rc::new(TcpListener::bind(("127.0.0.1", 0)).await.unwrap());
    let address = listener.local_addr().unwrap();
    let (close, closing) = oneshot::channel::<()>();
    let (ended, end) = oneshot::channel();
    let (inside, most) = (runtime.clone(), Rc::new((Cell::new(0), Cell::new(0))));
    runtime.spawn(async move {
        let handler = {
            let inside = inside.clone();
            move |method, arguments| execute(inside.clone(), most.clone(), method, arguments)
        };
        let accept = || {
            let listener = listener.clone();
            async move { listener.accept().await.map(|(stream, _)| stream) }
        };
        let closing = async { drop(closing.await) };
        serve(&inside, ServeConfig { at_once }, accept, handler, closing).await.unwrap();
        let _ = ended.send(());
    });
    (address, close, end)
}

/// 1 gives its argument back; 2 does it later; 3 fails; 4 panics; 5 says how many handlers have run at once, at most; 6 is large.
async fn execute(
    runtime: Runtime,
    most: Rc<(Cell<usize>, Cell<usize>)>,
    method: u32,
    arguments: Vec<u8>,
) -> Result<Vec<u8>, Fault> {
    let (running, at_most) = &*most;
    running.set(running.get() + 1);
    at_most.set(at_most.get().max(running.get()));
    let result = match method {
        1 => Ok(arguments),
        2 => {
            runtime.sleep(ms(50)).await;
            Ok(arguments)
        }
        3 => Err(Fault::Failed("no".into())),
        4 => {
            running.set(running.get() - 1);
            panic!("out of paper")
        }
        5 => Ok(vec![u8::try_from(at_most.get()).unwrap()]),
        6 => Ok(vec![0; MAX_FRAME]),
        _ => Err(Fault::NoSuchMethod),
    };
    running.set(running.get() - 1);
    result
}

fn client(runtime: &Runtime, address: SocketAddr) -> Client {
    Client::start(runtime, ClientConfig::default(), move || TcpStream::connect(address))
}

#[test]
fn many_calls_at_once_each_get_their_own_result() {
    live(|node| async move {
        let (address, _close, _) = server(&node, 8).await;
        let client = client(&node, address);
        let calls: Vec<_> = (0..200_u32)
            .map(|number| {
                let client = client.clone();
                let method = 1 + number % 2;
                node.spawn(async move { client.call(method, number.to_be_bytes().to_vec(), FAR).await })
            })
            .collect();
        for (call, number) in calls.into_iter().zip(0_u32..) {
            assert_eq!(call.await.unwrap().unwrap(), number.to_be_bytes());
        }
        assert_eq!(client.call(5, vec![], FAR).await.unwrap(), [8]);
    });
}

#[test]
fn a_large_value_crosses_and_a_larger_one_is_refused() {
    live(|node| async move {
        let (address, _close, _) = server(&node, 8).await;
        let client = client(&node, address);
        let large: Vec<u8> = (0..3 << 20).map(|place: usize| place as u8).collect();
        assert_eq!(client.call(1, large.clone(), FAR).await.unwrap(), large);
        let too_large = client.call(1, vec![0; MAX_FRAME], FAR).await;
        assert_eq!(too_large, Err(CallError::NotExecuted(Why::TooLarge)));
        assert_eq!(client.call(6, vec![], FAR).await, Err(CallError::Fault(Fault::TooLarge)));
        assert_eq!(client.call(1, vec![1], FAR).await.unwrap(), [1]);
    });
}

#[test]
fn faults_and_panics_are_answers() {
    live(|node| async move {
        let (address, _close, _) = server(&node, 1).await;
        let client = client(&node, address);
        let fault = |result: Result<_, CallError>| match result {
            Err(CallError::Fault(fault)) => fault.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(fault(client.call(3, vec![], FAR).await), "it failed: no");
        assert_eq!(fault(client.call(4, vec![], FAR).await), "it failed: task panicked: out of paper");
        assert_eq!(fault(client.call(9, vec![], FAR).await), "there is no such method");
        assert_eq!(client.call(1, vec![1], FAR).await.unwrap(), [1]);
    });
}

#[test]
fn what_nobody_can_have_heard_was_not_executed_and_what_was_sent_is_unknown() {
    live(|node| async move {
        let config = ClientConfig { ping: ms(20), give_up: ms(300), ..ClientConfig::default() };
        // It is there, and neither reads nor answers.
        let peers: Rc<RefCell<Vec<tokio::io::DuplexStream>>> = Rc::default();
        let kept = peers.clone();
        let silent = Client::start(&node, config, move || {
            let (ours, theirs) = tokio::io::duplex(1_024);
            kept.borrow_mut().push(theirs);
            async { Ok(ours) }
        });
        let [first, second] = [ms(40), FAR].map(|deadline| {
            let silent = silent.clone();
            node.spawn(async move { silent.call(1, vec![], deadline).await })
        });
        assert_eq!(first.await.unwrap(), Err(CallError::Unknown(Why::Deadline)));
        assert_eq!(second.await.unwrap(), Err(CallError::Unknown(Why::Silent)));
        assert_eq!(peers.borrow().len(), 1);
        let refused = Client::start(&node, config, || async {
            Err::<TcpStream, _>(io::ErrorKind::ConnectionRefused.into())
        });
        assert_eq!(refused.call(1, vec![], ms(40)).await, Err(CallError::NotExecuted(Why::Deadline)));
        assert_eq!(refused.call(1, vec![], FAR).await, Err(CallError::NotExecuted(Why::Silent)));
    });
}

#[test]
fn a_client_goes_on_with_the_next_server_at_the_same_address() {
    live(|node| async move {
        let streams: Rc<RefCell<Vec<tokio::io::DuplexStream>>> = Rc::default();
        let (pool, config) = (streams.clone(), ClientConfig::default());
        let client = Client::start(&node, config, move || {
            let next = pool.borrow_mut().pop();
            async move { next.ok_or_else(|| io::ErrorKind::ConnectionRefused.into()) }
        });
        for round in 0..3_u8 {
            let (ours, theirs) = tokio::io::duplex(64);
            streams.borrow_mut().push(ours);
            let asking = client.clone();
            let call = node.spawn(async move { asking.call(1, vec![round], FAR).await });
            let (mut reader, writer) = tokio::io::split(theirs);
            // The request has come whole, and the server goes without a word.
            let length = reader.read_u32().await.unwrap();
            let mut request = vec![0; length as usize];
            reader.read_exact(&mut request).await.unwrap();
            drop((reader, writer));
            assert_eq!(call.await.unwrap(), Err(CallError::Unknown(Why::Lost)), "{round}");
        }
    });
}

#[test]
fn a_server_that_closes_answers_what_it_has_begun_and_says_what_it_will_not_begin() {
    live(|node| async move {
        let (address, close, end) = server(&node, 2).await;
        let client = client(&node, address);
        let calls: Vec<_> = (0..6)
            .map(|number| {
                let client = client.clone();
                node.spawn(async move { client.call(2, vec![number], FAR).await })
            })
            .collect();
        node.sleep(ms(20)).await;
        drop(close);
        let mut executed = 0;
        for (call, number) in calls.into_iter().zip(0_u8..) {
            match call.await.unwrap() {
                Ok(result) => {
                    assert_eq!(result, [number]);
                    executed += 1;
                }
                Err(error) => assert_eq!(error, CallError::Fault(Fault::Closing)),
            }
        }
        assert!((2..6).contains(&executed), "{executed}");
        end.await.unwrap();
        assert_eq!(client.call(1, vec![], ms(200)).await, Err(CallError::NotExecuted(Why::Deadline)));
    });
}

#[test]
fn garbage_ends_its_connection_and_costs_no_memory() {
    live(|node| async move {
        let (address, _close, _) = server(&node, 2).await;
        let long = ((MAX_FRAME + 1) as u32).to_be_bytes();
        let promise = [&(MAX_FRAME as u32).to_be_bytes()[..], b"and nothing"].concat();
        for garbage in [b"\0\0\0\x05hello".to_vec(), long.to_vec(), promise, vec![0; 4]] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(&garbage).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = vec![];
            let _ = stream.read_to_end(&mut answer).await;
            assert_eq!(answer, b"", "{garbage:?}");
        }
        assert_eq!(client(&node, address).call(1, vec![1], FAR).await.unwrap(), [1]);
    });
}
