//! The way to one GitLab, once it is known.
use anyhow::anyhow;

use super::kubernetes::Kubernetes;
use crate::api::v1alpha1::ConnectionRef;
use crate::chain::chain;
use crate::connect;
use crate::gitlab;
use crate::gitlab::{Client, Endpoint};
use crate::plan::{Trouble, Version};

/// A GitLab that can be asked.
pub(super) struct Session {
    pub(super) client: Client,
    /// Which GitLab that is, where it was asked.
    pub(super) version: Version,
    pub(super) endpoint: Endpoint,
    /// Where the credential was read, for a person.
    pub(super) credential: String,
    /// The connection of the cluster that led here, if one did.
    pub(super) connection: Option<ConnectionRef>,
    /// The cluster that the connection is in.
    pub(super) kubernetes: Option<Kubernetes>,
}

impl Session {
    /// What a failed request means, and what to do about it.
    pub(super) fn told(&self, error: &gitlab::Error) -> anyhow::Error {
        let about_access = error.is_unauthorized() || error.is_unanswered();
        if !about_access {
            return anyhow!(chain(error));
        }
        let Trouble { message, .. } = connect::trouble(error, &self.endpoint, &self.credential);
        let field = match self.connection {
            Some(_) => "spec.url",
            None => "--gitlab-url",
        };
        anyhow!(message.replace("spec.url", field))
    }
}
