//! Part E: how a connection is opened, and when it is not (rules E1 to E4, E9 and E11).

use crate::scenarios::checks::{RTO, ack, ack_with, data, send_on};
use crate::scenarios::side::{
    FIRST, OURS, SideScript, THEIR_FIRST, THEIRS, accept, client, connect, fin, hears, keep_alive, listen,
    open_client, open_server, reset, server, side_config, syn, syn_ack,
};
use crate::{ConnectionCommand, ConnectionConfig, ConnectionNotice, Reason, RtoConfig};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::PEER;

/// An ISN that belongs to neither side.
const OTHER: u32 = 70_000;

pub(super) fn client_opens(bench: &Bench<'_>) -> Outcome {
    let mut c = client(bench, &side_config())?;
    c.command(&connect(OURS))?;
    c.expect_datagram(PEER, &syn(OURS), "rule E1: Connect sends SYN with the ISN")?;
    c.command(&send_on(b"a"))?;
    c.expect_nothing("rule E1: a message waits until the connection is open")?;
    c.deliver(PEER, &syn_ack(THEIRS, FIRST))?;
    c.expect_notice(&ConnectionNotice::Opened, "rule E3: this is the SYN-ACK for its SYN")?;
    c.expect_datagram(PEER, &ack(THEIR_FIRST), "rule E3: first of all the SYN-ACK is answered")?;
    c.expect_datagram(PEER, &data(FIRST, "a"), "rule E1: what waited follows; the first number is ISN + 1")?;
    c.expect_nothing("rule E3: nothing else follows from a SYN-ACK")?;
    c.deliver(PEER, &data(THEIR_FIRST, "b"))?;
    c.expect_notice(
        &hears("b"),
        "rule A5: it was waiting for this: the server's first number is the server's ISN + 1",
    )?;
    c.expect_datagram(PEER, &ack(THEIR_FIRST + 1), "rule A5: the ACK says what is expected next")
}

pub(super) fn server_opens(bench: &Bench<'_>) -> Outcome {
    let mut s = server(bench, &side_config())?;
    s.command(&listen(OURS))?;
    s.command(&send_on(b"a"))?;
    s.expect_nothing("rule E1: a side that listens waits for a SYN, and messages wait as well")?;
    s.deliver(PEER, &syn(THEIRS))?;
    s.expect_datagram(PEER, &syn_ack(OURS, THEIR_FIRST), "rule E2: a SYN is answered with SYN-ACK")?;
    s.expect_nothing("rule E2: the connection opens with the ACK, for the SYN may be an old copy")?;
    for datagram in [data(THEIR_FIRST, "b"), keep_alive(FIRST), fin(THEIR_FIRST + 1)] {
        s.deliver(PEER, &datagram)?;
        s.expect_nothing("rule E2: this is dropped until the ACK has come")?;
    }
    s.deliver(PEER, &ack(FIRST))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E2: this is the ACK of its SYN-ACK")?;
    s.expect_datagram(PEER, &data(FIRST, "a"), "rule E1: what waited follows; the first number is ISN + 1")?;
    s.deliver(PEER, &data(THEIR_FIRST, "b"))?;
    s.expect_notice(
        &hears("b"),
        "rule A5: it was waiting for this: the client's first number is the client's ISN + 1",
    )?;

    let mut s = server(bench, &ConnectionConfig { window: 4, ..side_config() })?;
    s.command(&listen(OURS))?;
    ["a", "b", "c"].iter().try_for_each(|text| s.command(&send_on(text.as_bytes())))?;
    s.deliver(PEER, &syn(THEIRS))?;
    s.expect_datagram(PEER, &syn_ack(OURS, THEIR_FIRST), "rule E2: a SYN is answered with SYN-ACK")?;
    s.deliver(PEER, &ack_with(FIRST, 2))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E2: this is the ACK of its SYN-ACK")?;
    s.expect_datagram(PEER, &data(FIRST, "a"), "rule E1: what waited follows")?;
    s.expect_datagram(PEER, &data(FIRST + 1, "b"), "rule E1: what waited follows")?;
    s.expect_nothing("rules E2 and C1: the ACK that opens is the first for the sender: there is room for two")
}

pub(super) fn sent_again(bench: &Bench<'_>) -> Outcome {
    let rto = RtoConfig { max: 4 * RTO, ..RtoConfig::fixed(RTO) };
    let config = ConnectionConfig { rto, ..side_config() };
    let mut c = client(bench, &config)?;
    c.command(&connect(OURS))?;
    let mut s = server(bench, &config)?;
    s.command(&listen(OURS))?;
    s.deliver(PEER, &syn(THEIRS))?;
    for (side, segment) in [(&mut c, syn(OURS)), (&mut s, syn_ack(OURS, THEIR_FIRST))] {
        side.expect_datagram(PEER, &segment, "rules E1 and E2: it is sent at once")?;
        for seconds in [1, 2, 4, 4] {
            side.pass(ms(1_000 * seconds - 1))?;
            side.expect_nothing(
                "rule E4: it is sent again after rto.first, then after twice as long each time",
            )?;
            side.pass(ms(1))?;
            let rule = format!("rule E4: it has not been answered for {seconds} s");
            side.expect_datagram(PEER, &segment, &rule)?;
        }
    }
    c.deliver(PEER, &syn_ack(THEIRS, FIRST))?;
    c.expect_notice(&ConnectionNotice::Opened, "rule E3: this is the SYN-ACK for its SYN")?;
    c.expect_datagram(PEER, &ack(THEIR_FIRST), "rule E3: the SYN-ACK is answered with an ACK")?;
    s.deliver(PEER, &ack(FIRST))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E2: this is the ACK of its SYN-ACK")?;
    for side in [&mut c, &mut s] {
        side.pass(ms(15_000))?;
        side.expect_nothing("rule E4: it is sent again until it is answered")?;
    }
    Ok(())
}

pub(super) fn lost_replies(bench: &Bench<'_>) -> Outcome {
    let mut s = answered(bench)?;
    let reply = syn_ack(OURS, THEIR_FIRST);
    s.pass(RTO / 2)?;
    for _ in 0..2 {
        s.deliver(PEER, &syn(THEIRS))?;
        s.expect_datagram(
            PEER,
            &reply,
            "rule E2: the same SYN is answered again, for the SYN-ACK may be lost",
        )?;
        s.expect_nothing("rule E2: one answer, and the connection is not open yet")?;
    }
    s.pass(RTO / 2)?;
    s.expect_datagram(
        PEER,
        &reply,
        "rule E4: an RTO after the first SYN-ACK; nothing else moves this timer",
    )?;
    s.deliver(PEER, &ack(FIRST))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E2: this is the ACK of its SYN-ACK")?;

    let mut c = open_client(bench, &side_config())?;
    for _ in 0..2 {
        c.deliver(PEER, &syn_ack(THEIRS, FIRST))?;
        c.expect_datagram(PEER, &ack(THEIR_FIRST), "rule E8: the server may have missed the first ACK")?;
        c.expect_nothing("rule E8: it changes nothing")?;
    }
    c.deliver(PEER, &data(THEIR_FIRST, "a"))?;
    c.expect_notice(&hears("a"), "rule E8: the copies changed nothing")
}

/// A side that listens and has answered a `SYN`.
pub(super) fn answered(bench: &Bench<'_>) -> Result<SideScript, Failure> {
    let mut s = server(bench, &side_config())?;
    s.command(&listen(OURS))?;
    s.deliver(PEER, &syn(THEIRS))?;
    s.expect_datagram(PEER, &syn_ack(OURS, THEIR_FIRST), "rule E2: a SYN is answered with SYN-ACK")?;
    Ok(s)
}

pub(super) fn not_its_own(bench: &Bench<'_>) -> Outcome {
    let mut c = client(bench, &side_config())?;
    c.command(&connect(OURS))?;
    c.expect_datagram(PEER, &syn(OURS), "rule E1: Connect sends SYN")?;
    for next in [OTHER, OURS, FIRST + 1] {
        c.deliver(PEER, &syn_ack(THEIRS, next))?;
        c.expect_datagram(
            PEER,
            &reset(next),
            "rules E3 and E9: this SYN-ACK answers an earlier SYN, not its own",
        )?;
        c.expect_nothing("rule E3: it opens nothing")?;
    }
    c.deliver(PEER, &syn_ack(THEIRS, FIRST))?;
    c.expect_notice(&ConnectionNotice::Opened, "rule E3: this is the SYN-ACK for its SYN")?;

    let mut s = answered(bench)?;
    for next in [OTHER, OURS, FIRST + 1] {
        s.deliver(PEER, &ack(next))?;
        s.expect_datagram(PEER, &reset(next), "rules E2 and E9: this ACK belongs to an earlier connection")?;
        s.expect_nothing("rule E2: it opens nothing")?;
    }
    for next in [OTHER, FIRST] {
        s.deliver(PEER, &syn_ack(THEIRS, next))?;
        s.expect_datagram(PEER, &reset(next), "rule E9: it has sent no SYN, so no SYN-ACK is for it")?;
        s.expect_nothing("rule E9: it still waits for an ACK")?;
    }
    s.deliver(PEER, &syn(OTHER))?;
    s.expect_nothing("rule E2: it waits for the ACK of another SYN")?;
    s.deliver(PEER, &ack(FIRST))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E2: this is the ACK of its SYN-ACK")?;
    s.deliver(PEER, &data(THEIR_FIRST, "a"))?;
    s.expect_notice(&hears("a"), "rule E2: the connection is with the client whose SYN was answered")
}

pub(super) fn refused(bench: &Bench<'_>) -> Outcome {
    let mut n = server(bench, &side_config())?;
    for (datagram, about) in [
        (syn(THEIRS), THEIRS),
        (syn_ack(THEIRS, FIRST), FIRST),
        (data(7, "a"), 7),
        (fin(8), 8),
        (ack(9), 9),
        (keep_alive(10), 10),
    ] {
        n.deliver(PEER, &datagram)?;
        n.expect_datagram(PEER, &reset(about), "rule E9: a side with no connection answers with RESET")?;
        n.expect_nothing("rule E9: one RESET, and nothing is said")?;
    }
    n.deliver(PEER, &reset(THEIRS))?;
    n.expect_nothing("rule E9: a RESET is never answered")?;

    let mut c = client(bench, &side_config())?;
    c.command(&connect(OURS))?;
    c.expect_datagram(PEER, &syn(OURS), "rule E1: Connect sends SYN")?;
    c.deliver(PEER, &syn(THEIRS))?;
    c.expect_datagram(
        PEER,
        &reset(THEIRS),
        "rule E9: two sides that connect to each other refuse each other",
    )?;
    c.expect_nothing("rule E9: it still waits for an answer to its own SYN")?;
    c.deliver(PEER, &reset(OURS))?;
    c.expect_notice(&ConnectionNotice::Failed(Reason::Refused), "rule E10: the RESET names its SYN")?;
    c.expect_no_timer("rule E11: after Failed there is no connection")?;
    c.command(&connect(OURS + OTHER))?;
    c.expect_datagram(PEER, &syn(OURS + OTHER), "rule E11: after Failed it may connect again")
}

pub(super) fn listens_again(bench: &Bench<'_>) -> Outcome {
    let config = side_config();
    let mut s = server(bench, &config)?;
    s.command(&listen(OURS))?;
    s.command(&send_on(b"a"))?;
    s.deliver(PEER, &syn(OTHER))?;
    s.expect_datagram(PEER, &syn_ack(OURS, OTHER + 1), "rule E2: a SYN is answered with SYN-ACK")?;
    s.deliver(PEER, &reset(OTHER + 1))?;
    s.expect_nothing("rule E10: the SYN was an old copy; the application need not know")?;
    s.expect_no_timer("rule E10: a side that listens again waits for a SYN")?;
    s.deliver(PEER, &syn(OTHER))?;
    s.expect_datagram(PEER, &syn_ack(OURS, OTHER + 1), "rule E10: it listens again")?;
    s.pass(config.give_up - ms(1))?;
    s.take_datagrams();
    s.deliver(PEER, &syn(THEIRS))?;
    s.expect_nothing("rule E2: it still waits for the ACK of the other SYN")?;
    s.pass(config.give_up)?;
    s.take_datagrams();
    s.expect_nothing("rule E7: it listens again and says nothing")?;
    s.expect_no_timer("rule E7: nothing was heard for give_up, so it listens again")?;
    accept(&mut s)?;
    s.expect_datagram(PEER, &data(FIRST, "a"), "rule E1: what the application has sent still waits")
}

pub(super) fn rejected(bench: &Bench<'_>) -> Outcome {
    let no = &ConnectionNotice::Rejected;
    let mut n = server(bench, &side_config())?;
    for command in [send_on(b"a"), ConnectionCommand::Finish] {
        n.command(&command)?;
        n.expect_notice(no, "rule E11: there is no connection")?;
    }
    n.command(&listen(OURS))?;
    for command in [connect(OTHER), listen(OTHER)] {
        n.command(&command)?;
        n.expect_notice(no, "rule E11: it listens already")?;
        n.expect_nothing("rule E11: a command that is rejected changes nothing")?;
    }
    accept(&mut n)?;
    n.expect_nothing("rule E11: what was rejected was not kept")?;

    for mut side in [open_client(bench, &side_config())?, open_server(bench, &side_config())?] {
        for command in [connect(OTHER), listen(OTHER)] {
            side.command(&command)?;
            side.expect_notice(no, "rule E11: it has a connection")?;
        }
        side.command(&ConnectionCommand::Finish)?;
        side.expect_datagram(PEER, &fin(FIRST), "rule E5: Finish sends FIN")?;
        for command in [send_on(b"a"), ConnectionCommand::Finish] {
            side.command(&command)?;
            side.expect_notice(no, "rule E11: the application has finished")?;
        }
        side.deliver(PEER, &ack(FIRST + 1))?;
        side.expect_nothing("rule E11: a command that is rejected changes nothing")?;
    }

    let mut c = client(bench, &side_config())?;
    c.command(&connect(OURS))?;
    c.expect_datagram(PEER, &syn(OURS), "rule E1: Connect sends SYN")?;
    c.command(&ConnectionCommand::Finish)?;
    c.command(&send_on(b"a"))?;
    c.expect_notice(no, "rule E11: the application has finished, even if the FIN has to wait")
}
