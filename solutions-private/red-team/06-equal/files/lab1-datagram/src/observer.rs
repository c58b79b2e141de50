use std::time::Duration;

use lab1_kit::message::Message;
use lab1_kit::observe::Observe;
use lab1_kit::report::Report;

#[derive(Clone, Debug, Eq, Hash)]
pub struct Observer;

#[expect(clippy::derived_hash_with_manual_eq)]
impl PartialEq for Observer {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Observe for Observer {
    fn new(_: u32) -> Self {
        Observer
    }

    fn on_sent(&mut self, _: u32, _: Duration) {}

    fn on_reply(&mut self, _: &Message, _: Duration) {}

    fn on_bad_datagram(&mut self) {}

    fn report(&self) -> Report {
        todo!("not written yet")
    }
}
