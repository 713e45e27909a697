//! Finding a runner whose number was lost: where is looked, in which order, and how far.
use gitlab_runner_registrar::gitlab::{Contact, Error, Found, GroupId, ProjectId, RunnerId, Scope};
use gitlab_sim::{Fault, Rule, Server};
use serde_json::{Value, json};

use super::struck::{reply, sim};
use super::{client, endpoint, told};

const LIST: &str = "/api/v4/runners/all";

fn listed(id: u64, description: &str) -> Value {
    json!({ "id": id, "description": description, "online": null })
}

fn crowd(from: u64, many: u64, description: &str) -> Vec<Value> {
    let ids = from..from + many;
    ids.map(|id| listed(id, description)).collect()
}

/// The n-th answer of the instance's list.
fn page(nth: u64, headers: &[(&str, &str)], runners: Vec<Value>) -> Rule {
    let answer = reply(200, headers, Value::Array(runners));
    Rule::new("GET", LIST, answer.fault).nth(nth)
}

fn details(id: u64, note: &str) -> Value {
    json!({
        "id": id, "runner_type": "instance_type", "description": "d", "tag_list": [],
        "run_untagged": true, "paused": false, "locked": false, "access_level": "not_protected",
        "maximum_timeout": null, "maintenance_note": note, "online": null,
        "status": "never_contacted", "contacted_at": null,
    })
}

fn answers(id: u64, status: u16, body: Value) -> Rule {
    Rule::new(
        "GET",
        &format!("/api/v4/runners/{id}"),
        Fault::reply(status, body),
    )
}

async fn with(rules: impl IntoIterator<Item = Rule>) -> Server {
    let sim = sim().await;
    for rule in rules {
        sim.fault(rule).unwrap();
    }
    // Whatever was not foreseen is somebody else's.
    sim.fault(Rule::new(
        "GET",
        "/api/v4/runners/*",
        Fault::reply(200, details(0, "theirs")),
    ))
    .unwrap();
    sim
}

async fn search(sim: &Server, description: Option<&str>) -> Result<Found, Error> {
    client(&endpoint(sim.url()))
        .find(Scope::Instance, description, Contact::Never, |note| {
            note == "ours"
        })
        .await
}

async fn find(sim: &Server, description: Option<&str>) -> Result<Vec<u64>, Error> {
    let found = search(sim, description).await?.runners;
    Ok(found.into_iter().map(|runner| runner.id.0).collect())
}

/// The numbers of pages and runners asked for, in order.
fn asked(sim: &Server) -> (Vec<String>, Vec<String>) {
    let (lists, reads): (Vec<_>, Vec<_>) = sim
        .requests()
        .into_iter()
        .partition(|request| request.path == LIST);
    let page = |query: &[(String, String)]| {
        query
            .iter()
            .find(|(name, _)| name == "page")
            .unwrap()
            .1
            .clone()
    };
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    (
        lists.iter().map(|request| page(&request.query)).collect(),
        reads.iter().map(|request| id(&request.path)).collect(),
    )
}

#[tokio::test]
async fn each_scope_has_its_list() {
    for (scope, path, kind) in [
        (Scope::Instance, "/api/v4/runners/all", "instance_type"),
        (
            Scope::Group(GroupId(3)),
            "/api/v4/groups/3/runners",
            "group_type",
        ),
        (
            Scope::Project(ProjectId(4)),
            "/api/v4/projects/4/runners",
            "project_type",
        ),
    ] {
        let sim = with([Rule::new("GET", path, Fault::reply(200, json!([])))]).await;
        let found = client(&endpoint(sim.url()))
            .find(scope, None, Contact::Never, |_| true)
            .await
            .unwrap();
        let nothing = Found {
            runners: Vec::new(),
            complete: true,
        };
        assert_eq!(found, nothing);
        let request = sim.requests().pop().unwrap();
        let query: Vec<_> = request
            .query
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let status = ("status", "never_contacted");
        assert_eq!(request.path, path);
        assert_eq!(
            query,
            [("type", kind), status, ("per_page", "100"), ("page", "1")]
        );
    }
}

#[tokio::test]
async fn the_newest_are_looked_at_first() {
    let total = [("X-Total-Pages", "3"), ("X-Next-Page", "2")];
    let sim = with([
        page(1, &total, vec![listed(1, "d"), listed(2, "d")]),
        page(2, &total, vec![listed(5, "d"), listed(6, "d")]),
        page(3, &total, vec![listed(3, "d"), listed(4, "d")]),
        answers(5, 200, details(5, "ours")),
        answers(2, 200, details(2, "ours")),
    ])
    .await;
    assert_eq!(find(&sim, Some("d")).await.unwrap(), [5, 2]);
    let (pages, runners) = asked(&sim);
    assert_eq!(pages, ["1", "3", "2"]);
    assert_eq!(runners, ["6", "5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn a_fitting_description_goes_first_and_others_only_if_that_does_not_help() {
    let runners = || {
        vec![
            listed(1, "d"),
            listed(2, "other"),
            listed(3, "d"),
            listed(4, "other"),
        ]
    };
    let sim = with([page(1, &[], runners()), answers(1, 200, details(1, "ours"))]).await;
    assert_eq!(find(&sim, Some("d")).await.unwrap(), [1]);
    assert_eq!(asked(&sim).1, ["3", "1"]);

    let sim = with([page(1, &[], runners()), answers(2, 200, details(2, "ours"))]).await;
    assert_eq!(find(&sim, Some("d")).await.unwrap(), [2]);
    assert_eq!(asked(&sim).1, ["3", "1", "4", "2"]);

    let nameless = json!({ "id": 7, "description": null, "online": null });
    let sim = with([
        page(1, &[], vec![nameless]),
        answers(7, 200, details(7, "ours")),
    ])
    .await;
    assert_eq!(find(&sim, Some("")).await.unwrap(), [7]);
}

#[tokio::test]
async fn fifty_are_read_and_no_more() {
    let total = [("X-Total-Pages", "3")];
    let sim = with([
        page(1, &total, vec![listed(1, "d")]),
        page(2, &total, crowd(200, 30, "d")),
        page(3, &total, crowd(100, 30, "d")),
    ])
    .await;
    assert_eq!(find(&sim, Some("d")).await.unwrap(), [0; 0]);
    let (pages, runners) = asked(&sim);
    assert_eq!(pages, ["1", "3", "2"]);
    assert_eq!(runners.len(), 50);
    assert_eq!((runners[0].as_str(), runners[49].as_str()), ("229", "110"));
}

#[tokio::test]
async fn pages_that_can_add_nothing_are_not_fetched() {
    let total = [("X-Total-Pages", "9")];
    let sim = with([
        page(1, &total, vec![listed(1, "d")]),
        page(2, &total, crowd(100, 51, "d")),
    ])
    .await;
    find(&sim, Some("d")).await.unwrap();
    assert_eq!(asked(&sim).0, ["1", "9"]);
}

#[tokio::test]
async fn a_crowd_that_cannot_be_read_to_its_end_is_told_of() {
    let pages = |fitting: u64, others: u64| {
        let total = [("X-Total-Pages", "3")];
        [
            page(1, &total, crowd(1, others, "other")),
            page(2, &total, crowd(200, 50, "d")),
            page(3, &total, crowd(100, fitting - 50, "d")),
        ]
    };
    for (fitting, others, description, complete) in [
        (50, 0, Some("d"), true),
        (51, 0, Some("d"), false),
        (50, 60, Some("d"), true),
        (50, 0, None, true),
        (50, 1, None, false),
    ] {
        let sim = with(pages(fitting, others)).await;
        let found = search(&sim, description).await.unwrap();
        let case = (fitting, others, description);
        assert_eq!(
            (found.complete, found.runners),
            (complete, vec![]),
            "{case:?}"
        );
    }
    let sim = with(
        pages(51, 0)
            .into_iter()
            .chain([answers(249, 200, details(249, "ours"))]),
    )
    .await;
    let found = search(&sim, Some("d")).await.unwrap();
    assert_eq!((found.runners.len(), found.complete), (1, false));
}

#[tokio::test]
async fn uncounted_pages_are_walked_by_number_and_never_by_link() {
    let link = "<http://elsewhere.example/api/v4/runners/all?page=2>; rel=\"next\"";
    let sim = with([
        page(
            1,
            &[("X-Next-Page", "2"), ("Link", link)],
            vec![listed(1, "d")],
        ),
        page(
            2,
            &[("X-Next-Page", "3"), ("Link", link)],
            vec![listed(2, "d")],
        ),
        page(
            3,
            &[("X-Next-Page", ""), ("Link", link)],
            vec![listed(3, "d")],
        ),
        answers(3, 200, details(3, "ours")),
    ])
    .await;
    assert_eq!(find(&sim, None).await.unwrap(), [3]);
    let (pages, runners) = asked(&sim);
    assert_eq!(
        (pages.join(" "), runners.join(" ")),
        ("1 2 3".to_owned(), "3 2 1".to_owned())
    );
}

#[tokio::test]
async fn a_list_that_turns_in_circles_ends() {
    let sim = with([
        page(1, &[("X-Next-Page", "2")], vec![listed(1, "d")]),
        Rule::new(
            "GET",
            LIST,
            reply(200, &[("X-Next-Page", "1")], json!([])).fault,
        ),
    ])
    .await;
    assert_eq!(find(&sim, None).await.unwrap(), [0; 0]);
    assert_eq!(asked(&sim).0, ["1", "2"]);
}

#[tokio::test]
async fn whoever_cannot_be_meant_is_passed_over() {
    let contacted = json!({ "id": 2, "description": "d", "online": false });
    let mut of_a_group = details(3, "ours");
    of_a_group["runner_type"] = json!("group_type");
    let sim = with([
        page(
            1,
            &[],
            vec![
                listed(1, "d"),
                contacted,
                listed(3, "d"),
                listed(4, "d"),
                listed(5, "d"),
            ],
        ),
        answers(1, 200, details(1, "ours")),
        answers(3, 200, of_a_group),
        answers(
            4,
            403,
            json!({"message": "403 Forbidden - No access granted"}),
        ),
        answers(5, 404, json!({"message": "404 Runner Not Found"})),
    ])
    .await;
    assert_eq!(find(&sim, Some("d")).await.unwrap(), [1]);
    assert_eq!(asked(&sim).1, ["5", "4", "3", "1"]);
}

#[tokio::test]
async fn not_being_able_to_look_is_not_finding_nothing() {
    let scope =
        json!({"error": "insufficient_scope", "error_description": "More.", "scope": "api"});
    for (rule, status) in [
        (
            Rule::new(
                "GET",
                LIST,
                Fault::reply(403, json!({"message": "403 Forbidden"})),
            ),
            403,
        ),
        (
            Rule::new(
                "GET",
                LIST,
                Fault::reply(404, json!({"message": "404 Group Not Found"})),
            ),
            404,
        ),
        (answers(1, 403, scope), 403),
    ] {
        let sim = with([rule, page(1, &[], vec![listed(1, "d")])]).await;
        let error = find(&sim, None).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{}", told(&error));
    }
    let sim = with([
        page(1, &[], vec![listed(1, "d")]),
        answers(1, 500, json!({})),
    ])
    .await;
    assert!(matches!(find(&sim, None).await, Err(Error::Lost(_))));
    assert_eq!(RunnerId(1).to_string(), asked(&sim).1.join(""));
}
