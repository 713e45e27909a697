//! The arguments of lists (contract §5.2), and the words that they take.
use super::schema::{Argument, Kind, argument, argument_since};
use crate::state::facts;

const AFTER: Argument = argument("after", "String", Kind::Text);
const BEFORE: Argument = argument("before", "String", Kind::Text);
const FIRST: Argument = argument("first", "Int", Kind::Integer);
const LAST: Argument = argument("last", "Int", Kind::Integer);

/// What every connection takes.
pub(super) const PAGING: &[Argument] = &[AFTER, BEFORE, FIRST, LAST];

const TYPES: &[&str] = &["INSTANCE_TYPE", "GROUP_TYPE", "PROJECT_TYPE"];
const STATUSES: &[&str] = &[
    "ACTIVE",
    "PAUSED",
    "ONLINE",
    "OFFLINE",
    "STALE",
    "NEVER_CONTACTED",
];
const SORTS: &[&str] = &[
    "CONTACTED_ASC",
    "CONTACTED_DESC",
    "CREATED_ASC",
    "CREATED_DESC",
    // The same by the names of the contract.
    "CREATED_AT_ASC",
    "CREATED_AT_DESC",
    "TOKEN_EXPIRES_AT_ASC",
    "TOKEN_EXPIRES_AT_DESC",
];
const MEMBERSHIPS: &[&str] = &["DIRECT", "DESCENDANTS", "ALL_AVAILABLE"];
const UPGRADES: &[&str] = &["INVALID", "NOT_AVAILABLE", "AVAILABLE", "RECOMMENDED"];
const JOB_STATUSES: &[&str] = &[
    "CREATED",
    "WAITING_FOR_RESOURCE",
    "PREPARING",
    "WAITING_FOR_CALLBACK",
    "PENDING",
    "RUNNING",
    "SUCCESS",
    "FAILED",
    "CANCELING",
    "CANCELED",
    "SKIPPED",
    "MANUAL",
    "SCHEDULED",
];

/// What the jobs of a runner are chosen by.
pub(super) const JOB_FILTERS: &[Argument] = &[
    AFTER,
    BEFORE,
    FIRST,
    LAST,
    argument("statuses", "[CiJobStatus!]", Kind::Words(JOB_STATUSES)),
];

/// Contract §5.2; there is no `ids`.
pub(super) const RUNNER_FILTERS: &[Argument] = &[
    AFTER,
    BEFORE,
    FIRST,
    LAST,
    argument("active", "Boolean", Kind::Boolean),
    argument_since(facts::PAUSED, argument("paused", "Boolean", Kind::Boolean)),
    argument("status", "CiRunnerStatus", Kind::Word(STATUSES)),
    argument("type", "CiRunnerType", Kind::Word(TYPES)),
    argument("tagList", "[String!]", Kind::Texts),
    argument("search", "String", Kind::Text),
    argument("sort", "CiRunnerSort", Kind::Word(SORTS)),
    argument(
        "upgradeStatus",
        "CiRunnerUpgradeStatus",
        Kind::Word(UPGRADES),
    ),
    argument_since(
        facts::USER_RUNNERS,
        argument("creatorId", "UserID", Kind::Gid("User")),
    ),
    argument_since(
        facts::CREATOR_USERNAME,
        argument("creatorUsername", "String", Kind::Text),
    ),
    argument_since(
        facts::VERSION_PREFIX,
        argument("versionPrefix", "String", Kind::Text),
    ),
    // Only groups have it, and it stays the last one for that.
    argument(
        "membership",
        "CiRunnerMembershipFilter",
        Kind::Word(MEMBERSHIPS),
    ),
];

pub(super) const fn all_but_last(arguments: &'static [Argument]) -> &'static [Argument] {
    match arguments.split_last() {
        Some((_, rest)) => rest,
        None => arguments,
    }
}
