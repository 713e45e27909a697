//! How much may be sent now, and who may send it. Knows no clock: the time is an argument.
use std::time::Duration;

use strum::{EnumCount, VariantArray};
use tokio::time::Instant;

use super::lane::Lane;
use super::queue::{Ahead, Queue};
use super::told::Told;
use super::window::{KEPT, Window};
use crate::gitlab::limits::Limits;

/// How soon the first of those who wait comes back where nothing tells when there is room.
const SHORTEST: Duration = Duration::from_millis(500);
/// The longest that somebody waits before they ask again: the limit may have been raised, and those
/// before them may have gone.
const LONGEST: Duration = Duration::from_mins(1);
/// How much later the next in the queue comes back, so that a thousand do not come at once.
const APART: Duration = Duration::from_millis(5);

/// Why nothing can be sent now, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// GitLab wants silence.
    Silent(Duration),
    /// The limit is reached, or the rest of it is for others.
    UsedUp(Duration),
}

/// What was sent, and who waits.
///
/// It counts what was sent in the last minute, second by second, and not how full a bucket is: a bucket
/// that may never give more than so many a minute gives half of them when it has been full.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    began: Instant,
    ceiling: u32,
    sent: Window,
    /// What was promised to passes that are under way.
    reserved: u32,
    /// What was promised to each lane lately.
    served: [Window; Lane::COUNT],
    queues: [Queue; Lane::COUNT],
    told: Told,
    /// The requests that are without an answer yet.
    open: u32,
    /// The second in which queues were last gone through.
    tidied: u64,
}

impl Ledger {
    pub(super) fn new(ceiling: u32, now: Instant) -> Self {
        Self {
            began: now,
            ceiling,
            sent: Window::default(),
            reserved: 0,
            served: Default::default(),
            queues: Default::default(),
            told: Told::default(),
            open: 0,
            tidied: 0,
        }
    }

    pub(super) fn set_ceiling(&mut self, ceiling: u32) {
        self.ceiling = ceiling;
    }

    /// How many may be sent in a minute.
    pub(super) fn limit(&self, now: Instant) -> u32 {
        let told = self.told.limit(now).unwrap_or(u32::MAX);
        self.ceiling.min(told).max(1)
    }

    /// How many may be sent at once, promised or not.
    pub(super) fn room(&self, now: Instant) -> u32 {
        let left = self.told.left(now).map_or(u32::MAX, |(left, _)| left);
        self.limit(now).saturating_sub(self.sent.total()).min(left)
    }

    pub(super) fn waiting(&self, lane: Lane) -> usize {
        self.queue(lane).len()
    }

    /// Whether everything that it knows is over.
    pub(super) fn is_quiet(&mut self, now: Instant) -> bool {
        self.move_to(now);
        self.sent.total() == 0 && self.told.silence(now).is_none()
    }

    /// Promises somebody that many requests, or says when to ask again. They keep their place.
    pub(super) fn admit(
        &mut self,
        lane: Lane,
        who: &str,
        cost: u32,
        now: Instant,
    ) -> Result<(), Closed> {
        self.move_to(now);
        for other in Lane::VARIANTS.iter().filter(|other| **other != lane) {
            self.queues[*other as usize].remove(who);
        }
        let ahead = self.queue(lane).ahead(who);
        let needed = self.needed(lane, cost, ahead, now);
        let promised = self.room(now).saturating_sub(self.reserved) >= needed;
        let alone = !self.told.is_on_trial() || self.open + self.reserved == 0;
        let silence = self.told.silence(now);
        if promised && alone && silence.is_none() {
            self.queues[lane as usize].remove(who);
            let second = self.second(now);
            self.served[lane as usize].count(second, cost);
            self.reserved += cost;
            return Ok(());
        }
        let queued = APART * ahead.number;
        // Most of those before them need less than they are promised.
        let likely = needed
            .saturating_sub(ahead.cost)
            .saturating_add(ahead.number);
        let wait = self.until(likely, now).clamp(SHORTEST, LONGEST);
        let wait = silence.map_or(wait, |silence| silence.max(wait)) + queued;
        self.queues[lane as usize].put(who, cost, now + wait);
        Err(if silence.is_some() || !alone {
            Closed::Silent(wait)
        } else {
            Closed::UsedUp(wait)
        })
    }

    /// What is left of a promise is not needed.
    pub(super) fn release(&mut self, cost: u32) {
        self.reserved = self.reserved.saturating_sub(cost);
    }

    /// Counts a request that is sent now; or says that none may be.
    pub(super) fn spend(&mut self, now: Instant) -> Result<(), Closed> {
        self.move_to(now);
        if let Some(left) = self.told.silence(now) {
            return Err(Closed::Silent(left));
        }
        if self.room(now) == 0 {
            return Err(Closed::UsedUp(self.until(1, now).max(SHORTEST)));
        }
        let second = self.second(now);
        self.sent.count(second, 1);
        self.told.count();
        self.open += 1;
        Ok(())
    }

    /// Takes in what the answer to a request says of limits.
    pub(super) fn learn(&mut self, limits: &Limits, now: Instant) {
        let others = self.open.saturating_sub(1);
        self.told.learn(limits, others, now);
    }

    /// A request has its answer, or nobody waits for one any more.
    pub(super) fn end(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Whether a lane is to have this in any case.
    pub(super) fn is_by_right(&self, lane: Lane, ahead: Ahead, now: Instant) -> bool {
        let had = self.served[lane as usize].total();
        had.saturating_add(ahead.cost) < lane.part(self.limit(now))
    }

    /// How much room there must be for somebody: for them and those before them, and what they leave
    /// to the more urgent and owe to the less urgent.
    fn needed(&self, lane: Lane, cost: u32, ahead: Ahead, now: Instant) -> u32 {
        let limit = self.limit(now);
        let queued = cost.saturating_add(ahead.cost);
        let owed = lane.below().map(|lane| self.owed(lane, limit));
        let queued = queued.saturating_add(owed.sum());
        if self.is_by_right(lane, ahead, now) {
            return queued;
        }
        let above = lane.above().map(|lane| self.queue(lane).cost());
        queued
            .saturating_add(above.sum())
            .saturating_add(lane.leaves(limit))
    }

    /// What a lane is to have in any case and has not had, if somebody waits in it.
    fn owed(&self, lane: Lane, limit: u32) -> u32 {
        let queue = self.queue(lane);
        let Some(first) = queue.first() else {
            return 0;
        };
        let had = self.served[lane as usize].total();
        let part = lane.part(limit);
        if had >= part {
            return 0;
        }
        first.max(part - had).min(queue.cost())
    }

    /// How long until there is that much room, if nothing else is sent.
    fn until(&self, needed: u32, now: Instant) -> Duration {
        let limit = self.limit(now);
        let others = needed.saturating_sub(1);
        // What one minute does not hold takes another.
        let (minutes, last) = (others / limit, others % limit + 1);
        let second = self.sent.falls_to(limit - last).unwrap_or_default();
        let room = self.began + Duration::from_secs(second);
        let left = self.told.left(now);
        let left = left.filter(|(left, _)| *left < needed);
        let at = left.map_or(room, |(_, until)| until.max(room));
        let period = Duration::from_secs(KEPT).saturating_mul(minutes);
        at.saturating_duration_since(now).saturating_add(period)
    }

    pub(super) fn queue(&self, lane: Lane) -> &Queue {
        &self.queues[lane as usize]
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_secs()
    }

    pub(super) fn move_to(&mut self, now: Instant) {
        let second = self.second(now);
        self.sent.move_to(second);
        for served in &mut self.served {
            served.move_to(second);
        }
        if self.tidied < second {
            self.tidied = second;
            for queue in &mut self.queues {
                queue.forget_the_late(now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How many can be sent at once.
    fn burst(ledger: &mut Ledger, now: Instant) -> u32 {
        let sent = std::iter::from_fn(|| ledger.spend(now).ok());
        u32::try_from(sent.count()).unwrap()
    }

    /// How many somebody new gets in a lane at once, one request each, and sends.
    fn served(ledger: &mut Ledger, lane: Lane, now: Instant) -> u32 {
        let mut count = 0;
        while ledger
            .admit(lane, &format!("{lane:?} {count}"), 1, now)
            .is_ok()
        {
            ledger.spend(now).unwrap();
            ledger.end();
            ledger.release(1);
            count += 1;
        }
        count
    }

    #[test]
    fn the_ceiling_holds_for_more_than_a_minute() {
        let now = Instant::now();
        let mut ledger = Ledger::new(30, now);
        assert_eq!(burst(&mut ledger, now), 30);
        for after in [1, 59, 60, 61] {
            assert_eq!(burst(&mut ledger, now + seconds(after)), 0, "{after}");
        }
        assert_eq!(
            ledger.spend(now + seconds(61)),
            Err(Closed::UsedUp(seconds(1)))
        );
        assert_eq!(burst(&mut ledger, now + seconds(62)), 30);
        ledger.set_ceiling(10);
        assert_eq!(burst(&mut ledger, now + seconds(123)), 0);
        assert_eq!(burst(&mut ledger, now + seconds(124)), 10);
    }

    #[test]
    fn what_is_less_urgent_leaves_something_to_what_is_more_urgent() {
        for (lane, alone) in [
            (Lane::Change, 100),
            (Lane::Deletion, 90),
            (Lane::Due, 75),
            (Lane::Sweep, 60),
        ] {
            let now = Instant::now();
            let mut ledger = Ledger::new(100, now);
            assert_eq!(served(&mut ledger, lane, now), alone, "{lane:?}");
            // One waits now, and is owed something.
            let rest = served(&mut ledger, Lane::Change, now);
            assert_eq!(rest, 100 - alone, "{lane:?}");
        }
    }

    /// More than there is room for, in every lane.
    #[test]
    fn nobody_starves() {
        let start = Instant::now();
        let mut ledger = Ledger::new(100, start);
        let mut had = [0; Lane::COUNT];
        for second in 0..600 {
            let now = start + seconds(second);
            for lane in Lane::VARIANTS {
                for number in 0..50 {
                    let who = format!("{lane:?} {number}");
                    if ledger.admit(*lane, &who, 1, now).is_ok() {
                        ledger.spend(now).unwrap();
                        ledger.end();
                        ledger.release(1);
                        had[*lane as usize] += 1;
                    }
                }
            }
        }
        let [changes, deletions, due, sweeps] = had;
        assert!((700..=850).contains(&changes), "{had:?}");
        assert!(deletions >= 80 && due >= 40 && sweeps >= 40, "{had:?}");
    }

    #[test]
    fn who_comes_first_is_served_first_and_comes_back_when_there_is_room() {
        let now = Instant::now();
        let mut ledger = Ledger::new(10, now);
        burst(&mut ledger, now);
        let mut waits = Vec::new();
        for number in 0..25 {
            let Err(Closed::UsedUp(wait)) =
                ledger.admit(Lane::Change, &format!("{number}"), 1, now)
            else {
                panic!("{number}")
            };
            waits.push((wait, number));
        }
        assert!(waits.is_sorted(), "{waits:?}");
        assert_eq!(ledger.waiting(Lane::Change), 25);
        // A newcomer takes nobody's place.
        let later = now + seconds(62);
        assert!(ledger.admit(Lane::Change, "new", 1, later).is_err());
        for number in 0..10 {
            let admitted = ledger.admit(Lane::Change, &format!("{number}"), 1, later);
            assert_eq!(admitted, Ok(()), "{number}");
        }
        assert!(ledger.admit(Lane::Change, "10", 1, later).is_err());
        // Those who do not come back lose their places.
        for _ in 0..10 {
            ledger.spend(later).unwrap();
            ledger.release(1);
        }
        let much_later = later + seconds(62 + 75);
        assert_eq!(ledger.admit(Lane::Change, "new", 1, much_later), Ok(()));
    }

    #[test]
    fn after_a_refusal_a_single_one_finds_out_whether_it_is_over() {
        let now = Instant::now();
        let mut ledger = Ledger::new(600, now);
        let refused = Limits {
            refused: true,
            wait: Some(seconds(30)),
            ..Limits::default()
        };
        ledger.spend(now).unwrap();
        ledger.learn(&refused, now);
        ledger.end();
        let silent = |closed| matches!(closed, Err(Closed::Silent(wait)) if wait >= seconds(30));
        assert!(silent(ledger.spend(now)) && silent(ledger.admit(Lane::Change, "a", 1, now)));
        let over = now + seconds(30);
        assert_eq!(ledger.admit(Lane::Change, "a", 1, over), Ok(()));
        for lane in Lane::VARIANTS {
            let other = ledger.admit(*lane, "b", 1, over);
            assert!(matches!(other, Err(Closed::Silent(_))), "{other:?}");
        }
        ledger.spend(over).unwrap();
        ledger.learn(&Limits::default(), over);
        ledger.end();
        assert_eq!(ledger.admit(Lane::Change, "b", 1, over), Ok(()));
    }

    #[test]
    fn a_smaller_limit_that_gitlab_names_counts() {
        let now = Instant::now();
        let mut ledger = Ledger::new(600, now);
        let told = Limits {
            refused: false,
            wait: Some(seconds(20)),
            limit: Some(100),
            remaining: Some(40),
        };
        ledger.spend(now).unwrap();
        ledger.learn(&told, now);
        ledger.end();
        assert_eq!((ledger.limit(now), burst(&mut ledger, now)), (100, 40));
        // A sweep leaves as much of what GitLab has left as of any limit.
        let next = now + seconds(20);
        assert_eq!(served(&mut ledger, Lane::Sweep, next), 19);
        assert_eq!(burst(&mut ledger, next), 100 - 41 - 19);
    }
}
