//! The coordinator: who does what (parts A to G).

use lab5_kit::{Coordinate, CoordinatorConfig, Ctx, Reply, Request};

/// Gives tasks to workers, and knows what has become of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coordinator {
    config: CoordinatorConfig,
}

/// What the coordinator waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {}

impl Coordinator {
    /// A coordinator that has not started.
    #[must_use]
    pub fn new(config: CoordinatorConfig) -> Coordinator {
        Coordinator { config }
    }
}

impl Coordinate for Coordinator {
    type Timer = Timer;

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        todo!("lab 5, part A: Coordinator::on_start; part G makes it remember")
    }

    fn on_request(&mut self, request: Request, ctx: &mut Ctx<'_, Self>) -> Reply {
        todo!("lab 5, part A: Coordinator::on_request")
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        todo!("lab 5, part C: Coordinator::on_timer")
    }
}
