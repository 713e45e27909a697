//! Who may send a credential. Requests pass together, and what replaces the credential passes alone: from
//! then on nobody passes, since a token that was used after its replacement takes its successor along
//! (contract §1.10).
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::error::Error;

/// The way that all requests with one token take, whichever clients send them. Cheap to clone; clones are
/// the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    way: Arc<RwLock<()>>,
    shut: Arc<AtomicBool>,
}

/// A request that has passed, until its answer is read.
#[derive(Debug)]
pub(super) struct Passage {
    _way: OwnedRwLockReadGuard<()>,
}

/// Nobody else is under way, nor comes in, until this is dropped.
#[must_use]
#[derive(Debug)]
pub struct Alone {
    _way: OwnedRwLockWriteGuard<()>,
}

impl Gate {
    /// From now on nobody passes, who waits included.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
    }

    /// Requests pass again.
    pub fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }

    /// Whether nobody passes.
    pub fn is_shut(&self) -> bool {
        self.shut.load(Ordering::SeqCst)
    }

    /// Whether nobody else has it.
    pub fn is_unused(&self) -> bool {
        Arc::strong_count(&self.way) == 1
    }

    /// Waits until all that is under way is answered, and keeps everybody else waiting.
    pub async fn alone(&self) -> Alone {
        let way = self.way.clone().write_owned().await;
        Alone { _way: way }
    }

    /// Waits for whoever is alone. Whether it is shut is looked at afterwards.
    pub(super) async fn pass(&self) -> Result<Passage, Error> {
        let way = self.way.clone().read_owned().await;
        if self.is_shut() {
            return Err(Error::Retired);
        }
        Ok(Passage { _way: way })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_is_alone_has_waited_for_the_others_and_lets_nobody_in_behind() {
        let gate = Gate::default();
        let (one, another) = (gate.pass().await.unwrap(), gate.pass().await.unwrap());
        let brief = Duration::from_millis(20);
        assert!(timeout(brief, gate.alone()).await.is_err());
        drop((one, another));
        let alone = gate.alone().await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.pass().await.map(drop) }
        });
        assert!(timeout(brief, gate.pass()).await.is_err());
        gate.shut();
        drop(alone);
        assert!(matches!(waiting.await.unwrap(), Err(Error::Retired)));
        assert!(matches!(gate.pass().await, Err(Error::Retired)));
        gate.open();
        gate.pass().await.unwrap();
    }
}
