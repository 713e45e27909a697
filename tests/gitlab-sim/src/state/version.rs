//! Which GitLab this is (contract §6).
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A release of GitLab. Rules say since which one they hold, so versions are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct Version {
    major: u16,
    minor: u16,
}

/// A release that can be set: how it is written, what `/metadata` shows, and its commit.
struct Release {
    version: Version,
    word: &'static str,
    full: &'static str,
    revision: &'static str,
}

const fn release(
    version: Version,
    word: &'static str,
    full: &'static str,
    revision: &'static str,
) -> Release {
    Release {
        version,
        word,
        full,
        revision,
    }
}

const RELEASES: [Release; 7] = [
    release(Version::V13_12, "13.12", "13.12.15-ee", "f1a3c5d7e90"),
    release(Version::V15_2, "15.2", "15.2.5-ee", "8c0b2d4e6f1"),
    release(Version::V15_11, "15.11", "15.11.13-ee", "5b5bd8b7d3c"),
    release(Version::V16_10, "16.10", "16.10.10-ee", "2e4f60718a9"),
    release(Version::V17, "17", "17.11.7-ee", "7a2d91f4e06"),
    release(Version::V18_2, "18.2", "18.2.8-ee", "b6d80f2a4c1"),
    release(Version::V19, "19", "19.5.2-ee", "c3f0e8a91b4"),
];

impl Version {
    /// Registration tokens only, and `active` instead of `paused`.
    pub const V13_12: Self = Self::new(13, 12);
    /// The same with `paused`, tokens that expire and `/metadata`.
    pub const V15_2: Self = Self::new(15, 2);
    /// The first with `POST /user/runners`.
    pub const V15_11: Self = Self::new(15, 11);
    /// The first whose REST shows and takes `maintenance_note`.
    pub const V16_10: Self = Self::new(16, 10);
    /// The last of 17: registration tokens are off by default, tokens have markers.
    pub const V17: Self = Self::new(17, 11);
    /// Early in 18: before most of what the contract calls NEW.
    pub const V18_2: Self = Self::new(18, 2);
    /// What the contract calls NEW, and everything that it dates in 19.
    pub const V19: Self = Self::new(19, 5);

    /// Every release that can be set, oldest first.
    pub const ALL: [Self; 7] = [
        Self::V13_12,
        Self::V15_2,
        Self::V15_11,
        Self::V16_10,
        Self::V17,
        Self::V18_2,
        Self::V19,
    ];

    /// A release, be it one that can be set or not.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    fn release(self) -> Option<&'static Release> {
        RELEASES.iter().find(|release| release.version == self)
    }

    /// The full version string, as `/metadata` shows it.
    pub(crate) fn full(self) -> &'static str {
        self.release().map_or("", |release| release.full)
    }

    /// Its abbreviated commit.
    pub(crate) fn revision(self) -> &'static str {
        self.release().map_or("", |release| release.revision)
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::V19
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.release() {
            Some(release) => f.write_str(release.word),
            None => write!(f, "{}.{}", self.major, self.minor),
        }
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let spelled = |release: &&Release| {
            let Version { major, minor } = release.version;
            text == release.word || text == format!("{major}.{minor}")
        };
        RELEASES
            .iter()
            .find(spelled)
            .map(|release| release.version)
            .ok_or_else(|| {
                let known: Vec<String> = Self::ALL.iter().map(|v| format!("`{v}`")).collect();
                format!("version `{text}` is none of {}", known.join(", "))
            })
    }
}

/// How a version is written: YAML makes numbers of `17` and `15.11`, unless they are quoted.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Whole(u64),
    Broken(f64),
}

impl TryFrom<Written> for Version {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Text(text) => text.parse(),
            Written::Whole(number) => number.to_string().parse(),
            // YAML drops the zero of an unquoted 16.10; there is no 16.1 that could be meant.
            Written::Broken(number) if number.to_string() == "16.1" => Ok(Self::V16_10),
            Written::Broken(number) => number.to_string().parse(),
        }
    }
}
