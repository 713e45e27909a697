//! How long the token lives that a runner is registered with, where spec says so.
use jiff::{SignedDuration, Timestamp};

use super::rotation::{duration, later};
use super::seconds::whole_seconds;
use crate::api::v1alpha1::RegistrationSpec;
use crate::gitlab::model::TokenLife;

/// What spec says of the first token; GitLab's own settings say how long those live that replace it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstToken {
    /// It ends that long after the registration.
    pub expires_in: Option<SignedDuration>,
    /// From then on GitLab makes no other in its place.
    pub rotation_deadline: Option<SignedDuration>,
}

impl FirstToken {
    /// Reads what spec says.
    pub(super) fn wanted(spec: &RegistrationSpec) -> Result<Self, String> {
        let read = |field: &str, text: &Option<String>| {
            let text = text.as_ref();
            text.map(|text| duration(field, text, "72h")).transpose()
        };
        Ok(Self {
            expires_in: read("registration.expiresIn", &spec.expires_in)?,
            rotation_deadline: read("registration.rotationDeadline", &spec.rotation_deadline)?,
        })
    }

    /// What GitLab is asked for at that time. It knows whole seconds.
    pub(super) fn life(self, now: Timestamp) -> Option<TokenLife> {
        let second = whole_seconds(now);
        Some(TokenLife {
            expires_at: later(second, self.expires_in?),
            rotation_deadline: self.rotation_deadline.map(|by| later(second, by)),
        })
    }
}
