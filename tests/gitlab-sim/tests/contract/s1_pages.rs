//! Contract §1.8.
use serde_json::json;

use crate::covers::covers;
use crate::harness::{Ask, Ids, Sim, case, error, get, run};

#[test]
fn s1_8_pages() {
    let _covers = covers("1.8", "19");
    let list = |query: &str| get(&format!("/runners/all?{query}")).by("root");
    run(vec![
        case("ascending ids", list(""), 200, Ids(vec![1, 2, 3, 4, 5])),
        case("first", list("per_page=2"), 200, Ids(vec![1, 2])),
        case("second", list("per_page=2&page=2"), 200, Ids(vec![3, 4])),
        case("last", list("per_page=2&page=3"), 200, Ids(vec![5])),
        case("beyond", list("per_page=2&page=4"), 200, Ids(vec![])),
        case(
            "not a number",
            list("page=x"),
            400,
            error("page is invalid"),
        ),
        case(
            "below one",
            list("page=0&per_page=-1"),
            200,
            Ids(vec![1, 2, 3, 4, 5]),
        ),
        case(
            "1.8 a page of nothing",
            list("per_page=0"),
            400,
            error("per_page has a value not allowed"),
        ),
    ]);
}

fn headers(sim: &mut Sim, path: &str) -> Vec<String> {
    let got = sim.call(&get(path).by("root"));
    [
        "x-per-page",
        "x-page",
        "x-next-page",
        "x-prev-page",
        "x-total",
        "x-total-pages",
    ]
    .iter()
    .map(|name| got.header(name).unwrap_or("-").to_owned())
    .collect()
}

#[test]
fn s1_8_headers() {
    let _covers = covers("1.8", "19");
    let mut sim = Sim::new();
    assert_eq!(
        headers(&mut sim, "/runners/all"),
        ["20", "1", "", "", "5", "1"]
    );
    assert_eq!(
        headers(&mut sim, "/runners/all?per_page=2"),
        ["2", "1", "2", "", "5", "3"]
    );
    assert_eq!(
        headers(&mut sim, "/runners/all?per_page=2&page=2"),
        ["2", "2", "3", "1", "5", "3"]
    );
    assert_eq!(
        headers(&mut sim, "/runners/all?per_page=2&page=3"),
        ["2", "3", "", "2", "5", "3"]
    );
    assert_eq!(
        headers(&mut sim, "/runners/all?per_page=500"),
        ["100", "1", "", "", "5", "1"]
    );
    assert_eq!(
        headers(&mut sim, "/runners/all?per_page=2&page=4"),
        ["2", "4", "", "", "5", "3"],
        "1.8 nothing comes before a page beyond the end"
    );
    let beyond = sim.call(&get("/runners/all?per_page=2&page=4").by("root"));
    assert!(!beyond.header("link").unwrap().contains("rel=\"prev\""));
    let empty = headers(&mut sim, "/runners/all?tag_list=none");
    assert_eq!(empty, ["20", "1", "", "", "0", "1"], "at least one page");
}

#[test]
fn s1_8_above_the_limit_nothing_is_counted() {
    let _covers = covers("1.8", "19");
    let mut sim = Sim::new();
    sim.set(json!({ "count_limit": 4 }));
    assert_eq!(
        headers(&mut sim, "/runners/all?per_page=2"),
        ["2", "1", "2", "", "-", "-"]
    );
    let got = sim.call(&get("/runners/all?per_page=2").by("root"));
    assert!(!got.header("link").unwrap().contains("rel=\"last\""));
    sim.set(json!({ "count_limit": 5 }));
    assert_eq!(
        headers(&mut sim, "/runners/all?per_page=2")[4],
        "5",
        "the limit itself is counted"
    );
    sim.set(json!({ "count_limit": null }));
    let settings = sim.command(json!({"do": "settings", "set": {}}));
    assert_eq!(settings["count_limit"], 10_000);
}

#[test]
fn s1_8_links() {
    let _covers = covers("1.8", "19");
    let mut sim = Sim::new();
    sim.set(json!({ "external_url": "https://gitlab.test/" }));
    let got = sim.call(&get(
        "/groups/platform/runners?per_page=1&page=2&status=active&x=y&private_token=glpat-root",
    ));
    let url = |page: u8| {
        format!(
            "<https://gitlab.test/api/v4/groups/platform/runners?id=platform&page={page}&per_page=1\
             &private_token=glpat-root&status=active&x=y>"
        )
    };
    assert_eq!(got.status, 200);
    let link = got.header("link").unwrap();
    assert_eq!(
        link,
        format!(
            "{}; rel=\"prev\", {}; rel=\"first\", {}; rel=\"last\"",
            url(1),
            url(1),
            url(2)
        ),
    );
    let got = sim.call(&get("/runners/all?per_page=500").by("root"));
    assert!(
        got.header("link").unwrap().contains("per_page=500>"),
        "1.8 every parameter is repeated as it was sent"
    );
    let got = sim.call(&get("/runners/all?per_page=2&page=2").by("root"));
    let rels: Vec<&str> = got
        .header("link")
        .unwrap()
        .split(", ")
        .filter_map(|part| part.split("rel=").nth(1))
        .collect();
    assert_eq!(rels, ["\"prev\"", "\"next\"", "\"first\"", "\"last\""]);
}

#[test]
fn s1_8_links_have_the_external_host_and_the_scheme_of_the_request() {
    let _covers = covers("1.8", "19");
    let first = |sim: &mut Sim, ask: Ask| {
        let got = sim.call(&ask.by("root"));
        let link = got.header("link").unwrap();
        link.strip_prefix('<')
            .unwrap()
            .split("/runners")
            .next()
            .unwrap()
            .to_owned()
    };
    let list = || get("/runners/all");
    let mut sim = Sim::new();
    let inside = "http://10.0.0.7:8080";
    assert_eq!(
        first(&mut sim, list().at(inside)),
        "http://10.0.0.7:8080/api/v4"
    );
    sim.set(json!({ "external_url": "https://gitlab.test" }));
    assert_eq!(
        first(&mut sim, list().at(inside)),
        "http://gitlab.test/api/v4"
    );
    sim.set(json!({ "relative_url_root": "/git" }));
    assert_eq!(
        first(&mut sim, list().under("/git").at(inside)),
        "http://gitlab.test/git/api/v4"
    );
}

#[test]
fn s1_8_managers_are_not_paginated() {
    let _covers = covers("1.8", "19");
    let mut sim = Sim::new();
    for number in 0..30 {
        let manager = json!({ "system_id": format!("s{number}") });
        sim.command(json!({"do": "contact", "runner": 1, "manager": manager}));
    }
    let got = sim.call(&get("/runners/1/managers?per_page=2").by("root"));
    assert_eq!(got.json().as_array().unwrap().len(), 30);
    assert_eq!((got.header("link"), got.header("x-total")), (None, None));
}
