//! What a MapReduce engine on one machine promises, rule by rule. The types that the rules speak of are in `types.rs` and
//! `application.rs`.
//!
//! A job reads files, calls the application's Map for every line, sorts what it emits by key, calls Reduce for every key, and
//! writes the results. All of it is bytes: lines, keys and values are UTF-8 only where somebody has written UTF-8.
//!
//! # Part A: input
//! - **A1** `splits` cuts each file into splits, file by file in the order of `files`. The first split begins with the file's
//!   first byte, each other one where the one before ends, and the last one ends with the file. Each has whole lines, as few as
//!   make at least `size` bytes; the last one of a file may have fewer bytes. A file of no bytes has no splits, and a job
//!   without files has none. `first_line` is the number of the split's first line in its file, from 1. A file that is named
//!   twice is read twice.
//! - **A2** `Records` gives the lines of a split one after the other, with the name of the file and the number of the line. A
//!   line ends with LF or with CR LF, and its end is not part of the record. At the end of a file a line needs no LF; a CR there
//!   belongs to the line, and so does a CR anywhere else. A line of no bytes is a record; after the last LF there is none.
//! - **A3** A file that cannot be opened or read is an error, never an end. So is a file that ends before the split does
//!   (`ErrorKind::UnexpectedEof`, with the file's name). Lines may be of any length, and files larger than memory: no more than a
//!   line and some buffers are held at once.
//!
//! # Part B: applications
//! - **B1** `WordCount` counts words. A word is a run of bytes of which none is ASCII white space (`u8::is_ascii_whitespace`),
//!   as long as possible. The key is the word as it is, the result the number in decimal digits. It has a combiner.
//! - **B2** `Grep` finds the records that contain the pattern's bytes anywhere; the empty pattern is in each. The key is the
//!   file's name, a colon and the number of the line in ten decimal digits, and the result is the record.
//! - **B3** `Index` says for each word (as in B1) in which files it is: the result is their names, each once, in the order
//!   of their bytes, with a TAB between two.
//! - **B4** `Sum` adds numbers. A record is a key, a TAB and an `i64` in decimal digits, with `-` or `+` before it or without;
//!   the last TAB of the record counts. A record of no bytes is skipped. Any other record is refused, and so is a sum that is
//!   no `i64`. The result is the sum in decimal digits; it has no combiner.
//! - **B5** `Own` is an application of your own, with at least two keys for the text in the book. Like any other it is pure: the result of a job depends neither on how its input is split nor on the number of reduce
//!   tasks nor on whether values are combined.
//!
//! # Part C: a job
//! - **C1** `partition` says which reduce task works on a key: the key's FNV-1a hash of 64 bits, modulo the number of reduce tasks.
//!   The hash begins with `0xcbf29ce484222325`; for each byte it is xored with the byte and then multiplied by
//!   `0x100000001b3`, modulo 2^64.
//! - **C2** Map task `m`, from 0, calls Map once for each record of its split, in order, and writes for each reduce task `r` the
//!   file `mr-<m>-<r>`, also if there is nothing in it: the pairs whose keys are in that partition, sorted by the bytes of the
//!   key, and those of one key in the order in which they were emitted. A pair is the length of the key and that of the value,
//!   as `u32` with the most significant byte first, and then the key and the value.
//! - **C3** Reduce task `r` reads the files `mr-<m>-<r>` of all map tasks and calls Reduce once for each key, in the order of the
//!   keys' bytes. The values of a key come in the order of the map tasks, and those of one map task in the order in which they are
//!   in its file. Reduce may leave values; that changes nothing for other keys. A file that is not there, ends in the middle of a
//!   pair, is not sorted, or has a value that the application cannot read, is an error that names the file.
//! - **C4** Its output `out-<r>` has a line for each key: the key, a TAB, the result, an LF. In key and result a backslash is
//!   written `\\`, a TAB `\t` and an LF `\n`; all other bytes are as they are.
//! - **C5** Nobody ever sees a file called `mr-<m>-<r>`, `out-<r>` or `done` that is not whole, wherever the process is killed. What is being
//!   written has a name that begins with `tmp-`.
//! - **C6** `run` splits the inputs first; if that fails, it has changed nothing. Then it removes what earlier jobs have left:
//!   `done` first, and then every file called `out-<number>` or `mr-<number>-<number>` or beginning with `tmp-`. (A number is
//!   decimal digits.) Files of other names are somebody else's, and are left alone. It does its map tasks in order, and then its
//!   reduce tasks. Last it makes the file `done`, which contains the number of reduce tasks in decimal digits and an LF:
//!   whoever finds it knows that the outputs are all there, and of one job. It returns the numbers of `Summary`.
//! - **C7** When `done` is made the files `mr-<m>-<r>` and `tmp-*` are gone (with `keep`, the first stay). When a job fails, all of
//!   its files are gone, `keep` or not, and the error says where it failed: the file; the file and line of a record that was
//!   refused; the key for which there is no result.
//! - **C8** `merge` writes the lines of all outputs of a job in the order of their keys, as they are. Without `done` it is
//!   `JobError::NotDone`; an output that is missing is an error that names it.
//! - **C9** No reading or writing is lost because the system does less than it was asked to: `read` and `write` may handle fewer bytes.
//!   The last bytes of a file are written when the system has taken them, not before.
//!
//! # Part D: more data than memory
//! - **D1** A map task never holds more than `job.memory` bytes of pairs (as they would be written, with their lengths) and one
//!   pair: before that it sorts those that it holds, writes them to files and forgets them; at the end it merges these files. A reduce task holds one value of a key at a time,
//!   however many there are. In all, `run` never has more than `limits::memory_for` bytes allocated at once.
//! - **D2** If the application has a combiner and `job.combine` is set, no key is in one `mr-<m>-<r>` twice, whatever the memory. What is
//!   one value then are the values of one map task, combined in the order in which they were emitted. Otherwise
//!   nothing is combined.
//! - **D3** While `run` runs, no more than `MAX_OPEN` files of the folder `out` are open at once, however many map and reduce
//!   tasks there are.
//! - **D4** The result is the same, byte for byte, for every memory, and for every split size if the application's is.
