//! Contract §9: places that move, close or die.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Case, Has, Ids, Sim, ask, attribute, case, delete, get, hours, message, post, put,
    run,
};

const WEB: &str = "platform%2Fweb";

fn web_moves(sim: &mut Sim) {
    sim.command(json!({ "do": "move_project", "project": 20, "to": "platform/portal" }));
}

fn graphql(query: &str) -> Ask {
    post("/api/graphql")
        .by("root")
        .send(json!({ "query": query }))
}

#[test]
fn s9_1_a_project_by_its_old_path() {
    let _covers = covers("9.1", "all");
    let mut sim = Sim::new();
    let before = sim.runner(4);
    web_moves(&mut sim);
    for (asked, told) in [
        ("", ""),
        ("/runners", "/runners"),
        (
            "/runners?type=group_type&page=2",
            "/runners?type=group_type&page=2",
        ),
    ] {
        let got = sim.call(&get(&format!("/projects/{WEB}{asked}")).by("root"));
        let there = format!("http://gitlab.example.com/api/v4/projects/20{told}");
        assert_eq!(got.status, 301, "9.1 {asked}: {}", got.text);
        assert_eq!(got.header("location"), Some(there.as_str()), "9.1 {asked}");
    }
    // Nothing of a runner changes but the path of its project.
    let mut after = sim.runner(4);
    assert_eq!(after["projects"][0], "platform/portal");
    after["projects"] = before["projects"].clone();
    assert_eq!(after, before);
    let moved = "Non GET methods are not allowed for moved projects";
    let rows = vec![
        case(
            "an assignment",
            post("/projects/platform%2Fweb/runners")
                .by("root")
                .form("runner_id=4"),
            405,
            message(moved),
        )
        .given(web_moves),
        case(
            "an unassignment",
            delete("/projects/platform%2Fweb/runners/4").by("root"),
            405,
            message(moved),
        )
        .given(web_moves),
        case(
            "HEAD",
            ask(http::Method::HEAD, "/projects/platform%2Fweb").by("root"),
            405,
            Any,
        )
        .given(web_moves),
        case(
            "by number",
            get("/projects/20").by("root"),
            200,
            Has(json!({ "path": "portal" })),
        )
        .given(web_moves),
        case(
            "by its new path",
            get("/projects/platform%2Fportal").by("root"),
            200,
            Any,
        )
        .given(web_moves),
        case(
            "for somebody who may not see it",
            get("/projects/platform%2Fweb").by("stranger"),
            404,
            message("404 Project Not Found"),
        )
        .given(web_moves),
        case(
            "GraphQL",
            graphql("{ project(fullPath: \"platform/web\") { id } }"),
            200,
            Has(json!({ "data": { "project": null } })),
        )
        .given(web_moves),
    ];
    run(rows.into_iter().map(Case::always).collect());
}

#[test]
fn s9_1_the_configured_address_is_named() {
    let _covers = covers("9.1", "19");
    let mut sim = Sim::new();
    web_moves(&mut sim);
    sim.set(json!({ "external_url": "https://gitlab.other.example" }));
    let got = sim.call(
        &get("/projects/platform%2Fweb")
            .by("root")
            .at("http://inside:8080"),
    );
    let there = Some("http://gitlab.other.example/api/v4/projects/20");
    assert_eq!(got.header("location"), there);
}

#[test]
fn s9_1_a_path_that_somebody_takes_is_another_project() {
    let _covers = covers("9.1", "19");
    let mut sim = Sim::new();
    web_moves(&mut sim);
    let by_path = get("/projects/platform%2Fweb").by("root");
    sim.command(json!({ "do": "add_project", "path": "platform/web", "id": 40 }));
    assert_eq!(sim.json(&by_path, 200)["id"], 40);
    sim.command(json!({ "do": "delete_project", "project": 40 }));
    sim.json(&by_path, 404);
    // Taken by a project that moves there.
    let mut sim = Sim::new();
    web_moves(&mut sim);
    sim.command(json!({ "do": "move_project", "project": 21, "to": "platform/web" }));
    assert_eq!(sim.json(&by_path, 200)["id"], 21);
    // And by the very project that comes back.
    let mut sim = Sim::new();
    web_moves(&mut sim);
    sim.command(json!({ "do": "move_project", "project": 20, "to": "platform/web" }));
    assert_eq!(sim.json(&by_path, 200)["id"], 20);
}

#[test]
fn s9_1_letter_case_does_not_count_as_moved() {
    let _covers = covers("9.1", "all");
    let recased = |sim: &mut Sim| {
        sim.command(json!({ "do": "move_project", "project": 20, "to": "platform/WEB" }));
    };
    let rows = vec![
        case(
            "the old case",
            get("/projects/platform%2Fweb").by("root"),
            200,
            Any,
        )
        .given(recased),
        case(
            "another",
            get("/projects/PLATFORM%2Fweb").by("root"),
            200,
            Any,
        ),
    ];
    run(rows.into_iter().map(Case::always).collect());
}

#[test]
fn s9_1_a_group_by_its_old_path() {
    let _covers = covers("9.1", "all");
    let renamed = |sim: &mut Sim| {
        sim.command(json!({ "do": "move_group", "group": "platform", "to": "base" }));
    };
    let rows = vec![
        case(
            "no redirect",
            get("/groups/platform").by("root"),
            404,
            message("404 Group Not Found"),
        )
        .given(renamed),
        case(
            "its runners",
            get("/groups/platform/runners").by("root"),
            404,
            Any,
        )
        .given(renamed),
        case(
            "by number",
            get("/groups/10").by("root"),
            200,
            Has(json!({ "full_path": "base" })),
        )
        .given(renamed),
        case(
            "a group below",
            get("/groups/base%2Ftools").by("root"),
            200,
            Any,
        )
        .given(renamed),
        case(
            "its projects have moved too",
            get("/projects/platform%2Fweb").by("root"),
            301,
            Any,
        )
        .given(renamed),
        case(
            "its runners went along",
            get("/groups/base/runners?type=group_type").by("root"),
            200,
            Ids(vec![2]),
        )
        .given(renamed),
        case(
            "GraphQL",
            graphql("{ group(fullPath: \"platform\") { id } }"),
            200,
            Has(json!({ "data": { "group": null } })),
        )
        .given(renamed),
    ];
    run(rows.into_iter().map(Case::always).collect());
}

#[test]
fn s9_1_a_transfer_changes_who_may_and_which_runners_serve() {
    let _covers = covers("9.1", "19");
    let mut sim = Sim::new();
    let runners = get("/projects/20/runners?type=group_type").by("root");
    assert_eq!(sim.json(&runners, 200)[0]["id"], 2);
    sim.command(json!({ "do": "move_project", "project": 20, "to": "open/web" }));
    assert_eq!(sim.json(&runners, 200), json!([]));
    // The Maintainer of the old group is nobody here.
    assert_eq!(
        sim.call(&put("/runners/3").by("maint").form("paused=1"))
            .status,
        403
    );
    assert_eq!(
        sim.call(&put("/runners/3").by("webmaint").form("paused=1"))
            .status,
        200
    );
}

#[test]
fn places_where_nothing_can_move() {
    let mut sim = Sim::new();
    for (command, why) in [
        (
            json!({ "do": "move_project", "project": 20, "to": "platform/tools" }),
            "there is a `platform/tools` already",
        ),
        (
            json!({ "do": "move_group", "group": 10, "to": "platform/tools/platform" }),
            "a group cannot move below itself",
        ),
        (
            json!({ "do": "move_group", "group": 10, "to": "root" }),
            "there is a `root` already",
        ),
        (
            json!({ "do": "move_project", "project": 20, "to": "nowhere/web" }),
            "project `nowhere/web`: no group or user `nowhere` is there",
        ),
    ] {
        assert_eq!(sim.try_command(command).unwrap_err(), why);
    }
}

/// A transfer to another organisation leaves the runner where it was, and nothing is saved then.
#[test]
fn s9_1_across_organisations() {
    let _covers = covers("9.1", "17 19");
    let transferred = |sim: &mut Sim| {
        sim.command(json!({ "do": "move_project", "project": 20, "to": "other/web" }));
    };
    let group_too = |sim: &mut Sim| {
        sim.command(json!({ "do": "move_group", "group": 11, "to": "other/tools" }));
    };
    let mismatch = || {
        let text = "must match the organization of the parent group/project";
        attribute("organization_id", text)
    };
    let change = |id| put(&format!("/runners/{id}")).by("root").form("paused=1");
    run(vec![
        case("a change", change(3), 400, mismatch()).given(transferred),
        case(
            "a reset",
            post("/runners/3/reset_authentication_token").by("root"),
            400,
            mismatch(),
        )
        .given(transferred),
        case("a group's", change(5), 400, mismatch()).given(group_too),
        case("others are saved", change(2), 200, Any).given(transferred),
        case(
            "it can be deleted",
            delete("/runners/3").by("root"),
            204,
            Any,
        )
        .given(transferred),
        case("before, nobody looked", change(3), 200, Any)
            .version(Version::V17)
            .given(transferred),
    ]);
}

fn web_is_archived(sim: &mut Sim) {
    let set = json!({ "archived": true });
    sim.command(json!({ "do": "set_project", "project": 20, "settings": set }));
}

fn platform_is_archived(sim: &mut Sim) {
    let set = json!({ "archived": true });
    sim.command(json!({ "do": "set_group", "group": 10, "settings": set }));
}

#[test]
fn s9_2_an_archived_project() {
    let _covers = covers("9.2", "19");
    run(vec![
        case(
            "it says so",
            get("/projects/20").by("root"),
            200,
            Has(json!({ "archived": true })),
        )
        .given(web_is_archived),
        case(
            "a runner is made",
            post("/user/runners")
                .by("webmaint")
                .send(json!({ "runner_type": "project_type", "project_id": 20 })),
            201,
            Any,
        )
        .given(web_is_archived),
        case(
            "and changed",
            put("/runners/3").by("webmaint").form("paused=1"),
            200,
            Any,
        )
        .given(web_is_archived),
    ]);
    let mut sim = Sim::new();
    web_is_archived(&mut sim);
    sim.command(json!({ "do": "queue_job", "project": 20 }));
    let took = sim.command(json!({ "do": "take_job", "runner": 3 }));
    assert_eq!(took["job"], Value::Null, "9.2 it runs no jobs");
}

#[test]
fn s9_2_an_archived_group() {
    let _covers = covers("9.2", "17 19");
    let create = |who: &str| {
        let body = json!({ "runner_type": "group_type", "group_id": 10 });
        post("/user/runners").by(who).send(body)
    };
    let insufficient = || message("403 Forbidden - Insufficient permissions");
    let none = || message("403 Forbidden - No access granted");
    let change = |who: &str| put("/runners/2").by(who).form("paused=1");
    let reset = |who: &str| post("/runners/2/reset_authentication_token").by(who);
    let given = platform_is_archived;
    run(vec![
        case("nobody makes one", create("owner"), 403, insufficient()).given(given),
        case(
            "not even administrators",
            create("root"),
            403,
            insufficient(),
        )
        .given(given),
        case("no change by Owners", change("owner"), 403, none()).given(given),
        case("no reset", reset("owner"), 403, none()).given(given),
        case("no deletion", delete("/runners/2").by("owner"), 403, none()).given(given),
        case("administrators still may", change("root"), 200, Any).given(given),
        case("reset too", reset("root"), 201, Any).given(given),
        case("and delete", delete("/runners/2").by("root"), 204, Any).given(given),
        case("it is read", get("/runners/2").by("owner"), 200, Any).given(given),
        case(
            "and listed",
            get("/groups/10/runners").by("owner"),
            200,
            Ids(vec![1, 2]),
        )
        .given(given),
        case(
            "its registration token stays",
            post("/groups/10/runners/reset_registration_token").by("root"),
            403,
            message("403 Forbidden"),
        )
        .given(given),
        case(
            "it says so",
            get("/groups/10").by("root"),
            200,
            Has(json!({ "archived": true })),
        )
        .given(given),
        case("not before 18.0", create("owner"), 201, Any)
            .version(Version::V17)
            .given(given),
    ]);
}

fn web_is_doomed(sim: &mut Sim) {
    sim.command(json!({ "do": "schedule_deletion", "project": 20 }));
}

#[test]
fn s9_3_a_project_that_waits_for_its_deletion() {
    let _covers = covers("9.3", "18.2 19");
    let doomed = "web-deletion_scheduled-20";
    let mut sim = Sim::new();
    web_is_doomed(&mut sim);
    let shown = sim.json(&get("/projects/20").by("root"), 200);
    assert_eq!(shown["path"], doomed);
    assert_eq!(shown["name"], doomed);
    assert_eq!(shown["marked_for_deletion_on"], "2026-03-04");
    let again = json!({ "do": "cancel_deletion", "project": 20 });
    sim.command(again);
    let shown = sim.json(&get("/projects/platform%2Fweb").by("root"), 200);
    assert_eq!(
        (&shown["path"], &shown["name"]),
        (&json!("web"), &json!("web"))
    );
    assert_eq!(shown["marked_for_deletion_on"], Value::Null);
    let rows = vec![
        case(
            "its old path",
            get("/projects/platform%2Fweb").by("root"),
            301,
            Any,
        )
        .given(web_is_doomed),
        case(
            "its runners are read",
            get("/runners/3").by("webmaint"),
            200,
            Any,
        )
        .given(web_is_doomed),
        case(
            "changed",
            put("/runners/3").by("webmaint").form("paused=1"),
            200,
            Any,
        )
        .given(web_is_doomed),
        case("deleted", delete("/runners/3").by("webmaint"), 204, Any).given(web_is_doomed),
        case(
            "made",
            post("/user/runners")
                .by("webmaint")
                .send(json!({ "runner_type": "project_type", "project_id": 20 })),
            201,
            Any,
        )
        .given(web_is_doomed),
        case(
            "and assigned",
            post("/projects/20/runners").by("root").form("runner_id=6"),
            201,
            Any,
        )
        .given(|sim: &mut Sim| {
            web_is_doomed(sim);
            let settings = json!({ "projects": [21] });
            let runner = json!({ "do": "add_runner", "type": "project", "settings": settings });
            sim.command(runner);
        }),
    ];
    run(rows
        .into_iter()
        .map(|row| row.since(Version::V18_2))
        .collect());
}

#[test]
fn s9_3_a_group_that_waits_takes_the_paths_below_along() {
    let _covers = covers("9.3", "19");
    let mut sim = Sim::new();
    sim.command(json!({ "do": "schedule_deletion", "group": 10 }));
    let shown = sim.json(&get("/groups/10").by("root"), 200);
    assert_eq!(shown["full_path"], "platform-deletion_scheduled-10");
    assert_eq!(shown["marked_for_deletion_on"], "2026-03-04");
    sim.json(&get("/groups/platform%2Ftools").by("root"), 404);
    assert_eq!(
        sim.call(&get("/projects/platform%2Fweb").by("root")).status,
        301
    );
    sim.command(json!({ "do": "cancel_deletion", "group": 10 }));
    sim.json(&get("/groups/platform%2Ftools").by("root"), 200);
}

#[test]
fn s9_3_the_day_comes() {
    let _covers = covers("9.3 4", "19");
    let mut sim = Sim::new();
    sim.set(json!({ "deletion_adjourned_period": 7 }));
    sim.command(json!({ "do": "schedule_deletion", "project": 20 }));
    sim.command(json!({ "do": "schedule_deletion", "group": 11 }));
    sim.later(hours(24 * 6));
    assert_eq!(sim.call(&get("/projects/20").by("root")).status, 200);
    sim.later(hours(24));
    assert_eq!(sim.call(&get("/projects/20").by("root")).status, 404);
    assert_eq!(sim.call(&get("/groups/11").by("root")).status, 404);
    assert_eq!(
        sim.call(&get("/runners/5").by("root")).status,
        404,
        "4 its runners go"
    );
}

#[test]
fn s9_3_nothing_was_scheduled_before_18() {
    let _covers = covers("9.3", "17");
    let mut sim = Sim::version(Version::V17);
    let why = sim
        .try_command(json!({ "do": "schedule_deletion", "project": 20 }))
        .unwrap_err();
    assert_eq!(why, "before 18.0 nothing is scheduled for deletion");
    let shown = sim.json(&get("/projects/20").by("root"), 200);
    assert!(shown.get("marked_for_deletion_on").is_none());
}
