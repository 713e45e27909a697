//! How long the token lives that a runner is registered with, where spec says so.
use jiff::{SignedDuration, Timestamp};

use super::quoted::quoted;
use super::rotation::later;
use crate::api::v1alpha1::RegistrationSpec;
use crate::gitlab::model::TokenLife;

/// What spec says of the first token; GitLab's own settings say how long those after it live.
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
            text.as_ref().map(|text| duration(field, text)).transpose()
        };
        Ok(Self {
            expires_in: read("expiresIn", &spec.expires_in)?,
            rotation_deadline: read("rotationDeadline", &spec.rotation_deadline)?,
        })
    }

    /// What GitLab is asked for at that time. It knows whole seconds.
    pub(super) fn life(self, now: Timestamp) -> Option<TokenLife> {
        let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Some(TokenLife {
            expires_at: later(second, self.expires_in?),
            rotation_deadline: self.rotation_deadline.map(|by| later(second, by)),
        })
    }
}

fn duration(field: &str, text: &str) -> Result<SignedDuration, String> {
    let read: Option<SignedDuration> = text.parse().ok();
    read.filter(SignedDuration::is_positive).ok_or_else(|| {
        format!(
            "registration.{field} {} must be a duration such as 72h",
            quoted(text)
        )
    })
}
