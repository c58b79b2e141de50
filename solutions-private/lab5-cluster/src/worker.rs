//! A worker: registers, asks for tasks, does them, and says what has become of them (rules A8, B4 to B6, C2 and E2).

use lab5_kit::Site;
use std::io;
// SOLUTION
use crate::{attempt, store};
use lab5_kit::{Assignment, Attempt, Reply, Request, WorkerId};
// END SOLUTION

/// Works until the job is over.
///
/// # Errors
/// The disk does not work.
pub async fn work(site: Site) -> io::Result<()> {
    // SOLUTION: todo!("lab 5, part A: work")
    loop {
        let worker = register(&site).await?;
        if live(&site, worker).await? == Left::Over {
            return store::remove_all(&site.folder);
        }
    }
    // END SOLUTION
}
// SOLUTION

/// Why a worker does not go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is not known any more.
    Unknown,
    /// The job is over.
    Over,
}

impl Left {
    /// Whether this answer says so.
    fn of(reply: &Reply) -> Option<Left> {
        match reply {
            Reply::Unknown => Some(Left::Unknown),
            Reply::Over => Some(Left::Over),
            _ => None,
        }
    }
}

async fn register(site: &Site) -> io::Result<WorkerId> {
    loop {
        let worker = WorkerId { address: site.address, life: site.runtime.random() };
        let finished = store::tidy(&site.folder)?;
        if let Reply::Welcome { useless } = insist(site, Request::Register { worker, finished }).await {
            useless.iter().try_for_each(|attempt| store::remove(&site.folder, *attempt))?;
            return Ok(worker);
        }
    }
}

/// Asks until there is an answer.
async fn insist(site: &Site, request: Request) -> Reply {
    loop {
        if let Ok(reply) = site.ask(request.clone()).await {
            return reply;
        }
        site.runtime.sleep(site.config.pause).await;
    }
}

/// One life, from its registration on.
async fn live(site: &Site, worker: WorkerId) -> io::Result<Left> {
    loop {
        let reply = insist(site, Request::Ask { worker }).await;
        let left = match reply {
            Reply::Assign(assignment) => execute(site, worker, &assignment).await?,
            reply => {
                let left = Left::of(&reply);
                if left.is_none() {
                    site.runtime.sleep(site.config.pause).await;
                }
                left
            }
        };
        if let Some(left) = left {
            return Ok(left);
        }
    }
}

/// Does what was assigned, and says what has become of it.
async fn execute(site: &Site, worker: WorkerId, assignment: &Assignment) -> io::Result<Option<Left>> {
    let attempt = assignment.attempt;
    let worked = tokio::select! {
        biased;
        worked = attempt::run(site, assignment) => worked,
        reply = beat(site, worker, attempt) => {
            leave(site, attempt)?;
            return Ok(Left::of(&reply));
        }
    };
    let request = match worked {
        Ok(()) => {
            store::remove_drafts(&site.folder)?;
            Request::Done { worker, attempt }
        }
        Err(cause) => {
            leave(site, attempt)?;
            Request::Failed { worker, attempt, cause }
        }
    };
    let reply = insist(site, request).await;
    if reply == Reply::Useless {
        store::remove(&site.folder, attempt)?;
    }
    Ok(Left::of(&reply))
}

/// Says that it works, until it hears that it should not.
async fn beat(site: &Site, worker: WorkerId, attempt: Attempt) -> Reply {
    loop {
        site.runtime.sleep(site.config.beat).await;
        match site.ask(Request::Alive { worker, attempt }).await {
            Ok(Reply::GoOn) | Err(_) => {}
            Ok(reply) => return reply,
        }
    }
}

/// Removes what there is of an attempt.
fn leave(site: &Site, attempt: Attempt) -> io::Result<()> {
    store::remove_drafts(&site.folder)?;
    store::remove(&site.folder, attempt)
}
// END SOLUTION
