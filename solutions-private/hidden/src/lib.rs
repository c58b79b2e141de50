//! Hidden.
