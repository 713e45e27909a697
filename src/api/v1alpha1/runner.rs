//! `GitLabRunner`: what a user asks for.
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::{
    adoption::Adopt,
    goodbye::{Drain, LostCredentials},
    pausing::PauseWindow,
    policy::{DeletionPolicy, DriftPolicy},
    registration::RegistrationSpec,
    rotation::TokenRotation,
    runner_status::GitLabRunnerStatus,
    selector::ProjectSelector,
    shared::{AccessLevel, ConnectionRef, InstanceScope, Target, duration_schema, null_is_default},
    token_secret::TokenSecret,
};

/// What the runner should be like. A field that is omitted is not managed: GitLab's own value is
/// left alone (at registration GitLab's default applies). When a field is removed,
/// the operator stops managing it, and GitLab keeps the value that it has at that time.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "gitlab-registrar.dev",
    version = "v1alpha1",
    kind = "GitLabRunner",
    plural = "gitlabrunners",
    singular = "gitlabrunner",
    shortname = "glr",
    category = "gitlab",
    namespaced,
    status = "GitLabRunnerStatus",
    derive = "PartialEq",
    selectable = ".spec.connectionRef.name",
    doc = "GitLabRunner declares one CI runner in GitLab. The operator registers it, keeps it as declared, and keeps its authentication token in a Secret that the official GitLab Runner chart reads as it is.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Id", type_ = "integer", json_path = ".status.runner.id"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.runner.status"),
    printcolumn(name = "Paused", type_ = "boolean", json_path = ".status.runner.paused"),
    printcolumn(name = "Tags", type_ = "string", json_path = ".status.runner.tags"),
    printcolumn(name = "Scope", type_ = "string", json_path = ".status.scope.type", priority = 1),
    printcolumn(name = "Contacted", type_ = "date", json_path = ".status.runner.contactedAt", priority = 1),
    printcolumn(name = "Token-Issued", type_ = "date", json_path = ".status.token.issuedAt", priority = 1),
    printcolumn(name = "Token-Rotates", type_ = "string", json_path = ".status.token.rotateAt", priority = 1),
    printcolumn(name = "Token-Expires", type_ = "string", json_path = ".status.token.expiresAt", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].message"#, priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("size(self.metadata.name) <= 63")
        .message("metadata.name must be at most 63 characters: the names of the Secret and of events are made from it"),
    validation = Rule::new("self.spec.connectionRef == oldSelf.spec.connectionRef || self.spec.deletionPolicy == 'Orphan' || !has(self.status) || !(has(self.status.registration) || has(self.status.runner))")
        .message("connectionRef cannot change once the runner is registered: set deletionPolicy to Orphan in the same change, after which the runner stays where it is and, if the new connection leads to another GitLab, a second one is registered there; or make a new GitLabRunner"),
    validation = Rule::new("!has(self.status) || !(has(self.status.registration) || has(self.status.runner)) || [has(self.spec.scope.instance), has(self.spec.scope.group), has(self.spec.scope.project)] == [has(oldSelf.spec.scope.instance), has(oldSelf.spec.scope.group), has(oldSelf.spec.scope.project)]")
        .message("scope cannot become of another kind once the runner is registered: GitLab cannot move a runner; make a new GitLabRunner instead"),
    validation = Rule::new("!has(self.spec.adopt) || !has(self.status) || !has(self.status.runner) || self.spec.adopt.runnerId == self.status.runner.id || (has(oldSelf.spec.adopt) && self.spec.adopt.runnerId == oldSelf.spec.adopt.runnerId)")
        .message("adopt.runnerId cannot name another runner than the one in status.runner.id: take adopt out of spec, or make a new GitLabRunner for that runner")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.runUntagged) || self.runUntagged || (has(self.tags) && size(self.tags) > 0)")
        .message("tags can not be empty when runner is not allowed to pick untagged jobs: add a tag, or set runUntagged to true"),
    validation = Rule::new("!has(self.projects) || has(self.scope.project)")
        .message("projects can only be set with scope.project: remove projects, or register the runner for a project"),
    validation = Rule::new("!has(self.projectSelector) || has(self.scope.project)")
        .message("projectSelector can only be set with scope.project: remove it, or register the runner for a project")
)]
pub struct GitLabRunnerSpec {
    /// The connection to GitLab to use. Cannot change once the runner is registered, unless
    /// deletionPolicy is Orphan. If the new connection leads to another GitLab, the old runner is then
    /// left where it is and a new one registered; if it leads to the same GitLab, the runner is kept.
    pub connection_ref: ConnectionRef,

    /// Where the runner takes its jobs from: exactly one of instance, group and project. Once the
    /// runner is registered it must go on naming the same group or project, by path or by id.
    pub scope: Scope,

    /// Text that GitLab shows for the runner, at most 1024 characters. When omitted it is
    /// `<namespace>/<name>` at registration and then left alone. Example: `Linux builders`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,

    /// Tags that jobs select the runner by, at most 50 of at most 255 characters, compared as a
    /// set and case sensitive. An empty list clears them; when omitted they are left alone. Where
    /// an empty list takes the place of tags by server-side apply, apply it a second time: the
    /// first time the API server stores it as omitted. Example: `[linux, docker]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 255)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new("self.all(t, t.trim() == t && !t.contains(',') && !t.contains('\"') && !t.startsWith(\"'\"))")
            .message("a tag has no comma, no quotation mark and no space at either end: GitLab would read it as several tags or another one")
    )]
    pub tags: Option<Vec<String>>,

    /// Whether jobs without tags may run here. `false` needs at least one tag. GitLab's default at
    /// registration is true; when omitted it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_untagged: Option<bool>,

    /// Whether GitLab gives the runner no new jobs. Running jobs go on. GitLab's default at
    /// registration is false; when omitted it is left alone, unless there are pauseWindows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,

    /// Times in which the runner is paused, at most 16. Inside a window it is paused whatever `paused` says;
    /// outside it is as `paused` says, and not paused when that is omitted. With driftPolicy Report nothing
    /// is paused, and the difference is reported. When all windows are taken out the runner stays as it is at
    /// that time. Example: `[{schedule: "0 22 * * 1-5", duration: 8h, timeZone: Europe/Berlin}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub pause_windows: Option<Vec<PauseWindow>>,

    /// Whether the runner is closed to further projects. Only has a meaning for project runners.
    /// GitLab's default at registration is false; when omitted it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,

    /// Which refs the runner serves: `not_protected` is all of them, `ref_protected` only protected
    /// branches and tags. GitLab's default at registration is not_protected; when omitted it is
    /// left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_level: Option<AccessLevel>,

    /// How long a job may take here, as a duration of at least 10 minutes such as `1h30m`; `0s` is
    /// no limit. When omitted it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 1h30m"),
        validation = Rule::new("duration(self) == duration('0s') || (duration(self) >= duration('10m') && duration(self) <= duration('596523h'))")
            .message("maximumTimeout must be at least 10m and at most 596523h, or 0s for no limit")
    )]
    pub maximum_timeout: Option<String>,

    /// Note for GitLab's administrators, at most 896 characters: GitLab takes 1024, the rest is for
    /// the mark by which the operator finds its own runners. When omitted the note is left alone.
    /// Example: `Ask the platform team before you pause it`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 896))]
    pub maintenance_note: Option<String>,

    /// Further projects that the runner is assigned to, at most 100; with scope.project only. The
    /// list is exact: other projects are unassigned, except the one that owns the runner. When
    /// omitted the assignments are left alone. Example: `[{path: platform/tools}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub projects: Option<Vec<Target>>,

    /// How the runner is registered. When omitted it is with the connection's credential. A change counts
    /// for the next registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationSpec>,

    /// An existing runner to take over. When omitted a new one is registered. Its settings are compared, told of
    /// in an event, and then corrected where spec names them, and it gets this object's mark. Once that
    /// is done it is kept and deleted like a runner that the operator has registered; the field can then
    /// be taken out. Example: `{runnerId: 42}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,

    /// Projects of a group that the runner is assigned to besides `projects`, by their topics; with
    /// scope.project only. Those that come are assigned and those that no longer fit unassigned, each
    /// within a resync; what an incomplete list leaves out is not. When omitted none is selected. Example:
    /// `{group: {path: platform}, topics: [gpu]}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_selector: Option<ProjectSelector>,

    /// The Secret that holds the runner's authentication token, in this object's namespace. When
    /// omitted it is `<name>-runner-token`. Example: `{name: linux-token}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret: Option<TokenSecret>,

    /// When the token is replaced. When omitted, a token that GitLab gives an end is replaced when two
    /// thirds of its life are over, and one without an end never. Example: `{every: 720h}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_rotation: Option<TokenRotation>,

    /// What happens in GitLab when this object is deleted: `Delete` (the default) removes the
    /// runner, `Orphan` leaves the runner in GitLab and its token in the Secret.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// What the removal of the runner waits for: with a timeout the runner is paused first, and removed when
    /// it runs no job any more, or when the time is over. When omitted it is removed at once. It takes a
    /// credential that works; without one the runner is removed by its own token, at once. Example:
    /// `{timeout: 2h}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Drain>,

    /// What a deletion does when no credential works any more and the runner's own token is not to be had.
    /// When omitted the object stays. Example: `{policy: Orphan, gracePeriod: 1h}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_credentials: Option<LostCredentials>,

    /// What happens when GitLab differs from what is declared here: `Correct` (the default) changes
    /// GitLab back, `Report` writes no setting and no assignment of a project to GitLab, and lists
    /// the differences in status.drift. Then Ready is True with the reason Drifted, and Synced or
    /// ProjectsAssigned is False.
    #[serde(default)]
    pub drift_policy: DriftPolicy,

    /// Stop touching GitLab for this object. Deleting the object still works. Ready is True
    /// meanwhile, with the reason Suspended, so that no release waits for it. Default: false.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub suspend: bool,
}

/// Where a runner takes its jobs from.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("[has(self.instance), has(self.group), has(self.project)].filter(x, x).size() == 1")
        .message("set exactly one of instance, group and project, for example {group: {path: platform}}")
)]
pub struct Scope {
    /// Every project of the instance; needs an administrator's credential. Write `instance: {}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceScope>,
    /// All projects of one group and of its subgroups; needs an Owner's credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Target>,
    /// One project, which owns the runner; needs a Maintainer's or Owner's credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Target>,
}
