//! What is not done while too many of a connection's runners are lost.
use super::{
    desired::Desired,
    losses::Brake,
    observed::{Doubt, Observed, Sighting},
    step::{Blocked, Plan},
};
use crate::api::v1alpha1::DeletionPolicy;

/// Whether a plan has to wait while too many runners are lost. Somebody's deletion of a runner that is
/// there goes on; one that is lost may be there, and would be left behind.
pub(super) fn is_held_up(brake: Brake, desired: &Desired, seen: &Observed, plan: &Plan) -> bool {
    match (desired, plan) {
        (Desired::Exists(_), Plan::Act(step)) => step.is_in_gitlab(),
        // It would say that the runner is about to be registered anew.
        (
            Desired::Exists(_),
            Plan::Hold(Blocked::Settling(_) | Blocked::Unclear(Doubt::Vanished { .. })),
        ) => true,
        (Desired::Gone(DeletionPolicy::Delete), Plan::Act(step)) => {
            step.is_in_gitlab() && !matches!(seen.runner, Sighting::Present(_))
        }
        (Desired::Gone(DeletionPolicy::Delete), Plan::Rest) => brake.is_lost,
        (Desired::Gone(DeletionPolicy::Orphan), _) | (_, Plan::Hold(_) | Plan::Rest) => false,
    }
}
