//! Objects as the API server hands them over, in the shape of their kind or not.
use std::fmt::Debug;

use gitlab_runner_registrar::api::v1alpha1::{
    ClusterGitLabConnection, GitLabConnection, GitLabRunner,
};
use gitlab_runner_registrar::controller::guards::Guarded;
use gitlab_runner_registrar::plan::{desired, normalised};
use jiff::Timestamp;
use kube::ResourceExt;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::driver::Target;

pub(super) const RUNNERS: Target = Target {
    name: "runners",
    runs: 1500,
    words: &[
        "spec",
        "status",
        "scope",
        "instance",
        "group",
        "project",
        "id",
        "path",
        "tags",
        "pauseWindows",
        "maximumTimeout",
        "tokenRotation",
        "every",
        "beforeExpiry",
        "adopt",
        "projects",
        "configTemplate",
        "1h30m",
        "0s",
        "PT5M",
        "a,b",
        " ",
        ",",
        "2026-01-01T00:00:00Z",
        "conditions",
        "True",
        "registration",
    ],
    check: |input| guarded::<GitLabRunner>(input, runner),
};

pub(super) const CONNECTIONS: Target = Target {
    name: "connections",
    runs: 1500,
    words: &[
        "spec",
        "status",
        "url",
        "https://gitlab.example.com",
        "credentialsSecretRef",
        "name",
        "key",
        "timeout",
        "30s",
        "requestsPerMinute",
        "allowedNamespaces",
        "names",
        "selector",
        "matchLabels",
        "matchExpressions",
        "operator",
        "In",
        "proxyUrl",
        "credentialRotation",
        "beforeExpiry",
        "refusedTokens",
    ],
    check: |input| {
        let one = guarded::<GitLabConnection>(input, |_| Ok("whole"))?;
        let shared = guarded::<ClusterGitLabConnection>(input, |_| Ok("whole"))?;
        Ok(format!("{one} {shared}"))
    },
};

/// An object that has no shape still has a name, and stops nobody else; one that has it is the same after it was
/// written and read.
fn guarded<K>(input: &[u8], look: fn(&K) -> Result<&'static str, String>) -> Result<String, String>
where
    K: kube::Resource<DynamicType = ()> + DeserializeOwned + Serialize + Debug,
{
    let Ok(value) = serde_json::from_slice::<Value>(input) else {
        return Ok("no JSON".to_owned());
    };
    // What the API server sends has metadata of the right shape, since it keeps that itself.
    let named = json!({ "metadata": value.get("metadata").cloned().unwrap_or_default() });
    let named = serde_json::from_value::<PartialObjectMeta<K>>(named).is_ok();
    let object = match serde_json::from_value::<Guarded<K>>(value) {
        Ok(DeserializeGuard(Ok(object))) => object,
        Ok(DeserializeGuard(Err(invalid))) => {
            let kept = invalid.metadata.name.unwrap_or_default();
            return Ok(format!("no shape {}", kept.is_empty()));
        }
        Err(error) if named => return Err(format!("the watch ends: {error}")),
        Err(_) => return Ok("no metadata".to_owned()),
    };
    let written = serde_json::to_value(&object).map_err(|error| error.to_string())?;
    let again = serde_json::from_value::<K>(written.clone());
    let again = again.map_err(|error| format!("{written} is not read: {error}"))?;
    let twice = serde_json::to_value(&again).map_err(|error| error.to_string())?;
    if twice != written {
        return Err(format!("{written} is read as {twice}"));
    }
    look(&object).map(|kind| format!("{kind} {}", object.name_any().is_empty()))
}

fn runner(runner: &GitLabRunner) -> Result<&'static str, String> {
    let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let wanted = match desired(runner, "ci", "linux", now) {
        Ok(wanted) => wanted,
        Err(complaint) if complaint.0.is_empty() || complaint.0.chars().any(char::is_control) => {
            return Err(format!("{complaint:?}"));
        }
        Err(_) => return Ok("a complaint"),
    };
    let tags: Vec<String> = wanted.settings.tags.iter().flatten().cloned().collect();
    let fits = |tag: &String| !tag.is_empty() && tag.trim() == tag && !tag.contains(',');
    let again = normalised(&tags);
    if !tags.iter().all(fits) || again.into_iter().collect::<Vec<_>>() != tags {
        return Err(format!("{tags:?} are tags"));
    }
    let other = desired(runner, "ci", "linux", now);
    if other.as_ref() != Ok(&wanted) {
        return Err(format!("{wanted:?} and {other:?}"));
    }
    Ok("whole")
}
