//! Since which release each rule holds. Every rule that differs between releases asks one of
//! these. Where the contract gives no release but NEW (18.1 to 19.x) or a span, the constant is
//! the stand-in's choice; `CHOICES.md` lists those.
use super::version::Version;

/// Older than anything that can be set.
pub(crate) const ALWAYS: Version = Version::new(8, 5);

// Dated by the contract.

/// `reset_registration_token` of instance, group and project (§6).
pub(crate) const REGISTRATION_TOKEN_RESET: Version = Version::new(14, 3);
/// A runner's new token by number and by its token, and `token_expires_at` (§6, by 15.0).
pub(crate) const AUTHENTICATION_TOKEN_RESET: Version = Version::new(15, 0);
/// `GET /metadata` (§3.23).
pub(crate) const METADATA: Version = Version::new(15, 2);
/// `GET /version` shows what `/metadata` shows (§3.23).
pub(crate) const VERSION_IS_METADATA: Version = Version::new(15, 5);
/// `GET` and `DELETE /personal_access_tokens/self` (§11).
pub(crate) const TOKEN_SELF: Version = Version::new(15, 5);
/// `POST /user/runners` and `glrt-` (§6).
pub(crate) const USER_RUNNERS: Version = Version::new(15, 11);
/// Registration by token can be switched off, which is 410 (§6).
pub(crate) const REGISTRATION_SWITCH: Version = Version::new(16, 0);
/// GraphQL `versionPrefix`, and REST's `version_prefix` of 16.x (§5.2).
pub(crate) const VERSION_PREFIX: Version = Version::new(16, 6);
/// GraphQL `creatorUsername` (§5.2).
pub(crate) const CREATOR_USERNAME: Version = Version::new(16, 7);
/// Rotation of an access token by itself (§3.22).
pub(crate) const TOKEN_ROTATION: Version = Version::new(16, 10);
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
/// `token_expires_at` and `token_rotation_deadline` on creation, and the deadline's refusal
/// (§3.9, §3.20).
pub(crate) const TOKEN_EXPIRY_PARAMS: Version = Version::new(18, 10);
/// Fine-grained access tokens (§8).
pub(crate) const GRANULAR_TOKENS: Version = Version::new(18, 10);

// Chosen within what the contract leaves open.

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
/// A rotated access token need not expire (§3.22).
pub(crate) const ROTATION_WITHOUT_END: Version = Version::new(18, 10);
/// A prefix of the instance's own before `glrt-` (§3.20).
pub(crate) const INSTANCE_PREFIX: Version = Version::new(18, 1);
/// Organisations that are not written to (§10).
pub(crate) const READ_ONLY_ORGANIZATIONS: Version = Version::new(18, 10);
/// A runner is saved only in its owner's organisation (§9.1).
pub(crate) const RUNNER_IN_ORGANIZATION: Version = Version::new(18, 10);
