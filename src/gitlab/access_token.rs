//! What an access token says about itself.
use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer};

/// What a personal, group or project access token says about itself (contract §3.22).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AccessToken {
    /// The name its owner gave it.
    pub name: String,
    /// What it opens (contract §1.2).
    #[serde(default)]
    pub scopes: BTreeSet<String>,
    /// The last day but one it works: GitLab refuses it from this date on.
    #[serde(default)]
    pub expires_at: Option<Date>,
    /// When it was made; `None` where GitLab says it in no way that is known.
    #[serde(default, deserialize_with = "moment")]
    pub created_at: Option<Timestamp>,
}

/// A time, or nothing where it cannot be read: less hangs on it than on the rest.
fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
