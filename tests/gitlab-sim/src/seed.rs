//! What the world looks like before the first request.
use serde::Deserialize;

/// A world as a YAML file describes it; the default is one administrator, `root`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {}

/// Why a seed cannot become a world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SeedError(pub String);

impl Seed {
    /// Reads a seed from YAML.
    pub fn from_yaml(text: &str) -> Result<Self, SeedError> {
        serde_saphyr::from_str(text).map_err(|error| SeedError(error.to_string()))
    }
}
