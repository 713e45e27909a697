//! What a pass knew, and how it ended.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{desired::Wanted, mark::Mark, observed::Observed, step::Plan};
use crate::api::conditions::{ConditionType, Reason, Verdict};

/// What a pass knew.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What was wanted, where spec could be read.
    pub want: Option<&'a Wanted>,
    /// What was seen last, where we got so far.
    pub seen: Option<&'a Observed>,
    /// The GitLab that was looked at.
    pub gitlab_url: &'a str,
    /// What a note is signed with that has lost its mark.
    pub mark: &'a Mark,
    /// Whether the runner's scope is a project.
    pub project_scope: bool,
    /// Whether the object is being deleted.
    pub leaving: bool,
    /// The object's generation.
    pub generation: Option<i64>,
    /// What sentences name.
    pub named: &'a Named,
}

/// What a person is to be told by name, and no decision depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// What spec.scope names, such as `group platform/tools`.
    pub scope: String,
    /// The Secret that spec asks for.
    pub secret: String,
    /// Whose that Secret is, as far as it says so itself: the end of a sentence.
    pub secret_of: String,
    /// Why no connection can be used.
    pub barred: Option<String>,
}

/// How a pass ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a plan that asks for no step.
    Planned(Plan),
    /// Before looking: something that somebody must put right first, or that is on its way.
    Obstructed(Reason, String),
    /// With an error.
    Failed(Failure),
}

/// An error, as far as status is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its name.
    pub reason: Reason,
    /// What we were doing, and the cause.
    pub message: String,
    /// The condition that the failed step was about.
    pub about: Option<ConditionType>,
    /// Whether trying again cannot help until somebody changes something.
    pub stalled: bool,
    /// Whether it has gone on for so long that a Ready object is to be called so no more.
    pub persistent: bool,
    /// Whether the attempt to register surely made nothing.
    pub attempt_is_void: bool,
}

/// A condition that was judged in this pass, or that was not and stays.
pub(super) enum Judged {
    /// Judged.
    Now(Verdict),
    /// Not looked at.
    AsBefore(Condition),
}
