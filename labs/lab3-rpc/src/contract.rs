//! What a remote procedure call promises, rule by rule. The types that the rules speak of are in `types.rs` and
//! `message.rs`.
//!
//! The application on one host asks a client to call a method; the client asks the server on another host; the server tells
//! its application to execute it, and the result goes back. Between them is a network that loses, duplicates, delays,
//! reorders and corrupts datagrams, and both may crash and be started again.
//!
//! # Part A: marshalling and stubs
//! - **A1** `encode` makes of a value these bytes. A number has as many bytes as its type, the most significant first; a signed
//!   one is in two's complement, one with a point in the format of IEEE 754. A `bool` is one byte, 0 or 1, a `char` its UTF-8
//!   bytes. A text, a list or a map is its length (of a text in bytes) as a `u64`, and then what is in it. An `Option` is one
//!   byte, 0 or 1, and then the value, if there is one. An enum is the number of its variant as a `u32`, counted from 0, and
//!   then its fields. Structures and tuples are their fields, in order, and nothing else.
//! - **A2** `decode` gives the value of which the bytes are the encoding, all of them. Everything else is `Unreadable`: bytes
//!   that end too early, bytes that are left over, a `bool` or an `Option` that is neither 0 nor 1, a variant that there is
//!   not, text that is not UTF-8. (That the keys of a map are in order is not asked for.) Nothing panics.
//! - **A3** More than `MAX_VALUE` bytes are `Unreadable`, and so is what is nested more than `MAX_DEPTH` deep or has more than
//!   `MAX_VALUES` values, as `limits::Within` counts them. A length that promises more than is there costs neither memory nor time:
//!   to decode `n` bytes, no more than `limits::memory_for(n)` bytes are allocated in all, those that were given back among them.
//!   The same holds for `dispatch` and `answer`, with the bytes of arguments and results.
//! - **A4** `service!` gives the client for each method a function with the signature of the method, which makes the question:
//!   service, version and method by their numbers, and the arguments encoded as one tuple.
//! - **A5** `Question::answer` makes of the outcome of a call its result, decoded. A fault is `CallError::Fault`, a result that
//!   cannot be decoded `CallError::BadResult`, and what has no answer says whether it was not executed or nobody knows.
//! - **A6** `dispatch` calls the method that is asked for, once, and encodes what it returns. Another service, or a method that
//!   there is not, is `Fault::NoSuchMethod`. Another version of the service is `Fault::WrongVersion` with the version that is
//!   there, whatever the method. Arguments that cannot be decoded are `Fault::BadArguments`, and nothing is called. A result may
//!   have any length here: that it is too large, the server says (B8).
//!
//! # Part B: calls over UDP
//! - **B1** At its start each machine draws its incarnation with `ctx.random()`. A client numbers its calls 1, 2, 3 and so
//!   on, in the order in which they are asked for.
//! - **B2** A client that has a call and does not know the server's incarnation sends `HELLO`, and again at the end of each
//!   RTO, until a `WELCOME` for its own incarnation comes. Calls wait meanwhile; then their requests are sent, in order.
//!   Any other `WELCOME` is dropped, also one that comes when no call is unfinished. When it knows the server's incarnation, a
//!   client sends a request at once. A server answers each `HELLO` at once with `WELCOME`.
//! - **B3** A `REQUEST` that is not answered is sent again at the end of each RTO, with the same call number. Each request
//!   has an RTO of its own, and so has `HELLO`: it is `rto.first`, and each time that it runs out the next one is the smaller of
//!   twice itself and `rto.max`. Whoever greets anew, after all calls were finished, begins with `rto.first` again.
//!   `oldest` is the smallest number of a call that is not finished when the datagram is sent.
//! - **B4** The client takes only what comes from the server's host and names its own incarnation. A `REPLY` counts when its
//!   call is sent and not finished: `Finished` with `Done` is told, once, and no timer of that call is left. Any other
//!   `REPLY` is dropped.
//! - **B5** Calls do not wait for each other, and replies come in any order.
//! - **B6** A server tells its application `Execute` for a `REQUEST` that names the server's own incarnation. When the
//!   application says `Finish`, a `REPLY` goes to the host from which the last `REQUEST` (in part D: or `PROBE`) of this client
//!   for this server came, also when that one was dropped. In part B every copy of a request may be executed.
//! - **B7** A `REQUEST` that names another server is not executed, but answered with `GONE`. A client takes a `GONE` that
//!   says that the server which it knows is gone: every call whose request was sent is `Unknown` (`Restarted`), in the order
//!   of the numbers, and from then on it knows the server that has answered. Any other `GONE` is dropped.
//! - **B8** A call with more than `MAX_ARGUMENTS` bytes has its number like any other, but nothing is sent: it is
//!   `NotExecuted` (`TooLarge`) at once. Instead of a result with more than `MAX_RESULT` bytes the server sends
//!   `Fault::TooLarge`.
//! - **B9** What cannot be decoded is dropped: no answer, no change, no panic. So is every kind of message that this side does
//!   not take: a client takes `WELCOME`, `REPLY`, `GONE` (and, in part D, `WORKING`), a server `HELLO`, `REQUEST` (and
//!   `PROBE`). A `Finish` of a call that the server does not know changes nothing, and neither does, from part C on, a second
//!   one of a call that is done. What is dropped costs at most `limits::MAX_FOR_DROPPED` bytes of memory while it is looked
//!   at, and none afterwards.
//! - **B10** Without faults, and with an RTO longer than a call takes, a call costs two datagrams, after two for `HELLO` and
//!   `WELCOME`. With no call unfinished a client sets no timer. What it remembers does not grow with finished calls.
//!
//! # Part C: at most once
//! - **C1** A call is executed at most once, whatever becomes of its datagrams. The server knows it by the client's
//!   incarnation and the number of the call; where the request comes from does not matter. A copy of the request of a call
//!   that is being executed is answered with `WORKING`, a copy of one that is done with the same `REPLY` as before, also when
//!   that is a fault.
//! - **C2** The `oldest` of a client's requests moves on: what is before the largest that has come in a request of this incarnation
//!   for this server, that of the request itself included, the client does not want any more. The server forgets these calls,
//!   and never executes or answers a request with such a number. When such a call is still being executed, its `Finish` changes
//!   nothing.
//! - **C3** A server keeps a reply until C2 or this rule lets it go: a client of which no `REQUEST` and no `PROBE` for this server has
//!   come for `forget_after` is forgotten, unless a call of it is being executed; then it is looked at again after another
//!   `forget_after`. Nothing else makes it forget: not how many replies there are, and not that they were sent. (Clients give a server up
//!   sooner, and no datagram lives so long, so nobody asks again for what is forgotten in this way.)
//! - **C4** What a server remembers does not grow with the number of calls that C2 and C3 let go, nor with that of `HELLO`s
//!   and of dropped datagrams.
//!
//! # Part D: long calls
//! - **D1** A call that is being executed for `acknowledge_after`, counted from its first request, is acknowledged with
//!   `WORKING`, once, to the same host as a reply (B6), whether or not a copy or a `PROBE` was answered with it before.
//! - **D2** When `WORKING` comes for a call that is sent and not finished, its request is not sent again. Instead, after
//!   `watch`, a `PROBE` is sent, and another one after each further `watch`, until the call is finished. A further `WORKING`
//!   changes nothing.
//! - **D3** A server answers a `PROBE` that names it: with `WORKING` when the call is being executed, with its `REPLY` when it
//!   is done; else it drops it. A `PROBE` that names another server is answered with `GONE`.
//! - **D4** A call that is not finished `deadline` after it was asked for is finished then: it is `Unknown` (`Deadline`) when
//!   its request was ever sent, else `NotExecuted` (`Deadline`). The deadline is for the whole call, however often its
//!   request is sent.
//! - **D5** When calls are unfinished and nothing was heard for `give_up`, all of them are finished, in the order of their
//!   numbers: `Unknown` (`Silent`) when their request was ever sent, else `NotExecuted` (`Silent`). The time begins when a
//!   call is asked for while none was unfinished, and anew with each `WELCOME`, `REPLY`, `WORKING` or `GONE` from the server's
//!   host that names the client's incarnation, also when it changes nothing else. (When the deadline of a call comes at the same
//!   moment, either rule may be first.)
//!
//! # Part E: many calls at once
//! - **E1** `Caller::start` begins a task that drives one client machine, which all clones of this `Caller` use. `call` asks
//!   it when it is polled first, and returns what `Question::answer` makes of the outcome of this call, as soon as the machine
//!   tells it. Calls do not wait for each other.
//! - **E2** A `call` that is dropped before it has returned is not taken back: the machine goes on with it. Of a finished call
//!   nothing is kept, whether or not somebody waits for it. When the last clone of the `Caller` is gone and no call is
//!   unfinished, the task ends.
//! - **E3** `serve` has the handler called once for each `Execute`, in a task of its own. At most `at_once` handlers run at a
//!   time. At most `waiting` further calls wait, and begin in the order in which they came, each as soon as a handler has ended.
//!   A call for which there is no room is finished at once with `Fault::Busy`.
//! - **E4** While handlers run, the server goes on: calls are begun and finished, copies are answered. A datagram that makes
//!   the machine execute nothing begins no task.
//! - **E5** What a handler returns finishes its call, at once. When it panics instead, its call is finished with the fault that
//!   `Fault::failed` makes of the task's `JoinError`, with the panic's text in it, and everything else goes on.
//! - **E6** When `closing` is ready, nothing is begun any more: the calls that wait, and those that come later, are finished
//!   with `Fault::Closing`. The handlers that run are waited for, and their calls are finished like any other. From the
//!   moment when `closing` is ready and no handler runs, the server still answers for `linger`; then `serve` returns. What
//!   comes at the very moment at which `closing` gets ready may be taken before or after it.
