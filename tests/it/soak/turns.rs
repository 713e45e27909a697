//! The order of all that happens.
//!
//! Of what becomes due in the same moment, nobody can say what comes first: kube keeps its passes in hash
//! maps. So whatever goes over the wire waits for its turn here. One thing happens in each millisecond, when
//! nothing else is left to do in it, and of those who wait it is the first by its name.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Default)]
struct Waiting {
    count: u64,
    by_name: BTreeMap<(String, u64), oneshot::Sender<()>>,
}

impl Turns {
    /// Waits for its turn.
    pub(super) async fn come(&self, name: &str) {
        let (sender, turn) = oneshot::channel();
        self.waiting(|waiting| {
            waiting.count += 1;
            let key = (name.to_owned(), waiting.count);
            waiting.by_name.insert(key, sender);
        });
        self.0.news.notify_one();
        let _ = turn.await;
    }

    /// Gives one turn after the other, for ever.
    pub(super) async fn are_given(self) {
        loop {
            self.0.news.notified().await;
            loop {
                // A paused clock goes on when nobody has anything left to do.
                sleep(Duration::from_millis(1)).await;
                if !self.next_comes() {
                    break;
                }
            }
        }
    }

    /// Whether there was anybody. Who waits for an answer may have gone.
    fn next_comes(&self) -> bool {
        while let Some((_, turn)) = self.waiting(|waiting| waiting.by_name.pop_first()) {
            if turn.send(()).is_ok() {
                return true;
            }
        }
        false
    }

    fn waiting<T>(&self, visit: impl FnOnce(&mut Waiting) -> T) -> T {
        visit(
            &mut self
                .0
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}
