//! What stands in the Secret of a token.
use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::ResourceExt;

use super::config::{CONFIG_KEY, ConfigFacts, bytes, render, with_token};
use super::digest::digest;
use super::inspect::{
    ATTEMPT, CONFIG_AT, DIGEST, EXPIRES_AT, GITLAB_URL, ISSUED_AT, OPERATION, OWN_NAME, OWNER,
    ROTATION_DEADLINE, RUNNER_ID, labels,
};
use super::{Entry, REGISTRATION_TOKEN_KEY, TOKEN_KEY};
use crate::api::v1alpha1::GitLabRunner;
use crate::plan::WantedSecret;

/// What is written; `None` is to be removed.
pub(super) struct Content {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, Option<String>>,
    pub(super) data: BTreeMap<String, Option<ByteString>>,
}

/// What is to stand in the Secret whatever is there already.
pub(super) fn content(
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
    now: Timestamp,
) -> Content {
    let mut annotations = annotations(owner, want, entry);
    let token = entry.token.expose().as_bytes().to_vec();
    let mut data: BTreeMap<String, Option<ByteString>> = [
        (TOKEN_KEY.to_owned(), Some(ByteString(token))),
        (
            REGISTRATION_TOKEN_KEY.to_owned(),
            Some(ByteString::default()),
        ),
    ]
    .into();
    match config(existing, owner, want, entry, now) {
        Config::Is(file) => {
            data.insert(CONFIG_KEY.to_owned(), Some(ByteString(file)));
            annotations.insert(CONFIG_AT.to_owned(), Some(now.to_string()));
        }
        Config::Goes => {
            data.insert(CONFIG_KEY.to_owned(), None);
            annotations.insert(CONFIG_AT.to_owned(), None);
        }
        Config::Stays => {}
    }
    Content {
        labels: labels(owner, want),
        annotations,
        data,
    }
}

/// What becomes of the config.toml beside the token.
enum Config {
    /// It is this.
    Is(Vec<u8>),
    /// We wrote it, and nobody asks for it any more.
    Goes,
    /// None is asked for, or none can be made.
    Stays,
}

fn config(
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
    now: Timestamp,
) -> Config {
    let ours = existing.filter(|secret| secret.annotations().contains_key(CONFIG_AT));
    let Some(config) = &want.config else {
        return if ours.is_some() {
            Config::Goes
        } else {
            Config::Stays
        };
    };
    let (name, namespace) = (owner.name_any(), owner.namespace().unwrap_or_default());
    let facts = ConfigFacts {
        url: &entry.gitlab_url,
        id: entry.runner,
        token: &entry.token,
        name: &name,
        namespace: &namespace,
    };
    if let Ok(file) = render(config, facts, now) {
        return Config::Is(bytes(&file));
    }
    // The last good file goes on with the token of now.
    let last = ours.and_then(|secret| {
        let file = &secret.data.as_ref()?.get(CONFIG_KEY)?.0;
        let file = std::str::from_utf8(file).ok()?;
        // The key of the token may have been emptied or edited, which is why there is another now.
        let old = secret.annotations().get(DIGEST)?;
        Some(bytes(&with_token(file, old, &entry.token)?))
    });
    last.map_or(Config::Stays, Config::Is)
}

/// What the Secret says of its token, and what spec asks for; `None` is to be removed.
fn annotations(
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
) -> BTreeMap<String, Option<String>> {
    let Entry {
        token,
        runner,
        gitlab_url,
        attempt,
        operation,
        issued_at,
        expires_at,
        rotation_deadline,
    } = entry;
    let stamp = |at: &Option<Timestamp>| at.map(|at| at.to_string());
    let own = [
        (OWNER, owner.uid()),
        (OWN_NAME, Some(want.name.clone())),
        (RUNNER_ID, Some(runner.to_string())),
        (GITLAB_URL, Some(gitlab_url.clone())),
        (ATTEMPT, attempt.clone()),
        (OPERATION, operation.clone()),
        (DIGEST, Some(digest(token.expose()))),
        (ISSUED_AT, stamp(issued_at)),
        (EXPIRES_AT, stamp(expires_at)),
        (ROTATION_DEADLINE, stamp(rotation_deadline)),
    ];
    let asked = want
        .annotations
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    asked
        .chain(own.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}
