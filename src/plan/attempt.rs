//! The attempts to register, as status keeps them.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::mark::Mark;
use super::observed::{Doubt, Observed, Sighting};
use crate::api::v1alpha1::{GitLabRunnerStatus, GivenUp, Registration};

/// For how long the runner of an attempt that was given up is looked for. Whatever held GitLab up for
/// longer would have ended the request as well.
const TURNS_UP: SignedDuration = SignedDuration::from_hours(1);

/// An attempt to register, as recorded in status before GitLab was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The sign of the attempt, as it stands in the runner's mark.
    pub attempt: String,
    /// When it began.
    pub at: Timestamp,
    /// The GitLab that was asked, if it is known.
    pub gitlab_url: Option<String>,
    /// When the attempt before it began, if that was given up and may still bear fruit.
    pub given_up: Option<Timestamp>,
}

impl Intent {
    /// The last attempt that status records.
    pub fn of(status: &GitLabRunnerStatus) -> Option<Self> {
        let registration = status.registration.as_ref()?;
        let given_up = registration.given_up.as_ref();
        Some(Self {
            attempt: registration.attempt.clone(),
            at: registration.attempted_at.0,
            gitlab_url: registration.gitlab_url.clone(),
            given_up: given_up.map(|given_up| given_up.attempted_at.0),
        })
    }
}

/// Whether the runner of an attempt that began at `at` and was given up may still turn up.
pub fn may_turn_up(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < TURNS_UP
}

/// The last attempt; one that is void leaves the one before it to be settled. What it made and nobody may
/// look at is known by its number alone, which the Secret may lose.
pub(super) fn kept(
    previous: &GitLabRunnerStatus,
    seen: Option<&Observed>,
    void: bool,
    now: Timestamp,
) -> Option<Registration> {
    let last = previous.registration.clone()?;
    let open = |given_up: &GivenUp| may_turn_up(given_up.attempted_at.0, now);
    let given_up = last.given_up.clone().filter(open);
    // The runner that was to be followed has its place again, and the attempt before may still bear fruit.
    if void && let Some(before) = &previous.predecessor {
        return Some(Registration {
            runner_id: Some(before.id),
            given_up,
            ..last
        });
    }
    if void {
        return given_up.map(|before| Registration {
            attempt: before.attempt,
            attempted_at: before.attempted_at,
            gitlab_url: last.gitlab_url,
            secret_name: last.secret_name,
            runner_id: None,
            settings_digest: None,
            given_up: None,
        });
    }
    let made = match seen.map(|seen| &seen.runner) {
        Some(Sighting::Unclear(Doubt::Unseen(id))) => i64::try_from(id.0).ok(),
        Some(Sighting::Absent | Sighting::Present(_) | Sighting::Unclear(_)) | None => None,
    };
    Some(Registration {
        given_up,
        runner_id: last.runner_id.or(made),
        ..last
    })
}

/// The last attempt, unless the runner in status is the one that it made: an attempt makes no other.
pub fn still_open(status: &GitLabRunnerStatus) -> Option<Intent> {
    let mark = status
        .runner
        .as_ref()
        .and_then(|runner| runner.mark.as_ref());
    let made = mark.and_then(|mark| Mark::split(mark).1);
    Intent::of(status).filter(|last| made.is_none_or(|mark| mark.attempt != last.attempt))
}

/// An attempt that begins now. The one before is given up if its runner was looked for in vain, and
/// done with if its runner was known.
pub fn intended(
    previous: &GitLabRunnerStatus,
    seen: Option<&Observed>,
    gitlab_url: &str,
    secret_name: &str,
    now: Timestamp,
) -> Registration {
    let before = previous.registration.clone();
    let in_vain = seen.is_some_and(|seen| seen.settles_at.is_some());
    Registration {
        attempt: format!("{:x}", now.as_millisecond()),
        attempted_at: Time(now),
        gitlab_url: Some(gitlab_url.to_owned()),
        secret_name: Some(secret_name.to_owned()),
        runner_id: None,
        settings_digest: None,
        given_up: match before {
            Some(before) if in_vain => Some(GivenUp {
                attempt: before.attempt,
                attempted_at: before.attempted_at,
            }),
            Some(before) => before.given_up,
            None => None,
        },
    }
}
