//! The steps between the states of a finished search, walked backwards from the goals: a state that is not come upon has no
//! way to any goal.

/// States by their index, in the order in which they were looked at, and the steps between them.
#[derive(Default)]
pub(super) struct Ways {
    /// For each state: whether it is a goal (or may lead to one beyond the limits), and whether it must have a way to one.
    states: Vec<(bool, bool)>,
    steps: Vec<(u32, u32)>,
}

impl Ways {
    /// The next state is a goal or not, and must have a way to one or need not.
    pub(super) fn state(&mut self, goal: bool, must_reach: bool) {
        self.states.push((goal, must_reach));
    }

    /// There is a step from one state to another.
    pub(super) fn step(&mut self, from: usize, to: usize) {
        self.steps.push((from as u32, to as u32));
    }

    /// From this state there is a step to one that is beyond the limits, and nothing is known of what follows.
    pub(super) fn unseen(&mut self, state: usize) {
        self.states[state].0 = true;
    }

    /// The first state that must have a way to a goal and has none.
    pub(super) fn first_lost(mut self) -> Option<usize> {
        if !self.states.iter().any(|(_, must_reach)| *must_reach) {
            return None;
        }
        self.steps.sort_unstable_by_key(|(_, to)| *to);
        let mut reaches: Vec<bool> = self.states.iter().map(|(goal, _)| *goal).collect();
        let mut next: Vec<u32> = (0..self.states.len() as u32).filter(|it| reaches[*it as usize]).collect();
        while let Some(state) = next.pop() {
            let first = self.steps.partition_point(|(_, to)| *to < state);
            for (from, _) in self.steps[first..].iter().take_while(|(_, to)| *to == state) {
                if !std::mem::replace(&mut reaches[*from as usize], true) {
                    next.push(*from);
                }
            }
        }
        self.states.iter().zip(reaches).position(|((_, must_reach), reaches)| *must_reach && !reaches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_lost_when_no_step_from_it_leads_towards_a_goal() {
        let mut ways = Ways::default();
        [(false, true), (false, false), (true, true), (false, true)]
            .into_iter()
            .for_each(|(goal, must)| ways.state(goal, must));
        [(0, 1), (1, 2), (2, 0), (0, 3), (3, 3)].into_iter().for_each(|(from, to)| ways.step(from, to));
        assert_eq!(ways.first_lost(), Some(3));
    }

    #[test]
    fn a_state_that_need_not_reach_a_goal_is_not_lost() {
        let mut ways = Ways::default();
        [(true, true), (false, false)].into_iter().for_each(|(goal, must)| ways.state(goal, must));
        ways.step(0, 1);
        assert_eq!(ways.first_lost(), None);
    }
}
