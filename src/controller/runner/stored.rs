//! Our Secrets: the one under the name that spec asks for, and those under names that it asked for
//! before.
use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::pass::Pass;
use crate::api::v1alpha1::OperationType;
use crate::clock;
use crate::controller::error::Error;
use crate::gitlab::model::{RunnerId, RunnerToken};
use crate::plan::{Known, SecretSighting, StoredToken, Wanted};
use crate::secrets::{self, Entry, Expected};

/// What stands under the names of an object's Secrets.
pub(super) struct Secrets {
    /// Under the name that spec asks for, as far as decisions are concerned.
    pub(super) kept: SecretSighting,
    /// The same as it was read.
    pub(super) here: Option<Secret>,
    /// Ours under other names.
    pub(super) others: Vec<(Secret, StoredToken)>,
}

impl Pass<'_> {
    /// Reads them all.
    pub(super) async fn observe_secrets(&self, want: Option<&Wanted>) -> Result<Secrets, Error> {
        let expected = self.expected();
        let url = self.link.as_ref().map(|link| &*link.url);
        let tidy = want.map(|want| (&want.secret, url.unwrap_or_default()));
        let name = self.secret_name();
        let here = self.read_secret(&name).await?;
        let inherited = match &here {
            Some(secret) => self.inherits(secret, want).await?,
            None => false,
        };
        let expected_here = Expected {
            inherited,
            ..expected.clone()
        };
        let kept = secrets::inspect(here.as_ref(), &self.runner, tidy, &expected_here);
        let mut others = Vec::new();
        for name in self.other_names(&name) {
            let Some(secret) = self.read_secret(&name).await? else {
                self.ctx.owned.forget(&self.namespace, &self.uid, &name);
                continue;
            };
            match self.believed(secrets::inspect(
                Some(&secret),
                &self.runner,
                None,
                &expected,
            )) {
                SecretSighting::Ours(stored) => others.push((secret, stored)),
                SecretSighting::Absent | SecretSighting::Foreign(_) => {
                    self.ctx.owned.forget(&self.namespace, &self.uid, &name);
                }
            }
        }
        Ok(Secrets {
            kept: self.believed(kept),
            here,
            others,
        })
    }

    /// What status says of the token.
    fn expected(&self) -> Expected {
        let status = self.runner.status.as_ref();
        let operation = status.and_then(|status| status.operation.as_ref());
        let reset = operation.filter(|it| it.type_ == OperationType::ResetToken);
        let token = status.and_then(|status| status.token.as_ref());
        Expected {
            reset: reset.map(|reset| reset.id.clone()),
            digest: token.and_then(|token| token.digest.clone()),
            now: clock::now(),
            inherited: false,
        }
    }

    /// The other names: those that the watch has shown, and those in status, which are there before
    /// the watch can show them.
    fn other_names(&self, name: &str) -> BTreeSet<String> {
        let mut names = self.ctx.owned.of(&self.namespace, &self.uid);
        if let Some(status) = &self.runner.status {
            let token = status.token.as_ref().map(|token| token.secret_name.clone());
            let operation = status.operation.as_ref();
            let operation = operation.and_then(|operation| operation.secret_name.clone());
            // Once the runner was seen, the name is that of its token.
            let attempt = status.registration.as_ref();
            let attempt = attempt.filter(|_| status.runner.is_none());
            let attempt = attempt.and_then(|attempt| attempt.secret_name.clone());
            names.extend([token, operation, attempt].into_iter().flatten());
        }
        names.remove(name);
        names
    }

    /// Has the next look take the Secrets for what this pass has read. That is good enough where only GitLab
    /// was asked since: whatever is written to one of them names the version that was read.
    pub(super) fn keeps_secrets(&mut self) {
        let Some(seen) = &self.seen else {
            return;
        };
        let here = (self.secret_name(), seen.secret.clone());
        let others = seen.others.iter();
        let others = others.map(|secret| (secret.name_any(), Some(secret.clone())));
        self.at_hand = others.chain([here]).collect();
    }

    /// Has the next look take a Secret for what the API server has answered when it was written, whose
    /// wake would bring nothing new either.
    pub(super) fn has_written(&mut self, secret: Secret) {
        self.record.memory.writes(&secret);
        self.at_hand.insert(secret.name_any(), Some(secret));
    }

    async fn read_secret(&self, name: &str) -> Result<Option<Secret>, Error> {
        if let Some(at_hand) = self.at_hand.get(name) {
            return Ok(at_hand.clone());
        }
        let read = self.secrets().get_opt(name).await;
        read.map_err(|error| Error::kube("read the Secret of the token", error))
    }

    /// Without a connection a token goes to where its Secret says, which whoever may write Secrets can
    /// write. So it must be a place that this object has been at.
    fn believed(&self, mut kept: SecretSighting) -> SecretSighting {
        if let SecretSighting::Ours(stored) = &mut kept
            && self.link.is_none()
        {
            let been = |known: &Known| self.has_been_at(&known.gitlab_url);
            stored.runner = stored.runner.take().filter(been);
        }
        kept
    }
}

/// The tokens in our Secrets that are as they should be.
pub(super) fn entries(
    kept: &SecretSighting,
    here: Option<&Secret>,
    others: &[(Secret, StoredToken)],
) -> Vec<Entry> {
    let here = match (kept, here) {
        (SecretSighting::Ours(stored), Some(secret)) => secrets::entry(secret, stored),
        (SecretSighting::Ours(_) | SecretSighting::Absent | SecretSighting::Foreign(_), _) => None,
    };
    let others = others.iter();
    let others = others.filter_map(|(secret, stored)| secrets::entry(secret, stored));
    here.into_iter().chain(others).collect()
}

/// What a Secret of ours holds of this runner, wherever it is, if the token is as it should be.
pub(super) fn entry_of(pass: &Pass<'_>, id: RunnerId) -> Option<Entry> {
    let held = pass.held.iter().filter(|entry| entry.runner == id);
    held.max_by_key(|entry| entry.issued_at).cloned()
}

/// Whether this is the token that the Secret holds. GitLab has answered with that where it could not make
/// another (contract §3.9).
pub(super) fn is_held(pass: &Pass<'_>, id: RunnerId, token: &RunnerToken) -> bool {
    entry_of(pass, id).is_some_and(|held| held.token.expose() == token.expose())
}
