//! What we see in a Secret.
use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::{Resource, ResourceExt};
use ring::digest;

use super::{Entry, MANAGED_BY, REGISTRATION_TOKEN_KEY, TOKEN_KEY};
use crate::api::MANAGER;
use crate::api::v1alpha1::GitLabRunner;
use crate::gitlab::model::{RunnerId, RunnerToken};
use crate::plan::{Keeping, Kept, Known, TokenState, WantedSecret};

pub(super) const RUNNER_ID: &str = "gitlab-registrar.dev/runner-id";
pub(super) const GITLAB_URL: &str = "gitlab-registrar.dev/gitlab-url";
pub(super) const ATTEMPT: &str = "gitlab-registrar.dev/attempt";
pub(super) const DIGEST: &str = "gitlab-registrar.dev/token-digest";
pub(super) const ISSUED_AT: &str = "gitlab-registrar.dev/issued-at";
pub(super) const EXPIRES_AT: &str = "gitlab-registrar.dev/expires-at";

/// What stands under a name, as far as decisions are concerned. `want` and `gitlab_url` say what
/// makes it tidy; without them it is not judged.
pub fn look(
    secret: Option<&Secret>,
    owner: &GitLabRunner,
    want: Option<(&WantedSecret, &str)>,
) -> Kept {
    let Some(secret) = secret else {
        return Kept::Absent;
    };
    let uid = owner.meta().uid.as_deref();
    let ours = secret
        .owner_references()
        .iter()
        .any(|reference| Some(&*reference.uid) == uid);
    if !ours {
        return Kept::Foreign;
    }
    let annotation = |name: &str| secret.annotations().get(name).cloned();
    let time = |name: &str| annotation(name).and_then(|at| at.parse().ok());
    let id = annotation(RUNNER_ID)
        .and_then(|id| id.parse().ok())
        .map(RunnerId);
    Kept::Ours(Keeping {
        runner: id.map(|id| Known {
            id,
            gitlab_url: annotation(GITLAB_URL).unwrap_or_default(),
        }),
        attempt: annotation(ATTEMPT),
        token: state(secret, annotation(DIGEST).as_deref()),
        tidy: want.is_none_or(|(want, url)| tidy(secret, owner, want, url)),
        issued_at: time(ISSUED_AT),
        expires_at: time(EXPIRES_AT),
    })
}

fn state(secret: &Secret, written: Option<&str>) -> TokenState {
    match token(secret) {
        None => TokenState::Missing,
        Some(token) if written == Some(&*fingerprint(&token)) => TokenState::Intact,
        Some(_) => TokenState::Edited,
    }
}

fn token(secret: &Secret) -> Option<RunnerToken> {
    let bytes = &secret.data.as_ref()?.get(TOKEN_KEY)?.0;
    let text = String::from_utf8(bytes.clone()).ok()?;
    (!text.is_empty()).then(|| RunnerToken::new(text))
}

/// Enough of a hash to notice an edit; a token is long and random, so it cannot be guessed from it.
pub(super) fn fingerprint(token: &RunnerToken) -> String {
    let hash = digest::digest(&digest::SHA256, token.expose().as_bytes());
    let start = hash
        .as_ref()
        .first_chunk()
        .map_or(0, |start| u64::from_be_bytes(*start));
    format!("{start:016x}")
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
        && secret.annotations().get(GITLAB_URL).map(String::as_str) == Some(url)
        && holds(secret.labels(), &labels(owner, want))
        && holds(secret.annotations(), &want.annotations)
}

pub(super) fn labels(owner: &GitLabRunner, want: &WantedSecret) -> BTreeMap<String, String> {
    let mut labels = want.labels.clone();
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    labels.insert("gitlab-registrar.dev/runner".to_owned(), owner.name_any());
    labels
}

/// What our Secret holds, to be written again; `None` unless the token is as we wrote it.
pub fn entry(secret: &Secret, keeping: &Keeping) -> Option<Entry> {
    let Keeping {
        runner,
        attempt,
        token: state,
        tidy: _,
        issued_at,
        expires_at,
    } = keeping;
    let known = runner.as_ref().filter(|_| *state == TokenState::Intact)?;
    Some(Entry {
        token: token(secret)?,
        runner: known.id,
        gitlab_url: known.gitlab_url.clone(),
        attempt: attempt.clone(),
        issued_at: *issued_at,
        expires_at: *expires_at,
    })
}
