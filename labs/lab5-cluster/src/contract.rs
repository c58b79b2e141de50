//! What a cluster promises, rule by rule. The types that the rules speak of are in `types.rs`, `message.rs` and `files.rs`.
//!
//! A client submits a job to a coordinator. Workers ask the coordinator for tasks, do them, keep what comes out on their own disks,
//! and read from each other's what they need. At the end the client reads the outputs from the workers that have made them.
//!
//! Every call may be lost, and so may its answer; either may come late, or twice. Every process may stop, be slow, or crash and be
//! started again; a disk keeps what was synced, and of the rest any part. Nobody lies.
//!
//! # Part A: workers and tasks
//! - **A1** A worker is *known* from the moment of its `Register` until it is *lost* (rule C1). Its `Register` is answered with
//!   `Welcome`, also when it comes again, and then changes nothing. Every request of a worker that is not known, and every
//!   `Register` of a life that was lost, is answered with `Unknown`. A new life at an address is the end of the one before: that
//!   one is lost at once.
//! - **A2** `Submit` is answered with `Accepted` when there was no job, or when this very job was submitted before, which changes
//!   nothing. Another job, and one without reduce tasks, is `Refused`. A job without chunks has no map tasks.
//! - **A3** A task is *idle* when it is not done (rule B1) and nobody works on it. A known worker that asks is given an idle map
//!   task; when all map tasks are done, an idle reduce task. Among several it is the one that rule F2 says. With that the attempt is
//!   *running* on this worker.
//! - **A4** A worker has one attempt at a time. When it asks although an attempt is running on it, it is given this attempt again,
//!   the same in everything.
//! - **A5** When there is nothing to give (also by rule D1), the answer is `Wait`. It is `Over` when the job has failed (rule E1), or
//!   the client has `Collected` its outputs, and then every known worker is told so, whatever it says but `Register`.
//! - **A6** No two attempts have the same task and number, of this job or of any other that there ever was: so a part of the number
//!   is drawn with `ctx.random()`, and none is given again after a restart.
//! - **A7** `Status` tells the workers that are known, the attempts that are running, how many tasks there are and how many are done, and the phase:
//!   `Idle` without a job, `Finished` when all reduce tasks are done, with the places of their outputs, `Working` before; `Collected`
//!   and `Failed` as in rules A5 and E1.
//! - **A8** At its start a worker draws a life with `runtime.random()` and registers; until it is told `Welcome`, it does so again.
//!   Then it asks. After `Wait` it asks again. When any call of its own had no answer, it makes it again; so it never ends because
//!   of that. Between two of these there is `config.pause`. When any answer is `Unknown`, it leaves the attempt that it
//!   works on, draws another life and registers. When any answer is `Over`, it removes all files but chunks and ends.
//!
//! # Part B: attempts and what becomes of them
//! - **B1** A task is *done* when an attempt at it has counted and its files are on the disk of a known worker. `Done` counts when
//!   the attempt is running on this worker: it is answered with `Kept`, and from then on no other attempt at the task is running.
//!   When it comes again from the same worker, while this attempt is what counts, it is `Kept` again. Every other `Done` is
//!   `Useless`.
//! - **B2** `Alive` is answered with `GoOn` when the attempt is running on this worker, else with `Stop`.
//! - **B3** Of what a `Register` has `finished`, an attempt counts when its task is not done and the coordinator has given it, in
//!   this life or an earlier one. Nobody else's attempt at the task is running then. All others are `useless`, but for one that
//!   counts already, on this very worker.
//! - **B4** A worker's files have the names of `File`. While a file is being made, it has another one that begins with `tmp-`. It gets
//!   its own when all of its bytes are there and synced. `Done` is said when all files of the attempt (`File::all_of`) have
//!   their names, and these are durable too.
//! - **B5** At its start, before it registers, a worker removes what begins with `tmp-`. It registers with the attempts all of whose
//!   files it has, and removes the files of others.
//! - **B6** A worker removes the files of an attempt of which it hears that it is useless. When it leaves an attempt, because of
//!   `Stop`, `Unknown` or a failure, it removes what it has made for it. After `Kept` it has the files of the attempt and nothing
//!   else of it. All this is done before it asks or registers again.
//!
//! # Part C: crashes
//! - **C1** A known worker of which nothing was heard for `lease` is lost: no attempt is running on it any more, and no task is done
//!   by what is on its disk.
//! - **C2** While a worker works on an attempt (reads, computes, writes), it says `Alive` every `config.beat`. So it is heard of
//!   however long that takes.
//! - **C3** When the faults have stopped, a job is finished or has failed after a bounded time, as long as a worker is there.
//!
//! # Part D: stragglers
//! - **D1** A running task is *slow* when its attempt was given `backup_after` ago. A worker that asks while no task that it could be given
//!   is idle is given another attempt at a slow task, if just one is running, on another worker: a map task when
//!   some map task is not done, else a reduce task, and of these the one with the smallest number.
//! - **D2** The attempt that is done first counts (B1). The other one is told so when it is heard of next.
//!
//! # Part E: tasks that fail
//! - **E1** `Failed` is answered with `Noted`. When the attempt is running on this worker, it is not any more; unless the cause is
//!   `Missing`, this is one failure of the task. With `max_failures` of them the job has failed: with the task, the worker that failed
//!   last and its cause. (After a restart the coordinator may count anew.)
//! - **E2** When the engine fails, the worker says `Failed` with the engine's cause, and asks for something else.
//!
//! # Part F: files on many disks
//! - **F1** When a `Place` is `Missing`, as a worker's cause or for the client, and it is what counts for its task, then this task is not
//!   done any more. What else is missing is not looked for.
//! - **F2** Of several idle map tasks a worker is given the one with the smallest number among those whose chunk it has a copy of;
//!   if there is none, the smallest of all. Of several idle reduce tasks, the smallest.
//! - **F3** When all reduce tasks are done, no map task is given. When one of them is not any more, map tasks that are not done are
//!   needed again.
//! - **F4** `read` gives the bytes of a finished file from `offset` on, as many as `length` says and there are, but never more than
//!   `MAX_READ`. It changes nothing.
//! - **F5** A worker reads another's file piece by piece, to its end. When a call has no answer, it makes it again, after
//!   `config.pause`; after `READ_TRIES` without an answer in a row it gives up. It begins a map task with its own copy of the chunk;
//!   if it has none, it asks the other holders one after the other, and when nobody has it, the cause is `NoChunk`. A part that cannot be had
//!   is `Missing`.
//!
//! # Part G: a coordinator that crashes
//! - **G1** `Accepted`, `Kept`, `Welcome` and `Over` are said when what they stand for would survive a crash.
//! - **G2** A coordinator that comes up finds its job on its disk, as far as it was synced; at the end of a file there may be a torn write. It knows
//!   no worker: each will hear `Unknown`, and register with what it has.
//! - **G3** A task that had counted before is not given to anybody until `lease` has passed since the start: the worker that
//!   has its files may come and register. Then it is a task like any other. That the job has failed or is collected stays.
//!
//! # Part S: records that are skipped (a bonus)
//! - **S1** When the job `skips` and an attempt that is running on a worker has `Failed` because a line was `Refused`, this is no failure of
//!   the task (rule E1). A line that two attempts at a task have refused is in the `skip` of every assignment of this task from then
//!   on. In a job that does not skip, `Refused` is a failure as any other.
//! - **S2** When more than `MAX_SKIPPED` lines would have to be skipped in one task, the job has failed, with this worker and its cause.
//! - **S3** `Status` tells how many lines are skipped in all tasks together. (After a restart the coordinator may find them anew.)
