//! The fields of a runner (§5.3).
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::world::{SEED, World, messages, runner};

#[test]
fn plain_fields_are_as_in_the_world() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    let fields = "__typename id runnerType description tagList runUntagged locked paused active \
                  accessLevel maximumTimeout status contactedAt createdAt creationMethod \
                  tokenExpiresAt jobExecutionStatus jobCount projectCount upgradeStatus";
    assert_eq!(
        runner(&mut world, "alice", 2, fields),
        json!({
            "__typename": "CiRunner",
            "id": "gid://gitlab/Ci::Runner/2",
            "runnerType": "GROUP_TYPE",
            "description": "acme runner",
            "tagList": [],
            "runUntagged": true,
            "locked": false,
            "paused": false,
            "active": true,
            "accessLevel": "NOT_PROTECTED",
            "maximumTimeout": 3600,
            "status": "NEVER_CONTACTED",
            "contactedAt": null,
            "createdAt": "2026-03-01T12:00:00Z",
            "creationMethod": "AUTHENTICATED_USER",
            "tokenExpiresAt": "2026-06-01T00:00:00Z",
            "jobExecutionStatus": "IDLE",
            "jobCount": 0,
            "projectCount": null,
            "upgradeStatus": null,
        })
    );
}

#[test]
fn connections_lead_on() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    let fields = "accessLevel locked projectCount createdBy { username __typename } \
                  ownerProject { fullPath } projects { count nodes { fullPath } } groups { nodes { id } }";
    assert_eq!(
        runner(&mut world, "root", 4, fields),
        json!({
            "accessLevel": "REF_PROTECTED",
            "locked": true,
            "projectCount": 2,
            "createdBy": { "username": "bob", "__typename": "UserCore" },
            "ownerProject": { "fullPath": "acme/tools/app" },
            "projects": { "count": 2, "nodes": [
                { "fullPath": "acme/tools/app" }, { "fullPath": "acme/tools/web" }
            ] },
            "groups": null,
        })
    );
    assert_eq!(
        runner(
            &mut world,
            "root",
            2,
            "createdBy { id } ownerProject { id } projects { count } groups { nodes { fullName webUrl } }"
        ),
        json!({
            "createdBy": null,
            "ownerProject": null,
            "projects": null,
            "groups": { "nodes": [
                { "fullName": "acme", "webUrl": "http://gitlab.example.com/groups/acme" }
            ] },
        })
    );
}

/// §1.7: the status never says paused, and needs a job request since NEW.
#[test]
fn the_status_is_not_that_of_rest() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    let fields = "status paused jobExecutionStatus";
    assert_eq!(
        runner(&mut world, "root", 3, fields),
        json!({ "status": "NEVER_CONTACTED", "paused": true, "jobExecutionStatus": "IDLE" })
    );
    world.rest(
        "",
        "POST",
        "/runners/verify",
        "token=glrt-0123456789abcdefghij",
    );
    assert_eq!(
        world.rest("root", "GET", "/runners/1", "")["status"],
        "online"
    );
    assert_eq!(
        runner(&mut world, "root", 1, "status")["status"],
        "NEVER_CONTACTED"
    );
    world.tell(json!({ "do": "contact", "runner": 3 }));
    for (hours, status) in [(0, "ONLINE"), (2, "OFFLINE"), (7 * 24, "STALE")] {
        world.pass(hours);
        assert_eq!(runner(&mut world, "root", 3, "status")["status"], status);
    }
}

/// The first eight characters after instance prefix, prefix and marker, in 15.11 and 16.10 nine,
/// change with every reset.
#[test]
fn the_short_sha_follows_the_token() {
    let _covers = covers("3.20 5.3", "15.11 16.10 17 18.2 19");
    for (version, length) in [
        (Version::V15_11, 9),
        (Version::V16_10, 9),
        (Version::V17, 8),
        (Version::V18_2, 8),
        (Version::V19, 8),
    ] {
        let mut world = World::of(SEED, version);
        let mut short = || runner(&mut world, "root", 1, "shortSha")["shortSha"].clone();
        assert_eq!(short(), "0123456789"[..length], "5.3 {version}");
    }
    let mut world = World::new();
    let reset = |world: &mut World| {
        world.rest("root", "POST", "/runners/1/reset_authentication_token", "")["token"].clone()
    };
    let token = reset(&mut world);
    let short = runner(&mut world, "root", 1, "shortSha");
    assert_eq!(short["shortSha"], token.as_str().unwrap()[5..13]);
    world.tell(json!({ "do": "settings", "set": { "instance_token_prefix": "acme" } }));
    let token = reset(&mut world);
    let short = runner(&mut world, "root", 1, "shortSha");
    assert_eq!(
        short["shortSha"],
        token.as_str().unwrap()["acme-glrt-".len()..][..8]
    );
}

#[test]
fn managers_are_the_machines() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    world.tell(json!({ "do": "contact", "runner": 1, "manager": {
        "system_id": "s_1", "version": "18.5.0", "revision": "abc", "platform": "linux",
        "architecture": "amd64", "executor": "kubernetes", "ip_address": "10.0.0.1",
    } }));
    let fields = "managers { count nodes { __typename systemId version revision platformName \
                  architectureName executorName ipAddress status contactedAt jobExecutionStatus \
                  runner { id } } }";
    assert_eq!(
        runner(&mut world, "alice", 1, fields)["managers"],
        json!({ "count": 1, "nodes": [{
            "__typename": "CiRunnerManager", "systemId": "s_1", "version": "18.5.0",
            "revision": "abc", "platformName": "linux", "architectureName": "amd64",
            "executorName": "kubernetes", "ipAddress": "10.0.0.1", "status": "ONLINE",
            "contactedAt": "2026-03-01T12:00:00Z", "jobExecutionStatus": "IDLE",
            "runner": { "id": "gid://gitlab/Ci::Runner/1" },
        }] })
    );
}

/// §5.3: jobs may be selected for only one runner per request.
#[test]
fn jobs_are_for_one_runner_at_a_time() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    for _ in 0..2 {
        world.tell(json!({ "do": "queue_job", "project": "acme/tools/app" }));
    }
    world.tell(json!({ "do": "take_job", "runner": 4 }));
    let fields = "jobCount jobExecutionStatus jobs(statuses: [RUNNING]) { nodes { id status project { path } } }";
    // Protected refs only, so the runner of the project takes none of these jobs.
    assert_eq!(runner(&mut world, "root", 4, fields)["jobCount"], 0);
    world.tell(json!({ "do": "take_job", "runner": 1 }));
    assert_eq!(
        runner(&mut world, "root", 1, fields),
        json!({ "jobCount": 1, "jobExecutionStatus": "ACTIVE", "jobs": { "nodes": [
            { "id": "gid://gitlab/Ci::Build/1", "status": "RUNNING", "project": { "path": "app" } }
        ] } })
    );
    assert_eq!(
        runner(&mut world, "alice", 1, "jobs { nodes { id } }")["jobs"],
        Value::Null
    );
    let answer = world.ask("root", "{ runners { nodes { id jobs { count } } } }");
    assert_eq!(
        messages(&answer)[0],
        "\"jobs\" field can be requested only for 1 CiRunner(s) at a time."
    );
    assert_eq!(messages(&answer).len(), 3);
    assert_eq!(
        answer["errors"][0]["path"],
        json!(["runners", "nodes", 1, "jobs"])
    );
}

/// §5.3, §6, §11: what came later does not exist before, and the machine's fields go in NEW.
#[test]
fn fields_and_arguments_by_version() {
    let _covers = covers("5.2 5.3 11", "all");
    let field = |name: &str| {
        let query = format!("{{ runner(id: \"gid://gitlab/Ci::Runner/1\") {{ {name} }} }}");
        let name = name.split(' ').next().unwrap();
        (
            query,
            format!("Field '{name}' doesn't exist on type 'CiRunner'"),
        )
    };
    let argument = |name: &str, value: &str| {
        let query = format!("{{ runners({name}: {value}) {{ count }} }}");
        (
            query,
            format!("Field 'runners' doesn't accept argument '{name}'"),
        )
    };
    let machine = [
        "version",
        "revision",
        "platformName",
        "architectureName",
        "executorName",
        "ipAddress",
    ];
    let mut rows = vec![
        (field("maintenanceNote"), Version::V15_2, None),
        (field("maintenanceNoteHtml"), Version::V15_2, None),
        (field("tokenExpiresAt"), Version::V15_2, None),
        (field("paused"), Version::V15_2, None),
        (field("createdBy { id }"), Version::V15_11, None),
        (field("managers { count }"), Version::V15_11, None),
        (field("jobExecutionStatus"), Version::V15_11, None),
        (field("ephemeralAuthenticationToken"), Version::V15_11, None),
        (field("ephemeralRegisterUrl"), Version::V15_11, None),
        (field("creationMethod"), Version::V17, None),
        (field("creationState"), Version::V17, None),
        (field("tokenRotationDeadline"), Version::V19, None),
        (
            argument("creatorId", "\"gid://gitlab/User/1\""),
            Version::V15_11,
            None,
        ),
        (argument("versionPrefix", "\"16\""), Version::V16_10, None),
        (
            argument("creatorUsername", "\"bob\""),
            Version::V16_10,
            None,
        ),
        (argument("paused", "true"), Version::V15_2, None),
        (argument("active", "true"), Version::V15_2, None),
    ];
    rows.extend(machine.map(|name| (field(name), Version::V15_2, Some(Version::V19))));
    for version in Version::ALL {
        check(&mut World::of(SEED, version), version, &rows);
    }
}

/// A query and what is said where its field does not exist, since when it does, and until when.
type Row = ((String, String), Version, Option<Version>);

fn check(world: &mut World, version: Version, rows: &[Row]) {
    for ((query, missing), first, end) in rows {
        let answer = world.ask("root", query);
        if version < Version::V15_2 {
            // 13.12 knows no runners at all here.
            let root = query.trim_start_matches("{ ").split('(').next().unwrap();
            let text = format!("Field '{root}' doesn't exist on type 'Query'");
            assert_eq!(messages(&answer), [text], "{version} {query}");
        } else if version >= *first && end.is_none_or(|end| version < end) {
            assert!(answer.get("errors").is_none(), "{version} {query} {answer}");
        } else {
            assert_eq!(messages(&answer), [missing], "{version} {query}");
        }
    }
}

/// The machine heard of last, where runners still show it.
#[test]
fn a_runners_machine_before_new() {
    let _covers = covers("5.3", "18.2");
    let mut world = World::of(SEED, Version::V18_2);
    world.tell(json!({ "do": "contact", "runner": 1, "manager": {
        "system_id": "s_1", "version": "18.2.0", "revision": "abc", "platform": "linux",
        "architecture": "amd64", "executor": "kubernetes", "ip_address": "10.0.0.1",
    } }));
    let fields =
        "version revision platformName architectureName executorName ipAddress creationState";
    assert_eq!(
        runner(&mut world, "alice", 1, fields),
        json!({
            "version": "18.2.0", "revision": "abc", "platformName": "linux",
            "architectureName": "amd64", "executorName": "kubernetes", "ipAddress": "10.0.0.1",
            "creationState": "FINISHED",
        })
    );
}

#[test]
fn notes_as_html_and_deadlines() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    world.tell(json!({ "do": "edit_runner", "runner": 2, "set": {
        "maintenance_note": "a < b & c", "token_rotation_deadline": "2026-05-01T00:00:00Z" } }));
    let fields = "maintenanceNoteHtml tokenRotationDeadline creationState";
    assert_eq!(
        runner(&mut world, "alice", 2, fields),
        json!({
            "maintenanceNoteHtml": "<p>a &lt; b &amp; c</p>",
            "tokenRotationDeadline": "2026-05-01T00:00:00Z",
            "creationState": "STARTED",
        })
    );
    assert_eq!(
        runner(&mut world, "bob", 2, "maintenanceNoteHtml"),
        json!({ "maintenanceNoteHtml": null }),
        "for those who may change the runner"
    );
}
