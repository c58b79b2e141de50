//! Applications (part B).

mod grep;
mod index;
mod own;
mod sum;
mod word_count;

pub use grep::Grep;
pub use index::Index;
pub use own::Own;
pub use sum::Sum;
pub use word_count::WordCount;
