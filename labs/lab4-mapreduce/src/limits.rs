//! What a job may take from memory.

/// Besides the pairs that it may hold: buffers, one record, the list of splits.
pub const MEMORY_BESIDES: usize = 4 << 20;

/// How many bytes `run` may have allocated at one moment, in all. It is a multiple of what the pairs are as bytes: there are
/// tables that double, an index of the pairs, and what sorting takes.
#[must_use]
pub fn memory_for(memory: usize) -> usize {
    6 * memory + MEMORY_BESIDES
}
