//! The part of GitLab's schema that the stand-in reads (contract §5.1 to §5.3).
use super::schema::{Argument, Field, Kind, Shape, Type};
use crate::state::Era;

pub(super) const STRING: Shape = Shape::Leaf("String");
const BOOLEAN: Shape = Shape::Leaf("Boolean");
pub(super) const INT: Shape = Shape::Leaf("Int");
const TIME: Shape = Shape::Leaf("Time");

const fn field(name: &'static str, returns: Shape) -> Field {
    Field {
        name,
        returns,
        arguments: &[],
        since: Era::V15,
    }
}

const fn since(era: Era, field: Field) -> Field {
    Field {
        since: era,
        ..field
    }
}

const fn with(arguments: &'static [Argument], field: Field) -> Field {
    Field { arguments, ..field }
}

const fn argument(name: &'static str, declared: &'static str, kind: Kind) -> Argument {
    Argument {
        name,
        declared,
        kind,
        since: Era::V15,
    }
}

const fn argument_since(era: Era, argument: Argument) -> Argument {
    Argument {
        since: era,
        ..argument
    }
}

const AFTER: Argument = argument("after", "String", Kind::Text);
const BEFORE: Argument = argument("before", "String", Kind::Text);
const FIRST: Argument = argument("first", "Int", Kind::Integer);
const LAST: Argument = argument("last", "Int", Kind::Integer);

/// What every connection takes.
const PAGING: &[Argument] = &[AFTER, BEFORE, FIRST, LAST];

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

/// Contract §5.2; there is no `ids`.
const RUNNER_FILTERS: &[Argument] = &[
    AFTER,
    BEFORE,
    FIRST,
    LAST,
    argument("active", "Boolean", Kind::Boolean),
    argument("paused", "Boolean", Kind::Boolean),
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
    argument("creatorId", "UserID", Kind::Text),
    argument_since(Era::V17, argument("creatorUsername", "String", Kind::Text)),
    argument_since(Era::V17, argument("versionPrefix", "String", Kind::Text)),
    // Only groups have it, and it stays the last one for that.
    argument(
        "membership",
        "CiRunnerMembershipFilter",
        Kind::Word(MEMBERSHIPS),
    ),
];

const fn all_but_last(arguments: &'static [Argument]) -> &'static [Argument] {
    match arguments.split_last() {
        Some((_, rest)) => rest,
        None => arguments,
    }
}

pub(super) static QUERY: Type = Type {
    name: "Query",
    fields: &[
        with(
            &[argument("id", "CiRunnerID!", Kind::Text)],
            field("runner", Shape::Object(&RUNNER)),
        ),
        with(
            all_but_last(RUNNER_FILTERS),
            field("runners", Shape::Connection(&RUNNER)),
        ),
        with(
            &[argument("fullPath", "ID!", Kind::Text)],
            field("group", Shape::Object(&GROUP)),
        ),
        with(
            &[argument("fullPath", "ID!", Kind::Text)],
            field("project", Shape::Object(&PROJECT)),
        ),
        field("currentUser", Shape::Object(&CURRENT_USER)),
        field("metadata", Shape::Object(&METADATA)),
        field("queryComplexity", Shape::Object(&COMPLEXITY)),
    ],
};

/// Contract §5.3.
pub(super) static RUNNER: Type = Type {
    name: "CiRunner",
    fields: &[
        field("id", Shape::Leaf("CiRunnerID")),
        field("shortSha", STRING),
        field("runnerType", Shape::Leaf("CiRunnerType")),
        field("description", STRING),
        field("maintenanceNote", STRING),
        field("tagList", Shape::Leaf("String")),
        field("runUntagged", BOOLEAN),
        field("locked", BOOLEAN),
        field("paused", BOOLEAN),
        field("active", BOOLEAN),
        field("accessLevel", Shape::Leaf("CiRunnerAccessLevel")),
        field("maximumTimeout", INT),
        field("status", Shape::Leaf("CiRunnerStatus")),
        field("contactedAt", TIME),
        field("createdAt", TIME),
        field("createdBy", Shape::Object(&USER)),
        since(
            Era::V17,
            field("creationMethod", Shape::Leaf("CiRunnerCreationMethod")),
        ),
        field("tokenExpiresAt", TIME),
        field(
            "jobExecutionStatus",
            Shape::Leaf("CiRunnerJobExecutionStatus"),
        ),
        field("jobCount", INT),
        field("projectCount", INT),
        field("ownerProject", Shape::Object(&PROJECT)),
        with(PAGING, field("groups", Shape::Connection(&GROUP))),
        with(PAGING, field("projects", Shape::Connection(&PROJECT))),
        with(PAGING, field("managers", Shape::Connection(&MANAGER))),
        field("adminUrl", STRING),
        field("editAdminUrl", STRING),
        field("registerAdminUrl", STRING),
        field("ephemeralAuthenticationToken", STRING),
        field("upgradeStatus", Shape::Leaf("CiRunnerUpgradeStatus")),
        field("userPermissions", Shape::Object(&RUNNER_PERMISSIONS)),
        with(
            &[
                AFTER,
                BEFORE,
                FIRST,
                LAST,
                argument("statuses", "[CiJobStatus!]", Kind::Words(JOB_STATUSES)),
            ],
            field("jobs", Shape::Connection(&JOB)),
        ),
    ],
};

static RUNNER_PERMISSIONS: Type = Type {
    name: "RunnerPermissions",
    fields: &[
        field("readRunner", BOOLEAN),
        field("updateRunner", BOOLEAN),
        field("deleteRunner", BOOLEAN),
        field("assignRunner", BOOLEAN),
    ],
};

static MANAGER: Type = Type {
    name: "CiRunnerManager",
    fields: &[
        field("id", Shape::Leaf("CiRunnerManagerID")),
        field("systemId", STRING),
        field("version", STRING),
        field("revision", STRING),
        field("platformName", STRING),
        field("architectureName", STRING),
        field("executorName", STRING),
        field("ipAddress", STRING),
        field("createdAt", TIME),
        field("contactedAt", TIME),
        field("status", Shape::Leaf("CiRunnerStatus")),
        field(
            "jobExecutionStatus",
            Shape::Leaf("CiRunnerJobExecutionStatus"),
        ),
        field("runner", Shape::Object(&RUNNER)),
    ],
};

static JOB: Type = Type {
    name: "CiJob",
    fields: &[
        field("id", Shape::Leaf("JobID")),
        field("name", STRING),
        field("status", Shape::Leaf("CiJobStatus")),
        field("createdAt", TIME),
        field("startedAt", TIME),
        field("finishedAt", TIME),
        field("project", Shape::Object(&PROJECT)),
    ],
};

static GROUP: Type = Type {
    name: "Group",
    fields: &[
        field("id", Shape::Leaf("ID")),
        field("name", STRING),
        field("path", STRING),
        field("fullName", STRING),
        field("fullPath", Shape::Leaf("ID")),
        field("description", STRING),
        field("visibility", STRING),
        field("webUrl", STRING),
        with(RUNNER_FILTERS, field("runners", Shape::Connection(&RUNNER))),
    ],
};

static PROJECT: Type = Type {
    name: "Project",
    fields: &[
        field("id", Shape::Leaf("ID")),
        field("name", STRING),
        field("path", STRING),
        field("nameWithNamespace", STRING),
        field("fullPath", Shape::Leaf("ID")),
        field("description", STRING),
        field("visibility", STRING),
        field("webUrl", STRING),
        with(
            all_but_last(RUNNER_FILTERS),
            field("runners", Shape::Connection(&RUNNER)),
        ),
    ],
};

const USER_ID: Field = field("id", Shape::Leaf("UserID"));
const USERNAME: Field = field("username", STRING);
const USER_NAME: Field = field("name", STRING);
const USER_STATE: Field = field("state", Shape::Leaf("UserState"));
const WEB_URL: Field = field("webUrl", STRING);

static USER: Type = Type {
    name: "UserCore",
    fields: &[USER_ID, USERNAME, USER_NAME, USER_STATE, WEB_URL],
};

static CURRENT_USER: Type = Type {
    name: "CurrentUser",
    fields: &[
        USER_ID,
        USERNAME,
        USER_NAME,
        USER_STATE,
        WEB_URL,
        with(
            all_but_last(RUNNER_FILTERS),
            field("runners", Shape::Connection(&RUNNER)),
        ),
    ],
};

static METADATA: Type = Type {
    name: "Metadata",
    fields: &[
        field("version", STRING),
        field("revision", STRING),
        field("enterprise", BOOLEAN),
        field("kas", Shape::Object(&KAS)),
    ],
};

static KAS: Type = Type {
    name: "Kas",
    fields: &[
        field("enabled", BOOLEAN),
        field("externalUrl", STRING),
        field("version", STRING),
    ],
};

static COMPLEXITY: Type = Type {
    name: "QueryComplexity",
    fields: &[field("score", INT), field("limit", INT)],
};

pub(super) static PAGE_INFO: Type = Type {
    name: "PageInfo",
    fields: &[
        field("hasNextPage", BOOLEAN),
        field("hasPreviousPage", BOOLEAN),
        field("startCursor", STRING),
        field("endCursor", STRING),
    ],
};

/// Whether any object of the schema has that name.
pub(super) fn is_type(name: &str) -> bool {
    const ALL: [&Type; 12] = [
        &QUERY,
        &RUNNER,
        &RUNNER_PERMISSIONS,
        &MANAGER,
        &JOB,
        &GROUP,
        &PROJECT,
        &USER,
        &CURRENT_USER,
        &METADATA,
        &KAS,
        &COMPLEXITY,
    ];
    let bare = name
        .strip_suffix("Connection")
        .or_else(|| name.strip_suffix("Edge"));
    name == PAGE_INFO.name || ALL.iter().any(|of| of.name == bare.unwrap_or(name))
}
