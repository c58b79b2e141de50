//! The congestion window: how much the network is thought to bear (part F, a bonus).

/// How many messages may be in flight for the sake of the network (rules F1 to F5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Congestion {
    // Yours: what the window depends on.
}

impl Default for Congestion {
    fn default() -> Self {
        Self::new()
    }
}

impl Congestion {
    /// The congestion window of a sender that has sent nothing yet (rules F1 and F2).
    #[must_use]
    pub fn new() -> Self {
        todo!("lab 2, part F: Congestion::new")
    }

    /// How many messages may be in flight.
    #[must_use]
    pub fn window(&self) -> u32 {
        todo!("lab 2, part F: Congestion::window")
    }

    /// An `ACK` has acknowledged so many messages (rules F2 and F3).
    pub fn acknowledged(&mut self, messages: u32) {
        todo!("lab 2, part F: Congestion::acknowledged")
    }

    /// The timer has run out with so many messages in flight (rule F4).
    pub fn timed_out(&mut self, in_flight: u32) {
        todo!("lab 2, part F: Congestion::timed_out")
    }

    /// The third `ACK` in a row has acknowledged nothing, with so many messages in flight (rule F5).
    pub fn lost(&mut self, in_flight: u32) {
        todo!("lab 2, part F: Congestion::lost")
    }
}
