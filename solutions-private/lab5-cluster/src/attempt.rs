//! One attempt at a task, from its input to its files.

use lab5_kit::{Assignment, Cause, Site};
// SOLUTION
use crate::{fetch, store};
use lab5_kit::{File, Input, Task};
// END SOLUTION

/// Makes the files of an attempt, and gives them their names.
///
/// # Errors
/// What kept it from that; the drafts are still there.
pub async fn run(site: &Site, assignment: &Assignment) -> Result<(), Cause> {
    // SOLUTION: todo!("lab 5, part B: attempt::run")
    let attempt = assignment.attempt;
    let (Task::Map(number) | Task::Reduce(number)) = attempt.task;
    let reduces = match &assignment.input {
        Input::Chunk(chunk, reduces) => {
            let input = fetch::chunk(site, number, chunk).await?;
            let drafts: Vec<_> = File::all_of(attempt, *reduces).into_iter().map(File::draft).collect();
            site.engine.map(assignment, &site.folder, &input, &drafts).await?;
            *reduces
        }
        Input::Outputs(places, reduces) => {
            let mut inputs = vec![];
            for place in places {
                inputs.push(fetch::part(site, *place, number, *reduces).await?);
            }
            let draft = File::Output { reduce: number, number: attempt.number }.draft();
            site.engine.reduce(assignment, &site.folder, &inputs, &draft).await?;
            *reduces
        }
    };
    store::commit(&site.folder, attempt, reduces).map_err(|error| Cause::Failed(error.to_string()))
    // END SOLUTION
}
