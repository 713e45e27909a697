//! How much was sent lately, by the second.
use std::collections::VecDeque;

/// For how many seconds a request counts, the one it was sent in included: for at least 61. That is a
/// minute, and a second by which requests may differ in how long they are on the way.
pub(super) const KEPT: u64 = 62;

/// What was counted in the last seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// Seconds in which something was counted, the oldest first, and how much.
    seconds: VecDeque<(u64, u32)>,
    total: u32,
}

impl Window {
    /// How much is in it.
    pub(super) fn total(&self) -> u32 {
        self.total
    }

    /// Leaves out what is too old by then.
    pub(super) fn move_to(&mut self, second: u64) {
        while let Some((counted, some)) = self.seconds.front()
            && counted + KEPT <= second
        {
            self.total = self.total.saturating_sub(*some);
            self.seconds.pop_front();
        }
    }

    /// Counts something. Whoever read the clock before somebody else may come after them.
    pub(super) fn count(&mut self, second: u64, some: u32) {
        self.total = self.total.saturating_add(some);
        match self.seconds.back_mut() {
            Some((last, counted)) if *last >= second => *counted = counted.saturating_add(some),
            Some(_) | None => self.seconds.push_back((second, some)),
        }
    }

    /// The second from which on no more than that is in it, if nothing is added.
    pub(super) fn falls_to(&self, most: u32) -> Option<u64> {
        let mut left = self.total;
        if left <= most {
            return None;
        }
        self.seconds.iter().find_map(|(counted, some)| {
            left = left.saturating_sub(*some);
            (left <= most).then_some(counted + KEPT)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_stays_for_more_than_a_minute_and_no_longer() {
        let mut window = Window::default();
        window.count(10, 3);
        window.count(12, 2);
        window.count(11, 1);
        for (second, total) in [(12, 6), (71, 6), (72, 3), (73, 3), (74, 0)] {
            window.move_to(second);
            assert_eq!(window.total(), total, "{second}");
        }
    }

    #[test]
    fn it_tells_when_enough_of_it_is_over() {
        let mut window = Window::default();
        window.count(0, 3);
        window.count(5, 2);
        for (most, second) in [(5, None), (4, Some(62)), (2, Some(62)), (1, Some(67))] {
            assert_eq!(window.falls_to(most), second, "{most}");
        }
    }
}
