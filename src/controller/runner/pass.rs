//! One pass over one object: what is known so far, and the status at its end.
use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Resource, ResourceExt, runtime::events::EventType};

use crate::api::conditions::{ConditionType, find, is_true};
use crate::api::v1alpha1::{GitLabRunner, GitLabRunnerStatus};
use crate::controller::error::Error;
use crate::controller::record::Record;
use crate::controller::{Context, on_request};
use crate::gitlab;
use crate::gitlab::Trail;
use crate::gitlab::model::{ProjectId, ProjectRef, RegistrationToken, RunnerId};
use crate::observe::Connected;
use crate::plan::{Intent, Known, Mark, Observed, SecretSighting, Wanted};
use crate::secrets::Entry;

/// What was seen, and the Secrets that it was seen in.
pub(super) struct Observation {
    /// What decisions may depend on.
    pub(super) facts: Observed,
    /// The Secret under the name that spec asks for.
    pub(super) secret: Option<Secret>,
    /// Our Secrets under other names, in the order of the facts.
    pub(super) others: Vec<Secret>,
}

/// One pass over one object.
pub(super) struct Pass<'a> {
    pub(super) ctx: &'a Context,
    /// What this process knows of the object.
    pub(super) record: Arc<Record>,
    /// The object as it stands, replaced by each write of its status.
    pub(super) runner: GitLabRunner,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) want: Option<Wanted>,
    pub(super) link: Option<Arc<Connected>>,
    /// What it has asked GitLab to change.
    pub(super) trail: Trail,
    pub(super) seen: Option<Observation>,
    /// Whether the runner was as declared, by this generation of spec, when the pass began.
    pub(super) was_synced: bool,
    /// Whether this pass has opened the lock for an assignment, and not closed it yet.
    pub(super) unlocked: bool,
    /// Whether this pass has registered the runner, and told so.
    pub(super) registered: bool,
    /// The object's Secrets, by name, as this pass has read them before what it has done in GitLab alone, or
    /// has written them: the next look takes them from here.
    pub(super) at_hand: BTreeMap<String, Option<Secret>>,
    /// The tokens that the object's Secrets held when they were last read.
    pub(super) held: Vec<Entry>,
    /// Whether what was seen of the runner is only remembered from an earlier pass; `None` before the
    /// first look.
    pub(super) remembered: Option<bool>,
    /// The projects that this pass has looked up by their paths; `None` for one that is not there.
    pub(super) projects: BTreeMap<String, Option<ProjectId>>,
    /// The projects that spec selects, as they were last listed.
    pub(super) selected: Vec<ProjectRef>,
    /// The value of the annotation that asks for a look, as this pass has read it.
    pub(super) requested: Option<String>,
    /// The token that the runner is to be registered with, if it is one.
    pub(super) registration_token: Option<RegistrationToken>,
    /// Why no connection can be used.
    pub(super) barred: Option<String>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(ctx: &'a Context, runner: GitLabRunner) -> Self {
        let uid = runner.uid().unwrap_or_default();
        Self {
            ctx,
            record: ctx.records.of(&uid),
            namespace: runner.namespace().unwrap_or_default(),
            name: runner.name_any(),
            uid,
            was_synced: was_synced(&runner),
            unlocked: false,
            registered: false,
            requested: on_request::requested(&runner),
            registration_token: None,
            barred: None,
            runner,
            want: None,
            link: None,
            trail: Trail::default(),
            seen: None,
            at_hand: BTreeMap::new(),
            held: Vec::new(),
            remembered: None,
            projects: BTreeMap::new(),
            selected: Vec::new(),
        }
    }

    /// Whether somebody waits for what comes of this pass: it is more than another look at an object
    /// that is as declared.
    pub(super) fn is_awaited(&self) -> bool {
        let metadata = self.runner.meta();
        let status = self.runner.status.as_ref();
        let settled = status.is_some_and(|status| {
            let ready = is_true(&status.conditions, ConditionType::Ready);
            ready && status.observed_generation == metadata.generation
        });
        !settled || metadata.deletion_timestamp.is_some()
    }

    /// Whoever asks for a look is shown what GitLab holds now.
    pub(super) fn begins(&self) {
        let handled = self.runner.status.as_ref();
        let handled = handled.and_then(|status| status.last_handled_reconcile_at.as_ref());
        if on_request::is_new(&self.runner, handled) {
            self.record.memory.forget_looks();
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
        Intent::of(self.runner.status.as_ref()?)
    }

    /// The runner that status names: as it was last seen, or as an attempt made it.
    pub(super) fn recorded(&self) -> Option<Known> {
        let status = self.runner.status.as_ref()?;
        let seen = status.runner.as_ref();
        let seen = seen.map(|runner| (runner.id, runner.gitlab_url.clone()));
        let made = status.registration.as_ref().and_then(|last| {
            let gitlab_url = last.gitlab_url.clone().unwrap_or_default();
            let remembered = || {
                let id = self.record.memory.number(&last.attempt)?;
                i64::try_from(id.0).ok()
            };
            Some((last.runner_id.or_else(remembered)?, gitlab_url))
        });
        // One that was to be followed by another has its place again when that was surely in vain.
        let again = status.predecessor.as_ref();
        let last = status.registration.as_ref();
        let again =
            again.filter(|before| last.is_none_or(|last| last.attempted_at.0 < before.since.0));
        let again = again.map(|before| (before.id, before.gitlab_url.clone()));
        let (id, gitlab_url) = seen.or(made).or(again)?;
        Some(Known {
            id: RunnerId(u64::try_from(id).ok()?),
            gitlab_url,
        })
    }

    /// Whether a connection of this object has led to that GitLab. Its status says so, which people who
    /// may write the object and its Secret cannot write.
    pub(super) fn has_been_at(&self, gitlab_url: &str) -> bool {
        let Some(status) = &self.runner.status else {
            return false;
        };
        let seen = status.runner.as_ref().map(|runner| &runner.gitlab_url);
        let asked = status.registration.as_ref();
        let asked = asked.and_then(|last| last.gitlab_url.as_ref());
        let before = status.predecessor.as_ref();
        let before = before.map(|before| &before.gitlab_url);
        [seen, asked, before]
            .into_iter()
            .flatten()
            .any(|url| url == gitlab_url)
    }

    /// The attempt that the runner came from, as far as it is known.
    pub(super) fn attempt(&self) -> Option<String> {
        let kept = self
            .seen
            .as_ref()
            .and_then(|seen| match &seen.facts.secret {
                SecretSighting::Ours(stored) => stored.attempt.clone(),
                SecretSighting::Absent | SecretSighting::Foreign(_) => None,
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

    /// The connection. A decision to act in GitLab is made only from what one has shown.
    pub(super) fn link(&self) -> Result<Arc<Connected>, Error> {
        self.link.clone().ok_or(Error::Stale)
    }

    /// The client by which anything is changed, so that it can be told of afterwards.
    pub(super) fn changing(&self) -> Result<gitlab::Client, Error> {
        Ok(self.link()?.client.leaving(&self.trail))
    }

    /// Tells of something that was done to this object's runner.
    pub(super) async fn emit(&self, type_: EventType, reason: &'static str, note: &str) {
        let about = self.runner.object_ref(&());
        self.ctx
            .emit(&about, type_, reason, "Reconcile", note)
            .await;
    }
}

fn was_synced(runner: &GitLabRunner) -> bool {
    let status = runner.status.as_ref();
    let synced = status.and_then(|status| find(&status.conditions, ConditionType::Synced));
    synced.is_some_and(|synced| {
        synced.status == "True" && synced.observed_generation == runner.metadata.generation
    })
}
