//! What the removal of a runner waits for, and how long it may be impossible before the runner is left behind.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::goodbye::{Draining, Goodbye, Jobs};
use super::observed::{Doubt, Observed, SecretSighting, Sighting};
use super::outcome::Outcome;
use super::seconds::whole_seconds;
use super::step::{Blocked, Plan, Step};
use crate::api::v1alpha1::{
    DrainStatus, GitLabRunnerSpec, GitLabRunnerStatus, LostCredentials, LostCredentialsPolicy,
};
use crate::gitlab::model::{Runner, RunnerId, Settings};

/// How long a runner must have been undeletable where spec does not say.
const GRACE: SignedDuration = SignedDuration::from_mins(10);

/// What spec asks of the end of a runner, as far as it can be read: what was begun stands in status.
pub fn goodbye(spec: &GitLabRunnerSpec, status: &GitLabRunnerStatus, now: Timestamp) -> Goodbye {
    let now = whole_seconds(now);
    let begun = |at: Option<&Time>| at.map_or(now, |at| at.0);
    let after =
        |at: Timestamp, time: SignedDuration| at.checked_add(time).unwrap_or(Timestamp::MAX);
    let timeout = spec.drain.as_ref();
    let timeout = timeout.and_then(|drain| drain.timeout.parse::<SignedDuration>().ok());
    let since = begun(status.drain.as_ref().map(|drain| &drain.started_at));
    Goodbye {
        drain: timeout.map(|timeout| Draining {
            since,
            until: after(since, timeout),
            jobs: Jobs::Unasked,
        }),
        orphaned_at: spec.lost_credentials.as_ref().and_then(|lost| {
            let grace = grace(lost)?;
            Some(after(begun(status.undeletable_since.as_ref()), grace))
        }),
    }
}

fn grace(lost: &LostCredentials) -> Option<SignedDuration> {
    let LostCredentials {
        policy,
        grace_period,
    } = lost;
    match (policy, grace_period) {
        (LostCredentialsPolicy::Block, _) => None,
        (LostCredentialsPolicy::Orphan, Some(grace)) => grace.parse().ok(),
        (LostCredentialsPolicy::Orphan, None) => Some(GRACE),
    }
}

impl Draining {
    /// Whether GitLab is to be asked for the jobs of this runner. Before it is paused it may get others.
    pub fn asks(&self, runner: &Runner, refused: bool, now: Timestamp) -> bool {
        self.until > now && (runner.paused || refused)
    }
}

/// What comes before the removal of a runner that is there: nothing when it is drained, or the time is over.
/// Whoever may not pause it waits all the same, and for jobs that it gets meanwhile too.
pub(super) fn before_removal(runner: &Runner, seen: &Observed, now: Timestamp) -> Option<Plan> {
    let drain = seen.goodbye.drain.as_ref();
    let drain = drain.filter(|drain| drain.until > now)?;
    if !runner.paused && !seen.refused {
        return Some(Plan::Act(pause(runner.id, true)));
    }
    (drain.jobs != Jobs::Running(0)).then(|| Plan::Hold(Blocked::Draining(drain.clone())))
}

/// The step after which a runner gets no new jobs, or gets jobs again.
pub(super) fn pause(id: RunnerId, paused: bool) -> Step {
    let settings = Settings {
        paused: Some(paused),
        ..Settings::default()
    };
    Step::Edit(id, Box::new(settings))
}

/// Whether the runner is left behind by now, since no credential works, if its own token is not to be had.
pub(super) fn is_given_up(seen: &Observed, now: Timestamp) -> bool {
    let unasked = matches!(seen.runner, Sighting::Unclear(Doubt::NotAsked(_)));
    unasked && seen.goodbye.orphaned_at.is_some_and(|at| at <= now)
}

/// The object goes and the runner stays, and so must the token that its processes read.
pub(super) fn release(seen: &Observed) -> Plan {
    match &seen.secret {
        SecretSighting::Ours(_) => Plan::Act(Step::ReleaseSecret),
        SecretSighting::Absent | SecretSighting::Foreign(_) if !seen.others.is_empty() => {
            Plan::Act(Step::ReleaseSecret)
        }
        SecretSighting::Absent | SecretSighting::Foreign(_) => Plan::Rest,
    }
}

/// What status says of the drain. It is over when the runner is no more to be seen.
pub(super) fn shown(previous: &GitLabRunnerStatus, seen: Option<&Observed>) -> Option<DrainStatus> {
    let Some(seen) = seen else {
        return previous.drain.clone();
    };
    let Draining { since, until, jobs } = seen.goodbye.drain.as_ref()?;
    Some(DrainStatus {
        started_at: Time(*since),
        deadline: Time(*until),
        running_jobs: match jobs {
            Jobs::Unasked => previous.drain.as_ref().and_then(|drain| drain.running_jobs),
            Jobs::Running(number) => i64::try_from(*number).ok(),
            Jobs::Hidden | Jobs::Unreadable(_) => None,
        },
    })
}

/// Since when nobody can remove the runner. A pass that fails has not found that out: while GitLab is out of
/// reach no credential is lost.
pub(super) fn undeletable_since(
    previous: &GitLabRunnerStatus,
    outcome: &Outcome,
    now: Timestamp,
) -> Option<Time> {
    let before = previous.undeletable_since.clone();
    match outcome {
        Outcome::Planned(Plan::Hold(Blocked::Undeletable(_))) => Some(before.unwrap_or(Time(now))),
        // Whoever tries it once more has not found out anything yet.
        Outcome::Planned(Plan::Act(Step::UnregisterByToken(_))) | Outcome::Obstructed(..) => before,
        Outcome::Planned(_) | Outcome::Failed(_) => None,
    }
}
