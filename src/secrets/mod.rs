//! The Secret that keeps a runner's token: what we see in it, and how it is written.
//!
//! Token and runner number go in with one write, so that neither is ever without the other. The Secret
//! names its object in an annotation and has no owner reference, so that no garbage collector takes the
//! token away before the runner is gone: the operator deletes it.
mod config;
mod config_rules;
mod content;
mod credential;
mod digest;
mod heir;
mod inspect;
mod short;
mod template_rules;
mod whose;
mod write;

pub use config::{CONFIG_KEY, ConfigFacts, complaint};
pub use credential::{create_credential, held, put_credential, unfit};
pub use digest::digest;
pub use heir::Heir;
pub use inspect::{Expected, OWNER, entry, inspect, object, owners};
pub use short::{is_short_for, shortened};
pub use whose::whose;
pub use write::{delete, put, rehearse, release};

use jiff::Timestamp;

use crate::gitlab::model::{RunnerId, RunnerToken};

/// The label by which our Secrets are watched.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

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
    /// The reset that the token came from, if it was not the registration.
    pub operation: Option<String>,
    /// When the token was issued.
    pub issued_at: Option<Timestamp>,
    /// When GitLab will stop accepting the token.
    pub expires_at: Option<Timestamp>,
    /// From when on GitLab makes no other in its place, if there is such a deadline.
    pub rotation_deadline: Option<Timestamp>,
}
