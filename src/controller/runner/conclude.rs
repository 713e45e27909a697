//! The end of a pass: the status that follows, written only if it says something new.
use std::time::Duration;

use jiff::Timestamp;
use kube::{
    Resource,
    api::{ListParams, PostParams},
};

use super::{announce, pass::Pass};
use crate::api::conditions::{ConditionType, Reason, find};
use crate::api::v1alpha1::{GitLabRunner, GitLabRunnerStatus, Target};
use crate::clock;
use crate::controller::error::Error;
use crate::plan::{Facts, Named, Outcome, next_status};
use crate::secrets;

/// For so long a pass waits without a word.
const UNSAID: Duration = Duration::from_secs(5);

/// Whether nothing has been said of the object yet but that it is waited for: the status that a new one
/// has by default says that, too.
fn is_unseen(runner: &GitLabRunner) -> bool {
    let conditions = runner.status.as_ref().map(|status| &*status.conditions);
    let ready = find(conditions.unwrap_or_default(), ConditionType::Ready);
    ready.is_none_or(|ready| ready.reason == Reason::Pending.name())
}

/// Says what a new object waits for, or one that goes; of others nothing has changed yet.
pub(super) async fn pending(pass: &mut Pass<'_>, message: String) -> Result<(), Error> {
    if !is_unseen(&pass.runner) && pass.runner.meta().deletion_timestamp.is_none() {
        return Ok(());
    }
    // Nobody was asked yet.
    pass.requested = None;
    pass.conclude(&Outcome::Obstructed(Reason::Pending, message))
        .await
}

/// Says that a pass may not ask now, if that is so for longer than people wait without a word.
pub(super) async fn waits(
    pass: &mut Pass<'_>,
    wait: Duration,
    message: String,
) -> Result<(), Error> {
    if wait < UNSAID {
        return Ok(());
    }
    pending(pass, message).await
}

impl Pass<'_> {
    /// Writes the status that follows from how the pass ended, if it differs from what is there,
    /// and tells of what is new in it.
    pub(super) async fn conclude(&mut self, outcome: &Outcome) -> Result<(), Error> {
        let status = self.next_status(outcome);
        if self.runner.status.as_ref() == Some(&status) {
            return Ok(());
        }
        self.publish(status).await
    }

    /// Tells of what is new in a status, and writes it. In this order, since what is told twice does
    /// less harm than what is never told.
    pub(super) async fn publish(&mut self, status: GitLabRunnerStatus) -> Result<(), Error> {
        announce::changed(self, &status).await;
        self.write(status).await
    }

    /// The status that follows from what is known and how the pass ended, or is about to go on.
    pub(super) fn next_status(&self, outcome: &Outcome) -> GitLabRunnerStatus {
        let (mark, named) = (self.mark(), self.names());
        let facts = Facts {
            want: self.want.as_ref(),
            seen: self.seen.as_ref().map(|seen| &seen.facts),
            gitlab_url: self
                .link
                .as_ref()
                .map(|link| link.url.as_str())
                .unwrap_or_default(),
            mark: &mark,
            project_scope: self.runner.spec.scope.project.is_some(),
            leaving: self.runner.meta().deletion_timestamp.is_some(),
            generation: self.runner.meta().generation,
            named: &named,
        };
        let status = next_status(&self.status(), &facts, outcome, clock::now());
        let handled = self.requested.clone();
        GitLabRunnerStatus {
            last_handled_reconcile_at: handled.or(status.last_handled_reconcile_at),
            ..status
        }
    }

    /// What sentences name.
    pub(super) fn names(&self) -> Named {
        let scope = &self.runner.spec.scope;
        let of = |kind, target: &Target| {
            let Target { id, path } = target;
            let id = id.map(|id| id.to_string());
            format!("{kind} {}", path.clone().or(id).unwrap_or_default())
        };
        let group = scope.group.as_ref().map(|target| of("group", target));
        let project = scope.project.as_ref().map(|target| of("project", target));
        let seen = self.seen.as_ref();
        Named {
            scope: group.or(project).unwrap_or_else(|| "instance".to_owned()),
            secret: self.secret_name(),
            secret_of: seen
                .and_then(|seen| seen.secret.as_ref())
                .map(secrets::whose)
                .unwrap_or_default(),
            barred: self.barred.clone(),
        }
    }

    /// The object as the API server has it now, if it is still the same one. It is asked for by a list,
    /// since that is a right which the watch needs anyway.
    pub(super) async fn read_anew(&self) -> Result<Option<GitLabRunner>, Error> {
        let this = ListParams::default().fields(&format!("metadata.name={}", self.name));
        let read = self.runners().list(&this).await;
        let read = read.map_err(|error| Error::kube("read the object", error))?;
        let mut same = read.items.into_iter();
        Ok(same.find(|runner| runner.metadata.uid == self.runner.metadata.uid))
    }

    /// Writes a status onto the very version of the object that this pass has read. When somebody
    /// else was faster the API server refuses it, and nothing was written.
    pub(super) async fn write(&mut self, status: GitLabRunnerStatus) -> Result<(), Error> {
        let mut runner = self.runner.clone();
        runner.status = Some(status);
        runner.meta_mut().managed_fields = None;
        let written = self
            .runners()
            .replace_status(&self.name, &PostParams::default(), &runner)
            .await
            .map_err(|error| Error::kube("write the status", error))?;
        let versions = &self.record.versions;
        versions.replaced(&self.runner, Some(&written));
        self.runner = written;
        Ok(())
    }
}

/// How long until then.
pub(super) fn left(until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(clock::now())).unwrap_or_default()
}

/// When the token that is in the Secret is due to be replaced, or expires.
pub(super) fn renewal(pass: &Pass<'_>) -> Option<Timestamp> {
    let token = pass.runner.status.as_ref()?.token.as_ref()?;
    let times = [&token.rotate_at, &token.expires_at].into_iter().flatten();
    times.map(|at| at.0).filter(|at| *at > clock::now()).min()
}
