//! When a token that is kept is replaced, and with which a runner is registered.
use jiff::Timestamp;

use super::desired::Wanted;
use super::observed::StoredToken;
use super::rotation::later;
use crate::gitlab::model::{NewRunner, Scope, Settings};

impl Wanted {
    /// The runner that is registered at that time.
    pub(super) fn new_runner(&self, scope: Scope, settings: Settings, now: Timestamp) -> NewRunner {
        NewRunner {
            scope,
            settings,
            life: self.first_token.life(now),
        }
    }

    /// When a token that is kept is to be replaced, although nothing is wrong with it: also in good time before
    /// GitLab refuses that, if it has such a deadline. That is kept with the token, since spec may ask for
    /// another by now, which counts for the next registration.
    pub(super) fn due(&self, stored: &StoredToken) -> Option<Timestamp> {
        let due = self.rotation.due(stored.issued_at, stored.expires_at);
        let deadline = stored
            .rotation_deadline
            .filter(|_| !self.rotation.is_left_to_runners());
        let in_time = deadline.zip(stored.issued_at);
        let in_time =
            in_time.map(|(end, issued)| later(issued, end.duration_since(issued) / 3 * 2));
        [due, in_time].into_iter().flatten().min()
    }
}
