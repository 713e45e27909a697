//! When a token is replaced with which nothing is wrong.
use jiff::{SignedDuration, Timestamp};

use super::quoted::quoted;
use crate::api::v1alpha1::{RotationOverlap, RotationOwner, TokenRotation};

/// When the token is to be replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// At that age.
    pub every: Option<SignedDuration>,
    /// So long before its end, if it has one.
    pub before_expiry: Option<SignedDuration>,
    /// Who renews it.
    pub owner: RotationOwner,
    /// What becomes of it.
    pub overlap: RotationOverlap,
}

/// What else is known of the token, besides what the Secret says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whether somebody asks for a new one, and has not been answered.
    pub requested: bool,
    /// Which one GitLab shows.
    pub shown: Shown,
    /// Why no config.toml can be made for it, if one is asked for.
    pub unmade: Option<String>,
}

/// The token that GitLab shows in short, compared with the one that is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Not known.
    #[default]
    Unknown,
    /// It looks like another, and whether that means anything is being found out with another runner.
    Unsettled,
    /// The same.
    Kept,
    /// Another: somebody else has had it replaced.
    Another,
}

impl Rotation {
    /// Reads what spec says.
    pub(super) fn wanted(spec: Option<&TokenRotation>) -> Result<Self, String> {
        let TokenRotation {
            every,
            before_expiry,
            owner,
            overlap,
        } = spec.cloned().unwrap_or_default();
        Ok(Self {
            every: every
                .map(|text| duration("tokenRotation.every", &text, "720h"))
                .transpose()?,
            before_expiry: before_expiry
                .map(|text| duration("tokenRotation.beforeExpiry", &text, "720h"))
                .transpose()?,
            owner,
            overlap,
        })
    }

    /// Whether the runner processes renew their token themselves.
    pub fn is_left_to_runners(&self) -> bool {
        self.owner == RotationOwner::Runner
    }

    /// When a token is to be replaced that was issued and ends then: at the earliest of its age, the time
    /// before its end, and two thirds of its life. A manager of gitlab-runner renews its token at three
    /// quarters, and each such renewal ends the token of all others.
    pub fn due(
        &self,
        issued_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
    ) -> Option<Timestamp> {
        if self.is_left_to_runners() {
            return None;
        }
        // One of unknown age is as old as may be, until the first replacement.
        let aged = self.every.map(|every| match issued_at {
            Some(issued_at) => later(issued_at, every),
            None => Timestamp::UNIX_EPOCH,
        });
        let ends = expires_at.and_then(|end| match (issued_at, self.before_expiry) {
            (Some(issued_at), before) => Some(in_time(issued_at, end, before)),
            (None, Some(before)) => Some(later(end, -before)),
            (None, None) => None,
        });
        [aged, ends].into_iter().flatten().min()
    }
}

/// When a token of that life is replaced for the sake of its end. Not before half of its life is over, or
/// each new one would be due at once where GitLab gives them shorter lives than spec has thought of.
fn in_time(issued_at: Timestamp, end: Timestamp, before: Option<SignedDuration>) -> Timestamp {
    let life = end.duration_since(issued_at).max(SignedDuration::ZERO);
    let third = life / 3;
    let before = before.unwrap_or(third).clamp(third, life / 2);
    later(end, -before)
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    at.saturating_add(by).unwrap_or(end)
}

/// Reads a duration of that field.
pub(super) fn duration(field: &str, text: &str, example: &str) -> Result<SignedDuration, String> {
    let read: Option<SignedDuration> = text.parse().ok();
    read.filter(SignedDuration::is_positive).ok_or_else(|| {
        format!(
            "{field} {} must be a duration such as {example}",
            quoted(text)
        )
    })
}
