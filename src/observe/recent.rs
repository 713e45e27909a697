//! What GitLab was asked a moment ago, so that many objects with the same question ask it once.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::lock;
use jiff::{SignedDuration, Timestamp};

/// The longest that an answer counts.
pub const FRESH: SignedDuration = SignedDuration::from_mins(1);

/// The answers of the last minute, by question.
#[derive(Debug)]
pub struct Recent<K, V>(Mutex<BTreeMap<K, Arc<Answer<V>>>>);

/// What one question came to.
#[derive(Debug)]
struct Answer<V> {
    given: Mutex<Option<(V, Timestamp)>>,
    /// Held by whoever asks.
    asking: lock::Mutex<()>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone> Answer<V> {
    fn given(&self) -> MutexGuard<'_, Option<(V, Timestamp)>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_late(&self, now: Timestamp, lasts: SignedDuration) -> Option<V> {
        let given = self.given();
        let (value, at) = given.as_ref()?;
        (now.duration_since(*at) < lasts).then(|| value.clone())
    }
}

impl<K: Ord, V: Clone> Recent<K, V> {
    fn all(&self) -> MutexGuard<'_, BTreeMap<K, Arc<Answer<V>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of an answer. Those that are too old to count are forgotten when a new one comes.
    fn answer(&self, question: K, now: Timestamp) -> Arc<Answer<V>> {
        let mut all = self.all();
        if let Some(answer) = all.get(&question) {
            return answer.clone();
        }
        all.retain(|_, kept| Arc::strong_count(kept) > 1 || kept.of_late(now, FRESH).is_some());
        let answer = Arc::new(Answer {
            given: Mutex::default(),
            asking: lock::Mutex::default(),
        });
        all.insert(question, answer.clone());
        answer
    }

    /// The answer if it is younger than that and will do, else a new one. While somebody asks, others
    /// with the same question wait for what comes of it; if that is nothing, each asks for itself.
    pub async fn get<E>(
        &self,
        question: K,
        (now, lasts): (Timestamp, SignedDuration),
        will_do: impl Fn(&V) -> bool,
        ask: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let answer = self.answer(question, now);
        let known = || answer.of_late(now, lasts).filter(&will_do);
        if let Some(value) = known() {
            return Ok(value);
        }
        let asking = answer.asking.try_lock();
        if asking.is_none() {
            drop(answer.asking.lock().await);
            if let Some(value) = known() {
                return Ok(value);
            }
        }
        let value = ask.await?;
        *answer.given() = Some((value.clone(), now));
        drop(asking);
        Ok(value)
    }

    /// Forgets all answers: something has shown that one of them may be wrong.
    pub fn forget(&self) {
        self.all().clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::{FutureExt, channel::oneshot, future};

    use super::*;

    fn after(seconds: i64) -> (Timestamp, SignedDuration) {
        let then = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        (then, FRESH)
    }

    #[test]
    fn an_answer_counts_for_a_minute_unless_it_will_not_do() {
        let recent = Recent::default();
        let ask = |question: u8, at, answer: u8| {
            let answer = async { Ok::<_, ()>(answer) };
            let asked = recent.get(question, after(at), |_| true, answer);
            asked.now_or_never().unwrap().unwrap()
        };
        assert_eq!(ask(1, 0, 10), 10);
        assert_eq!(ask(1, 59, 11), 10);
        assert_eq!(ask(2, 59, 20), 20);
        let other = recent.get(1, after(59), |known| *known != 10, async {
            Ok::<_, ()>(12)
        });
        assert_eq!(other.now_or_never(), Some(Ok(12)));
        recent.forget();
        assert_eq!(ask(1, 59, 13), 13);
        assert_eq!(ask(1, 119, 14), 14);
        assert_eq!(ask(3, 300, 30), 30);
        assert_eq!(recent.all().len(), 1);
    }

    #[test]
    fn those_who_ask_the_same_at_the_same_time_ask_once() {
        for (first, told) in [(Ok(7), [Ok(7); 3]), (Err(()), [Err(()), Ok(1), Ok(1)])] {
            let (recent, asked) = (Recent::default(), AtomicU32::new(0));
            let (open, gate) = oneshot::channel::<()>();
            let gate = gate.shared();
            let one = |_| {
                let answer = async {
                    let before = asked.fetch_add(1, Ordering::Relaxed);
                    if before > 0 {
                        return Ok(before);
                    }
                    gate.clone().await.unwrap();
                    first
                };
                recent.get("where", after(0), |_| true, answer)
            };
            let mut all = Box::pin(future::join_all((0..3).map(one)));
            assert_eq!((&mut all).now_or_never(), None);
            assert_eq!(asked.load(Ordering::Relaxed), 1);
            open.send(()).unwrap();
            // Nobody is held up by one who has got no answer.
            assert_eq!(all.now_or_never(), Some(told.to_vec()));
        }
    }
}
