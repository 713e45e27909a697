//! Contract §1.4, §1.6.
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Has, Ids, Sim, Text, attribute, case, error, get, message, post, put, run,
};

fn edit() -> Ask {
    put("/runners/1").by("root")
}

#[test]
fn s1_4_every_way_to_send_a_list() {
    let _covers = covers("1.4", "19");
    let tags = |tags: &[&str]| Has(json!({ "tag_list": tags }));
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"tag_list[]\"\r\n\r\na\r\n\
                     --x\r\nContent-Disposition: form-data; name=\"tag_list[]\"\r\n\r\nb\r\n--x--\r\n";
    run(vec![
        case(
            "comma string, form",
            edit().form("tag_list=a,b"),
            200,
            tags(&["a", "b"]),
        ),
        case(
            "comma string, JSON",
            edit().send(json!({"tag_list": "a, b"})),
            200,
            tags(&["a", "b"]),
        ),
        case(
            "brackets",
            edit().form("tag_list[]=a&tag_list[]=b"),
            200,
            tags(&["a", "b"]),
        ),
        case(
            "encoded brackets",
            edit().form("tag_list%5B%5D=a&tag_list%5B%5D=b"),
            200,
            tags(&["a", "b"]),
        ),
        case(
            "JSON array",
            edit().send(json!({"tag_list": ["a", "b"]})),
            200,
            tags(&["a", "b"]),
        ),
        case(
            "elements are split",
            edit().send(json!({"tag_list": ["a,b", " c "]})),
            200,
            tags(&["a", "b", "c"]),
        ),
        case(
            "multipart",
            edit().body("multipart/form-data; boundary=x", multipart),
            200,
            tags(&["a", "b"]),
        ),
        case(
            "query",
            put("/runners/1?tag_list=a,b").by("root"),
            200,
            tags(&["a", "b"]),
        ),
        case(
            "neither string nor list is empty",
            edit().send(json!({"tag_list": 7})),
            200,
            tags(&[]),
        ),
        case(
            "null is empty",
            edit().send(json!({"tag_list": null})),
            200,
            tags(&[]),
        ),
        case(
            "query and body are merged",
            put("/runners/1?locked=true").by("root").form("paused=true"),
            200,
            Has(json!({"locked": true, "paused": true})),
        ),
        case(
            "undeclared ones are ignored",
            edit().form("paused=1&nonsense=2"),
            200,
            Any,
        ),
        case(
            "other content types",
            edit().body("text/xml", "<a/>"),
            415,
            error("The provided content-type 'text/xml' is not supported."),
        ),
        case(
            "a GET reads no JSON",
            get("/runners/all")
                .by("root")
                .send(json!({"type": "group_type"})),
            200,
            Ids(vec![1, 2, 3, 4, 5]),
        ),
        case(
            "a GET reads a form",
            get("/runners/all").by("root").form("type=group_type"),
            200,
            Ids(vec![2, 5]),
        ),
        case(
            "a GET minds no other body",
            get("/runners/1").by("root").body("text/xml", "<a/>"),
            200,
            Any,
        ),
    ]);
}

/// What no text can be is refused before GitLab's API sees it.
#[test]
fn s1_4_malformed_texts() {
    let _covers = covers("1.4", "19");
    let refused = |name, ask: Ask| case(name, ask, 400, Text("Bad Request"));
    run(vec![
        refused("not UTF-8, form", edit().form("description=a%FFb")),
        refused(
            "not UTF-8, query",
            get("/runners/all?tag_list=%FF").by("root"),
        ),
        refused("not UTF-8, path", get("/projects/%FF").by("root")),
        refused("half an escape, path", get("/projects/%zz").by("root")),
        refused("a null byte, form", edit().form("description=a%00b")),
        refused("a null byte, list", edit().form("tag_list[]=%00")),
        refused(
            "a null byte, JSON",
            edit().send(json!({"description": "a\u{0}b"})),
        ),
        refused("a null byte, path", get("/projects/a%00").by("root")),
        refused("before 401 and 404", get("/nothing%00")),
    ]);
}

#[test]
fn s1_4_spellings() {
    let _covers = covers("1.4", "19");
    run(vec![
        case(
            "true",
            edit().form("paused=true"),
            200,
            Has(json!({"paused": true, "active": false})),
        ),
        case(
            "1",
            edit().form("paused=1"),
            200,
            Has(json!({"paused": true})),
        ),
        case(
            "off",
            edit().form("run_untagged=on"),
            200,
            Has(json!({"run_untagged": true})),
        ),
        case(
            "JSON false",
            edit().send(json!({"active": false})),
            200,
            Has(json!({"paused": true})),
        ),
        case(
            "neither",
            edit().form("paused=maybe"),
            400,
            error("paused is invalid"),
        ),
        case(
            "a number in a string",
            edit().send(json!({"maximum_timeout": "600"})),
            200,
            Has(json!({"maximum_timeout": 600})),
        ),
        case(
            "not a number",
            edit().form("maximum_timeout=x"),
            400,
            error("maximum_timeout is invalid"),
        ),
        case(
            "a number as text",
            edit().send(json!({"description": 5})),
            200,
            Has(json!({"description": "5"})),
        ),
        case(
            "a list as text",
            edit().send(json!({"description": ["x"]})),
            400,
            error("description is invalid"),
        ),
    ]);
}

#[test]
fn s1_4_creation_drops_blanks_and_put_does_not() {
    let _covers = covers("1.4", "19");
    let create = |body: Value| post("/user/runners").by("root").send(body);
    for blank in [
        json!({"tag_list": []}),
        json!({"description": ""}),
        json!({"maximum_timeout": ""}),
        json!({"maximum_timeout": null}),
        json!({"access_level": null, "locked": null}),
    ] {
        let mut body = json!({ "runner_type": "instance_type" });
        body.as_object_mut()
            .unwrap()
            .extend(blank.as_object().unwrap().clone());
        let mut sim = Sim::new();
        let id = sim.json(&create(body.clone()), 201)["id"].as_u64().unwrap();
        let made = sim.runner(id);
        assert_eq!(made["description"], Value::Null, "1.4 {body}");
        assert_eq!(made["maximum_timeout"], Value::Null, "1.4 {body}");
        assert_eq!(made["tag_list"], json!([]), "1.4 {body}");
    }
    run(vec![
        case(
            "1.4 a literal false survives creation",
            create(json!({"runner_type": "instance_type", "run_untagged": false})),
            400,
            Any,
        ),
        case(
            "3.6 PUT takes the empty text",
            edit().form("description="),
            200,
            Has(json!({"description": ""})),
        ),
        case(
            "3.6 PUT takes null",
            edit().send(json!({"description": null})),
            200,
            Has(json!({"description": null})),
        ),
        case(
            "3.6 PUT clears the timeout",
            edit().form("maximum_timeout="),
            200,
            Has(json!({"maximum_timeout": null})),
        ),
        case(
            "3.6 PUT clears the tags",
            put("/runners/2").by("root").form("tag_list="),
            200,
            Has(json!({"tag_list": []})),
        ),
        case(
            "3.6 PUT clears the tags, JSON",
            put("/runners/2").by("root").send(json!({"tag_list": []})),
            200,
            Has(json!({"tag_list": []})),
        ),
        case(
            "3.6 refused when tags are needed",
            put("/runners/2")
                .by("root")
                .form("tag_list=&run_untagged=false"),
            400,
            attribute(
                "tags_list",
                "can not be empty when runner is not allowed to pick untagged jobs",
            ),
        ),
        case(
            "1.4 blank registration token",
            post("/runners").form("token="),
            403,
            message("403 Forbidden - invalid token supplied"),
        ),
    ]);
}

#[test]
fn s1_6_tags() {
    let _covers = covers("1.6", "19");
    let tags = |tags: &[&str]| Has(json!({ "tag_list": tags }));
    run(vec![
        case(
            "case is kept",
            edit().form("tag_list=Foo,foo"),
            200,
            tags(&["Foo", "foo"]),
        ),
        case(
            "repeats and blanks go",
            edit().form("tag_list=a,,a, b ,"),
            200,
            tags(&["a", "b"]),
        ),
        // The declaration's split takes a quoted tag apart; the model finds the pair again, which
        // is where its one space comes from.
        case(
            "a quoted comma",
            edit().form("tag_list=x,\"a,b\""),
            200,
            tags(&["a, b", "x"]),
        ),
        case(
            "the reply shows the order given",
            edit().form("tag_list=c,a,b"),
            200,
            tags(&["c", "a", "b"]),
        ),
    ]);
    let mut sim = Sim::new();
    sim.json(&edit().form("tag_list=c,a,b"), 200);
    let later = sim.json(&get("/runners/1").by("root"), 200)["tag_list"].clone();
    assert_eq!(
        later,
        json!(["a", "b", "c"]),
        "1.6 a later read has the database's order"
    );
}

#[test]
fn s1_6_the_filter_wants_all_tags() {
    let _covers = covers("1.6", "19");
    let list = |tags: &str| get(&format!("/runners/all?tag_list={tags}")).by("root");
    run(vec![
        case("one", list("a"), 200, crate::harness::Ids(vec![2])),
        case("both", list("b,a"), 200, crate::harness::Ids(vec![2])),
        case(
            "one too many",
            list("a,c"),
            200,
            crate::harness::Ids(vec![]),
        ),
        case("case matters", list("A"), 200, crate::harness::Ids(vec![])),
    ]);
}
