//! What users write and read: the kinds of the API group, and the words in conditions and events.
pub mod conditions;
mod crds;
pub mod events;
mod list;
pub mod v1alpha1;

pub use crds::crds;

/// The API group of every kind here; also the prefix of our labels, annotations and finalizer.
pub const GROUP: &str = "gitlab-registrar.dev";

/// The annotation that has GitLab looked at now, whatever was seen of it a moment ago: on a runner or a
/// connection of either kind, with any value that it did not have before. `lastHandledReconcileAt` in
/// status answers with the value.
pub const RECONCILE_AT: &str = "gitlab-registrar.dev/reconcile-at";

/// The annotation that has the token of a runner replaced now, with any value that it did not have
/// before. `lastHandledRotateAt` in status answers with the value.
pub const ROTATE_AT: &str = "gitlab-registrar.dev/rotate-at";

/// The annotation that lets a runner's object go as it stands, with the value `true`: nothing is asked of
/// GitLab any more, and the runner stays there. It has a meaning for objects that are to go only.
pub const ABANDON: &str = "gitlab-registrar.dev/abandon";

/// The annotation that lets the operator store a new token in the Secret of a connection that looks as if
/// some tool kept it, with the value `true`: a person says that nothing puts the old one back.
pub const KEEPS_CREDENTIAL: &str = "gitlab-registrar.dev/keeps-credential";

/// The annotation by which somebody acknowledges, on a connection of either kind, that so many of its
/// runners are gone for good: the number that the message of its condition Degraded tells.
pub const ACKNOWLEDGE_LOSS: &str = "gitlab-registrar.dev/acknowledge-loss";

/// What this program calls itself towards Kubernetes: field manager, label value, event source.
pub const MANAGER: &str = "gitlab-runner-registrar";
