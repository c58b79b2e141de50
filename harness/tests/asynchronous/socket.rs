//! The socket.

use super::*;

#[test]
fn a_receive_that_is_cancelled_loses_nothing() {
    let impatient = |_, node: Node| async move {
        let socket = UdpSocket::bind(&node).await?;
        let mut interval = node.interval(ms(1));
        let mut ticks = 0;
        loop {
            tokio::select! {
                biased;
                _ = interval.tick() => ticks += 1,
                number = receive(&socket) => say(&node, number),
                _ = node.next_command() => break,
            }
        }
        say(&node, format!("{ticks} ticks"));
        Ok(())
    };
    let said = play(impatient, beacon, |stage| {
        stage.world.run_for(ms(95)).unwrap();
        stage.world.command(stage.subject, &Word("enough".into())).unwrap();
    });
    let mut all: Vec<String> = (0..9).map(|number| format!("{} ms {number}", number * 10 + 1)).collect();
    all.push("95 ms 96 ticks".into());
    assert_eq!(said.unwrap(), all);
}

#[test]
fn two_tasks_that_receive_take_turns() {
    let listen = |_, node: Node| async move {
        let socket = Rc::new(UdpSocket::bind(&node).await?);
        for name in ["one", "two"] {
            let (socket, node) = (socket.clone(), node.clone());
            node.clone().spawn(async move {
                loop {
                    let number = receive(&socket).await;
                    say(&node, format!("{name} {number}"));
                }
            });
        }
        node.next_command().await;
        Ok(())
    };
    let said = play(listen, beacon, |_| {}).unwrap();
    assert_eq!(said[..4], ["1 ms one 0", "11 ms two 1", "21 ms one 2", "31 ms two 3"]);
}

#[test]
fn a_full_buffer_loses_the_rest_and_a_long_datagram_is_cut() {
    let late = |_, node: Node| async move {
        let options = SocketOptions { receive_buffer: 2 };
        let socket = UdpSocket::bind_with(&node, options).await?;
        node.sleep(ms(100)).await;
        loop {
            let number = node.timeout(ms(100), receive(&socket)).await?;
            say(&node, number);
            if number == 1 {
                return Ok(());
            }
        }
    };
    let said = play(late, beacon, |stage| {
        stage.world.run_for(ms(100)).unwrap();
        let counts = stage.world.counts(stage.partner.host, stage.subject.host);
        assert_eq!((counts.delivered, counts.socket_overflowed), (9, 7));
        let story = stage.world.story();
        let told =
            |row: &faultline::Row| row.text.contains("loses 02 to subject: the socket's buffer is full");
        assert!(story.rows.iter().any(told), "{story:?}");
    });
    assert_eq!(said.unwrap(), ["100 ms 0", "100 ms 1"]);
}

#[test]
fn a_datagram_without_a_socket_is_lost_and_a_host_has_one_socket() {
    let binder = |peer, node: Node| async move {
        node.sleep(ms(25)).await;
        let socket = UdpSocket::bind(&node).await?;
        say(&node, UdpSocket::bind(&node).await.unwrap_err().kind());
        say(&node, socket.send_to(&[0; 65_508], peer).await.unwrap_err().kind());
        say(&node, socket.send_to(&[0; 65_507], peer).await?);
        say(&node, receive(&socket).await);
        drop(socket);
        UdpSocket::bind(&node).await?;
        Ok(())
    };
    let said = play(binder, beacon, |stage| {
        stage.world.run_for(ms(60)).unwrap();
        let unheard = stage.world.counts(stage.partner.host, stage.subject.host).unheard;
        assert_eq!(unheard, 5, "three before there was a socket, and two after");
    });
    assert_eq!(
        said.unwrap(),
        ["25 ms address in use", "25 ms invalid input parameter", "25 ms 65507", "31 ms 3"]
    );
    const { assert!(RECEIVE_BUFFER >= 2) }
}
