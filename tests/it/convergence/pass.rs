//! One pass: look, decide, act, look again, and the status at the end.
use gitlab_runner_registrar::{
    api::{conditions::Reason, v1alpha1::GitLabRunnerStatus},
    plan::{
        Blocked, Desired, Doubt, Facts, Named, Observed, Outcome, Plan, SecretSighting, Sighting,
        Step, decide, next_status,
    },
};

use super::act::{Stop, failure};
use super::world::{Credential, World};
use crate::decisions::given::{URL, seconds};

/// How a pass ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ended {
    /// With a plan that asks for no step.
    Planned(Plan),
    /// Otherwise: there will be another.
    Interrupted,
}

/// A pass that has ended with nothing left to do.
pub(super) fn resting() -> Outcome {
    Outcome::Planned(Plan::Rest)
}

impl World {
    /// One pass, and the time until the next.
    pub(super) fn pass(&mut self) -> Ended {
        let mut seen = None;
        let outcome = match self.converge(&mut seen) {
            Ok(plan) => Outcome::Planned(plan),
            Err(Stop::Failed(failure)) => Outcome::Failed(failure),
            Err(Stop::Dead) => {
                self.refused = false;
                self.ended = None;
                self.removed = None;
                self.wait(seconds(1));
                return Ended::Interrupted;
            }
        };
        let gone = matches!(self.desired, Desired::Gone(_));
        if gone && outcome == Outcome::Planned(Plan::Rest) {
            return Ended::Planned(Plan::Rest);
        }
        let told = self.conclude(seen.as_ref(), &outcome);
        let until = match &outcome {
            Outcome::Planned(Plan::Hold(
                Blocked::Settling(until)
                | Blocked::UnderWay(until)
                | Blocked::Unclear(Doubt::Vanished { until, .. }),
            )) => {
                assert!(*until > self.now, "it waits for what is past");
                until.duration_since(self.now).min(seconds(30)) + seconds(1)
            }
            Outcome::Planned(Plan::Hold(Blocked::Draining(drain))) => {
                assert!(drain.until > self.now, "it waits for what is past");
                drain.until.duration_since(self.now).min(seconds(10)) + seconds(1)
            }
            Outcome::Planned(_) | Outcome::Obstructed(..) | Outcome::Failed(_) => seconds(1),
        };
        self.wait(until);
        match (told, outcome) {
            (Ok(()), Outcome::Planned(plan)) => Ended::Planned(plan),
            _ => Ended::Interrupted,
        }
    }

    fn converge(&mut self, last_seen: &mut Option<Observed>) -> Result<Plan, Stop> {
        let mut last: Option<Step> = None;
        for _ in 0..8 {
            let seen = self.look();
            *last_seen = Some(seen.clone());
            match decide(&self.desired, &seen, &self.mark(), self.now) {
                Plan::Act(step) if last.as_ref() == Some(&step) => {
                    return Err(Stop::Failed(failure(Reason::NotTaken, None)));
                }
                Plan::Act(step) => {
                    if let (Step::Register(_), Some(seen)) = (&step, last_seen.as_mut()) {
                        seen.runner = Sighting::Absent;
                        seen.secret = SecretSighting::Absent;
                    }
                    match self.act(&step, &seen) {
                        Ok(()) => {}
                        Err(why) if self.has_another_way(&why, &step, &seen) => continue,
                        Err(why) => return Err(why),
                    }
                    let blind = self.credential == Credential::Gone;
                    if blind && matches!(step, Step::UnregisterByToken(_)) {
                        return Ok(Plan::Rest);
                    }
                    last = Some(step);
                }
                plan @ (Plan::Hold(_) | Plan::Rest) => return Ok(plan),
            }
        }
        Err(Stop::Dead)
    }

    /// A refusal is remembered, and may lead to another step at once.
    fn has_another_way(&mut self, why: &Stop, step: &Step, seen: &Observed) -> bool {
        let Stop::Failed(failure) = why else {
            return false;
        };
        if failure.reason != Reason::GitLabRefused || step.runner().is_none() {
            return false;
        }
        self.refused = true;
        let wiser = Observed {
            refused: true,
            ..seen.clone()
        };
        let plan = decide(&self.desired, &wiser, &self.mark(), self.now);
        !seen.refused && plan != Plan::Act(step.clone())
    }

    /// The status that follows.
    pub(super) fn status_of(
        &self,
        seen: Option<&Observed>,
        outcome: &Outcome,
    ) -> GitLabRunnerStatus {
        let mark = self.mark();
        let facts = Facts {
            want: self.want(),
            seen,
            gitlab_url: URL,
            mark: &mark,
            project_scope: false,
            leaving: false,
            generation: Some(1),
            named: &Named::default(),
        };
        next_status(&self.status, &facts, outcome, self.now)
    }

    fn conclude(&mut self, seen: Option<&Observed>, outcome: &Outcome) -> Result<(), Stop> {
        let status = self.status_of(seen, outcome);
        if let Outcome::Planned(Plan::Hold(why)) = outcome {
            let ready = &status.conditions[0];
            assert!(
                ready.status != "True" && !ready.message.is_empty(),
                "{why:?} says nothing"
            );
        }
        if status == self.status {
            return Ok(());
        }
        self.write_status(|world| world.status = status)
    }
}
