//! What we see in a Secret.
use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt};

use super::config::{CONFIG_KEY, ConfigFacts, bytes, render};
use super::digest::digest;
use super::{Entry, MANAGED_BY, REGISTRATION_TOKEN_KEY, TOKEN_KEY};
use crate::api::MANAGER;
use crate::api::v1alpha1::GitLabRunner;
use crate::gitlab::model::{RunnerId, RunnerToken};
use crate::plan::{Known, SecretSighting, StoredToken, TokenState, WantedSecret};

/// The uid of the object that a Secret is of. Not an owner reference: in a foreground deletion, and after
/// a restore, the garbage collector takes a Secret that has one before anybody could use its token.
pub const OWNER: &str = "gitlab-registrar.dev/owner-uid";
/// The Secret's own name: whatever has copied it under another one has not made it ours.
pub(super) const OWN_NAME: &str = "gitlab-registrar.dev/secret-name";
/// The label that names the object.
pub(super) const OBJECT: &str = "gitlab-registrar.dev/runner";
pub(super) const RUNNER_ID: &str = "gitlab-registrar.dev/runner-id";
pub(super) const GITLAB_URL: &str = "gitlab-registrar.dev/gitlab-url";
pub(super) const ATTEMPT: &str = "gitlab-registrar.dev/attempt";
pub(super) const OPERATION: &str = "gitlab-registrar.dev/operation";
pub(super) const DIGEST: &str = "gitlab-registrar.dev/token-digest";
pub(super) const ISSUED_AT: &str = "gitlab-registrar.dev/issued-at";
pub(super) const EXPIRES_AT: &str = "gitlab-registrar.dev/expires-at";
pub(super) const ROTATION_DEADLINE: &str = "gitlab-registrar.dev/rotation-deadline";
/// When the config.toml was written that is beside the token, if we wrote one.
pub(super) const CONFIG_AT: &str = "gitlab-registrar.dev/config-written-at";

/// What status says of the token that a Secret should hold.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The sign of a reset that was begun and whose outcome is not known: only its own token will do.
    pub reset: Option<String>,
    /// The digest of the token that GitLab gave last.
    pub digest: Option<String>,
    /// The time, by which a token may have expired.
    pub now: Timestamp,
    /// Whether it is this object's by the runner that it takes over: see [`Heir`](super::Heir).
    pub inherited: bool,
}

/// What stands under a name, as far as decisions are concerned. `want` says, with the GitLab that the
/// connection leads to, what makes it tidy; without that it is not judged.
pub fn inspect(
    secret: Option<&Secret>,
    owner: &GitLabRunner,
    want: Option<(&WantedSecret, &str)>,
    expected: &Expected,
) -> SecretSighting {
    let Some(secret) = secret else {
        return SecretSighting::Absent;
    };
    let uid = owner.meta().uid.as_deref();
    let ours = uid.is_some_and(|uid| owners(secret.meta()).any(|owner| owner == uid))
        || expected.inherited;
    let annotation = |name: &str| secret.annotations().get(name).cloned();
    let time = |name: &str| annotation(name).and_then(|at| at.parse().ok());
    let id = annotation(RUNNER_ID)
        .and_then(|id| id.parse().ok())
        .map(RunnerId);
    let runner = id.map(|id| Known {
        id,
        gitlab_url: annotation(GITLAB_URL).unwrap_or_default(),
    });
    if !ours {
        let manager = secret.labels().get(MANAGED_BY).map(String::as_str);
        return SecretSighting::Foreign(runner.filter(|_| manager == Some(MANAGER)));
    }
    let token = token(secret);
    let mut stored = StoredToken {
        runner,
        attempt: annotation(ATTEMPT),
        operation: annotation(OPERATION),
        token: TokenState::Intact,
        digest: token.as_ref().map(|token| digest(token.expose())),
        tidy: want.is_none_or(|(want, url)| tidy(secret, owner, want, url)),
        issued_at: time(ISSUED_AT),
        expires_at: time(EXPIRES_AT),
        rotation_deadline: time(ROTATION_DEADLINE),
    };
    stored.token = state(&stored, annotation(DIGEST).as_deref(), expected);
    SecretSighting::Ours(stored)
}

/// Compares the token with what was written beside it, and both with what status knows: an old Secret
/// that is put back is whole in itself.
fn state(stored: &StoredToken, written: Option<&str>, expected: &Expected) -> TokenState {
    let Expected {
        reset,
        digest,
        now,
        inherited: _,
    } = expected;
    let Some(held) = stored.digest.as_deref() else {
        return TokenState::Missing;
    };
    let proven = match reset {
        Some(reset) => stored.operation.as_ref() == Some(reset),
        None => digest.as_deref().is_none_or(|digest| digest == held),
    };
    if written != Some(held) {
        TokenState::Edited
    } else if !proven {
        TokenState::Unproven
    } else if stored.expires_at.is_some_and(|end| end <= *now) {
        TokenState::Expired
    } else {
        TokenState::Intact
    }
}

/// The uids of the objects that a Secret is of. One that an earlier version of the operator wrote has an
/// owner reference instead, which goes with the next write.
pub fn owners(secret: &ObjectMeta) -> impl Iterator<Item = &str> {
    let annotation = |name: &str| secret.annotations.as_ref()?.get(name);
    let owner = annotation(OWNER);
    let own = annotation(OWN_NAME) == secret.name.as_ref();
    let references = secret.owner_references.iter().flatten();
    let references = references.filter(move |_| owner.is_none());
    let references = references.map(|reference| reference.uid.as_str());
    let owner = owner.filter(|_| own).map(String::as_str);
    owner.into_iter().chain(references)
}

/// The name of the object that a Secret is of, which is in the same namespace.
pub fn object(secret: &ObjectMeta) -> Option<&str> {
    let labels = secret.labels.as_ref()?;
    labels.get(OBJECT).map(String::as_str)
}

/// Whether an owner reference names the object.
pub(super) fn is_referred(secret: &Secret, owner: &GitLabRunner) -> bool {
    let mut references = secret.owner_references().iter();
    references.any(|reference| Some(&reference.uid) == owner.meta().uid.as_ref())
}

pub(super) fn token(secret: &Secret) -> Option<RunnerToken> {
    let bytes = &secret.data.as_ref()?.get(TOKEN_KEY)?.0;
    let text = String::from_utf8(bytes.clone()).ok()?;
    (!text.is_empty()).then(|| RunnerToken::new(text))
}

fn tidy(secret: &Secret, owner: &GitLabRunner, want: &WantedSecret, url: &str) -> bool {
    let holds = |have: &BTreeMap<String, String>, want: &BTreeMap<String, String>| {
        want.iter()
            .all(|(name, value)| have.get(name) == Some(value))
    };
    let emptied = secret
        .data
        .as_ref()
        .and_then(|data| data.get(REGISTRATION_TOKEN_KEY))
        .is_some_and(|value| value.0.is_empty());
    emptied
        && has_config(secret, owner, want, url)
        && secret.annotations().get(OWNER) == owner.meta().uid.as_ref()
        && !is_referred(secret, owner)
        && secret.annotations().get(GITLAB_URL).map(String::as_str) == Some(url)
        && holds(secret.labels(), &labels(owner, want))
        && holds(secret.annotations(), &want.annotations)
}

/// Whether the config.toml is what the template makes. Where that makes none, the last one stays.
fn has_config(secret: &Secret, owner: &GitLabRunner, want: &WantedSecret, url: &str) -> bool {
    let written_at = secret.annotations().get(CONFIG_AT);
    let Some(config) = &want.config else {
        return written_at.is_none();
    };
    let runner = secret.annotations().get(RUNNER_ID);
    let runner = runner.and_then(|id| id.parse().ok());
    let (Some(id), Some(token)) = (runner.map(RunnerId), token(secret)) else {
        return true;
    };
    let namespace = owner.namespace().unwrap_or_default();
    let facts = ConfigFacts {
        url,
        id,
        token: &token,
        name: &owner.name_any(),
        namespace: &namespace,
    };
    let at = written_at.and_then(|at| at.parse().ok());
    let Ok(file) = render(config, facts, at.unwrap_or(Timestamp::UNIX_EPOCH)) else {
        return true;
    };
    let data = secret.data.as_ref();
    let held = data.and_then(|data| data.get(CONFIG_KEY));
    at.is_some() && held.is_some_and(|held| held.0 == bytes(&file))
}

pub(super) fn labels(owner: &GitLabRunner, want: &WantedSecret) -> BTreeMap<String, String> {
    let mut labels = want.labels.clone();
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    labels.insert(OBJECT.to_owned(), owner.name_any());
    labels
}

/// What our Secret holds, to be written again; `None` unless the token is as we wrote it.
pub fn entry(secret: &Secret, stored: &StoredToken) -> Option<Entry> {
    let StoredToken {
        runner,
        attempt,
        operation,
        token: state,
        digest: _,
        tidy: _,
        issued_at,
        expires_at,
        rotation_deadline,
    } = stored;
    let known = runner.as_ref().filter(|_| *state == TokenState::Intact)?;
    Some(Entry {
        token: token(secret)?,
        runner: known.id,
        gitlab_url: known.gitlab_url.clone(),
        attempt: attempt.clone(),
        operation: operation.clone(),
        issued_at: *issued_at,
        expires_at: *expires_at,
        rotation_deadline: *rotation_deadline,
    })
}
