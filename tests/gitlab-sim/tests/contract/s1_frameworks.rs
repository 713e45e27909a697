//! Contract §1.3, §1.4, §1.6, §1.8: what Grape, Rack and their like do underneath (key RUBY).
use gitlab_sim::Version;
use http::Method;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Case, Empty, Has, Ids, Is, Sim, UNREADABLE_JSON, ask, case, delete, error, get,
    message, post, put, run,
};

/// These rules are older than any release here.
fn always(rows: Vec<Case>) {
    run(rows.into_iter().map(Case::always).collect());
}

fn edit() -> Ask {
    put("/runners/1").by("root")
}

fn json_body(text: &str) -> Ask {
    edit().body("application/json", text)
}

#[test]
fn s1_4_numbers() {
    let _covers = covers("1.4", "all");
    let timeout = |number: u64| Has(json!({ "maximum_timeout": number }));
    let as_json = |number: &str| json_body(&format!("{{\"maximum_timeout\": {number}}}"));
    let as_text = |text: &str| edit().send(json!({ "maximum_timeout": text }));
    let mut rows = vec![
        case("a fraction is cut off", as_json("600.9"), 200, timeout(600)),
        case("an exponent", as_json("1e3"), 200, timeout(1000)),
        case(
            "2^70 is larger than any column",
            as_json("1180591620717411303424"),
            500,
            message("500 Internal Server Error"),
        ),
        case(
            "a boolean is no number",
            as_json("true"),
            400,
            error("maximum_timeout is invalid"),
        ),
    ];
    for text in ["+600", " 600\t\n", "000600", "6_0_0", "0_600"] {
        rows.push(case(
            "a text that is a number",
            as_text(text),
            200,
            timeout(600),
        ));
    }
    for text in [
        "600.0",
        "1e3",
        "6__00",
        "_600",
        "600_",
        "0x258",
        "+ 600",
        "\u{a0}600",
        "+",
        " ",
    ] {
        rows.push(case(
            "a text that is none",
            as_text(text),
            400,
            error("maximum_timeout is invalid"),
        ));
    }
    rows.push(case(
        "the empty text is null",
        as_text(""),
        200,
        Has(json!({ "maximum_timeout": null })),
    ));
    always(rows);
}

#[test]
fn s1_4_booleans() {
    let _covers = covers("1.4", "all");
    let send = |value: Value| edit().send(json!({ "locked": value }));
    let mut rows = Vec::new();
    for word in ["true", "t", "yes", "y", "on", "1"] {
        let capital = format!("{}{}", word[..1].to_uppercase(), &word[1..]);
        for word in [word.to_owned(), word.to_uppercase(), capital] {
            rows.push(case(
                "true",
                send(json!(word)),
                200,
                Has(json!({ "locked": true })),
            ));
        }
    }
    for word in ["false", "f", "no", "n", "off", "0"] {
        rows.push(case(
            "false",
            send(json!(word)),
            200,
            Has(json!({ "locked": false })),
        ));
    }
    rows.push(case(
        "1",
        send(json!(1)),
        200,
        Has(json!({ "locked": true })),
    ));
    for value in [
        json!(1.0),
        json!(2),
        json!(" true "),
        json!("tRUE"),
        json!([true]),
    ] {
        rows.push(case(
            "neither",
            send(value),
            400,
            error("locked is invalid"),
        ));
    }
    always(rows);
}

#[test]
fn s1_3_content_types() {
    let _covers = covers("1.3", "all");
    let unsupported = |kind: &str| {
        error(&format!(
            "The provided content-type '{kind}' is not supported."
        ))
    };
    let unread = || error("token is missing");
    let json_token = "{\"token\": \"glrt-one\"}";
    always(vec![
        case(
            "none, JSON",
            edit().bare("{\"locked\": true}"),
            415,
            unsupported(""),
        ),
        case(
            "none, a form",
            edit().bare("locked=true"),
            415,
            unsupported(""),
        ),
        case(
            "none, and nothing sent",
            delete("/runners/1").by("root"),
            204,
            Empty,
        ),
        case(
            "text",
            edit().body("text/plain", "{\"locked\": true}"),
            415,
            unsupported("text/plain"),
        ),
        case(
            "another",
            edit().body("Text/XML; charset=utf-8", "<a/>"),
            415,
            unsupported("text/xml"),
        ),
        case(
            "before anybody is asked who it is",
            put("/runners/1").body("text/xml", "<a/>"),
            415,
            unsupported("text/xml"),
        ),
        case(
            "POST /runners, none",
            post("/runners").bare(json_token),
            400,
            unread(),
        ),
        case(
            "DELETE /runners, none",
            delete("/runners").bare(json_token),
            400,
            unread(),
        ),
        case(
            "verify, none",
            post("/runners/verify").bare(json_token),
            400,
            unread(),
        ),
        case(
            "jobs, none",
            post("/jobs/request").bare(json_token),
            400,
            unread(),
        ),
        case(
            "verify, text",
            post("/runners/verify").body("text/plain", json_token),
            400,
            unread(),
        ),
        case(
            "verify, another",
            post("/runners/verify").body("text/xml", json_token),
            415,
            unsupported("text/xml"),
        ),
        case(
            "verify, JSON",
            post("/runners/verify").body("application/json", json_token),
            200,
            Any,
        ),
    ]);
}

#[test]
fn s1_3_bodies_that_are_no_parameters() {
    let _covers = covers("1.3 1.4", "19");
    let none = || {
        let names = "description, active, paused, tag_list, run_untagged, locked, access_level, \
                     maximum_timeout, maintenance_note";
        error(&format!(
            "{names} are missing, at least one parameter must be provided"
        ))
    };
    run(vec![
        case("a list", json_body("[{\"paused\": true}]"), 400, none()),
        case("a text", json_body("\"paused\""), 400, none()),
        case("a number", json_body("7"), 400, none()),
        case("null", json_body("null"), 400, none()),
        case("nothing", json_body(""), 400, none()),
        case("blanks", json_body("  "), 400, error(UNREADABLE_JSON)),
        case(
            "half",
            json_body("{\"paused\": "),
            400,
            error(UNREADABLE_JSON),
        ),
    ]);
}

#[test]
fn s1_4_path_beats_body_beats_query() {
    let _covers = covers("1.4", "all");
    always(vec![
        case(
            "path",
            put("/runners/1?id=2")
                .by("root")
                .send(json!({ "id": 3, "locked": true })),
            200,
            Has(json!({ "id": 1 })),
        ),
        case(
            "body",
            put("/runners/1?description=query")
                .by("root")
                .form("description=body"),
            200,
            Has(json!({ "description": "body" })),
        ),
        case(
            "the last of several",
            edit().form("description=a&description=b"),
            200,
            Has(json!({ "description": "b" })),
        ),
        case(
            "a form's list replaces the query's",
            put("/runners/1?tag_list[]=a")
                .by("root")
                .form("tag_list[]=b"),
            200,
            Has(json!({ "tag_list": ["b"] })),
        ),
        case(
            "JSON's list too",
            put("/runners/1?tag_list[]=a")
                .by("root")
                .send(json!({ "tag_list": ["b"] })),
            200,
            Has(json!({ "tag_list": ["b"] })),
        ),
        case(
            "a numbered list is an object, so empty",
            put("/runners/2").by("root").form("tag_list[0]=a"),
            200,
            Has(json!({ "tag_list": [] })),
        ),
    ]);
}

#[test]
fn s1_4_formats_in_a_path() {
    let _covers = covers("1.4", "all");
    let one = || Has(json!({ "id": 1 }));
    always(vec![
        case(
            "a number with a fraction",
            get("/runners/1.9").by("root"),
            200,
            one(),
        ),
        case("a format", get("/runners/1.json").by("root"), 200, one()),
        case(
            "a format that nobody knows",
            get("/runners/1.xml").by("root"),
            200,
            one(),
        ),
        case("DELETE too", delete("/runners/1.9").by("root"), 204, Empty),
        case(
            "PUT too",
            put("/runners/1.9").by("root").form("locked=1"),
            200,
            one(),
        ),
        case("a word", get("/runners/all.json").by("root"), 200, Any),
        case(
            "not after two dots",
            get("/runners/1.2.3").by("root"),
            404,
            error("404 Not Found"),
        ),
        case(
            "not in the middle",
            get("/runners/1.9/managers").by("root"),
            404,
            error("404 Not Found"),
        ),
        case(
            "a project keeps its dots",
            get("/projects/platform%2Fsite.io").by("root"),
            200,
            Has(json!({ "path_with_namespace": "platform/site.io" })),
        )
        .given(|sim: &mut Sim| {
            sim.command(json!({ "do": "add_project", "path": "platform/site.io" }));
        }),
        case(
            "so it is not found by half of its path",
            get("/projects/20.json").by("root"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "a group too",
            get("/groups/10.json").by("root"),
            404,
            message("404 Group Not Found"),
        ),
        case(
            "what is below them has a format",
            get("/groups/10/runners.json").by("root"),
            200,
            Ids(vec![1, 2]),
        ),
    ]);
}

#[test]
fn s1_3_formats_that_are_asked_for() {
    let _covers = covers("1.3", "all");
    let refused = || error("The requested format 'xml' is not supported.");
    always(vec![
        case(
            "xml",
            get("/runners/1?format=xml").by("root"),
            406,
            refused(),
        ),
        case("before 401", get("/runners/1?format=xml"), 406, refused()),
        case(
            "before 415",
            edit_as_xml().body("text/xml", ""),
            406,
            refused(),
        ),
        case("json", get("/runners/1?format=json").by("root"), 200, Any),
        case(
            "a format of the path comes first",
            get("/runners/1.json?format=xml").by("root"),
            200,
            Any,
        ),
        case(
            "never by what is accepted",
            get("/runners/1")
                .by("root")
                .header("accept", "application/xml"),
            200,
            Any,
        ),
    ]);
}

fn edit_as_xml() -> Ask {
    put("/runners/1?format=xml").by("root")
}

#[test]
fn s1_3_methods() {
    let _covers = covers("1.3", "19");
    let options = |path: &str| ask(Method::OPTIONS, path);
    let mut sim = Sim::new();
    for (path, methods) in [
        ("/runners/1", "OPTIONS, GET, PUT, DELETE, HEAD"),
        ("/user/runners", "OPTIONS, POST"),
        ("/runners", "OPTIONS, GET, POST, DELETE, HEAD"),
    ] {
        let got = sim.call(&options(path));
        assert_eq!((got.status, got.text.as_str()), (204, ""), "1.3 {path}");
        assert_eq!(got.header("allow"), Some(methods), "1.3 {path}");
    }
    run(vec![
        case(
            "an unknown path",
            options("/nonsense"),
            404,
            error("404 Not Found"),
        ),
        case(
            "a method that a path has not",
            post("/runners/1").by("root"),
            404,
            error("404 Not Found"),
        ),
    ]);
}

#[test]
fn s1_6_blanks_and_quotes_of_tags() {
    let _covers = covers("1.6", "all");
    let tags = |tags: &[&str]| Has(json!({ "tag_list": tags }));
    always(vec![
        case(
            "only ASCII's blanks are trimmed",
            edit().send(json!({ "tag_list": ["\u{a0}a", "a\u{3000}", "\t a "] })),
            200,
            tags(&["\u{a0}a", "a\u{3000}", "a"]),
        ),
        case(
            "nothing but blanks is no tag",
            edit().send(json!({ "tag_list": ["\u{a0}", "a"] })),
            200,
            tags(&["a"]),
        ),
        case(
            "a quoted tag comes first, with one space",
            edit().send(json!({ "tag_list": ["x", "'a,   b'", "y"] })),
            200,
            tags(&["a, b", "x", "y"]),
        ),
    ]);
}

/// The links of a page, as `rel` and query.
fn links(sim: &mut Sim, ask: &Ask) -> Vec<(String, String)> {
    let got = sim.call(ask);
    assert_eq!(got.status, 200, "{}", got.text);
    let header = got.header("link").unwrap_or_default().to_owned();
    let parts = header.split(", ");
    parts
        .filter_map(|part| {
            let (url, rel) = part.split_once("; ")?;
            let query = url.trim_matches(['<', '>']).split_once('?')?.1;
            Some((rel.to_owned(), query.to_owned()))
        })
        .collect()
}

#[test]
fn s1_8_links_repeat_what_was_read() {
    let _covers = covers("1.8", "19");
    let mut sim = Sim::new();
    for (asked, repeated) in [
        (
            "tag_list=b,a",
            "page=1&per_page=20&tag_list%5B%5D=b&tag_list%5B%5D=a",
        ),
        ("paused=no", "page=1&paused=false&per_page=20"),
        ("tag_list=", "page=1&per_page=20"),
        ("page=%2B1&per_page=0_5", "page=1&per_page=5"),
        ("undeclared=x%20y", "page=1&per_page=20&undeclared=x+y"),
        (
            "private_token=glpat-root",
            "page=1&per_page=20&private_token=glpat-root",
        ),
    ] {
        let ask = get(&format!("/runners/all?{asked}")).by("root");
        let first = ("rel=\"first\"".to_owned(), repeated.to_owned());
        let shown = links(&mut sim, &ask);
        assert!(shown.contains(&first), "1.8 {asked}: {shown:?}");
    }
    let ask = get("/projects/platform%2Fweb/runners").by("root");
    let shown = links(&mut sim, &ask);
    let query = "id=platform%2Fweb&page=1&per_page=20";
    assert_eq!(shown[0].1, query, "1.8 the path's own parameter");
}

#[test]
fn s1_8_page_numbers() {
    let _covers = covers("1.8", "19");
    let mut sim = Sim::new();
    for (asked, per_page, page) in [
        ("per_page=500", "100", "1"),
        ("per_page=-1", "20", "1"),
        ("per_page=", "20", "1"),
        ("page=-3", "20", "1"),
        ("page=0", "20", "1"),
        ("page=2", "20", "2"),
    ] {
        let got = sim.call(&get(&format!("/runners/all?{asked}")).by("root"));
        assert_eq!(got.status, 200, "1.8 {asked}");
        assert_eq!(got.header("x-per-page"), Some(per_page), "1.8 {asked}");
        assert_eq!(got.header("x-page"), Some(page), "1.8 {asked}");
    }
    let beyond = sim.call(&get("/runners/all?page=9").by("root"));
    assert_eq!(beyond.json(), json!([]));
    assert_eq!(beyond.header("x-prev-page"), Some(""));
    assert_eq!(beyond.header("x-next-page"), Some(""));
    run(vec![case(
        "none at all",
        get("/runners/all?per_page=0").by("root"),
        400,
        error("per_page has a value not allowed"),
    )]);
}

#[test]
fn s1_3_prefixes_of_versions() {
    let _covers = covers("1.3 3.1", "16.10 17 18.2 19");
    let list = |prefix: &str| get(&format!("/runners/all?version_prefix={prefix}")).by("root");
    let rows = vec![
        case(
            "a letter first",
            list("V15"),
            400,
            error("version_prefix is invalid"),
        ),
        case("empty", list(""), 400, error("version_prefix is invalid")),
        case("any line may match", list("V%0A15"), 200, Is(json!([]))),
    ];
    run(rows
        .into_iter()
        .map(|row| row.since(Version::V16_10))
        .collect());
}
