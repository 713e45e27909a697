//! `GitLabRunner`: the runner as GitLab holds it.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// The runner as GitLab holds it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RunnerStatus {
    /// GitLab's number for it.
    pub id: i64,
    /// `instance_type`, `group_type` or `project_type`.
    #[serde(rename = "type")]
    #[schemars(length(max = 32))]
    pub type_: String,
    /// The GitLab it lives in: the url of the connection when it was last seen.
    #[schemars(length(max = 1024))]
    pub gitlab_url: String,
    /// Its page in GitLab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub web_url: Option<String>,
    /// Text that GitLab shows for it.
    #[schemars(length(max = 1024))]
    pub description: String,
    /// Whether GitLab gives it no new jobs.
    pub paused: bool,
    /// Whether a runner process has called within the last two hours; absent if none ever has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// GitLab's word: never_contacted, online, offline, stale or paused.
    #[schemars(length(max = 32))]
    pub status: String,
    /// When a runner process last called, to within an hour while nothing else changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacted_at: Option<Time>,
    /// Its tags, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 512), inner(length(max = 1024)))]
    pub tags: Vec<String>,
    /// The processes that have its token, as far as GitLab shows them: it takes a credential that GraphQL
    /// answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managers: Option<ManagersStatus>,
    /// Whether it has been running jobs within the last ten minutes or so; absent where GitLab does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<bool>,
    /// The projects it is assigned to, as far as the credential may see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    pub projects: Vec<ProjectStatus>,
    /// This object's mark at the end of its maintenance note, once it was seen there. From then on a
    /// runner of this number that has lost it is taken for somebody else's, unless it still has the
    /// token that the Secret holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub mark: Option<String>,
    /// Since when GitLab says that there is no such runner. It is registered anew only when GitLab
    /// says so a second time, some time later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Time>,
}

/// The processes that have a runner's token.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct ManagersStatus {
    /// How many GitLab knows. Most may be gone: GitLab keeps one that has called within the last week or so,
    /// and each start of a process may make another.
    pub total: i64,
    /// How many have called within the last two hours, of the latest fifty.
    pub online: i64,
    /// Versions of gitlab-runner among those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 64)))]
    pub versions: Vec<String>,
    /// Platforms among those, such as `linux`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 64)))]
    pub platforms: Vec<String>,
}

/// A project the runner is assigned to.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct ProjectStatus {
    /// GitLab's number for it.
    pub id: i64,
    /// Its full path.
    #[schemars(length(max = 1024))]
    pub path: String,
}
