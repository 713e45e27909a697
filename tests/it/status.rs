//! What the status of a runner says: from the facts, the outcome of a pass, and what it said before.
mod brake;
mod conditions;
mod facts;
mod failures;
mod messages;
mod notices;
mod online;
mod unsupported;

use gitlab_runner_registrar::{
    api::{
        conditions::{ConditionType, Reason},
        v1alpha1::GitLabRunnerStatus,
    },
    plan::{Facts, Failure, Mark, Named, Observed, Outcome, Plan, Wanted, next_status},
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::decisions::given::{SECRET, URL, mark, now, seconds};

/// What a pass knew, owned.
struct Known {
    want: Option<Wanted>,
    seen: Option<Observed>,
    mark: Mark,
    project_scope: bool,
    leaving: bool,
    generation: i64,
    named: Named,
}

impl Known {
    fn new(want: Wanted, seen: Observed) -> Self {
        Self {
            want: Some(want),
            seen: Some(seen),
            mark: mark(),
            project_scope: false,
            leaving: false,
            generation: 3,
            named: named(),
        }
    }

    /// Before anything was looked at.
    fn unseen() -> Self {
        Self {
            want: None,
            seen: None,
            mark: mark(),
            project_scope: false,
            leaving: false,
            generation: 3,
            named: named(),
        }
    }

    fn after(
        &self,
        previous: &GitLabRunnerStatus,
        how: &Outcome,
        at: Timestamp,
    ) -> GitLabRunnerStatus {
        let facts = Facts {
            want: self.want.as_ref(),
            seen: self.seen.as_ref(),
            gitlab_url: URL,
            mark: &self.mark,
            project_scope: self.project_scope,
            leaving: self.leaving,
            generation: Some(self.generation),
            named: &self.named,
        };
        let status = next_status(previous, &facts, how, at);
        readable(&status, self.generation);
        assert!(stands_still(&status), "{status:?}");
        // Before the next refusal there is another attempt.
        if matches!(how, Outcome::Failed(failure) if failure.attempt_is_void) {
            return status;
        }
        let later = at + seconds(5);
        assert_eq!(
            next_status(&status, &facts, how, later),
            status,
            "an unchanged world makes an unchanged status: {how:?}"
        );
        status
    }

    fn first(&self, how: &Outcome) -> GitLabRunnerStatus {
        self.after(&GitLabRunnerStatus::default(), how, now())
    }
}

/// What sentences name.
pub(crate) fn named() -> Named {
    Named {
        scope: "group platform/tools".to_owned(),
        secret: SECRET.to_owned(),
        secret_of: " (its owner is Job seed)".to_owned(),
        barred: Some("there is no GitLabConnection gitlab".to_owned()),
    }
}

/// Whether nothing is said to be under way, or not all is stalled.
fn stands_still(status: &GitLabRunnerStatus) -> bool {
    let stalled = |condition: &Condition| condition.type_ == "Stalled";
    if !status.conditions.iter().any(stalled) {
        return true;
    }
    let under_way = ["Progressing", "Pending"];
    let mut reasons = status.conditions.iter().map(|condition| &*condition.reason);
    !reasons.any(|reason| under_way.contains(&reason))
}

/// What every status must be, so that `kubectl wait`, kstatus and Helm can read it.
fn readable(status: &GitLabRunnerStatus, generation: i64) {
    assert_eq!(status.observed_generation, Some(generation));
    let mut types: Vec<&str> = Vec::new();
    for condition in &status.conditions {
        let mood = matches!(&*condition.type_, "Reconciling" | "Stalled");
        assert!(!mood || condition.status == "True", "{condition:?}");
        assert!(!types.contains(&&*condition.type_), "twice: {condition:?}");
        assert!(condition.message.chars().count() <= 1024, "{condition:?}");
        let fine = condition.status == "True" && !mood;
        assert!(fine || !condition.message.is_empty(), "{condition:?}");
        assert_eq!(condition.last_transition_time.0.subsec_nanosecond(), 0);
        types.push(&condition.type_);
    }
    let has = |name: &str| types.contains(&name);
    assert!(has("Ready"), "{types:?}");
    assert!(!(has("Reconciling") && has("Stalled")), "{types:?}");
    let ready = &status
        .conditions
        .iter()
        .find(|c| c.type_ == "Ready")
        .unwrap()
        .status;
    assert!(
        ready != "True" || !(has("Reconciling") || has("Stalled")),
        "{types:?}"
    );
}

/// The conditions in short: type, value and reason. Online says nothing of the operator, and has a table of
/// its own.
fn told(status: &GitLabRunnerStatus) -> Vec<String> {
    let conditions = status.conditions.iter();
    conditions
        .filter(|c| c.type_ != "Online")
        .map(|c| format!("{}={} {}", c.type_, c.status, c.reason))
        .collect()
}

fn rest() -> Outcome {
    Outcome::Planned(Plan::Rest)
}

fn failure(change: impl FnOnce(&mut Failure)) -> Outcome {
    let mut failure = Failure {
        reason: Reason::GitLabUnavailable,
        message: "could not read the runner from GitLab: no route".to_owned(),
        about: None,
        stalled: false,
        persistent: false,
        attempt_is_void: false,
    };
    change(&mut failure);
    Outcome::Failed(failure)
}

fn since(status: &GitLabRunnerStatus, about: ConditionType) -> Option<Timestamp> {
    let found = gitlab_runner_registrar::api::conditions::find(&status.conditions, about);
    found.map(|condition| condition.last_transition_time.0)
}
