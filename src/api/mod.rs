//! What users write and read: the kinds of the API group, and the words in their conditions.
pub mod conditions;
pub mod v1alpha1;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// The API group of every kind here; also the prefix of our labels, annotations and finalizer.
pub const GROUP: &str = "gitlab-registrar.dev";

/// What this program calls itself towards Kubernetes: field manager, label value, event source.
pub const MANAGER: &str = "gitlab-runner-registrar";

/// Every custom resource this very binary understands, in the order they should be applied.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![
        v1alpha1::GitLabRunner::crd(),
        v1alpha1::GitLabConnection::crd(),
        v1alpha1::ClusterGitLabConnection::crd(),
    ]
}
