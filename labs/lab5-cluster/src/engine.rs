//! What executes map and reduce functions: given, so that this lab is about who does what. In a simulation it counts words and
//! takes virtual time for it.

use crate::message::Assignment;
use crate::types::Cause;
use faultline::folder::Folder;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// Work that is under way. It can be dropped at any moment; then its drafts are as far as they have come.
pub type Working = Pin<Box<dyn Future<Output = Result<(), Cause>>>>;

/// How tasks are executed, which differs from world to world.
pub trait Execute {
    /// Reads `input`, calls Map for each of its lines, and writes the pairs of each partition, sorted, into one of `outputs`.
    fn map(&self, assignment: &Assignment, folder: &Folder, input: &str, outputs: &[String]) -> Working;

    /// Reads `inputs`, which have the pairs of one partition, calls Reduce for each key, and writes the lines into `output`.
    fn reduce(&self, assignment: &Assignment, folder: &Folder, inputs: &[String], output: &str) -> Working;
}

/// What executes the application's functions on files. A clone is the same engine.
#[derive(Clone)]
pub struct Engine(Rc<dyn Execute>);

impl Engine {
    /// An engine that executes tasks like this.
    pub fn new(execute: impl Execute + 'static) -> Engine {
        Engine(Rc::new(execute))
    }

    /// Executes a map task: reads the file `input` of `folder`, but for the lines that the assignment skips, and makes the files
    /// `outputs`, one for each reduce task, in order.
    /// They are written bit by bit, and not synced.
    ///
    /// # Errors
    /// The application does not take a record, or a file cannot be read or written: what the worker tells the coordinator.
    pub async fn map(
        &self,
        assignment: &Assignment,
        folder: &Folder,
        input: &str,
        outputs: &[String],
    ) -> Result<(), Cause> {
        self.0.map(assignment, folder, input, outputs).await
    }

    /// Executes a reduce task: reads the files `inputs` of `folder`, one of each map task, in order, and makes the file `output`. It
    /// is written bit by bit, and not synced.
    ///
    /// # Errors
    /// As of [`Engine::map`].
    pub async fn reduce(
        &self,
        assignment: &Assignment,
        folder: &Folder,
        inputs: &[String],
        output: &str,
    ) -> Result<(), Cause> {
        self.0.reduce(assignment, folder, inputs, output).await
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}
