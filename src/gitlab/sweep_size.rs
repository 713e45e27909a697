//! How many runners one query asks for, and how much of each.
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde::Deserialize;

/// GitLab's largest page (contract §5.4).
const LARGEST: u32 = 100;

/// What a query cost, of what it may cost (contract §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Complexity {
    score: u64,
    limit: u64,
}

/// The size of pages that this GitLab lets pass, found once for all sweeps of a client, and whether it shows
/// what processes do.
#[derive(Debug)]
pub(super) struct PageSize {
    size: AtomicU32,
    /// Whether it does not know what processes of runners do.
    without_insight: AtomicBool,
}

impl Default for PageSize {
    fn default() -> Self {
        Self {
            size: AtomicU32::new(LARGEST),
            without_insight: AtomicBool::new(false),
        }
    }
}

impl PageSize {
    pub(super) fn get(&self) -> u32 {
        self.size.load(Ordering::Relaxed)
    }

    /// Whether to ask what processes of runners do.
    pub(super) fn shows_insight(&self) -> bool {
        !self.without_insight.load(Ordering::Relaxed)
    }

    /// After a query that has passed only without that.
    pub(super) fn hides_insight(&self) {
        self.without_insight.store(true, Ordering::Relaxed);
    }

    /// The size to try after a query of that size was too complex; `None` when there is nothing smaller.
    pub(super) fn shrink(&self, size: u32) -> Option<u32> {
        let smaller = size / 2;
        if smaller == 0 {
            return None;
        }
        self.size.store(smaller, Ordering::Relaxed);
        Some(smaller)
    }

    /// After a query of that size that passed. A connection weighs once more for every hundred rows
    /// (contract §5.4), so what one of another size would weigh can be told from this one.
    pub(super) fn fit(&self, size: u32, complexity: Option<Complexity>) {
        let Some(Complexity { score, limit }) = complexity else {
            return;
        };
        let weight = limit.saturating_mul(100 + u64::from(size)) / score.max(1);
        let largest = u32::try_from(weight.saturating_sub(100)).unwrap_or(LARGEST);
        self.size
            .store(largest.clamp(1, LARGEST), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(size: u32, score: u64, limit: u64) -> u32 {
        let pages = PageSize::default();
        pages.fit(size, Some(Complexity { score, limit }));
        pages.get()
    }

    #[test]
    fn a_page_grows_to_what_the_limit_allows() {
        // 125 % of 40 is 50, and 60 are 150 %.
        assert_eq!(fitted(25, 50, 60), 50);
        assert_eq!(fitted(50, 60, 250), LARGEST);
        assert_eq!(fitted(100, 80, 81), LARGEST);
        assert_eq!(fitted(1, 60, 60), 1);
        assert_eq!(fitted(100, 0, u64::MAX), LARGEST);
        assert_eq!(fitted(100, 1, 0), 1);
    }

    #[test]
    fn a_page_that_was_too_large_is_halved() {
        let pages = PageSize::default();
        assert_eq!(pages.shrink(100), Some(50));
        pages.fit(50, None);
        assert_eq!(pages.get(), 50);
        assert_eq!(pages.shrink(3), Some(1));
        assert_eq!(pages.shrink(1), None);
        assert_eq!(pages.get(), 1);
    }
}
