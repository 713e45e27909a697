//! The schema of a runner and what belongs to it (contract §5.3).
use super::inputs::{JOB_FILTERS, PAGING};
use super::schema::{Shape, Type, field, since, until, with};
use super::types::{BOOLEAN, GROUP, INT, PROJECT, STRING, TIME, USER};
use crate::state::facts;

pub(super) static RUNNER: Type = Type {
    name: "CiRunner",
    fields: &[
        field("id", Shape::Leaf("CiRunnerID")),
        field("shortSha", STRING),
        field("runnerType", Shape::Leaf("CiRunnerType")),
        field("description", STRING),
        since(facts::MAINTENANCE_NOTE, field("maintenanceNote", STRING)),
        since(
            facts::MAINTENANCE_NOTE,
            field("maintenanceNoteHtml", STRING),
        ),
        field("tagList", Shape::Leaf("String")),
        field("runUntagged", BOOLEAN),
        field("locked", BOOLEAN),
        since(facts::PAUSED, field("paused", BOOLEAN)),
        field("active", BOOLEAN),
        field("accessLevel", Shape::Leaf("CiRunnerAccessLevel")),
        field("maximumTimeout", INT),
        field("status", Shape::Leaf("CiRunnerStatus")),
        field("contactedAt", TIME),
        field("createdAt", TIME),
        since(
            facts::USER_RUNNERS,
            field("createdBy", Shape::Object(&USER)),
        ),
        since(
            facts::CREATION_METHOD,
            field("creationMethod", Shape::Leaf("CiRunnerCreationMethod")),
        ),
        since(
            facts::CREATION_STATE,
            field("creationState", Shape::Leaf("CiRunnerCreationState")),
        ),
        since(facts::TOKEN_EXPIRY, field("tokenExpiresAt", TIME)),
        since(
            facts::TOKEN_EXPIRY_PARAMS,
            field("tokenRotationDeadline", TIME),
        ),
        since(
            facts::GRAPHQL_EXECUTION_STATUS,
            field(
                "jobExecutionStatus",
                Shape::Leaf("CiRunnerJobExecutionStatus"),
            ),
        ),
        field("jobCount", INT),
        field("projectCount", INT),
        field("ownerProject", Shape::Object(&PROJECT)),
        with(PAGING, field("groups", Shape::Connection(&GROUP))),
        with(PAGING, field("projects", Shape::Connection(&PROJECT))),
        since(
            facts::MANAGER_ROWS,
            with(PAGING, field("managers", Shape::Connection(&MANAGER))),
        ),
        field("adminUrl", STRING),
        field("editAdminUrl", STRING),
        since(facts::USER_RUNNERS, field("registerAdminUrl", STRING)),
        since(
            facts::EPHEMERAL_TOKEN,
            field("ephemeralAuthenticationToken", STRING),
        ),
        since(facts::USER_RUNNERS, field("ephemeralRegisterUrl", STRING)),
        until(facts::MACHINE_FIELDS_GONE, field("version", STRING)),
        until(facts::MACHINE_FIELDS_GONE, field("revision", STRING)),
        until(facts::MACHINE_FIELDS_GONE, field("platformName", STRING)),
        until(
            facts::MACHINE_FIELDS_GONE,
            field("architectureName", STRING),
        ),
        until(facts::MACHINE_FIELDS_GONE, field("executorName", STRING)),
        until(facts::MACHINE_FIELDS_GONE, field("ipAddress", STRING)),
        field("upgradeStatus", Shape::Leaf("CiRunnerUpgradeStatus")),
        field("userPermissions", Shape::Object(&RUNNER_PERMISSIONS)),
        with(JOB_FILTERS, field("jobs", Shape::Connection(&JOB))),
    ],
};

pub(super) static RUNNER_PERMISSIONS: Type = Type {
    name: "RunnerPermissions",
    fields: &[
        field("readRunner", BOOLEAN),
        field("updateRunner", BOOLEAN),
        field("deleteRunner", BOOLEAN),
        field("assignRunner", BOOLEAN),
    ],
};

pub(super) static MANAGER: Type = Type {
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

pub(super) static JOB: Type = Type {
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
