//! Which reduce task works on a key (rule C1).

/// The number of the reduce task, below `reduces`, which is at least 1.
#[must_use]
pub fn partition(key: &[u8], reduces: u32) -> u32 {
    // SOLUTION: todo!("lab 4, part C: partition")
    (fnv_1a(key) % u64::from(reduces)) as u32
    // END SOLUTION
}
// SOLUTION

/// The FNV-1a hash of 64 bits.
pub(crate) fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
// END SOLUTION
