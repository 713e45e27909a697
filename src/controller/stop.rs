//! What is still begun once a stop has come.
use super::{Context, error::Error};
use crate::plan::Step;

impl Context {
    /// Refuses a step that must not be cut off, once a stop has come, and every step once another process
    /// may lead. What is already being done is finished; this is for the next process.
    pub(in crate::controller) fn may_begin(&self, step: &Step) -> Result<(), Error> {
        let over = self.term.is_over();
        if over || (self.stop.is_cancelled() && !may_be_cut_off(step)) {
            Err(Error::Stopping)
        } else {
            Ok(())
        }
    }
}

/// Whether the step can simply be taken again when its answer was lost. GitLab's POSTs make something
/// new each time, and a token that is gone with its runner cannot be asked whether it is. Exhaustive
/// on purpose: a new step must choose.
fn may_be_cut_off(step: &Step) -> bool {
    match step {
        Step::Register(_)
        | Step::ResetToken(..)
        | Step::Assign(..)
        | Step::UnregisterByToken(_) => false,
        Step::RepairSecret(_)
        | Step::DeleteSecret(_)
        | Step::Edit(..)
        | Step::Unassign(..)
        | Step::Unregister(_)
        | Step::Adopt(..)
        | Step::Discard(..)
        | Step::ReleaseSecret => true,
    }
}
