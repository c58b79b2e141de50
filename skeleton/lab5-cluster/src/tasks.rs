//! The tasks of a job: which are idle, running, slow or done.

/// What is known of the tasks of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tasks {}
