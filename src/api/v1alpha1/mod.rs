//! Version `v1alpha1`, the only one so far.
#[expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct into a function of its own"
)]
mod connection;
#[expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct into a function of its own"
)]
mod runner;
#[expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct into a function of its own"
)]
mod runner_status;
#[expect(
    unreachable_pub,
    reason = "KubeSchema copies each struct into a function of its own"
)]
mod shared;

pub use connection::{
    AllowedNamespaces, ClusterGitLabConnection, ClusterGitLabConnectionSpec, ConnectionStatus,
    Credential, GitLab, GitLabConnection, GitLabConnectionSpec,
};
pub use runner::{DeletionPolicy, DriftPolicy, GitLabRunner, GitLabRunnerSpec, Scope, TokenSecret};
pub use runner_status::{
    Drift, GitLabRunnerStatus, ProjectStatus, Registration, ResolvedScope, RunnerStatus,
    TokenStatus,
};
pub use shared::{
    AccessLevel, ConfigMapKeyRef, ConnectionKind, ConnectionRef, InstanceScope, SecretKeyRef,
    Target,
};
