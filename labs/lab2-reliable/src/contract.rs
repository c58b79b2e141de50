//! What a reliable transport promises, rule by rule. The types that the rules speak of are in `types.rs` and `segment.rs`.
//!
//! The application gives messages to a sender on one host; a receiver on another host delivers them to its application.
//! Between them is a network that loses, duplicates, delays, reorders and corrupts datagrams.
//!
//! # Part A: acknowledgement and time-out
//! - **A1** Messages are numbered in the order in which the application gives them, from the `first` of the configuration
//!   on. A message is sent at once as `DATA` when nothing is in flight; else it waits, in order. In parts A and B the window
//!   of the configuration is 1: one message is in flight at a time.
//! - **A2** A message that is not acknowledged within an RTO after it was sent is sent again, unchanged, at the end of that
//!   RTO; and again at the end of each further one, until it is acknowledged. In parts A to C the RTO is `rto.first` of the
//!   configuration and stays as it is.
//! - **A3** When the message in flight is acknowledged, the sender tells its application `Accepted`, does not send that
//!   message again, and sends the next waiting one at once, which has a whole RTO of its own.
//! - **A4** Nothing but A2 and A3 moves the timer: not a new message from the application, not a datagram that
//!   acknowledges nothing. A timer runs out only when a message is to be sent again: a machine waits, it does not poll.
//!   With nothing in flight and nothing waiting no timer is set.
//! - **A5** The receiver delivers a message that it was waiting for. It answers every `DATA` at once with one `ACK`: of the
//!   number that it expects next, and with its window, which in parts A and B is always that of the configuration.
//! - **A6** A datagram that cannot be decoded is dropped: no answer, no change, no panic.
//!
//! In part A a copy of the last message may still be delivered again, and a late `ACK` may be taken for a new one: part B is
//! about both.
//!
//! # Part B: exactly once, in order
//! - **B1** Each message is delivered exactly once, in the order of the numbers.
//! - **B2** A `DATA` that is not expected (with a window of 1: any but the next one) is not delivered and not kept, but it is
//!   answered (A5): with the number that the receiver still expects. (The peer may have missed the first answer.)
//! - **B3** An `ACK` counts only if it acknowledges something in flight and nothing that was never sent. Any other is
//!   dropped: nothing is said, nothing is sent, no timer is moved. (C7 adds one exception.)
//! - **B4** Only the host of the configuration counts, whichever that is: what any other host sends is dropped. So is an
//!   `ACK` at the receiver and a `DATA` at the sender, and at both every other kind of segment.
//! - **B5** Without faults, and with an RTO longer than the round trip, a message costs two datagrams. What a machine
//!   remembers does not grow with the number of messages that are done, nor with that of datagrams that are dropped.
//!
//! # Part C: a window of messages
//! Base is the oldest number that is not acknowledged. There are two windows, and each has an end, which is the first number
//! that lies beyond it. The sender's window is that of its configuration: its end is base + `window`. The receiver's window
//! is what an `ACK` tells: its end is `next + window`, the first number that the receiver has no room for; it is closed when
//! its end is base. Numbers go around: after 2³² − 1 comes 0. No window is larger than 2¹⁶, so of two numbers that matter at
//! one time it is always clear which is the earlier.
//! - **C1** A waiting message is sent when its number lies before the ends of both windows, not sooner, and then at once, in
//!   order; before the first `ACK` only the sender's window counts. What was sent stays in flight until it is acknowledged,
//!   even when the end of the receiver's window turns out to lie before it.
//! - **C2** An `ACK` acknowledges every number before its `next`. `Accepted` is told for each, in order.
//! - **C3** One timer serves all that is in flight (RFC 6298, section 5). It is set when something is sent while nothing was
//!   in flight, and again, for a whole RTO, when an `ACK` acknowledges something new and something is still in flight. When
//!   it runs out, the oldest message in flight is sent again, that one only, and the timer is set for a whole RTO.
//! - **C4** The receiver has room for `window` messages of its configuration, of which those that wait for its application
//!   (C6) take some. It keeps every message of the numbers that it has room for, until those before it have come, and then
//!   delivers all that it can, in order. Beyond its room nothing is kept (B2). Of two `DATA` of one number the first counts.
//! - **C5** The `window` in an `ACK` is the room for messages from `next` on. Early messages that are kept do not make it
//!   smaller: they lie in it.
//! - **C6** After `Stop` the receiver delivers nothing: what is in order waits, and makes the window smaller, down to 0. At
//!   `Resume` it delivers all that waits, and if that was something, it sends an `ACK` at once, for its window has grown.
//! - **C7** The end of the receiver's window never moves back. So an `ACK` that B3 does not drop is looked at in two ways, each
//!   by itself: what it acknowledges counts, whatever its window; and its end counts if it lies beyond the one that the sender
//!   knows, else the sender keeps that one. An `ACK` of the number base acknowledges nothing, but may move the end on.
//! - **C8** When messages wait, nothing is in flight and the receiver's window is closed, the timer is set for an RTO. At its
//!   end the first waiting message is sent as a probe, and again at the end of each further RTO while this is so. A probe may
//!   be acknowledged like any message; if messages wait and the window is closed even then, the timer is set anew. For B3, D4
//!   and E10 a probe is sent and in flight; for all other rules it is not: when the window opens, the message is sent at once.
//! - **C9** A loss costs one more `DATA`, not a window of them. What the receiver keeps never exceeds its room.
//!
//! # Part D: a time-out that adapts
//! The RTO is computed as in RFC 6298, sections 2 and 5; each line gives the paragraph. It is right to 1 µs.
//! - **D1** Until the first sample the RTO is `rto.first` (2.1).
//! - **D2** The first sample R makes SRTT = R and RTTVAR = R/2 (2.2). Each further sample makes first RTTVAR = 3/4 RTTVAR +
//!   1/4 |SRTT − R| and then SRTT = 7/8 SRTT + 1/8 R (2.3).
//! - **D3** After a sample RTO = SRTT + max(G, 4 RTTVAR), with G the `granularity` (2.2, 2.3), but not below `rto.min` (2.4)
//!   nor above `rto.max` (2.5).
//! - **D4** An `ACK` that acknowledges something new gives one sample: the time since the newest number that it
//!   acknowledges was sent. It gives none if any number that it acknowledges was sent more than once, a probe being one of
//!   the copies: nobody can tell which of them it answers (Karn's algorithm, 3).
//! - **D5** Each time the timer runs out the RTO doubles, up to `rto.max` (5.5). It stays there until the next sample (5.7).
//! - **D6** Nothing else changes the RTO. A new RTO holds for timers that are set from then on, beginning with the one that
//!   the same `ACK` or the same time-out sets (C3).
//!
//! # Part E: connections
//! Each side has one connection at a time, with the peer of its configuration: from `Connect` or `Listen` until it forgets it
//! (E6, E7, E10), with all that waits. In it a sender and a receiver work in each direction, as in parts A to D. ISN is the
//! initial sequence number that the application gives; `first` is ISN + 1.
//! - **E1** `Connect` sends `SYN` with the ISN. `Listen` waits for a `SYN`. What the application sends before the connection
//!   is open, and `Finish` too, waits, and follows in order when it is.
//! - **E2** A listening side answers a `SYN` with `SYN-ACK`: its own ISN, and as `next` the ISN of the `SYN` plus 1. It then
//!   waits for an `ACK` of its own ISN plus 1, which opens the connection and is the first `ACK` for its sender (C1). Until
//!   then it answers the same `SYN` again, and drops a `SYN` with another ISN, `DATA`, `FIN` and `KEEP-ALIVE`. If it listens
//!   again (E7, E10), then with the ISN that it was given, and what waited waits on.
//! - **E3** A connecting side takes only a `SYN-ACK` whose `next` is its own ISN plus 1. That opens the connection, and it
//!   is answered with an `ACK` of the other ISN plus 1, before anything else is sent.
//! - **E4** `SYN` and `SYN-ACK` are sent again like messages (A2, D5): after `rto.first`, and then after twice as long each
//!   time, up to `rto.max`. Nothing else moves this timer.
//! - **E5** `Finish` sends `FIN`, with the next number after the last message. It is kept, acknowledged, sent again and
//!   ordered like a message. `End` is told when its turn comes. The other direction goes on (half-close). No right peer has a
//!   number beyond that of its `FIN`, and what becomes of one is left open.
//! - **E6** When the `FIN`s of both directions are done (ours acknowledged, the other's delivered), `Closed` is told. For
//!   `linger` more the side still answers, but asks for nothing: the last `ACK` may be lost. Then it forgets the connection.
//! - **E7** A datagram that can be decoded and comes from the peer is a sign of life; nothing else is. When there was none for
//!   `keep_alive`, an open side sends `KEEP-ALIVE` with the number that it expects next, and again after each further
//!   `keep_alive`; an open side answers it with an `ACK`. When there was none for `give_up`, a side that connects or is open
//!   tells `Failed(Silent)` and forgets the connection; one that has answered a `SYN` listens again, and says nothing.
//! - **E8** An open side answers every `SYN` and `SYN-ACK` with an `ACK` of the number that it expects next, and changes
//!   nothing. It is a copy, perhaps because the first `ACK` was lost; or the peer has started anew, and then the peer will
//!   say so (E9).
//! - **E9** What cannot belong to a connection is answered with `RESET` and the number that it bore: everything by a side with
//!   no connection; everything but a `SYN` by one that listens; everything but its `SYN-ACK` by one that connects (so two
//!   sides that connect to each other refuse each other); every `SYN-ACK`, and every `ACK` but that of its own ISN plus 1, by
//!   one that has answered a `SYN`. A `RESET` is never answered.
//! - **E10** A `RESET` counts only if it names what this side has said last: its ISN when it connects (it tells
//!   `Failed(Refused)` and forgets the connection); the `next` of its `SYN-ACK` when it has answered a `SYN` (it listens
//!   again, and says nothing); when it is open, a number in flight or the number that it expects next (it tells
//!   `Failed(Reset)`, unless it has told `Closed`, and forgets the connection). Any other is old and is dropped.
//! - **E11** A command that cannot be done is answered with `Rejected` and changes nothing: `Connect` and `Listen` when there
//!   is a connection (a side that listens or lingers has one); `Send` and `Finish` when there is none, and after `Finish`.
//! - **E12** A restarted host knows nothing of its earlier connection. Segments of an earlier life are never delivered: their
//!   numbers lie outside the window, for ISNs of different lives are far apart.
//!
//! # Part F: congestion control (a bonus)
//! With `congestion` in the configuration the sender also has a congestion window, counted in messages (RFC 5681, without
//! what it adds to the window while a loss is repaired).
//! - **F1** The congestion window begins with 1. A waiting message is sent when C1 lets it and fewer messages than this are in
//!   flight; what was sent stays in flight.
//! - **F2** Slow start: while it is below the threshold, each `ACK` of something new makes it larger by the number of
//!   messages that it acknowledges, up to the threshold. At the beginning there is no threshold.
//! - **F3** Congestion avoidance: from the threshold on, the messages that are acknowledged are counted. When there are as
//!   many as the congestion window, so many are taken off the count, and it grows by 1. A loss sets the count to 0.
//! - **F4** When the timer runs out with something in flight, the threshold becomes half of what was in flight, rounded
//!   down and at least 2, and the congestion window 1. Then the loss is repaired (F6).
//! - **F5** An `ACK` of the number base that finds something in flight and leaves the end of the receiver's window where it
//!   was may mean that a later message has come. The third of them since the last `ACK` of something new is a sign of a loss:
//!   the oldest message is sent again at once (fast retransmit; the timer stays as it is), and threshold and congestion window
//!   become half of what was in flight, as in F4. Then the loss is repaired (F6).
//! - **F6** A loss is repaired when all that was in flight then is acknowledged. Before that, each `ACK` of something new
//!   sends the oldest again, before anything else (RFC 6582), and there is no further fast retransmit. The congestion
//!   window does not grow, not even with the `ACK` that completes the repair. A time-out during a repair is a new loss.
