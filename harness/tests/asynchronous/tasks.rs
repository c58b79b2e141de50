//! Tasks that end, and hosts that crash.

use super::*;

#[test]
fn an_aborted_task_is_dropped_in_its_turn() {
    let said = alone(|node| async move {
        let inner = node.clone();
        let task = node.spawn(async move {
            loop {
                inner.sleep(ms(10)).await;
                say(&inner, "still there");
            }
        });
        node.sleep(ms(15)).await;
        task.abort();
        say(&node, task.is_finished());
        say(&node, task.await.is_err_and(|error| error.is_cancelled()));
        let done = node.spawn(async { 5 });
        node.sleep(ms(1)).await;
        done.abort();
        say(&node, format!("{:?} {:?}", done.is_finished(), done.await));
        Ok(())
    });
    assert_eq!(said.unwrap(), ["10 ms still there", "15 ms false", "15 ms true", "16 ms true Ok(5)"]);
}

#[test]
fn a_program_that_returns_takes_its_tasks_along() {
    let brief = |_, node: Node| async move {
        let inner = node.clone();
        node.spawn(async move {
            let _socket = UdpSocket::bind(&inner).await.unwrap();
            let _loud = Loud(inner.clone());
            inner.sleep(ms(50)).await;
            say(&inner, "an orphan");
        });
        node.sleep(ms(15)).await;
        Ok(())
    };
    let said = play(brief, beacon, |stage| {
        stage.world.run_for(ms(60)).unwrap();
        let counts = stage.world.counts(stage.partner.host, stage.subject.host);
        assert_eq!((counts.delivered, counts.unheard), (6, 4), "the first two came while there was a socket");
    });
    assert_eq!(said.unwrap(), [] as [&str; 0]);
}

/// Tries to leave the host in every way when it is dropped.
struct LastWords(Node, Rc<UdpSocket>, Host);

impl Drop for LastWords {
    fn drop(&mut self) {
        let LastWords(node, socket, peer) = self;
        say(node, "last words");
        node.disk().write("testament", b"mine");
        node.disk().sync("testament");
        let mut send = pin!(socket.send_to(b"farewell", *peer));
        let Poll::Ready(sent) = send.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { return };
        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::NetworkDown);
        node.clone().spawn(async { panic!("a task after the end") });
        drop(node.sleep(ms(1)));
        panic!("a destructor that panics disturbs nobody");
    }
}

#[test]
fn a_crash_ends_every_task_and_a_restart_begins_anew() {
    let mortal = |peer, node: Node| async move {
        let disk = node.disk();
        say(&node, format!("begins with {:?}", disk.list()));
        disk.write("kept", b"x");
        disk.sync("kept");
        disk.write("lost", b"y");
        let socket = Rc::new(UdpSocket::bind(&node).await?);
        for _ in 0..2 {
            let words = LastWords(node.clone(), socket.clone(), peer);
            node.spawn(async move {
                let LastWords(node, ..) = &words;
                loop {
                    node.sleep(ms(10)).await;
                    say(node, "alive");
                }
            });
        }
        std::future::pending().await
    };
    let said = play(mortal, lamp, |stage| {
        let host = stage.subject.host;
        stage.world.schedule(ms(15), Change::Crash(host, Unsynced::Lost));
        stage.world.schedule(ms(40), Change::Restart(host));
        stage.world.schedule(ms(55), Change::Crash(host, Unsynced::Lost));
        stage.world.run_for(ms(200)).unwrap();
        assert_eq!(stage.world.counts(host, stage.partner.host).sent, 0);
        assert_eq!(stage.world.files(host).into_keys().collect::<Vec<_>>(), ["kept"]);
    });
    let life = |begin: &str, alive: &str| [begin.to_string(), alive.into(), alive.into()];
    let lives =
        [life("0 ms begins with []", "10 ms alive"), life("40 ms begins with [\"kept\"]", "50 ms alive")];
    assert_eq!(said.unwrap(), lives.concat());
}

#[test]
fn a_crash_at_a_disk_operation_swallows_what_follows() {
    let writer = |peer, node: Node| async move {
        let socket = UdpSocket::bind(&node).await?;
        for number in 0.. {
            node.sleep(ms(10)).await;
            node.disk().append("log", &[number]);
            socket.send_to(&[number], peer).await?;
        }
        Ok(())
    };
    play(writer, lamp, |stage| {
        let host = stage.subject.host;
        stage.world.change(&Change::CrashAtDiskOp(host, 3, Unsynced::Lost)).unwrap();
        stage.world.run_for(ms(200)).unwrap();
        assert_eq!((stage.world.disk_ops(host), stage.world.is_up(host)), (3, false));
        assert_eq!(stage.world.counts(host, stage.partner.host).sent, 2);
    })
    .unwrap();
}

#[test]
fn whoever_awaits_a_task_learns_of_its_panic() {
    let said = alone(|node| async move {
        let task: JoinHandle<()> = node.spawn(async { panic!("out of paper") });
        let error = task.await.unwrap_err();
        say(&node, format!("{error}, {} {}", error.is_panic(), error.is_cancelled()));
        Ok(())
    });
    assert_eq!(said.unwrap(), ["0 ms task panicked: out of paper, true false"]);
}

#[test]
fn a_panic_of_which_nobody_can_hear_is_told() {
    let told = reason(alone(|node| async move {
        let task = node.spawn(async { panic!("out of ink") });
        node.sleep(ms(1)).await;
        drop(task);
        node.sleep(ms(1)).await;
        Ok(())
    }));
    assert!(told.starts_with("Your code panicked at ") && told.ends_with(": out of ink."), "{told}");
    let unwritten = reason(alone(|node| async move {
        let _ = node.spawn(async { todo!("lab 9, part E: f") }).await;
        Ok(())
    }));
    assert!(unwritten.contains("ot written yet: lab 9, part E: f"), "{unwritten}");
}
