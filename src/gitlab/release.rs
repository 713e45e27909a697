//! Which GitLab it is, as far as anybody has to know (contract §6, §11).
use std::fmt;

use serde::Deserialize;

/// A release of GitLab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Release {
    major: u32,
    minor: u32,
}

impl Release {
    /// `paused` beside `active`, a note at registration, a runner's type in lists, and the status of
    /// those that were never contacted as a filter (contract §6, §11).
    pub const PAUSED: Self = Self::new(14, 8);
    /// A new token for a runner that is there (contract §6).
    pub const RESETS: Self = Self::new(15, 0);
    /// Registration by a user (contract §6).
    pub const USER: Self = Self::new(15, 11);
    /// Lists of the runners whose processes have such a version. Before, that filter is ignored (contract
    /// §6).
    pub const VERSION_PREFIX: Self = Self::new(16, 6);
    /// A token that replaces itself (contract §3.22).
    pub const SELF_ROTATION: Self = Self::new(16, 10);
    /// A runner's note over REST (contract §2.2).
    pub const NOTES: Self = Self::new(16, 10);

    /// An end of the first token that is asked for at registration, in the Enterprise Edition (contract §3.20).
    pub const TOKEN_LIFE: Self = Self::new(18, 10);

    /// The release of that number.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor } = self;
        write!(f, "{major}.{minor}")
    }
}

/// What a GitLab instance says about itself (contract §3.23).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// Such as `18.5.0-ee`.
    pub version: String,
    /// Absent before 15.5.
    #[serde(default)]
    pub enterprise: Option<bool>,
}

impl Metadata {
    /// Its release, as far as its version can be read.
    pub fn release(&self) -> Option<Release> {
        let mut numbers = self.version.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Some(Release { major, minor }),
            _ => None,
        }
    }

    /// Whether this release shows a runner's note by REST, as far as its version can be read.
    pub fn shows_notes(&self) -> bool {
        self.release()
            .is_some_and(|release| release >= Release::NOTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_whether_notes_are_shown() {
        for (version, shows) in [
            ("16.10.0", true),
            ("18.5.0-ee", true),
            ("16.9.3-ee", false),
            ("15.11.0", false),
            ("17", false),
            ("", false),
        ] {
            let metadata = Metadata {
                version: version.to_owned(),
                enterprise: None,
            };
            assert_eq!(metadata.shows_notes(), shows, "{version}");
        }
    }
}
