//! The congestion window: how much the network is thought to bear (part F, a bonus).

/// How many messages may be in flight for the sake of the network (rules F1 to F5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Congestion {
    // SOLUTION: // Yours: what the window depends on.
    window: u32,
    threshold: u32,
    /// How much of a window was acknowledged since it last grew.
    acknowledged: u32,
    // END SOLUTION
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
        // SOLUTION: todo!("lab 2, part F: Congestion::new")
        Congestion { window: 1, threshold: u32::MAX, acknowledged: 0 }
        // END SOLUTION
    }

    /// How many messages may be in flight.
    #[must_use]
    pub fn window(&self) -> u32 {
        // SOLUTION: todo!("lab 2, part F: Congestion::window")
        self.window
        // END SOLUTION
    }

    /// An `ACK` has acknowledged so many messages (rules F2 and F3).
    pub fn acknowledged(&mut self, messages: u32) {
        // SOLUTION: todo!("lab 2, part F: Congestion::acknowledged")
        if self.window < self.threshold {
            self.window = self.window.saturating_add(messages).min(self.threshold);
            return;
        }
        self.acknowledged += messages;
        if self.acknowledged >= self.window {
            self.acknowledged -= self.window;
            self.window += 1;
        }
        // END SOLUTION
    }

    /// The timer has run out with so many messages in flight (rule F4).
    pub fn timed_out(&mut self, in_flight: u32) {
        // SOLUTION: todo!("lab 2, part F: Congestion::timed_out")
        self.lost(in_flight);
        self.window = 1;
        // END SOLUTION
    }

    /// The third `ACK` in a row has acknowledged nothing, with so many messages in flight (rule F5).
    pub fn lost(&mut self, in_flight: u32) {
        // SOLUTION: todo!("lab 2, part F: Congestion::lost")
        self.threshold = (in_flight / 2).max(2);
        self.window = self.threshold;
        self.acknowledged = 0;
        // END SOLUTION
    }
}
