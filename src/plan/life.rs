//! When a token that is kept is replaced, and with which a runner is registered.
use jiff::{SignedDuration, Timestamp};

use super::desired::Wanted;
use super::observed::StoredToken;
use super::rotation::later;
use crate::gitlab::model::{NewRunner, Scope, Settings};

/// How far the life of a token may be from the one that was asked for, as both ends are rounded.
const ROUNDED: SignedDuration = SignedDuration::from_mins(2);

impl Wanted {
    /// The runner that is registered at that time.
    pub(super) fn new_runner(&self, scope: Scope, settings: Settings, now: Timestamp) -> NewRunner {
        NewRunner {
            scope,
            settings,
            life: self.first_token.life(now),
        }
    }

    /// When a token that is kept is to be replaced, although nothing is wrong with it. The first one in good
    /// time before GitLab refuses that, if it has such a deadline.
    pub(super) fn due(&self, stored: &StoredToken) -> Option<Timestamp> {
        let due = self.rotation.due(stored.issued_at, stored.expires_at);
        let first = self.holds_the_first(stored) && !self.rotation.is_left_to_runners();
        let deadline = self.first_token.rotation_deadline.filter(|_| first);
        let in_time = deadline.zip(stored.issued_at);
        let in_time = in_time.map(|(deadline, issued)| later(issued, deadline / 3 * 2));
        [due, in_time].into_iter().flatten().min()
    }

    /// Whether that is the token of the registration, and lives as long as spec has asked for then.
    fn holds_the_first(&self, stored: &StoredToken) -> bool {
        let life = stored.expires_at.zip(stored.issued_at);
        let life = life.map(|(end, issued)| end.duration_since(issued));
        let asked = life.zip(self.first_token.expires_in);
        let as_asked = asked.is_some_and(|(life, asked)| (life - asked).abs() < ROUNDED);
        as_asked && stored.operation.is_none() && self.adopt.is_none()
    }
}
