//! What runs for as long as the process does.
use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};

/// Tasks by what they are, none of which may end unnoticed.
#[derive(Default)]
pub struct Tasks {
    running: JoinSet<()>,
    names: HashMap<Id, String>,
}

/// How a task has ended.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It came to its end.
    #[error("{0} has ended")]
    Returned(String),
    /// It panicked, which is a bug.
    #[error("{0} panicked, which is a bug: the log says where")]
    Panicked(String),
}

impl Tasks {
    /// Starts one more. `name` is what errors call it.
    pub fn spawn(&mut self, name: String, work: impl Future<Output = ()> + Send + 'static) {
        let handle = self.running.spawn(work);
        self.names.insert(handle.id(), name);
    }

    /// Waits for the next to end; for ever when none is left.
    pub async fn next_to_end(&mut self) -> Ended {
        match self.running.join_next_with_id().await {
            Some(result) => self.ended(result),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended. The first that panicked is told.
    pub async fn all_end(&mut self) -> Result<(), Ended> {
        let mut first = Ok(());
        while let Some(result) = self.running.join_next_with_id().await {
            let ended = self.ended(result);
            if matches!(ended, Ended::Panicked(_)) {
                first = first.and(Err(ended));
            }
        }
        first
    }

    fn ended(&mut self, result: Result<(Id, ()), JoinError>) -> Ended {
        let mut name = |id| self.names.remove(&id).unwrap_or_default();
        match result {
            Ok((id, ())) => Ended::Returned(name(id)),
            // Nothing here is ever aborted.
            Err(error) => Ended::Panicked(name(error.id())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn whatever_ends_is_told_by_its_name() {
        let mut tasks = Tasks::default();
        tasks.spawn("the one that lasts".to_owned(), pending());
        tasks.spawn("the one that ends".to_owned(), async {});
        let ended = Ended::Returned("the one that ends".to_owned());
        assert_eq!(tasks.next_to_end().await, ended);
        tasks.spawn("the one that panics".to_owned(), async {
            panic!("of a test")
        });
        let panicked = Ended::Panicked("the one that panics".to_owned());
        assert_eq!(tasks.next_to_end().await, panicked);
    }

    #[tokio::test]
    async fn a_panic_on_the_way_out_is_told_too() {
        let mut tasks = Tasks::default();
        tasks.spawn("one".to_owned(), async {});
        assert_eq!(tasks.all_end().await, Ok(()));
        tasks.spawn("two".to_owned(), async { panic!("of a test") });
        tasks.spawn("three".to_owned(), async {});
        let panicked = Ended::Panicked("two".to_owned());
        assert_eq!(tasks.all_end().await, Err(panicked));
    }
}
