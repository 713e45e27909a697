//! For how long this process may change anything in GitLab.
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// In the last part of a term no request is begun that changes something. Together with the time from its end
/// until another term can begin, this is as long as connecting may take.
const LAST_PART: Duration = Duration::from_secs(5);

/// The time for which this process leads. It ends by itself unless it is prolonged, so that a process that
/// was stopped or cut off in the meantime knows that another one may lead. Cheap to clone; clones are the
/// same term.
#[derive(Clone, Debug)]
pub struct Term(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: Option<i32>,
    clock: fn() -> Timestamp,
    /// `None` is never.
    end: watch::Sender<Option<Moment>>,
}

/// A time by two clocks. One of them stands still while a machine is suspended, and the other may be set.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    instant: Instant,
    time: Timestamp,
}

impl Moment {
    /// This one.
    pub fn now(clock: fn() -> Timestamp) -> Self {
        Self {
            instant: Instant::now(),
            time: clock(),
        }
    }

    /// So much later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let later = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        Self {
            instant: self.instant + wait,
            time: self.time.saturating_add(later).unwrap_or(Timestamp::MAX),
        }
    }

    /// Whether it is over by either clock.
    fn is_past(self, now: Self) -> bool {
        self.instant <= now.instant || self.time <= now.time
    }
}

impl Term {
    /// That of a process which shares its work with no other.
    pub fn endless() -> Self {
        Self::new(None, None, || Timestamp::UNIX_EPOCH)
    }

    /// The term with that number, which ends then.
    pub fn until(number: i32, end: Moment, clock: fn() -> Timestamp) -> Self {
        Self::new(Some(number), Some(end), clock)
    }

    fn new(number: Option<i32>, end: Option<Moment>, clock: fn() -> Timestamp) -> Self {
        let end = watch::Sender::new(end);
        Self(Arc::new(Inner { number, clock, end }))
    }

    /// How many terms there were before it, of whichever process; `None` where none is counted.
    pub fn number(&self) -> Option<i32> {
        self.0.number
    }

    /// It lasts until then. One that is over stays so: another may have begun.
    pub fn lasts_until(&self, later: Moment) {
        let now = self.now();
        self.0.end.send_if_modified(|end| {
            let over = end.is_some_and(|end| end.is_past(now));
            if !over {
                *end = Some(later);
            }
            !over
        });
    }

    /// It is over.
    pub fn ends(&self) {
        self.0.end.send_replace(Some(self.now()));
    }

    /// Whether it is over. What either clock has said once holds, though that clock be put back.
    pub fn is_over(&self) -> bool {
        let now = self.now();
        let end = *self.0.end.borrow();
        let over = end.is_some_and(|end| end.is_past(now));
        if over {
            self.0.end.send_if_modified(|end| {
                let by_time_alone = end.is_some_and(|end| end.instant > now.instant);
                if by_time_alone {
                    *end = Some(now);
                }
                by_time_alone
            });
        }
        over
    }

    /// Whether a request may be begun that changes something: it leaves before another term can begin.
    pub fn allows_changes(&self) -> bool {
        let end = *self.0.end.borrow();
        let left = self.now().after(LAST_PART);
        end.is_none_or(|end| !end.is_past(left))
    }

    /// Waits until it is over. A time for which the machine was suspended is noticed once somebody asks.
    pub async fn over(&self) {
        let mut end = self.0.end.subscribe();
        loop {
            let until = *end.borrow_and_update();
            let past = async {
                match until {
                    Some(until) => sleep_until(until.instant).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = past => {}
                // The sender is in our own hands.
                _ = end.changed() => {}
            }
            if self.is_over() {
                return;
            }
        }
    }

    fn now(&self) -> Moment {
        Moment::now(self.0.clock)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::{advance, timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    thread_local! { static TIME: Cell<i64> = const { Cell::new(0) }; }

    fn clock() -> Timestamp {
        Timestamp::from_second(TIME.get()).unwrap()
    }

    fn later() -> Moment {
        Moment::now(clock).after(LONG)
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_by_itself_and_for_good() {
        let term = Term::until(3, later(), clock);
        assert!(!term.is_over());
        advance(LONG / 2).await;
        term.lasts_until(later());
        advance(LONG * 3 / 4).await;
        assert!(!term.is_over());
        assert!(timeout(LONG / 8, term.over()).await.is_err());
        timeout(LONG, term.over()).await.unwrap();
        term.lasts_until(later());
        assert!(term.is_over(), "another may have begun");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_its_end_is_told_of_each_change() {
        let (endless, term) = (Term::endless(), Term::until(1, later(), clock));
        assert!(timeout(LONG * 100, endless.over()).await.is_err());
        assert!(!endless.is_over() && endless.allows_changes() && term.is_over());
        let term = Term::until(2, later(), clock);
        let waiting = tokio::spawn({
            let term = term.clone();
            async move { term.over().await }
        });
        tokio::task::yield_now().await;
        term.ends();
        timeout(LONG / 10, waiting).await.unwrap().unwrap();
    }

    /// While a machine is suspended its monotonic clock stands still, and the other does not.
    #[tokio::test(start_paused = true)]
    async fn time_that_was_slept_away_counts() {
        let term = Term::until(4, later(), clock);
        TIME.set(9);
        assert!(!term.is_over());
        TIME.set(11);
        assert!(term.is_over());
        timeout(LONG / 10, term.over()).await.unwrap();
        // A clock that is put back prolongs nothing.
        TIME.set(0);
        assert!(term.is_over());
        term.lasts_until(later());
        assert!(term.is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_begun_that_might_leave_when_another_leads() {
        let term = Term::until(5, later(), clock);
        assert!(term.allows_changes());
        advance(LONG / 2).await;
        assert!(!term.allows_changes() && !term.is_over());
        term.lasts_until(later());
        assert!(term.allows_changes());
    }
}
