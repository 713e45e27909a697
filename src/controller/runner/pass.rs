//! One pass over one object: what is known so far, and the status at its end.
use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Resource, ResourceExt, api::PostParams};

use super::announce;
use crate::api::v1alpha1::{GitLabRunner, GitLabRunnerStatus};
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::{Context, error::Error};
use crate::plan::{Facts, Intent, Kept, Known, Mark, Observed, Outcome, Wanted, project};

/// What was seen, and the Secrets that it was seen in.
pub(super) struct Seen {
    /// What decisions may depend on.
    pub(super) facts: Observed,
    /// The Secret under the name that spec asks for.
    pub(super) secret: Option<Secret>,
    /// Our Secret under its former name.
    pub(super) former: Option<Secret>,
}

/// One pass over one object.
pub(super) struct Pass<'a> {
    pub(super) ctx: &'a Context,
    /// The object as it stands, replaced by each write of its status.
    pub(super) runner: GitLabRunner,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) want: Option<Wanted>,
    pub(super) link: Option<Arc<Connected>>,
    pub(super) seen: Option<Seen>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(ctx: &'a Context, runner: GitLabRunner) -> Self {
        Self {
            ctx,
            namespace: runner.namespace().unwrap_or_default(),
            name: runner.name_any(),
            uid: runner.uid().unwrap_or_default(),
            runner,
            want: None,
            link: None,
            seen: None,
        }
    }

    pub(super) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.ctx.kube.clone(), &self.namespace)
    }

    pub(super) fn runners(&self) -> Api<GitLabRunner> {
        Api::namespaced(self.ctx.kube.clone(), &self.namespace)
    }

    pub(super) fn status(&self) -> GitLabRunnerStatus {
        self.runner.status.clone().unwrap_or_default()
    }

    /// The name of the Secret that spec asks for; needs no valid spec.
    pub(super) fn secret_name(&self) -> String {
        let named = self
            .runner
            .spec
            .token_secret
            .as_ref()
            .and_then(|secret| secret.name.clone());
        named.unwrap_or_else(|| format!("{}-runner-token", self.name))
    }

    /// The last attempt to register.
    pub(super) fn intent(&self) -> Option<Intent> {
        let registration = self.runner.status.as_ref()?.registration.as_ref()?;
        Some(Intent {
            attempt: registration.attempt.clone(),
            at: registration.attempted_at.0,
        })
    }

    /// The runner that status names.
    pub(super) fn recorded(&self) -> Option<Known> {
        let runner = self.runner.status.as_ref()?.runner.as_ref()?;
        let id = u64::try_from(runner.id).ok()?;
        Some(Known {
            id: crate::gitlab::model::RunnerId(id),
            gitlab_url: runner.gitlab_url.clone(),
        })
    }

    /// The attempt that the runner came from, as far as it is known.
    pub(super) fn attempt(&self) -> Option<String> {
        let kept = self
            .seen
            .as_ref()
            .and_then(|seen| match &seen.facts.secret {
                Kept::Ours(keeping) => keeping.attempt.clone(),
                Kept::Absent | Kept::Foreign => None,
            });
        self.intent().map(|intent| intent.attempt).or(kept)
    }

    /// The mark of this object.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            cluster: self.ctx.options.cluster.clone(),
            uid: self.uid.clone(),
            attempt: self.attempt().unwrap_or_else(|| "0".to_owned()),
        }
    }

    /// Writes the status that follows from how the pass ended, if it differs from what is there,
    /// and tells of what is new in it.
    pub(super) async fn conclude(&mut self, outcome: &Outcome) -> Result<(), Error> {
        let previous = self.status();
        let mark = self.mark();
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
            generation: self.runner.meta().generation,
        };
        let status = project(&previous, &facts, outcome, clock::now());
        if status == previous && self.runner.status.is_some() {
            return Ok(());
        }
        announce::changed(self, &previous, &status).await;
        self.write(status).await
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
        self.runner = written;
        Ok(())
    }
}
