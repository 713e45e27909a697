//! For how long this process may change anything in GitLab.
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The time for which this process leads. It ends by itself unless it is prolonged, so that a process that
/// was stopped or cut off in the meantime knows that another one may lead. Cheap to clone; clones are the
/// same term.
#[derive(Clone, Debug)]
pub struct Term(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    number: Option<i32>,
    /// `None` is never.
    end: watch::Sender<Option<Instant>>,
}

impl Term {
    /// That of a process which shares its work with no other.
    pub fn endless() -> Self {
        Self::new(None, None)
    }

    /// The term with that number, which ends then.
    pub fn until(number: i32, end: Instant) -> Self {
        Self::new(Some(number), Some(end))
    }

    fn new(number: Option<i32>, end: Option<Instant>) -> Self {
        let end = watch::Sender::new(end);
        Self(Arc::new(Inner { number, end }))
    }

    /// How many terms there were before it, of whichever process; `None` where none is counted.
    pub fn number(&self) -> Option<i32> {
        self.0.number
    }

    /// It lasts until then. One that is over stays so: another may have begun.
    pub fn lasts_until(&self, later: Instant) {
        self.0.end.send_if_modified(|end| {
            let over = is_past(*end);
            if !over {
                *end = Some(later);
            }
            !over
        });
    }

    /// It is over.
    pub fn ends(&self) {
        self.0.end.send_replace(Some(Instant::now()));
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        is_past(*self.0.end.borrow())
    }

    /// Waits until it is over.
    pub async fn over(&self) {
        let mut end = self.0.end.subscribe();
        loop {
            let until = *end.borrow_and_update();
            let past = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = past => if self.is_over() { return },
                // The sender is in our own hands.
                _ = end.changed() => {}
            }
        }
    }
}

fn is_past(end: Option<Instant>) -> bool {
    end.is_some_and(|end| end <= Instant::now())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{advance, timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn it_ends_by_itself_and_for_good() {
        let term = Term::until(3, Instant::now() + LONG);
        assert!(!term.is_over());
        advance(LONG / 2).await;
        term.lasts_until(Instant::now() + LONG);
        advance(LONG * 3 / 4).await;
        assert!(!term.is_over());
        assert!(timeout(LONG / 8, term.over()).await.is_err());
        timeout(LONG, term.over()).await.unwrap();
        term.lasts_until(Instant::now() + LONG);
        assert!(term.is_over(), "another may have begun");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_its_end_is_told_of_each_change() {
        let (endless, term) = (Term::endless(), Term::until(1, Instant::now() + LONG));
        assert!(timeout(LONG * 100, endless.over()).await.is_err());
        assert!(!endless.is_over() && term.is_over());
        let term = Term::until(2, Instant::now() + LONG);
        let waiting = tokio::spawn({
            let term = term.clone();
            async move { term.over().await }
        });
        tokio::task::yield_now().await;
        term.ends();
        timeout(LONG / 10, waiting).await.unwrap().unwrap();
    }
}
