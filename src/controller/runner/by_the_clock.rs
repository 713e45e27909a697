//! When an object is looked at by the clock: a window of spec.pauseWindows opens or ends, or a runner process
//! should have come by then.
use std::time::Duration;

use super::conclude::left;
use super::pass::Pass;
use crate::clock;
use crate::plan::contact_due;

/// By then a clock that shows whole seconds is past the change, too.
const PAST: Duration = Duration::from_secs(1);

impl Pass<'_> {
    /// How long until a window opens or ends. Nothing else need wake a settled object for that.
    pub(super) fn window_turns_in(&self) -> Option<Duration> {
        let pausing = self.want.as_ref()?.pausing?;
        Some(left(pausing.next_change?) + PAST)
    }

    /// How long until a runner process must have come with the token in the Secret, where none has.
    pub(super) fn contact_is_due_in(&self) -> Option<Duration> {
        let seen = self.want.as_ref().and(self.seen.as_ref())?;
        let due = contact_due(&seen.facts)?;
        (due > clock::now()).then(|| left(due) + PAST)
    }

    /// Whether a window has opened or ended since status was written, so that a difference is nobody's
    /// doing.
    pub(super) fn a_window_turns(&self) -> bool {
        let want = self.want.as_ref().and_then(|want| want.pausing);
        let told = self.runner.status.as_ref();
        let told = told.and_then(|status| status.pausing.as_ref());
        want.zip(told)
            .is_some_and(|(want, told)| want.window_open != told.window_open)
    }
}
