//! Which GitLab this is, where releases differ (contract §6).
use serde::{Deserialize, Serialize};

/// A release to behave like.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(try_from = "Word")]
pub enum Era {
    /// GitLab 15.11: `POST /user/runners` is new, registration tokens are in use.
    #[serde(rename = "15.11")]
    V15,
    /// GitLab 17.11: registration tokens are off by default, token type markers.
    #[serde(rename = "17")]
    V17,
    /// GitLab 19.x, which the contract calls NEW.
    #[default]
    #[serde(rename = "19")]
    V19,
}

/// How an era is written: YAML makes numbers of `17` and `15.11`, unless they are quoted.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Whole(u64),
    Broken(f64),
}

impl TryFrom<Word> for Era {
    type Error = String;

    fn try_from(word: Word) -> Result<Self, String> {
        let text = match word {
            Word::Text(text) => text,
            Word::Whole(number) => number.to_string(),
            Word::Broken(number) => number.to_string(),
        };
        match text.as_str() {
            "15.11" => Ok(Self::V15),
            "17" => Ok(Self::V17),
            "19" => Ok(Self::V19),
            other => Err(format!("era `{other}` is none of `15.11`, `17`, `19`")),
        }
    }
}

impl Era {
    /// The full version string, as `/metadata` shows it.
    pub fn version(self) -> &'static str {
        match self {
            Self::V15 => "15.11.13-ee",
            Self::V17 => "17.11.7-ee",
            Self::V19 => "19.1.2-ee",
        }
    }

    /// Its abbreviated commit.
    pub fn revision(self) -> &'static str {
        match self {
            Self::V15 => "5b5bd8b7d3c",
            Self::V17 => "7a2d91f4e06",
            Self::V19 => "c3f0e8a91b4",
        }
    }

    /// Whether this is what the contract calls NEW.
    pub fn is_new(self) -> bool {
        self >= Self::V19
    }

    /// Days after which a silent runner is stale and leaves the quota (contract §1.7, §4).
    pub fn stale_days(self) -> i64 {
        match self {
            Self::V15 => 90,
            Self::V17 | Self::V19 => 7,
        }
    }
}
