//! What one look at a runner says of the connection's losses, and what those say to the object.
use std::time::Duration;

use super::pass::Pass;
use crate::api::v1alpha1::OperationType;
use crate::backoff;
use crate::controller::caches::ConnectionKey;
use crate::controller::on_request;
use crate::gitlab::Refusal;
use crate::gitlab::model::{Runner, RunnerId};
use crate::observe::{self, Seen, Subject};
use crate::plan::{Brake, Doubt, Sighting, was_there};

impl Pass<'_> {
    fn connection(&self) -> ConnectionKey {
        ConnectionKey::new(&self.runner.spec.connection_ref, &self.namespace)
    }

    /// Takes in whether a runner that was there is there still. What the roster has told is older.
    pub(super) fn counts_losses(&self, seen: Result<&Seen, &observe::Error>) {
        if seen.is_ok_and(|seen| seen.recalled.is_some()) {
            return;
        }
        let seen = seen.map(|seen| &seen.facts.runner);
        let (Some(link), Some(status)) = (&self.link, &self.runner.status) else {
            return;
        };
        let known = status.runner.as_ref();
        let known = known.filter(|known| known.gitlab_url == link.url);
        let Some(id) = known.and_then(|known| u64::try_from(known.id).ok()) else {
            return;
        };
        let id = RunnerId(id);
        if let Ok(Sighting::Present(runner)) = seen {
            if runner.id == id {
                self.ctx.runner_is_found(&self.connection(), &self.uid);
            }
        } else if is_lost(seen) && was_there(status) && !self.has_removed(id) {
            self.ctx.runner_is_lost(&self.connection(), &self.uid);
        }
    }

    /// Whether this object has had the runner removed, which is no loss.
    fn has_removed(&self, id: RunnerId) -> bool {
        let operation = self.runner.status.as_ref();
        let operation = operation.and_then(|status| status.operation.as_ref());
        let removed = operation.is_some_and(|operation| match operation.type_ {
            OperationType::Remove | OperationType::RemoveByToken => true,
            OperationType::ResetToken => false,
        });
        // The answer to a removal may have been lost.
        let memory = &self.record.memory;
        removed || memory.removed() == Some(id) || memory.going() == Some(id)
    }

    /// That too many runners of the connection are lost, if they are.
    pub(super) fn brake(&self) -> Option<Brake> {
        self.ctx.breaker.brake(&self.connection(), &self.uid)
    }

    /// How long there is nothing to look for, if that is so: too many runners are lost, which a sweep or a
    /// few looks find out for all of them, and nobody waits for this object.
    pub(super) fn held_up(&self) -> Option<Duration> {
        let handled = self.runner.status.as_ref();
        let handled = handled.and_then(|status| status.last_handled_reconcile_at.as_ref());
        let settled = !self.is_awaited() && !on_request::is_new(&self.runner, handled);
        let held_up = settled && self.ctx.breaker.holds_up(&self.connection());
        held_up.then(|| backoff::spread(self.ctx.options.resync, &self.uid))
    }
}

/// Whether GitLab says that there is no such runner, or none that the credential may know of.
fn is_lost(seen: Result<&Sighting<Runner>, &observe::Error>) -> bool {
    match seen {
        Ok(Sighting::Absent) => true,
        Ok(Sighting::Unclear(doubt)) => matches!(
            doubt,
            Doubt::Vanished { .. } | Doubt::Hidden(_) | Doubt::Unreadable(_)
        ),
        Ok(Sighting::Present(_)) => false,
        Err(error) => {
            let missing = error.source.refusal() == Some(&Refusal::Missing);
            error.forbids_the_runner() || error.subject == Subject::Runner && missing
        }
    }
}
