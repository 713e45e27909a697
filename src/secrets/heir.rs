//! Taking over the Secret of a runner together with the runner.
use k8s_openapi::api::core::v1::Secret;
use kube::{Resource, ResourceExt};

use super::MANAGED_BY;
use super::inspect::{GITLAB_URL, OWNER, RUNNER_ID, object};
use crate::api::MANAGER;
use crate::api::v1alpha1::GitLabRunner;
use crate::plan::Known;

/// An object that takes over the runner of an earlier one.
#[derive(Clone, Debug)]
pub struct Heir<'a> {
    /// The object.
    pub object: &'a GitLabRunner,
    /// The runner.
    pub runner: Known,
}

impl Heir<'_> {
    /// Whether a Secret was left by an earlier object of the same name, and was made for that runner. The
    /// uid of that object is given: if it is still there, the Secret is its own.
    pub fn inherits(&self, secret: &Secret) -> Option<String> {
        let annotation = |name: &str| secret.annotations().get(name);
        let Known { id, gitlab_url } = &self.runner;
        let left = secret.labels().get(MANAGED_BY).map(String::as_str) == Some(MANAGER)
            && object(secret.meta()) == self.object.metadata.name.as_deref()
            && annotation(RUNNER_ID) == Some(&id.to_string())
            && annotation(GITLAB_URL) == Some(gitlab_url);
        // Whoever has left a Secret behind with its runner has taken its uid off.
        let owner = annotation(OWNER).cloned().unwrap_or_default();
        (left && Some(&owner) != self.object.metadata.uid.as_ref()).then_some(owner)
    }
}
