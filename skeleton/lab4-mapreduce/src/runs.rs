//! Runs: files of pairs that are sorted by key. Any number of them is merged into one stream, with few of them open at once.

// Yours: part C needs several sorted files as one, and part D also more of them than may be open.
