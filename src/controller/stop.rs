//! What is still begun once a stop has come.
use super::{Context, error::Error};
use crate::plan::Step;
use crate::term::Term;

impl Context {
    /// Refuses a step that must not be cut off, once a stop has come, and every step as soon as another
    /// process may lead in a moment: the clients for GitLab begin no change from then on. What is already
    /// being done is finished; this is for the next process.
    pub(in crate::controller) fn may_begin(&self, step: &Step) -> Result<(), Error> {
        begins(&self.term, self.stop.is_cancelled(), step)
    }
}

fn begins(term: &Term, stopping: bool, step: &Step) -> Result<(), Error> {
    if term.is_over() || (stopping && !may_be_cut_off(step)) {
        Err(Error::Stopping)
    } else if term.allows_changes() {
        Ok(())
    } else {
        Err(Error::TermEnds)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use tokio::time::advance;

    use super::*;
    use crate::controller::error::Remedy;
    use crate::gitlab::model::RunnerId;
    use crate::term::Moment;

    const TERM: Duration = Duration::from_secs(10);

    fn clock() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn end() -> Moment {
        Moment::now(clock).after(TERM)
    }

    /// Else GitLab's client would refuse it, and status would call that a failure.
    #[tokio::test(start_paused = true)]
    async fn no_step_is_begun_that_no_client_would_send_and_that_is_no_failure() {
        let (term, step) = (Term::until(1, end(), clock), Step::Unregister(RunnerId(7)));
        assert!(begins(&term, false, &step).is_ok());
        advance(TERM * 3 / 4).await;
        assert!(!term.is_over() && !term.allows_changes());
        let late = begins(&term, false, &step).unwrap_err();
        assert!(late.failure(true).is_none(), "{late}");
        // Whoever comes back at once would do so until the term is renewed, or over.
        let wait = late.remedy();
        let waits = matches!(wait, Remedy::RetryAfter(wait) if wait >= Duration::from_secs(1));
        assert!(waits, "{wait:?}");
        term.lasts_until(end());
        assert!(begins(&term, false, &step).is_ok());
        advance(TERM * 2).await;
        let over = begins(&term, false, &step);
        assert!(matches!(over, Err(Error::Stopping)), "{over:?}");
    }
}
