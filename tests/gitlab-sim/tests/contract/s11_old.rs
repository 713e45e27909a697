//! Contract §11: 13.12 and 15.2, and what of them later releases have no longer.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Empty, Has, Is, Sim, attribute, case, delete, error, get, hours, keys, message, post,
    put, run,
};

fn register(token: &str) -> Ask {
    post("/runners").form(&format!("token={token}"))
}

fn no_route() -> crate::harness::Body {
    error("404 Not Found")
}

#[test]
fn s11_what_does_not_exist_yet() {
    let _covers = covers("6 11", "all");
    let create = post("/user/runners")
        .by("root")
        .form("runner_type=instance_type");
    let this = || get("/personal_access_tokens/self").by("dev");
    let rotate = post("/personal_access_tokens/self/rotate").by("dev");
    let by_id = post("/runners/1/reset_authentication_token").by("root");
    let by_token = post("/runners/reset_authentication_token").form("token=glrt-one");
    let registration = |path: &str| post(&format!("{path}/reset_registration_token")).by("root");
    let managers = get("/runners/1/managers").by("root");
    run(vec![
        case("3.20 before", create.clone(), 404, no_route()).before(Version::V15_11),
        case("3.20 since 15.11", create, 201, Any).since(Version::V15_11),
        case("3.22 before", this(), 404, no_route()).before(Version::V15_11),
        case("3.22 since 15.5", this(), 200, Any).since(Version::V15_11),
        case("3.22 rotation, before", rotate.clone(), 404, no_route()).before(Version::V16_10),
        case("3.22 rotation, since 16.10", rotate, 200, Any).since(Version::V16_10),
        case("3.9 before", by_id.clone(), 404, no_route()).before(Version::V15_2),
        case("3.9 by 15.0", by_id, 201, Any).since(Version::V15_2),
        case("3.18 before", by_token.clone(), 404, no_route()).before(Version::V15_2),
        case("3.18 by 15.0", by_token, 201, Any).since(Version::V15_2),
        case("3.19 before", registration("/runners"), 404, no_route()).before(Version::V15_2),
        case("3.19 since 14.3", registration("/runners"), 201, Any).since(Version::V15_2),
        case(
            "3.19 groups too",
            registration("/groups/10/runners"),
            201,
            Any,
        )
        .since(Version::V15_2),
        case(
            "3.19 projects too",
            registration("/projects/20/runners"),
            201,
            Any,
        )
        .since(Version::V15_2),
        case(
            "3.19 projects, before",
            registration("/projects/20/runners"),
            404,
            no_route(),
        )
        .before(Version::V15_2),
        case("3.4 before", managers.clone(), 404, no_route()).before(Version::V17),
        case("3.4 since 17.0", managers, 200, Any).since(Version::V17),
        case(
            "3.5 before",
            get("/runners/3/projects").by("root"),
            404,
            no_route(),
        )
        .before(Version::V19),
        case(
            "3.16 before, `managers` is taken for a number",
            delete("/runners/managers").by("root"),
            400,
            error("id is invalid"),
        )
        .before(Version::V16_10),
        case(
            "3.16 since 16.x",
            delete("/runners/managers").form("token=x"),
            400,
            Any,
        )
        .since(Version::V16_10),
    ]);
}

#[test]
fn s11_registration() {
    let _covers = covers("3.14 11", "all");
    let closed = |sim: &mut Sim| sim.set(json!({ "valid_runner_registrars": [] }));
    let with = |more: &str| register(&format!("GR-instance&{more}"));
    let both_notes = with("maintainer_note=a&maintenance_note=b");
    let excluded = error("maintainer_note, maintenance_note are mutually exclusive");
    run(vec![
        case("instance", register("GR-instance"), 201, Any).always(),
        case(
            "unknown, bare",
            register("GR-none"),
            403,
            message("403 Forbidden"),
        )
        .before(Version::V15_11),
        case(
            "unknown",
            register("GR-none"),
            403,
            message("403 Forbidden - invalid token supplied"),
        )
        .since(Version::V15_11),
        case(
            "a kind that is switched off",
            register("GR-web"),
            403,
            message("403 Forbidden"),
        )
        .given(closed)
        .before(Version::V15_11),
        case("missing", post("/runners"), 400, error("token is missing")).always(),
        case(
            "B",
            with("run_untagged=false"),
            400,
            attribute(
                "tags_list",
                "can not be empty when runner is not allowed to pick untagged jobs",
            ),
        )
        .always(),
        case(
            "both notes, let through by a typo",
            both_notes.clone(),
            201,
            Any,
        )
        .before(Version::V15_11),
        case("both notes", both_notes, 400, excluded).since(Version::V15_11),
        case("active and paused", with("active=1&paused=1"), 201, Any).before(Version::V15_2),
        case(
            "active and paused exclude",
            with("active=1&paused=1"),
            400,
            Any,
        )
        .since(Version::V15_2),
    ]);
    for version in Version::ALL {
        let mut sim = Sim::version(version);
        let made = sim.json(&with("paused=1&maintenance_note=n"), 201);
        let expected: &[&str] = if version < Version::V15_2 {
            &["id", "token"]
        } else {
            &["id", "token", "token_expires_at"]
        };
        assert_eq!(keys(&made), expected, "2.3 {version}");
        let runner = sim.runner(made["id"].as_u64().unwrap());
        let known = version >= Version::V15_2;
        assert_eq!(runner["paused"], known, "14.8 {version}");
        let note = if known { json!("n") } else { Value::Null };
        assert_eq!(runner["maintenance_note"], note, "14.8 {version}");
    }
}

#[test]
fn s11_a_runner_has_no_machines() {
    let _covers = covers("11", "13.12 15.2 15.11");
    let info = "info[name]=gitlab-runner&info[version]=13.1&info[platform]=linux";
    for version in [Version::V13_12, Version::V15_2, Version::V15_11] {
        let mut sim = Sim::version(version);
        let ask = register(&format!("GR-instance&{info}")).from("203.0.113.7");
        let made = sim.json(&ask, 201);
        let read = get(&format!("/runners/{}", made["id"])).by("root");
        let shown = sim.json(&read, 200);
        assert_eq!(shown["name"], "gitlab-runner");
        assert_eq!(shown["contacted_at"], Value::Null, "no contact {version}");
        let old = version < Version::V15_11;
        let value = |text: &str| if old { json!(text) } else { Value::Null };
        assert_eq!(shown["version"], value("13.1"), "{version}");
        assert_eq!(shown["platform"], value("linux"), "{version}");
        assert_eq!(shown["ip_address"], value("203.0.113.7"), "{version}");
        // Two machines with one token are one row, renewed by each call.
        let token = made["token"].as_str().unwrap();
        for (system, release) in [("s_1", "13.2"), ("s_2", "13.3")] {
            let form = format!("token={token}&system_id={system}&info[version]={release}");
            sim.call(&post("/jobs/request").form(&form));
            assert_eq!(sim.json(&read, 200)["version"], release, "{version}");
        }
        let rows = sim.runner(made["id"].as_u64().unwrap())["managers"].clone();
        let count = if old { 1 } else { 2 };
        assert_eq!(rows.as_array().unwrap().len(), count, "{version}");
    }
}

#[test]
fn s11_verify_is_a_contact_and_answers_a_bare_200() {
    let _covers = covers("2.3 3.17 11", "all");
    let verify = post("/runners/verify").form("token=glrt-one");
    for version in Version::ALL {
        let mut sim = Sim::version(version);
        let got = sim.call(&verify);
        assert_eq!(got.status, 200);
        if version < Version::V15_11 {
            assert_eq!(got.text, "200", "11 {version}");
        } else {
            assert_eq!(got.json()["id"], 1, "2.3 {version}");
        }
        let contacted = sim.json(&get("/runners/1").by("root"), 200)["contacted_at"].clone();
        let touched = version < Version::V15_11 || version >= Version::V18_2;
        assert_eq!(contacted.is_string(), touched, "3.17 {version}");
        assert_eq!(
            sim.call(&post("/runners/verify").form("token=x")).status,
            403
        );
    }
}

#[test]
fn s11_status_words_and_filters() {
    let _covers = covers("1.7 11", "13.12 15.2");
    let (before, after) = (Version::V13_12, Version::V15_2);
    let list = |query: &str| get(&format!("/runners/all?{query}")).by("root");
    let shown = |sim: &mut Sim| sim.json(&get("/runners/1").by("root"), 200)["status"].clone();
    for (version, never, silent) in [
        (before, "not_connected", "offline"),
        (after, "never_contacted", "stale"),
    ] {
        let mut sim = Sim::version(version);
        assert_eq!(shown(&mut sim), never, "{version}");
        sim.edit(1, json!({ "paused": true }));
        assert_eq!(shown(&mut sim), never, "{version} paused comes later");
        sim.call(&post("/jobs/request").form("token=glrt-one"));
        assert_eq!(shown(&mut sim), "paused", "{version}");
        sim.edit(1, json!({ "paused": false }));
        assert_eq!(shown(&mut sim), "online", "{version}");
        sim.later(hours(24 * 89));
        assert_eq!(shown(&mut sim), "offline", "{version}");
        sim.later(hours(24 * 2));
        assert_eq!(shown(&mut sim), silent, "{version} three months");
    }
    let invalid = |name: &str| error(&format!("{name} does not have a valid value"));
    run(vec![
        case("stale", list("status=stale"), 400, invalid("status")).version(before),
        case(
            "never",
            list("status=never_contacted"),
            400,
            invalid("status"),
        )
        .version(before),
        case("scope", list("scope=stale"), 400, invalid("scope")).version(before),
        case("stale", list("status=stale"), 200, Is(json!([]))).version(after),
        case("paused", list("status=paused"), 200, Is(json!([]))).before(Version::V15_11),
        case(
            "undeclared",
            list("paused=true&per_page=1"),
            200,
            Has(json!([])),
        )
        .version(after),
        case("undeclared", list("paused=nonsense"), 200, Any).version(before),
        case(
            "declared",
            list("paused=nonsense"),
            400,
            error("paused is invalid"),
        )
        .version(after),
    ]);
}

#[test]
fn s11_update() {
    let _covers = covers("3.6 11", "all");
    let change = |form: &str| put("/runners/1").by("root").form(form);
    let needed = |names: &str| {
        error(&format!(
            "{names} are missing, at least one parameter must be provided"
        ))
    };
    let old = "description, active, tag_list, run_untagged, locked, access_level, maximum_timeout";
    let paused = old.replace("active,", "active, paused,");
    let all = format!("{paused}, maintenance_note");
    run(vec![
        case(
            "active",
            change("active=0"),
            200,
            Has(json!({ "active": false })),
        )
        .always(),
        case(
            "paused alone is unknown",
            change("paused=1"),
            400,
            needed(old),
        )
        .version(Version::V13_12),
        case(
            "paused",
            change("paused=1"),
            200,
            Has(json!({ "paused": true })),
        )
        .since(Version::V15_2),
        case(
            "both",
            change("active=0&paused=1"),
            400,
            error("active, paused are mutually exclusive"),
        )
        .since(Version::V15_2),
        case(
            "a note alone is unknown",
            change("maintenance_note=n"),
            400,
            needed(&paused),
        )
        .between(Version::V15_2, Version::V16_10),
        case(
            "a note",
            change("maintenance_note=n"),
            200,
            Has(json!({ "maintenance_note": "n" })),
        )
        .since(Version::V16_10),
        case("nothing", change("x=1"), 400, needed(&all)).since(Version::V16_10),
        case(
            "`maintainer_note` never",
            change("maintainer_note=n"),
            400,
            Any,
        )
        .always(),
    ]);
    for version in Version::ALL {
        let mut sim = Sim::version(version);
        sim.edit(1, json!({ "maintenance_note": "kept" }));
        sim.json(&change("description=d&maintenance_note=n"), 200);
        let note = if version < Version::V16_10 {
            "kept"
        } else {
            "n"
        };
        assert_eq!(
            sim.runner(1)["maintenance_note"],
            note,
            "3.6 {version} without a word"
        );
    }
}

#[test]
fn s11_one_rule_for_what_one_may_do_with_a_runner() {
    let _covers = covers("3.3 3.6 3.7 3.8 11", "all");
    let first = Version::V15_11;
    let refused = || message("403 Forbidden - No access granted");
    let read = |id: u64, who: &str| get(&format!("/runners/{id}")).by(who);
    let edit = |id: u64, who: &str| put(&format!("/runners/{id}")).by(who).form("locked=0");
    let gone = |id: u64, who: &str| delete(&format!("/runners/{id}")).by(who);
    fn only_build(sim: &mut Sim) {
        sim.edit(4, json!({ "projects": ["platform/tools/build"] }));
    }
    run(vec![
        case(
            "anybody reads an instance runner",
            read(1, "stranger"),
            200,
            Any,
        )
        .always(),
        case(
            "its jobs are for administrators",
            get("/runners/1/jobs").by("owner"),
            403,
            refused(),
        )
        .always(),
        case("an Owner reads a group's", read(2, "owner"), 200, Any).always(),
        case("a Maintainer does not", read(2, "maint"), 403, refused()).before(first),
        case("a Maintainer does", read(2, "maint"), 200, Any).since(first),
        case(
            "nor one of a project below",
            read(2, "webmaint"),
            403,
            refused(),
        )
        .before(first),
        case("one of a project below does", read(2, "webmaint"), 200, Any).since(first),
        case(
            "a Maintainer of any project reads",
            read(4, "buildmaint"),
            200,
            Any,
        )
        .always(),
        case("and edits", edit(4, "buildmaint"), 200, Any).always(),
        case("an Owner edits", edit(2, "owner"), 200, Any).always(),
        case(
            "a group's Maintainer does not",
            edit(2, "maint"),
            403,
            refused(),
        )
        .always(),
        case("and deletes", gone(4, "buildmaint"), 204, Empty)
            .given(only_build)
            .always(),
        case(
            "not when it serves several",
            gone(4, "buildmaint"),
            403,
            message("403 Forbidden - Runner associated with more than one project"),
        )
        .always(),
    ]);
}

#[test]
fn s11_by_the_runners_token() {
    let _covers = covers("3.15 11", "all");
    let gone = || delete("/runners").form("token=glrt-four");
    run(vec![
        case("204, however many projects it serves", gone(), 204, Empty).always(),
        case(
            "unknown",
            delete("/runners").form("token=x"),
            403,
            message("403 Forbidden"),
        )
        .always(),
    ]);
}

#[test]
fn s11_scopes_that_came_later() {
    let _covers = covers("1.2 11", "13.12 15.2 15.11 16.10 17");
    fn narrow(sim: &mut Sim) {
        sim.command(
            json!({"do": "add_token", "user": "root", "token": "glpat-narrow",
            "scopes": ["create_runner", "manage_runner"]}),
        );
        sim.command(
            json!({"do": "add_token", "user": "root", "token": "glpat-reader",
            "scopes": ["read_api"]}),
        );
    }
    let read = |who: &str| get("/runners/1").by(who);
    run(vec![
        case(
            "manage_runner, before",
            read("narrow"),
            403,
            Has(json!({ "error": "insufficient_scope" })),
        )
        .given(narrow)
        .before(Version::V17),
        case("manage_runner, since 17", read("narrow"), 200, Any)
            .given(narrow)
            .version(Version::V17),
        case("read_api", read("reader"), 200, Any)
            .given(narrow)
            .before(Version::V18_2),
    ]);
}

#[test]
fn s11_registration_tokens_to_be_read() {
    let _covers = covers("11", "all");
    let seen = |version, path: &str, who: &str| {
        let shown = Sim::version(version).json(&get(path).by(who), 200);
        shown.get("runners_token").cloned()
    };
    for version in Version::ALL {
        let told = |token: &str| (version < Version::V15_11).then(|| json!(token));
        assert_eq!(
            seen(version, "/groups/10", "owner"),
            told("GR-platform"),
            "{version}"
        );
        assert_eq!(seen(version, "/groups/10", "maint"), None, "{version}");
        assert_eq!(
            seen(version, "/projects/20", "webmaint"),
            told("GR-web"),
            "{version}"
        );
        assert_eq!(seen(version, "/projects/20", "dev"), None, "{version}");
    }
}
