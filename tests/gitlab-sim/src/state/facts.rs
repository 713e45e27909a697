//! Since which release each rule holds. Every rule that differs between releases asks one of
//! these. Where the contract gives no release but NEW (18.1 to 19.x) or a span, the constant is
//! the stand-in's choice; `CHOICES.md` lists those.
use super::version::Version;

/// Older than anything that can be set.
pub(crate) const ALWAYS: Version = Version::new(8, 5);

// Dated by the contract.

/// How many runners a project or group may have (§6).
pub(crate) const RUNNER_LIMITS: Version = Version::new(14, 4);
/// `maintainer_note` on `POST /runners` (§6).
pub(crate) const MAINTAINER_NOTE: Version = Version::new(14, 7);
/// `maintenance_note` there (§6).
pub(crate) const MAINTENANCE_NOTE: Version = Version::new(14, 8);
/// `paused` beside `active` (§6).
pub(crate) const PAUSED: Version = Version::new(14, 8);
/// `reset_registration_token` of instance, group and project (§6).
pub(crate) const REGISTRATION_TOKEN_RESET: Version = Version::new(14, 3);
/// A runner's new token by number and by its token (§6, by 15.0).
pub(crate) const AUTHENTICATION_TOKEN_RESET: Version = Version::new(15, 0);
/// Runner tokens expire, and `token_expires_at` is shown with a new one (§6, by 15.0).
pub(crate) const TOKEN_EXPIRY: Version = Version::new(15, 0);
/// `GET /metadata` (§3.23).
pub(crate) const METADATA: Version = Version::new(15, 2);
/// `GET /version` shows what `/metadata` shows (§3.23).
pub(crate) const VERSION_IS_METADATA: Version = Version::new(15, 5);
/// `GET` and `DELETE /personal_access_tokens/self` (§11).
pub(crate) const TOKEN_SELF: Version = Version::new(15, 5);
/// GraphQL `jobExecutionStatus` (§5.3).
pub(crate) const GRAPHQL_EXECUTION_STATUS: Version = Version::new(15, 7);
/// GraphQL `ephemeralAuthenticationToken` (§5.3).
pub(crate) const EPHEMERAL_TOKEN: Version = Version::new(15, 9);
/// `POST /user/runners`, `glrt-`, and creators in GraphQL (§6, §11).
pub(crate) const USER_RUNNERS: Version = Version::new(15, 11);
/// Registration by token can be switched off, which is 410 (§6).
pub(crate) const REGISTRATION_SWITCH: Version = Version::new(16, 0);
/// GraphQL `versionPrefix`, and REST's `version_prefix` of 16.x (§5.2).
pub(crate) const VERSION_PREFIX: Version = Version::new(16, 6);
/// GraphQL `creatorUsername` (§5.2).
pub(crate) const CREATOR_USERNAME: Version = Version::new(16, 7);
/// REST shows and takes `maintenance_note` of a runner that is there (§2.2, §3.6).
pub(crate) const NOTE_OVER_REST: Version = Version::new(16, 10);
/// Rotation of an access token by itself (§3.22).
pub(crate) const TOKEN_ROTATION: Version = Version::new(16, 10);
/// GraphQL `creationState`, with its column (§6).
pub(crate) const CREATION_STATE: Version = Version::new(16, 11);
/// Registration tokens are off unless switched on (§6).
pub(crate) const REGISTRATION_OFF: Version = Version::new(17, 0);
/// A runner's `ip_address` is null (§2.1).
pub(crate) const NO_ADDRESS: Version = Version::new(17, 0);
/// `GET /runners/:id/managers` (§6).
pub(crate) const MANAGERS: Version = Version::new(17, 0);
/// GraphQL `creationMethod` (§5.3).
pub(crate) const CREATION_METHOD: Version = Version::new(17, 0);
/// Tokens carry a marker of the runner's type, until [`ROUTABLE`] (§3.20).
pub(crate) const MARKERS: Version = Version::new(17, 9);
/// Runners without an owner are refused, until [`ORPHANS_LET_IN`] (§1.3, 422).
pub(crate) const ORPHANS_REFUSED: Version = Version::new(17, 9);
/// They no longer are (§1.3, 422).
pub(crate) const ORPHANS_LET_IN: Version = Version::new(18, 1);
/// The owner project cannot be unassigned (§6).
pub(crate) const OWNER_STAYS: Version = Version::new(17, 11);
/// Groups and projects are only scheduled for deletion (§9.3).
pub(crate) const DELETION_SCHEDULED: Version = Version::new(18, 0);
/// Groups can be archived (§9.2).
pub(crate) const ARCHIVED_GROUPS: Version = Version::new(18, 0);
/// Maintenance mode is 503 instead of 403 (§10).
pub(crate) const MAINTENANCE_UNAVAILABLE: Version = Version::new(18, 2);
/// Limits on what runners call about jobs (§1.9).
pub(crate) const JOB_LIMITS: Version = Version::new(18, 5);
/// `GET /runners/router/discovery` (§3.21).
pub(crate) const ROUTER_DISCOVERY: Version = Version::new(18, 7);
/// No job moves the ownership of a deleted project's runners (§4).
pub(crate) const OWNERSHIP_RESTS: Version = Version::new(18, 4);
/// `GET /groups/:id` and `GET /projects/:id` are limited, without a flag (§1.9).
pub(crate) const PLACES_LIMITS: Version = Version::new(18, 1);
/// `token_expires_at` and `token_rotation_deadline` on creation, and the deadline's refusal
/// (§3.9, §3.20).
pub(crate) const TOKEN_EXPIRY_PARAMS: Version = Version::new(18, 10);
/// Fine-grained access tokens (§8).
pub(crate) const GRANULAR_TOKENS: Version = Version::new(18, 10);

// Chosen within what the contract leaves open.

/// GraphQL has runners: 13.12 or 14.0, not known which (§11).
pub(crate) const GRAPHQL_RUNNERS: Version = Version::new(14, 0);
/// `runner_type` in lists; `never_contacted` instead of `not_connected`, `stale`: 14.x (§6).
pub(crate) const STATUS_WORDS: Version = Version::new(14, 8);
/// An administrator's assignment no longer makes an instance runner a project runner (§3.12).
pub(crate) const INSTANCE_STAYS: Version = Version::new(15, 0);
/// A locked runner is not unassigned by others than administrators; up to 15.1 it was (§3.13).
pub(crate) const LOCK_HOLDS: Version = Version::new(15, 3);
/// `invalid token supplied`, and notes that exclude each other: 15.x (§3.14).
pub(crate) const INVALID_TOKEN_WORDS: Version = Version::new(15, 5);
/// Verify answers with an object: 15.x (§2.3).
pub(crate) const VERIFY_ENTITY: Version = Version::new(15, 8);
/// The machines of a runner are rows of their own: between 15.2 and 15.11 (§11).
pub(crate) const MANAGER_ROWS: Version = Version::new(15, 9);
/// Rights go by the type of a runner, and no longer by one rule: between 15.2 and 15.11 (§11).
pub(crate) const RIGHTS_BY_TYPE: Version = Version::new(15, 11);
/// What the service has against an assignment is shape A: up to 15.x it was B (§3.12).
pub(crate) const ASSIGN_SHAPE_A: Version = Version::new(16, 0);
/// What the service has against an unassignment is answered: 15.11 was silent (§3.13).
pub(crate) const UNASSIGN_ANSWERS: Version = Version::new(17, 0);
/// Maintainers list a group's runners: by 18.0 (§3.11).
pub(crate) const GROUP_LIST_MAINTAINER: Version = Version::new(18, 0);
/// The scope `manage_runner`: somewhere in 17 (§6).
pub(crate) const MANAGE_RUNNER: Version = Version::new(17, 0);
/// `DELETE /runners/managers`: somewhere in 16 (§6).
pub(crate) const MANAGER_DELETION: Version = Version::new(16, 6);
/// Stale after 7 days instead of 3 months (§1.7).
pub(crate) const STALE_IN_A_WEEK: Version = Version::new(17, 0);
/// Organisations part projects and runners (§3.12).
pub(crate) const ORGANIZATIONS: Version = Version::new(17, 0);
/// The words of a job that reports too late.
pub(crate) const PROCESSING_WORDS: Version = Version::new(17, 0);
/// A job's report is a contact of its manager too.
pub(crate) const REPORT_IS_CONTACT: Version = Version::new(17, 0);
/// An access token describes itself with `description` (§3.22, "later").
pub(crate) const TOKEN_DESCRIPTION: Version = Version::new(17, 0);
/// `shortSha` has eight characters (§3.20).
pub(crate) const SHORT_SHA: Version = Version::new(17, 0);
/// 18.x: tokens lose their marker, `glrtr-`, routable tokens of groups and projects (§3.20).
pub(crate) const ROUTABLE: Version = Version::new(18, 1);
/// A verification is a contact of every runner, and only a request for a job finishes a
/// creation (§1.7, §3.17).
pub(crate) const VERIFY_IS_CONTACT: Version = Version::new(18, 1);
/// An orphan cannot be taken over (§3.12, about 18.x).
pub(crate) const NO_TAKING_ORPHANS: Version = Version::new(18, 1);
/// `Retry-After` of the application's limits (§1.3, 429).
pub(crate) const LIMIT_RETRY_AFTER: Version = Version::new(18, 10);
/// A group's Maintainers read its runners' jobs (§3.8).
pub(crate) const GROUP_JOBS_MAINTAINER: Version = Version::new(18, 10);
/// The text `404 Runner Not Found` (§1.3).
pub(crate) const RUNNER_NOT_FOUND: Version = Version::new(18, 10);
/// `include_projects`, `GET /runners/:id/projects`, and `PUT` without `projects` (§2.2, §3.5).
pub(crate) const INCLUDE_PROJECTS: Version = Version::new(18, 10);
/// `job_execution_status` over REST (§2.1).
pub(crate) const JOB_EXECUTION_STATUS: Version = Version::new(18, 10);
/// Auditors list (§3.2, §3.10, §3.11).
pub(crate) const AUDITORS_LIST: Version = Version::new(18, 10);
/// The note, and over GraphQL an instance runner's expiry, only for those who may change the
/// runner (§2.2, §5.3).
pub(crate) const NOTE_HIDDEN: Version = Version::new(18, 10);
/// Unassigning asks about the project that is left, and about the lock (§3.13).
pub(crate) const UNASSIGN_CHECKS: Version = Version::new(18, 10);
/// A runner's machine fields are gone from GraphQL's runners (§5.3).
pub(crate) const MACHINE_FIELDS_GONE: Version = Version::new(18, 10);
/// A rotated access token need not expire (§3.22).
pub(crate) const ROTATION_WITHOUT_END: Version = Version::new(18, 10);
/// A prefix of the instance's own before `glrt-` (§3.20).
pub(crate) const INSTANCE_PREFIX: Version = Version::new(18, 1);
/// Organisations that are not written to (§10).
pub(crate) const READ_ONLY_ORGANIZATIONS: Version = Version::new(18, 10);
/// A runner is saved only in its owner's organisation (§9.1).
pub(crate) const RUNNER_IN_ORGANIZATION: Version = Version::new(18, 10);
/// `created_at` and `created_by` in lists: by 19.3 (§2.1).
pub(crate) const CREATED_IN_LISTS: Version = Version::new(19, 3);
/// Routable tokens for every runner with an owner: 19.x (§3.20).
pub(crate) const ROUTABLE_FOR_OWNED: Version = Version::new(19, 0);
/// `token_expires_at` in details: after 19.3 (§2.2).
pub(crate) const EXPIRY_IN_DETAILS: Version = Version::new(19, 5);
