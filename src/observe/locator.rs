//! What is known of a runner before GitLab is asked.
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Connected;
use crate::api::v1alpha1::{GitLabRunnerStatus, OperationType, Scope};
use crate::gitlab::model::RunnerId;
use crate::plan::{
    Goodbye, Intent, Known, Naming, Observed, Predecessor, SecretSighting, Sighting, StoredToken,
    Takeover, TokenFacts,
};
use crate::secrets::Entry;

/// What is known of a runner before GitLab is asked.
#[derive(Clone, Debug)]
pub struct Locator<'a> {
    /// The uid of the object, which stands in the runner's mark.
    pub uid: &'a str,
    /// Where the runner should live.
    pub scope: &'a Scope,
    /// What it is described as at registration.
    pub description: String,
    /// What was written down of it.
    pub status: Option<&'a GitLabRunnerStatus>,
    /// The number of the runner, as far as status or this process knows it.
    pub recorded: Option<Known>,
    /// The runner that is to be taken over, while that is not done.
    pub adopt: Option<Takeover<'a>>,
    /// The runner whose place the present one has taken, before anybody has looked.
    pub predecessor: Option<Box<Predecessor>>,
    /// The runner that this process has removed.
    pub removed: Option<RunnerId>,
    /// How old what was seen of it may be where no sweep looks after it; `None` asks GitLab anyway.
    pub fresh: Option<SignedDuration>,
    /// The Secret under the name that spec asks for.
    pub secret: SecretSighting,
    /// Our Secrets under other names.
    pub others: Vec<(String, StoredToken)>,
    /// The tokens in those Secrets that are as they should be.
    pub held: &'a [Entry],
    /// How often an idle runner is looked at.
    pub resync: Duration,
    /// The time.
    pub now: Timestamp,
}

impl Locator<'_> {
    /// The last attempt to register.
    pub(super) fn intent(&self) -> Option<Intent> {
        Intent::of(self.status?)
    }

    /// The facts before anything was looked at.
    pub(super) fn nothing_seen(&self, connected: Option<&Connected>) -> Observed {
        let url = connected.map(|connected| connected.url.as_str());
        Observed {
            runner: Sighting::Absent,
            twins: Vec::new(),
            predecessor: self.predecessor.clone(),
            settles_at: None,
            scope: self.recorded_scope(url),
            naming: Naming::Same,
            adoption: None,
            taken_over: self.status.is_some_and(|status| status.adoption.is_some()),
            secret: self.secret.clone(),
            others: self.others.clone(),
            token: TokenFacts::default(),
            under_way: None,
            projects: None,
            refused_projects: Vec::new(),
            admin: connected.is_some_and(|connected| connected.admin),
            can_assign: connected.is_some_and(|connected| connected.can.assign),
            can_search: connected.is_some_and(|connected| connected.can.lists_all()),
            refused: false,
            release: connected.and_then(|connected| connected.release),
            community: connected.is_some_and(|connected| connected.community),
            answered: false,
            changed: None,
            brake: None,
            goodbye: Goodbye::default(),
        }
    }

    /// Whether GitLab has said that it removed the runner, and no other is known. Nothing in GitLab need
    /// tell of it any more, nor its Secret once that was deleted; and a fine-grained token is told no
    /// more of a runner that is gone than of one that it may not see.
    pub(super) fn has_removed(&self, id: Option<RunnerId>) -> bool {
        if self.removed.is_some() && self.removed == id {
            return true;
        }
        let operation = self.status.and_then(|status| status.operation.as_ref());
        operation.is_some_and(|operation| {
            let same = id.is_none_or(|id| u64::try_from(operation.runner_id) == Ok(id.0));
            let removes = match operation.type_ {
                OperationType::Remove | OperationType::RemoveByToken => true,
                OperationType::ResetToken => false,
            };
            removes && same && operation.done_at.is_some()
        })
    }
}
