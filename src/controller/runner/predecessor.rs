//! The runner whose place another has taken: what is known of it, and what is told of its end.
use jiff::Timestamp;

use super::pass::Pass;
use crate::api::v1alpha1::GitLabRunnerStatus;
use crate::clock;
use crate::controller::error::Error;
use crate::controller::on_request;
use crate::gitlab::model::{Runner, RunnerId, Settings};
use crate::plan::{Doubt, Observed, Predecessor, SecretSighting, Sighting, succeeded};

impl Pass<'_> {
    /// What status says of it.
    pub(super) fn predecessor(&self) -> Option<Box<Predecessor>> {
        let status = self.runner.status.as_ref()?;
        Predecessor::of(status, &self.runner.spec, clock::now()).map(Box::new)
    }

    /// Writes down that another will take the place of the runner that is there, if one is.
    pub(super) fn follows(&self, status: &mut GitLabRunnerStatus, url: &str, now: Timestamp) {
        let seen = self.seen.as_ref().map(|seen| &seen.facts);
        let handled = status.last_handled_rotate_at.take();
        let asked = on_request::new_rotation(&self.runner, handled.as_ref());
        status.predecessor = succeeded(status, seen, url, asked.clone(), now);
        // The first token of a runner answers whoever asks for a new one.
        let answers = asked.filter(|_| status.predecessor.is_none());
        status.last_handled_rotate_at = answers.or(handled);
    }

    /// Once a registration has begun, what was seen of the runner and its token before says nothing of what it
    /// comes to.
    pub(super) fn begins_anew(&mut self) {
        let predecessor = self.predecessor();
        if let Some(seen) = &mut self.seen {
            seen.facts.runner = Sighting::Absent;
            seen.facts.secret = SecretSighting::Absent;
            seen.facts.predecessor = predecessor;
        }
    }

    /// Asks for its jobs, once it gets no others and is not waited for in vain.
    pub(super) async fn counts_jobs_left(&self, facts: &mut Observed) -> Result<(), Error> {
        if let Some(before) = &mut facts.predecessor
            && before.until > clock::now()
            && let Some(runner) = before.drains()
        {
            let status = self.status().predecessor;
            let paused_at = status.and_then(|before| before.paused_at);
            before.jobs = self.jobs_of(runner, paused_at.map(|at| at.0)).await?;
        }
        Ok(())
    }

    /// Until when its jobs, or a second look at it, are waited for, while they are.
    pub(super) fn jobs_left_until(&self) -> Option<Timestamp> {
        let before = self.seen.as_ref()?.facts.predecessor.as_ref()?;
        let until = match before.runner {
            Sighting::Unclear(Doubt::Vanished { until, .. }) => Some(until),
            Sighting::Present(_) | Sighting::Absent | Sighting::Unclear(_) => {
                before.drains().map(|_| before.until)
            }
        };
        until.filter(|until| *until > clock::now())
    }

    /// What is seen of it, if it is the runner of that number.
    pub(super) fn predecessor_seen(&self, id: RunnerId) -> Option<&Runner> {
        let facts = &self.seen.as_ref()?.facts;
        if matches!(&facts.runner, Sighting::Present(runner) if runner.id == id) {
            return None;
        }
        match &facts.predecessor.as_ref()?.runner {
            Sighting::Present(runner) if runner.id == id => Some(runner),
            Sighting::Present(_) | Sighting::Absent | Sighting::Unclear(_) => None,
        }
    }

    /// That a runner is registered, in words.
    pub(super) fn is_registered(&self, id: RunnerId) -> String {
        let before = self.runner.status.as_ref();
        match before.and_then(|status| status.predecessor.as_ref()) {
            Some(before) => format!(
                "registered runner {id} in the place of runner {}",
                before.id
            ),
            None => format!("registered runner {id}"),
        }
    }

    /// What an edit of it does, in words.
    pub(super) fn retires(&self, id: RunnerId, edit: &Settings) -> Option<String> {
        let paused = edit.paused == Some(true);
        self.predecessor_seen(id).filter(|_| paused)?;
        Some(format!(
            "paused runner {id}: another has taken its place, and it goes when its jobs are over"
        ))
    }
}
