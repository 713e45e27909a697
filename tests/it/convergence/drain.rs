//! A runner with running jobs whose object goes.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, GitLabRunnerSpec},
    gitlab::model::Runner,
    plan::{self, Desired, Goodbye, Jobs, Plan, Sighting},
};
use serde_json::json;

use super::interruptions;
use super::pass::Ended;
use super::starts::{InGitLab, InSecret, InStatus, Start};
use super::world::{Credential, World};
use crate::decisions::given::seconds;

pub(super) fn spec(timeout: &str) -> GitLabRunnerSpec {
    let spec = json!({
        "connectionRef": { "name": "gitlab" },
        "scope": { "instance": {} },
        "drain": { "timeout": timeout },
    });
    serde_json::from_value(spec).unwrap()
}

impl World {
    /// As `controller::runner::goodbye` does it.
    pub(super) fn goodbye(&self, runner: &Sighting<Runner>) -> Goodbye {
        let (None, Some(timeout)) = (self.want(), self.drain) else {
            return Goodbye::default();
        };
        let mut goodbye = plan::goodbye(&spec(timeout), &self.status, self.now);
        if let (Some(drain), Sighting::Present(runner)) = (&mut goodbye.drain, runner)
            && drain.asks(runner, self.refused, self.now)
        {
            drain.jobs = Jobs::Running(if self.now < self.jobs_end { 2 } else { 0 });
        }
        goodbye
    }
}

/// It goes when its jobs have ended, or when the time is over, and not before, whatever is interrupted.
#[test]
fn a_runner_is_not_removed_before_its_jobs_have_ended_or_the_time_is_over() {
    let start = Start {
        gitlab: InGitLab::Different,
        secret: InSecret::Good,
        status: InStatus::Full,
        credential: Credential::Works,
        desired: Desired::Gone(DeletionPolicy::Delete),
    };
    for (jobs, timeout, over) in [
        (0, "1m", 60),
        (45, "1m", 60),
        (600, "1m", 60),
        (45, "1h", 3600),
    ] {
        for first in interruptions(5) {
            for second in interruptions(5) {
                let mut world = start.world();
                let began = world.now;
                (world.drain, world.jobs_end) = (Some(timeout), began + seconds(jobs));
                let mut troubles = [first, second].into_iter();
                let mut ended = false;
                for _ in 0..60 {
                    world.trouble = troubles.next().flatten();
                    let at = world.now;
                    let rests = world.pass() == Ended::Planned(Plan::Rest);
                    world.trouble = None;
                    let drained = at >= world.jobs_end || at >= began + seconds(over);
                    let gone = world.ours().count() == 0;
                    assert!(drained || !gone, "{first:?} {second:?} {world:#?}");
                    ended = rests && gone;
                    if ended {
                        break;
                    }
                }
                assert!(ended, "{jobs}s {timeout} {first:?} {second:?} {world:#?}");
            }
        }
    }
}
