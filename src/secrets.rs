//! The Secret that keeps a runner's token: what we see in it, and how it is written.
//!
//! Token and runner number go in with one write, so that neither is ever without the other.
use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions},
};
use ring::digest;
use serde_json::json;

use crate::api::MANAGER;
use crate::api::v1alpha1::GitLabRunner;
use crate::gitlab::model::{RunnerId, RunnerToken};
use crate::plan::{Keeping, Kept, Known, TokenState, WantedSecret};

/// The label by which our Secrets are watched.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const RUNNER_ID: &str = "gitlab-registrar.dev/runner-id";
const GITLAB_URL: &str = "gitlab-registrar.dev/gitlab-url";
const ATTEMPT: &str = "gitlab-registrar.dev/attempt";
const DIGEST: &str = "gitlab-registrar.dev/token-digest";
const ISSUED_AT: &str = "gitlab-registrar.dev/issued-at";
const EXPIRES_AT: &str = "gitlab-registrar.dev/expires-at";

/// The key that the official GitLab Runner chart reads the token from.
pub const TOKEN_KEY: &str = "runner-token";
/// A key that the same chart needs to be there; empty, since registration tokens are not used.
pub const REGISTRATION_TOKEN_KEY: &str = "runner-registration-token";

/// What belongs into the Secret.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The token.
    pub token: RunnerToken,
    /// The runner it belongs to.
    pub runner: RunnerId,
    /// The GitLab that the number belongs to.
    pub gitlab_url: String,
    /// The attempt to register that the runner came from.
    pub attempt: Option<String>,
    /// When the token was issued.
    pub issued_at: Option<Timestamp>,
    /// When GitLab will stop accepting the token.
    pub expires_at: Option<Timestamp>,
}

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
fn fingerprint(token: &RunnerToken) -> String {
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

fn labels(owner: &GitLabRunner, want: &WantedSecret) -> BTreeMap<String, String> {
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

/// Writes the Secret whole: creates it, or changes the very version that was read. Either fails
/// with a conflict when somebody else was faster, and then nothing of theirs was overwritten.
pub async fn put(
    api: &Api<Secret>,
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
) -> kube::Result<()> {
    let (labels, annotations) = (labels(owner, want), annotations(want, entry));
    let token = entry.token.expose().as_bytes().to_vec();
    let data: BTreeMap<String, ByteString> = [
        (TOKEN_KEY.to_owned(), ByteString(token)),
        (REGISTRATION_TOKEN_KEY.to_owned(), ByteString(Vec::new())),
    ]
    .into();
    if let Some(existing) = existing {
        let patch = json!({
            "metadata": {
                "uid": existing.uid(),
                "resourceVersion": existing.resource_version(),
                "labels": labels,
                "annotations": annotations,
            },
            "data": data,
        });
        let params = PatchParams::default();
        return api
            .patch(&want.name, &params, &Patch::Merge(&patch))
            .await
            .map(drop);
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(want.name.clone()),
            owner_references: owner.owner_ref(&()).map(|reference| vec![reference]),
            labels: Some(labels),
            annotations: Some(
                annotations
                    .into_iter()
                    .filter_map(|(k, v)| Some((k, v?)))
                    .collect(),
            ),
            ..ObjectMeta::default()
        },
        data: Some(data),
        ..Secret::default()
    };
    api.create(&PostParams::default(), &secret).await.map(drop)
}

/// What the Secret says of its token, and what spec asks for; `None` is to be removed.
fn annotations(want: &WantedSecret, entry: &Entry) -> BTreeMap<String, Option<String>> {
    let Entry {
        token,
        runner,
        gitlab_url,
        attempt,
        issued_at,
        expires_at,
    } = entry;
    let stamp = |at: &Option<Timestamp>| at.map(|at| at.to_string());
    let own = [
        (RUNNER_ID, Some(runner.to_string())),
        (GITLAB_URL, Some(gitlab_url.clone())),
        (ATTEMPT, attempt.clone()),
        (DIGEST, Some(fingerprint(token))),
        (ISSUED_AT, stamp(issued_at)),
        (EXPIRES_AT, stamp(expires_at)),
    ];
    let asked = want
        .annotations
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    asked
        .chain(own.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

/// Gives our Secret up: the garbage collector will leave it when the object goes.
pub async fn release(api: &Api<Secret>, secret: &Secret, owner: &GitLabRunner) -> kube::Result<()> {
    let uid = owner.meta().uid.as_deref();
    let others: Vec<_> = secret
        .owner_references()
        .iter()
        .filter(|reference| Some(&*reference.uid) != uid)
        .collect();
    let patch = json!({ "metadata": {
        "uid": secret.uid(),
        "resourceVersion": secret.resource_version(),
        "ownerReferences": others,
    }});
    let name = secret.name_any();
    api.patch(&name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .map(drop)
}

/// Deletes the very version of our Secret that was read.
pub async fn discard(api: &Api<Secret>, secret: &Secret) -> kube::Result<()> {
    let preconditions = Preconditions {
        uid: secret.uid(),
        resource_version: secret.resource_version(),
    };
    let params = DeleteParams::default().preconditions(preconditions);
    api.delete(&secret.name_any(), &params).await.map(drop)
}
