//! The part of GitLab's schema that the stand-in reads (contract §5.1 to §5.3).
use super::inputs::{RUNNER_FILTERS, all_but_last};
use super::runner_types::{JOB, MANAGER, RUNNER, RUNNER_PERMISSIONS};
use super::schema::{Field, Kind, Shape, Type, argument, field, since, with};
use crate::state::facts;

pub(super) const STRING: Shape = Shape::Leaf("String");
pub(super) const BOOLEAN: Shape = Shape::Leaf("Boolean");
pub(super) const INT: Shape = Shape::Leaf("Int");
pub(super) const TIME: Shape = Shape::Leaf("Time");

pub(super) static QUERY: Type = Type {
    name: "Query",
    fields: &[
        since(
            facts::GRAPHQL_RUNNERS,
            with(
                &[argument("id", "CiRunnerID!", Kind::Gid("Ci::Runner"))],
                field("runner", Shape::Object(&RUNNER)),
            ),
        ),
        since(
            facts::GRAPHQL_RUNNERS,
            with(
                all_but_last(RUNNER_FILTERS),
                field("runners", Shape::Connection(&RUNNER)),
            ),
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

pub(super) static GROUP: Type = Type {
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
        since(
            facts::GRAPHQL_RUNNERS,
            with(RUNNER_FILTERS, field("runners", Shape::Connection(&RUNNER))),
        ),
    ],
};

pub(super) static PROJECT: Type = Type {
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
        since(
            facts::GRAPHQL_RUNNERS,
            with(
                all_but_last(RUNNER_FILTERS),
                field("runners", Shape::Connection(&RUNNER)),
            ),
        ),
    ],
};

const USER_ID: Field = field("id", Shape::Leaf("UserID"));
const USERNAME: Field = field("username", STRING);
const USER_NAME: Field = field("name", STRING);
const USER_STATE: Field = field("state", Shape::Leaf("UserState"));
const WEB_URL: Field = field("webUrl", STRING);

pub(super) static USER: Type = Type {
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
        since(
            facts::GRAPHQL_RUNNERS,
            with(
                all_but_last(RUNNER_FILTERS),
                field("runners", Shape::Connection(&RUNNER)),
            ),
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
    name == PAGE_INFO.name || name == "User" || ALL.iter().any(|of| of.name == bare.unwrap_or(name))
}

/// `User` is an interface; nothing else here has one that a fragment could name.
pub(super) fn is_interface_of(name: &str, on: Shape) -> bool {
    name == "User" && [USER.name, CURRENT_USER.name].contains(&on.name().as_str())
}
