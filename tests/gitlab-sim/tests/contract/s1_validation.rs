//! Contract §1.5.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Any, Ask, Has, Sim, attribute, case, error, get, message, post, put, run};

fn edit(body: Value) -> Ask {
    put("/runners/1").by("root").send(body)
}

fn long(length: usize) -> String {
    "ü".repeat(length)
}

fn tags(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("t{number}")).collect()
}

#[test]
fn s1_5_put_answers_in_shape_b() {
    let _covers = covers("1.5", "19");
    let timeout = || attribute("maximum_timeout", "needs to be at least 10 minutes");
    run(vec![
        case(
            "description 1024",
            edit(json!({"description": long(1024)})),
            200,
            Any,
        ),
        case(
            "description 1025",
            edit(json!({"description": long(1025)})),
            400,
            attribute("description", "is too long (maximum is 1024 characters)"),
        ),
        case(
            "description is not trimmed",
            edit(json!({"description": " x "})),
            200,
            Has(json!({"description": " x "})),
        ),
        case(
            "note 1024",
            edit(json!({"maintenance_note": long(1024)})),
            200,
            Any,
        ),
        case(
            "note 1025",
            edit(json!({"maintenance_note": long(1025)})),
            400,
            attribute(
                "maintenance_note",
                "is too long (maximum is 1024 characters)",
            ),
        ),
        case(
            "timeout 600",
            edit(json!({"maximum_timeout": 600})),
            200,
            Any,
        ),
        case(
            "timeout 599",
            edit(json!({"maximum_timeout": 599})),
            400,
            timeout(),
        ),
        case(
            "timeout 0",
            edit(json!({"maximum_timeout": 0})),
            400,
            timeout(),
        ),
        case(
            "timeout beyond its column",
            edit(json!({"maximum_timeout": 2_147_483_648_u64})),
            500,
            message("500 Internal Server Error"),
        ),
        case("50 tags", edit(json!({"tag_list": tags(50)})), 200, Any),
        case(
            "51 tags",
            edit(json!({"tag_list": tags(51)})),
            400,
            attribute(
                "tags_list",
                "Too many tags specified. Please limit the number of tags to 50",
            ),
        ),
        case(
            "50 tags after normalisation",
            edit(json!({"tag_list": (tags(50).join(",") + "," + &tags(50).join(","))})),
            200,
            Any,
        ),
        case(
            "run_untagged=false without tags",
            edit(json!({"run_untagged": false})),
            400,
            attribute(
                "tags_list",
                "can not be empty when runner is not allowed to pick untagged jobs",
            ),
        ),
        case(
            "run_untagged=false with tags",
            edit(json!({"run_untagged": false, "tag_list": "a"})),
            200,
            Any,
        ),
        case(
            "access level of an instance runner",
            edit(json!({"access_level": "ref_protected"})),
            200,
            Has(json!({"access_level": "ref_protected"})),
        ),
        case(
            "access level unknown",
            edit(json!({"access_level": "protected"})),
            400,
            error("access_level does not have a valid value"),
        ),
        case(
            "locked of an instance runner",
            edit(json!({"locked": true})),
            200,
            Has(json!({"locked": true})),
        ),
        case(
            "two errors",
            edit(json!({"description": long(1025), "maximum_timeout": 1})),
            400,
            Has(json!({"message": {
                "description": ["is too long (maximum is 1024 characters)"],
                "maximum_timeout": ["needs to be at least 10 minutes"],
            }})),
        ),
        case(
            "a boolean column takes no null",
            edit(json!({"locked": null})),
            500,
            message("500 Internal Server Error"),
        ),
        case(
            "1.5 nor does run_untagged, once the tags are in order",
            edit(json!({"run_untagged": null, "tag_list": "a"})),
            500,
            message("500 Internal Server Error"),
        ),
        case(
            "1.5 the model looks at the tags before that",
            edit(json!({"run_untagged": null})),
            400,
            attribute(
                "tags_list",
                "can not be empty when runner is not allowed to pick untagged jobs",
            ),
        ),
        case(
            "1.5 the access level must be there",
            edit(json!({"access_level": null})),
            400,
            attribute("access_level", "can't be blank"),
        ),
    ]);
}

#[test]
fn s1_5_some_rules_hold_only_when_the_value_changes() {
    let _covers = covers("1.5", "19");
    fn overfull(sim: &mut Sim) {
        sim.edit(
            1,
            json!({ "tag_list": tags(51), "description": long(2000) }),
        );
    }
    fn untagged(sim: &mut Sim) {
        sim.edit(1, json!({ "run_untagged": false }));
    }
    run(vec![
        case(
            "an over-full runner can be edited otherwise",
            edit(json!({"paused": true})),
            200,
            Any,
        )
        .given(overfull),
        case(
            "the same tags again are no change",
            edit(json!({"tag_list": tags(51)})),
            200,
            Any,
        )
        .given(overfull),
        case(
            "other 51 are",
            edit(json!({"tag_list": (tags(50).join(",") + ",new")})),
            400,
            Any,
        )
        .given(overfull),
        case(
            "the tag rule of run_untagged holds on every save",
            edit(json!({"description": "x"})),
            400,
            Any,
        )
        .given(untagged),
        case(
            "1.5 so does the length of the note",
            edit(json!({"paused": true})),
            400,
            attribute(
                "maintenance_note",
                "is too long (maximum is 1024 characters)",
            ),
        )
        .given(|sim| sim.edit(1, json!({ "maintenance_note": long(1025) }))),
        case(
            "an orphan cannot be saved",
            put("/runners/3").by("root").form("paused=1"),
            400,
            attribute("runner", "needs to be assigned to at least one project"),
        )
        .given(|sim| sim.edit(3, json!({ "projects": [] }))),
    ]);
}

#[test]
fn s1_3_put_needs_one_parameter_and_not_both_of_a_pair() {
    let _covers = covers("1.3", "19");
    let none = "description, active, paused, tag_list, run_untagged, locked, access_level, \
                maximum_timeout, maintenance_note are missing, at least one parameter must be provided";
    run(vec![
        case("none", put("/runners/1").by("root"), 400, error(none)),
        case(
            "3.6 maintainer_note is not accepted",
            edit(json!({"maintainer_note": "x"})),
            400,
            error(none),
        ),
        case(
            "both",
            edit(json!({"active": true, "paused": false})),
            400,
            error("active, paused are mutually exclusive"),
        ),
        case(
            "several complaints in one sentence",
            edit(json!({"paused": "x", "maximum_timeout": "y"})),
            400,
            error("paused is invalid, maximum_timeout is invalid"),
        ),
    ]);
}

#[test]
fn s1_5_defaults_are_the_same_for_both_ways_in() {
    let _covers = covers("1.5", "19");
    let mut sim = Sim::new();
    let a = sim.json(
        &post("/user/runners")
            .by("root")
            .form("runner_type=instance_type"),
        201,
    );
    let b = sim.json(&post("/runners").form("token=GR-instance"), 201);
    for made in [a, b] {
        let shown = sim.json(&get(&format!("/runners/{}", made["id"])).by("root"), 200);
        for (field, value) in [
            ("active", json!(true)),
            ("run_untagged", json!(true)),
            ("locked", json!(false)),
            ("access_level", json!("not_protected")),
            ("maximum_timeout", Value::Null),
            ("description", Value::Null),
        ] {
            assert_eq!(shown[field], value, "1.5 {field}");
        }
    }
}

#[test]
fn s1_5_system_ids_have_1_to_64_characters() {
    let _covers = covers("1.5", "15.11 19");
    let verify =
        |id: &str| post("/runners/verify").send(json!({"token": "glrt-one", "system_id": id}));
    run(vec![
        case("64", verify(&"s".repeat(64)), 200, Any),
        case(
            "65",
            verify(&"s".repeat(65)),
            500,
            message("500 Internal Server Error"),
        ),
        case("0", verify(""), 500, Any),
        case(
            "info.name 257",
            post("/runners").send(json!({"token": "GR-instance", "info": {"name": long(257)}})),
            400,
            attribute("name", "is too long (maximum is 256 characters)"),
        ),
        case("4 the row of 15.11 has it too", verify("s"), 200, Any).version(Version::V15_11),
    ]);
}
