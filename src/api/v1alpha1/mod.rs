//! Version `v1alpha1`, the only one so far.
// KubeSchema copies each struct into a function of its own, where `pub` reaches nobody; the
// documentation is written for `kubectl explain`, which shows backticks as they are; and clippy
// takes the arguments of several `printcolumn`s for one attribute said twice.
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod adoption;
#[expect(
    unreachable_pub,
    clippy::doc_markdown,
    clippy::duplicated_attributes,
    reason = "see above"
)]
mod connection;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod connection_status;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod credential_rotation;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod goodbye;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod insight;
#[expect(unreachable_pub, reason = "see above")]
mod pausing;
mod policy;
#[expect(unreachable_pub, reason = "see above")]
mod registration;
#[expect(unreachable_pub, reason = "see above")]
mod rotation;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod runner;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod runner_status;
#[expect(unreachable_pub, reason = "see above")]
mod selector;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "see above")]
mod shared;
#[expect(unreachable_pub, reason = "see above")]
mod token_secret;

pub use adoption::{Adopt, Adoption, ResetToken};
pub use connection::{
    AllowedNamespaces, ClusterGitLabConnection, ClusterGitLabConnectionSpec, GitLabConnection,
    GitLabConnectionSpec,
};
pub use connection_status::{
    ConnectionStatus, Credential, GitLab, Looking, RefusedToken, start_of_day,
};
pub use credential_rotation::{CredentialReplacement, CredentialRotation};
pub use goodbye::{Drain, DrainStatus, LostCredentials, LostCredentialsPolicy};
pub use insight::{ManagersStatus, ProjectStatus, RunnerStatus};
pub use pausing::{PauseWindow, PausingStatus};
pub use policy::{DeletionPolicy, DriftPolicy};
pub use registration::{RegistrationMethod, RegistrationSpec};
pub use rotation::{PredecessorStatus, RotationOverlap, RotationOwner, TokenRotation};
pub use runner::{GitLabRunner, GitLabRunnerSpec, Scope};
pub use runner_status::{
    Drift, GitLabRunnerStatus, GivenUp, Operation, OperationType, Registration, ResolvedScope,
    TokenStatus,
};
pub use selector::ProjectSelector;
pub use shared::{
    AccessLevel, ConfigMapKeyRef, ConnectionKind, ConnectionRef, InstanceScope, SecretKeyRef,
    SecretRef, Target,
};
pub use token_secret::{ExtraKey, TokenSecret};
