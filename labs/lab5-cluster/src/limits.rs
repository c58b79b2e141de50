//! How much of something there may be.

/// How many bytes one `Read` gives at most (rule F4).
pub const MAX_READ: u32 = 32 << 10;

/// How many times in a row a worker asks for the same bytes without an answer (rule F5).
pub const READ_TRIES: u32 = 3;

/// So many lines of one chunk may be skipped; with one more the job has failed (rule S2).
pub const MAX_SKIPPED: usize = 8;
