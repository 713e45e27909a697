//! Everything that the operator says in Ready, Reconciling and Stalled.
use gitlab_runner_registrar::api;
use gitlab_runner_registrar::api::conditions::Reason;
use gitlab_runner_registrar::api::v1alpha1::{
    ConnectionStatus, DriftPolicy, GitLabRunnerStatus, RotationOwner,
};
use gitlab_runner_registrar::gitlab::model::{Note, ProjectId, Release, RunnerId};
use gitlab_runner_registrar::plan::{
    Blocked, Brake, Doubt, Draining, Facts, Failure, Jobs, Lack, Losses, Observed, Outcome, Plan,
    SecretSighting, Sighting, Step, TokenState, Trouble, Unassignable, Undone, Unfit, Wanted,
    connection_status, next_status,
};
use serde_json::{Value, json};

use crate::decisions::given::{
    RUNNER, URL, but, known, mark, now, seconds, seen, stored_with, want,
};
use crate::status::named;

/// Of every object here.
const GENERATION: i64 = 3;

/// An object as the operator leaves it, or as it is before the operator has come to it.
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    /// What was so, where the conditions do not say it.
    pub(crate) when: &'static str,
    pub(crate) object: Value,
}

impl Row {
    fn new(kind: &'static str, when: &'static str, generation: i64, status: &Value) -> Self {
        let object = json!({
            "apiVersion": "gitlab-registrar.dev/v1alpha1",
            "kind": kind,
            "metadata": { "name": "any", "generation": generation },
            "status": status,
        });
        Self { kind, when, object }
    }

    /// A condition's status and reason.
    pub(crate) fn says(&self, about: &str) -> Option<(&str, &str)> {
        let conditions = self.object["status"]["conditions"].as_array()?;
        let found = conditions.iter().find(|found| found["type"] == about)?;
        Some((found["status"].as_str()?, found["reason"].as_str()?))
    }

    /// Reconciling or Stalled.
    pub(crate) fn mood(&self) -> Option<&'static str> {
        ["Reconciling", "Stalled"]
            .into_iter()
            .find(|about| self.says(about).is_some())
    }
}

/// All of them, each combination once.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, said) in [
        ("GitLabRunner", runners()),
        ("GitLabConnection", connections()),
    ] {
        rows.push(Row::new(
            kind,
            "the operator has not seen it yet",
            1,
            &unseen(kind),
        ));
        let well = said[0].clone();
        let when = "it was changed, and the operator has not seen that yet";
        rows.push(Row::new(kind, when, GENERATION + 1, &well));
        let mut known = Vec::new();
        for status in said {
            let row = Row::new(kind, "", GENERATION, &status);
            let text = |about| row.says(about).map(|(a, b)| format!("{a} {b}"));
            let sign = (text("Ready"), row.mood());
            if !known.contains(&sign) {
                known.push(sign);
                rows.push(row);
            }
        }
    }
    rows
}

/// The status that the API server gives to a new object.
fn unseen(kind: &str) -> Value {
    let crds = api::crds();
    let crd = crds.iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    let schema = crd.spec.versions[0].schema.as_ref().unwrap();
    let schema = serde_json::to_value(&schema.open_api_v3_schema).unwrap();
    schema["properties"]["status"]["default"].clone()
}

fn runners() -> Vec<Value> {
    let resting = || Outcome::Planned(Plan::Rest);
    let mut statuses = vec![status(&want(), &seen(), &resting())];
    let mut report = want();
    (report.settings.paused, report.drift) = (Some(true), DriftPolicy::Report);
    statuses.push(status(&report, &seen(), &resting()));
    let mut left = want();
    left.rotation.owner = RotationOwner::Runner;
    let mut ended = seen();
    ended.secret = SecretSighting::Ours(stored_with(|kept| kept.token = TokenState::Expired));
    statuses.push(status(&left, &ended, &resting()));
    let mut noted = want();
    noted.settings.maintenance_note = Some("text".to_owned());
    let mut old = seen();
    if let Sighting::Present(runner) = &mut old.runner {
        runner.maintenance_note = Note::Fixed(None);
    }
    statuses.push(status(&noted, &old, &resting()));
    let unseen = but(|seen| seen.runner = Sighting::Unclear(Doubt::Unseen(RUNNER)));
    statuses.push(status(&want(), &unseen, &resting()));
    let outcomes = before_looking()
        .chain([acting()])
        .chain(holding().map(|blocked| Outcome::Planned(Plan::Hold(blocked))))
        .chain(failing().map(Outcome::Failed));
    statuses.extend(outcomes.map(|how| status(&want(), &seen(), &how)));
    statuses
}

/// What such a pass leaves on a new object.
fn status(want: &Wanted, seen: &Observed, how: &Outcome) -> Value {
    let (mark, named) = (mark(), named());
    let facts = Facts {
        want: Some(want),
        seen: Some(seen),
        gitlab_url: URL,
        mark: &mark,
        named: &named,
        project_scope: false,
        leaving: false,
        generation: Some(GENERATION),
    };
    let status = next_status(&GitLabRunnerStatus::default(), &facts, how, now());
    serde_json::to_value(status).unwrap()
}

fn before_looking() -> impl Iterator<Item = Outcome> {
    let reasons = [
        Reason::Pending,
        Reason::Suspended,
        Reason::InvalidSpec,
        Reason::ConnectionNotFound,
        Reason::ConnectionNotAllowed,
        Reason::ConnectionNotReady,
        Reason::RegistrationTokenMissing,
    ];
    reasons
        .into_iter()
        .map(|reason| Outcome::Obstructed(reason, "why".to_owned()))
}

fn acting() -> Outcome {
    Outcome::Planned(Plan::Act(Step::Edit(RUNNER, Box::default())))
}

/// One of each; whoever adds one is stopped by [`is_among_them`].
fn holding() -> impl Iterator<Item = Blocked> {
    let until = now() + seconds(40);
    let doubts = [
        Doubt::Unsearchable,
        Doubt::Crowded,
        Doubt::Unplaced,
        Doubt::Unswept,
        Doubt::Foreign(RunnerId(9)),
        Doubt::Unmarked(RunnerId(9)),
        Doubt::Vanished {
            id: RunnerId(9),
            until,
        },
        Doubt::Elsewhere,
        Doubt::Unreadable(RunnerId(9)),
        Doubt::Hidden(RunnerId(9)),
        Doubt::Unadopted(RunnerId(9)),
        Doubt::Unseen(RunnerId(9)),
        Doubt::NotAsked(None),
    ];
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let unknown = Unassignable {
        unknown: named(&["a/b"]),
        unlisted: Vec::new(),
        refused: Vec::new(),
    };
    let refused = Unassignable {
        unknown: Vec::new(),
        unlisted: Vec::new(),
        refused: vec![(ProjectId(4).to_string(), "403 Forbidden".to_owned())],
    };
    let draining = |jobs| Draining {
        since: now(),
        until,
        jobs,
    };
    let unlisted = Unassignable {
        unlisted: named(&["no such group"]),
        ..Unassignable::default()
    };
    let others = vec![
        Blocked::Settling(until),
        Blocked::ScopeUnknown,
        Blocked::ScopeElsewhere {
            named: "a".to_owned(),
            lives: "b".to_owned(),
        },
        Blocked::Unadoptable(RUNNER, Unfit::Marked),
        Blocked::OutOfReach(RUNNER, Undone::Settings),
        Blocked::Unsupported(Lack {
            field: "maintenanceNote",
            release: Release::new(13, 12),
            since: Release::new(14, 8),
            enterprise: false,
            instead: "take it out of spec",
        }),
        Blocked::UnderWay(until),
        Blocked::SecretConflict(None),
        Blocked::SecretConflict(Some(known(RUNNER))),
        Blocked::Projects(unknown),
        Blocked::Projects(refused),
        Blocked::Projects(unlisted),
        Blocked::Undeletable(None),
        Blocked::Undeletable(Some(until)),
        Blocked::Draining(draining(Jobs::Running(2))),
        Blocked::Draining(draining(Jobs::Unreadable("403 Forbidden".to_owned()))),
        Blocked::Template("why".to_owned()),
        Blocked::Brake(Brake {
            losses: Losses { lost: 11, of: 30 },
            is_lost: true,
        }),
    ];
    let doubts = doubts.into_iter().map(Blocked::Unclear);
    doubts.chain(others).inspect(is_among_them)
}

/// Has no other purpose than to fail to compile when a kind is added that has no row above.
fn is_among_them(blocked: &Blocked) {
    match blocked {
        Blocked::Unclear(
            Doubt::Unsearchable
            | Doubt::Crowded
            | Doubt::Unplaced
            | Doubt::Unswept
            | Doubt::Foreign(_)
            | Doubt::Unmarked(_)
            | Doubt::Vanished { .. }
            | Doubt::Elsewhere
            | Doubt::Unreadable(_)
            | Doubt::Hidden(_)
            | Doubt::Unadopted(_)
            | Doubt::Unseen(_)
            | Doubt::NotAsked(_),
        )
        | Blocked::Settling(_)
        | Blocked::ScopeUnknown
        | Blocked::ScopeElsewhere { .. }
        | Blocked::Unadoptable(..)
        | Blocked::OutOfReach(..)
        | Blocked::Unsupported(_)
        | Blocked::UnderWay(_)
        | Blocked::SecretConflict(_)
        | Blocked::Projects(_)
        | Blocked::Undeletable(_)
        | Blocked::Draining(_)
        | Blocked::Template(_)
        | Blocked::Brake(_) => {}
    }
}

/// Errors by their names, those that a person must mend last.
fn failing() -> impl Iterator<Item = Failure> {
    let failure = |reason, stalled| Failure {
        reason,
        message: "why".to_owned(),
        about: None,
        stalled,
        persistent: true,
        attempt_is_void: false,
    };
    let passing = [
        Reason::GitLabUnavailable,
        Reason::GitLabThrottled,
        Reason::ConnectionNotReady,
        Reason::GitLabRefused,
        Reason::NotTaken,
        Reason::KubernetesError,
        Reason::BrokenOff,
    ];
    let stalled = [
        Reason::GitLabRefused,
        Reason::PermissionMissing,
        Reason::ScopeUnreadable,
        Reason::ProjectRefused,
        Reason::NotTaken,
        Reason::RegistrationTokenInvalid,
        Reason::RegistrationDisallowed,
    ];
    let passing = passing
        .into_iter()
        .map(move |reason| failure(reason, false));
    passing.chain(stalled.into_iter().map(move |reason| failure(reason, true)))
}

fn connections() -> Vec<Value> {
    let troubles = [
        Reason::Pending,
        Reason::SecretNotFound,
        Reason::SecretKeyMissing,
        Reason::CaBundleNotFound,
        Reason::CaBundleInvalid,
        Reason::ClientCertificateNotFound,
        Reason::ClientCertificateInvalid,
        Reason::ProxyCredentialsNotFound,
        Reason::InsecureUrl,
        Reason::InvalidConnection,
        Reason::CredentialInvalid,
        Reason::CredentialExpired,
        Reason::CredentialRevoked,
        Reason::CredentialReplaced,
        Reason::RotationUnclear,
        Reason::RotationUnstored,
        Reason::CredentialForbidden,
        Reason::ScopeTooSmall,
        Reason::Unreachable,
        Reason::TlsFailed,
        Reason::NotGitLab,
        Reason::GitLabThrottled,
        Reason::KubernetesError,
        Reason::BrokenOff,
    ];
    let troubles = troubles.map(|reason| Some(Trouble::new(reason, "why")));
    let none = ConnectionStatus::default();
    [None]
        .into_iter()
        .chain(troubles)
        .map(|trouble| {
            let generation = Some(GENERATION);
            let status = connection_status(&none, generation, None, trouble.as_ref(), now());
            serde_json::to_value(status).unwrap()
        })
        .collect()
}
