//! A machine inside an asynchronous program.

use super::*;
use faultline::asynchronous::Driver;
use faultline::{Context, Machine};

/// Sends each word to its peer again and again until it comes back, and tells how often it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Repeater {
    peer: Host,
    words: BTreeMap<u8, u32>,
}

impl Machine for Repeater {
    type Command = Word;
    type Notice = Word;
    type Timer = u8;

    fn on_command(&mut self, Word(word): Word, ctx: &mut Context<Self>) {
        self.on_timer(word.as_bytes()[0], ctx);
    }

    fn on_datagram(&mut self, _: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if let Some(sent) = self.words.remove(&datagram[0]) {
            ctx.cancel_timer(datagram[0]);
            ctx.notify(Word(format!("{} was sent {sent} times", char::from(datagram[0]))));
        }
    }

    fn on_timer(&mut self, word: u8, ctx: &mut Context<Self>) {
        *self.words.entry(word).or_default() += 1;
        ctx.send(self.peer, vec![word]);
        ctx.set_timer(word, ms(100));
    }
}

async fn echo(_: Host, node: Node) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let mut buffer = [0; 1];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..length], from).await?;
    }
}

/// Drives the machine, and looks at something else every 30 ms.
async fn subject(peer: Host, node: Node) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let mut driver = Driver::start(&node, socket, Repeater { peer, words: BTreeMap::new() });
    let mut interval = node.interval(ms(30));
    loop {
        tokio::select! {
            biased;
            command = node.next_command() => driver.command(command),
            Word(told) = driver.next() => say(&node, told),
            _ = interval.tick() => {}
        }
    }
}

#[test]
fn a_driven_machine_sends_waits_and_tells_and_loses_nothing_when_its_driver_is_left() {
    let said = play(subject, echo, |stage| {
        let (s, p) = (stage.subject.host, stage.partner.host);
        stage.world.links(Link { latency_min: ms(1), latency_max: ms(1), ..Link::default() });
        stage.world.change(&Change::Cut(s, p)).unwrap();
        for word in ["a", "b"] {
            stage.world.command(stage.subject, &Word(word.into())).unwrap();
        }
        stage.world.run_for(ms(250)).unwrap();
        stage.world.change(&Change::Heal(s, p)).unwrap();
        stage.world.command(stage.subject, &Word("c".into())).unwrap();
    });
    assert_eq!(
        said.unwrap(),
        ["252 ms c was sent 1 times", "302 ms a was sent 4 times", "302 ms b was sent 4 times",]
    );
}

#[test]
fn a_machine_that_panics_fails_the_run_and_a_crash_takes_its_timers_along() {
    let mut told = String::new();
    let spoken = play(subject, echo, |stage| {
        told = stage.world.command(stage.subject, &Word(String::new())).unwrap_err().reason;
    });
    assert!(told.starts_with("Your code panicked at ") && spoken.is_err(), "{told}");
    let said = play(subject, echo, |stage| {
        let host = stage.subject.host;
        stage.world.change(&Change::Cut(host, stage.partner.host)).unwrap();
        stage.world.command(stage.subject, &Word("a".into())).unwrap();
        stage.world.run_for(ms(50)).unwrap();
        stage.world.change(&Change::Crash(host, Unsynced::Lost)).unwrap();
        stage.world.change(&Change::Restart(host)).unwrap();
        stage.world.change(&Change::Heal(host, stage.partner.host)).unwrap();
    });
    assert_eq!(said.unwrap(), Vec::<String>::new());
}
