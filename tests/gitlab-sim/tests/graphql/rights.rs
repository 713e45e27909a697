//! Fields of a runner that not everybody is shown alike (§5.3).
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::world::{SEED, World, runner};

/// Projects that the caller cannot see are left out.
#[test]
fn projects_are_those_that_the_caller_sees() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    let fields = "ownerProject { fullPath } projects { nodes { fullPath } } projectCount";
    world.tell(json!({ "do": "set_member", "user": "bob", "group": "acme" }));
    assert_eq!(
        runner(&mut world, "bob", 4, fields),
        json!({
            "ownerProject": { "fullPath": "acme/tools/app" },
            "projects": { "nodes": [{ "fullPath": "acme/tools/app" }] },
            "projectCount": 2,
        })
    );
}

/// §2.2: since NEW the note is for who may change the runner.
#[test]
fn the_note_is_hidden_since_new() {
    let _covers = covers("5.3", "15.2 15.11 16.10 17 18.2 19");
    for (version, shown) in [
        (Version::V15_2, json!("secret note")),
        (Version::V15_11, json!("secret note")),
        (Version::V16_10, json!("secret note")),
        (Version::V17, json!("secret note")),
        (Version::V18_2, json!("secret note")),
        (Version::V19, json!(null)),
    ] {
        let mut world = World::of(SEED, version);
        world.tell(json!({ "do": "edit_runner", "runner": 1, "set": { "maintenance_note": "secret note" } }));
        assert_eq!(
            runner(&mut world, "alice", 1, "maintenanceNote")["maintenanceNote"],
            shown
        );
        assert_eq!(
            runner(&mut world, "root", 1, "maintenanceNote")["maintenanceNote"],
            "secret note"
        );
    }
}

/// Anybody reads an instance runner, and since NEW only administrators when its token ends.
#[test]
fn when_the_token_of_an_instance_runner_ends_is_hidden_since_new() {
    let _covers = covers("5.3", "17 19");
    let end = "2026-06-01T00:00:00Z";
    for (version, shown) in [(Version::V17, json!(end)), (Version::V19, Value::Null)] {
        let mut world = World::of(SEED, version);
        world.tell(json!({ "do": "edit_runner", "runner": 1, "set": { "token_expires_at": end } }));
        for (token, id, shown) in [
            ("alice", 1, &shown),
            ("root", 1, &json!(end)),
            ("alice", 2, &json!(end)),
            // Who may only read a group's runner is told.
            ("bob", 2, &json!(end)),
        ] {
            let read = runner(&mut world, token, id, "tokenExpiresAt");
            assert_eq!(read["tokenExpiresAt"], *shown, "{version:?} {token} {id}");
        }
    }
}

/// §4, §5.3: creator only, within an hour, while nothing has used the token.
#[test]
fn the_token_of_a_new_runner_can_be_read_again_by_its_creator() {
    let _covers = covers("4 5.3", "15.11 16.10 17 18.2 19");
    for version in [
        Version::V15_11,
        Version::V16_10,
        Version::V17,
        Version::V18_2,
        Version::V19,
    ] {
        let read = |world: &mut World, token: &str, id: u64| {
            runner(world, token, id, "ephemeralAuthenticationToken")["ephemeralAuthenticationToken"]
                .clone()
        };
        let mut world = World::of(SEED, version);
        let made = world.rest("root", "POST", "/user/runners", "runner_type=instance_type");
        let id = made["id"].as_u64().unwrap();
        assert_eq!(read(&mut world, "root", id), made["token"]);
        assert_eq!(read(&mut world, "alice", id), Value::Null);
        let mut later = World {
            gitlab: world.gitlab.clone(),
            now: world.now,
        };
        later.pass(1);
        assert_eq!(read(&mut later, "root", id), Value::Null);
        let token = made["token"].as_str().unwrap();
        let register = runner(&mut world, "root", id, "ephemeralRegisterUrl");
        let page = format!("http://gitlab.example.com/admin/runners/{id}/register");
        assert_eq!(register["ephemeralRegisterUrl"], page);
        let register = runner(&mut world, "alice", id, "ephemeralRegisterUrl");
        assert_eq!(register["ephemeralRegisterUrl"], Value::Null);
        world.rest("", "POST", "/runners/verify", &format!("token={token}"));
        // Before NEW the manager that a verify leaves behind is enough.
        let after_verify = if version >= Version::V18_2 {
            made["token"].clone()
        } else {
            Value::Null
        };
        assert_eq!(read(&mut world, "root", id), after_verify, "{version:?}");
        world.tell(json!({ "do": "contact", "runner": id }));
        assert_eq!(read(&mut world, "root", id), Value::Null);
    }
}

#[test]
fn addresses_are_for_administrators() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    let fields = "adminUrl editAdminUrl registerAdminUrl";
    let page = "http://gitlab.example.com/admin/runners/1";
    assert_eq!(
        runner(&mut world, "root", 1, fields),
        json!({
            "adminUrl": page, "editAdminUrl": format!("{page}/edit"),
            "registerAdminUrl": format!("{page}/register"),
        })
    );
    assert_eq!(
        runner(&mut world, "alice", 1, fields),
        json!({ "adminUrl": null, "editAdminUrl": null, "registerAdminUrl": null })
    );
}

#[test]
fn permissions_are_those_of_rest() {
    let _covers = covers("5.3", "19");
    let mut world = World::new();
    let fields = "userPermissions { readRunner updateRunner deleteRunner assignRunner }";
    for (token, id, expected) in [
        ("root", 4, [true, true, true, true]),
        // Two projects, and locked.
        ("bob", 4, [true, true, false, false]),
        ("alice", 2, [true, true, true, false]),
        ("bob", 2, [true, false, false, false]),
        ("alice", 1, [true, false, false, false]),
    ] {
        let shown = runner(&mut world, token, id, fields);
        let shown = &shown["userPermissions"];
        let names = ["readRunner", "updateRunner", "deleteRunner", "assignRunner"];
        assert_eq!(
            names.map(|name| shown[name] == true),
            expected,
            "{token} {id}"
        );
    }
}
