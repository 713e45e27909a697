//! Projects that are selected rather than named.
use kube::KubeSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::shared::{Target, null_is_default};

/// Which projects of a group the runner is assigned to.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ProjectSelector {
    /// The group that the projects live in, by path or by number.
    pub group: Target,
    /// Whether projects of its subgroups are selected too. Default: true.
    #[serde(default = "yes", deserialize_with = "null_is_yes")]
    pub include_subgroups: bool,
    /// Topics that a project must have, each of them, at most 16. When omitted all projects are selected.
    /// Example: `[gpu]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 255)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub topics: Option<Vec<String>>,
    /// Whether archived projects are selected too. Default: false.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub archived: bool,
}

fn yes() -> bool {
    true
}

fn null_is_yes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::deserialize(deserializer).map(|given| given.unwrap_or(true))
}
