//! Labels, and the values that are known beforehand.
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use strum::VariantArray;

use crate::api::conditions::Reason;
use crate::api::events::EventReason;

/// How a pass over one object ended, in controller-runtime's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue, VariantArray)]
#[expect(
    non_camel_case_types,
    reason = "the variants are label values as they are written"
)]
pub enum Ended {
    /// All is as asked.
    success,
    /// Something is awaited.
    requeue_after,
    /// With an error.
    error,
}

/// Which controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue, VariantArray)]
#[expect(
    non_camel_case_types,
    reason = "the variants are label values as they are written"
)]
pub enum Kind {
    /// `GitLabRunner`.
    gitlabrunner,
    /// `GitLabConnection`.
    gitlabconnection,
    /// `ClusterGitLabConnection`.
    clustergitlabconnection,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Reconciled {
    pub(super) controller: Kind,
    pub(super) result: Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Controlled {
    pub(super) controller: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Requested {
    pub(super) method: &'static str,
    pub(super) endpoint: &'static str,
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Stepped {
    pub(super) step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct InLane {
    pub(super) lane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct EmittedEvent {
    pub(super) reason: &'static str,
}

/// The reasons that a warning can have.
pub(super) fn warned_of() -> impl Iterator<Item = &'static str> {
    let calm = |reason: &&Reason| {
        matches!(
            reason,
            Reason::Succeeded
                | Reason::Accepted
                | Reason::Pending
                | Reason::Progressing
                | Reason::Suspended
                | Reason::RenewedByRunner
        )
    };
    let good_news = |reason: &&EventReason| {
        matches!(
            reason,
            EventReason::Registered
                | EventReason::Updated
                | EventReason::DriftCorrected
                | EventReason::ProjectAssigned
                | EventReason::ProjectUnassigned
                | EventReason::TokenReset
                | EventReason::TokenRotated
                | EventReason::Connected
                | EventReason::BecameReady
        )
    };
    let conditions = Reason::ALL.iter().filter(move |reason| !calm(reason));
    let events = EventReason::ALL.iter();
    let events = events.filter(move |reason| !good_news(reason));
    conditions
        .map(|reason| reason.name())
        .chain(events.map(|reason| reason.name()))
}
