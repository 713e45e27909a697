//! Lists that do not come, or come cut, wrong or without end: never a complete list.
use gitlab_runner_registrar::gitlab::{Error, GroupId, ProjectId, Refusal, Row, Scope, Swept, Way};
use gitlab_sim::{Fault, Rule, Server};
use serde_json::{Value, json};

use super::super::struck::{reply, sim};
use super::super::{TOKEN, client, endpoint, lost, told};
use super::{numbers, sweep, whole};

const GRAPHQL: &str = "/api/graphql";
const LIST: &str = "/api/v4/runners/all";

fn broken_off(pages: u32) -> Swept {
    Swept {
        complete: false,
        pages,
    }
}

fn node(id: u64) -> Value {
    json!({
        "id": format!("gid://gitlab/Ci::Runner/{id}"), "shortSha": "abc", "tagList": [],
        "runnerType": "INSTANCE_TYPE", "description": null, "maintenanceNote": null,
        "runUntagged": true, "locked": false, "paused": false, "accessLevel": "NOT_PROTECTED",
        "maximumTimeout": null, "status": "NEVER_CONTACTED", "contactedAt": null,
    })
}

/// A page of the instance's runners.
fn list(ids: impl IntoIterator<Item = u64>, next: Option<&str>, count: u64) -> Value {
    let nodes: Vec<_> = ids.into_iter().map(node).collect();
    json!({
        "count": count, "nodes": nodes,
        "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next },
    })
}

fn data(list: &Value) -> Value {
    json!({ "data": {
        "queryComplexity": { "score": 60, "limit": 250 },
        "metadata": { "version": "19.5.2-ee" },
        "runners": list,
    } })
}

/// The n-th answer of GraphQL.
fn nth(nth: u64, body: Value) -> Rule {
    Rule::new("POST", GRAPHQL, Fault::reply(200, body)).nth(nth)
}

async fn with(rules: impl IntoIterator<Item = Rule>) -> Server {
    let sim = sim().await;
    for rule in rules {
        sim.fault(rule).unwrap();
    }
    sim
}

async fn swept(sim: &Server, way: Way) -> (Vec<Row>, Result<Swept, Error>) {
    sweep(&client(&endpoint(sim.url())), Scope::Instance, None, way).await
}

fn refusal(swept: Result<Swept, Error>) -> Refusal {
    let error = swept.unwrap_err();
    told(&error);
    error.refusal().unwrap().clone()
}

/// The refusal of a list, as GitLab words it.
fn not_available() -> Value {
    json!([{ "message": "The resource that you are attempting to access does not exist or you don't \
                         have permission to perform this action", "path": ["runners"] }])
}

#[tokio::test]
async fn a_list_that_graphql_does_not_show_is_no_empty_list() {
    let mut with_errors = data(&json!(null));
    with_errors["errors"] = not_available();
    for answer in [
        with_errors,
        data(&json!(null)),
        json!({ "errors": [{ "message": "Field 'runners' doesn't exist on type 'Query'" }] }),
    ] {
        let sim = with([nth(1, answer.clone())]).await;
        let (rows, swept) = swept(&sim, Way::GraphQl).await;
        assert_eq!(refusal(swept), Refusal::NoGraphQl, "{answer}");
        assert_eq!(rows, []);
        assert_eq!(sim.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_list_that_graphql_stops_showing_is_not_complete() {
    let mut with_errors = data(&json!(null));
    with_errors["errors"] = not_available();
    let invalid = json!({ "errors": [{ "message": "Please provide a valid cursor" }] });
    for answer in [with_errors, data(&json!(null)), invalid] {
        let first = data(&list(1..=100, Some("a"), 150));
        let sim = with([nth(1, first), nth(2, answer.clone())]).await;
        let (rows, swept) = swept(&sim, Way::GraphQl).await;
        assert_eq!(swept.unwrap(), broken_off(1), "{answer}");
        assert_eq!(rows.len(), 100);
        assert_eq!(sim.requests().len(), 2);
    }
    // This GitLab itself calls the cursor invalid.
    let sim = with([nth(1, data(&list(1..=100, Some("stale"), 150)))]).await;
    let (_, swept) = swept(&sim, Way::GraphQl).await;
    assert_eq!(swept.unwrap(), broken_off(1));
}

#[tokio::test]
async fn what_is_no_answer_of_graphql_fails() {
    let page = reply(
        200,
        &[("content-type", "text/html")],
        json!("<html>Sign in</html>"),
    );
    let text = reply(
        200,
        &[("content-type", "application/json")],
        json!("no json"),
    );
    for fault in [
        page.fault,
        text.fault,
        Fault::Drop,
        Fault::reply(500, json!({ "message": "500" })),
        // Where GraphQL has no data it says why.
        Fault::reply(200, json!({})),
        Fault::reply(200, json!({ "data": null })),
        Fault::reply(200, json!({ "status": "ok" })),
    ] {
        for page in [1, 2] {
            let first = data(&list(1..=100, Some("a"), 150));
            let bad = Rule::new("POST", GRAPHQL, fault.clone()).nth(page);
            let sim = with([bad, nth(1, first)]).await;
            let (rows, swept) = swept(&sim, Way::GraphQl).await;
            let error = swept.unwrap_err();
            told(&error);
            assert!(error.is_unanswered(), "{error:?}");
            assert_eq!(rows.len(), if page == 1 { 0 } else { 100 });
        }
    }
    // A runner without one of the fields that a decision needs.
    let mut short = data(&list([1], None, 1));
    short["data"]["runners"]["nodes"][0]["runUntagged"] = json!(null);
    let sim = with([nth(1, short)]).await;
    lost(&swept(&sim, Way::GraphQl).await.1.unwrap_err());
}

#[tokio::test]
async fn a_page_with_errors_or_holes_leaves_the_sweep_incomplete() {
    let mut with_errors = data(&list([1, 2], None, 2));
    with_errors["errors"] =
        json!([{ "message": "Internal server error", "path": ["runners", "nodes", 1] }]);
    let mut with_null = data(&list([1, 2], None, 2));
    with_null["data"]["runners"]["nodes"][0] = json!(null);
    let mut nameless = data(&list([1, 2], None, 2));
    nameless["data"]["runners"]["nodes"][0]["id"] = json!("gid://gitlab/Other/1");
    for (answer, seen) in [
        (with_errors, vec![1, 2]),
        (with_null, vec![2]),
        (nameless, vec![2]),
    ] {
        let sim = with([nth(1, answer)]).await;
        let (rows, swept) = swept(&sim, Way::GraphQl).await;
        assert_eq!((numbers(&rows), swept.unwrap()), (seen, broken_off(1)));
    }
}

#[tokio::test]
async fn a_list_that_is_cut_is_told_by_its_count() {
    let page = |number: u64, next| {
        let ids = number * 100 - 99..=number * 100;
        nth(number, data(&list(ids, next, 450)))
    };
    let sim = with([page(1, Some("a")), page(2, Some("b")), page(3, None)]).await;
    let (rows, ended) = swept(&sim, Way::GraphQl).await;
    assert_eq!((rows.len(), ended.unwrap()), (300, broken_off(3)));
    // Emptied, and still counted.
    let sim = with([nth(1, data(&list([], None, 450)))]).await;
    assert_eq!(swept(&sim, Way::GraphQl).await.1.unwrap(), broken_off(1));
    // Those that a fine-grained token is not shown are counted too, and nothing is missing but they.
    let sim = with([
        nth(1, data(&list(1..=93, Some("a"), 250))),
        nth(2, data(&list([], Some("b"), 250))),
        nth(3, data(&list(201..=220, None, 250))),
    ])
    .await;
    let (rows, ended) = swept(&sim, Way::GraphQl).await;
    assert_eq!((rows.len(), ended.unwrap()), (113, whole(3)));
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let mut no_cursor = data(&list([1, 2], None, 200));
    no_cursor["data"]["runners"]["pageInfo"]["hasNextPage"] = json!(true);
    for forever in [
        no_cursor,
        // The same cursor, and with it the same page, be there anything on it or not.
        data(&list([1, 2], Some("a"), 200)),
        data(&list([], Some("a"), 1000)),
    ] {
        let sim = with([Rule::new("POST", GRAPHQL, Fault::reply(200, forever))]).await;
        let (_, ended) = swept(&sim, Way::GraphQl).await;
        assert_eq!(ended.unwrap(), broken_off(2));
        assert_eq!(sim.requests().len(), 2);
    }
}

#[tokio::test]
async fn another_place_at_the_path_is_not_read() {
    let seed = format!(
        "
users: [{{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}]
groups: [{{ path: platform, id: 31 }}, {{ path: other, id: 32 }}]
projects: [{{ path: platform/build, id: 41 }}, {{ path: platform/docs, id: 42 }}]
runners: [{{ type: group_type, group: other }}, {{ type: project_type, settings: {{ projects: [platform/docs] }} }}]
"
    );
    let sim = Server::start(seed.as_str(), gitlab_sim::Options::default())
        .await
        .unwrap();
    let client = client(&endpoint(sim.url()));
    let (group, project) = (Scope::Group(GroupId(31)), Scope::Project(ProjectId(41)));
    for (scope, path) in [
        (group, "other"),
        (group, "nowhere"),
        (project, "platform/docs"),
        (project, "platform/gone"),
        (project, r#"quote" } evil { "#),
    ] {
        let (rows, swept) = sweep(&client, scope, Some(path), Way::GraphQl).await;
        assert_eq!(refusal(swept), Refusal::Missing, "{path}");
        assert_eq!(rows, []);
    }
}

/// The n-th page of REST's list of the instance's runners.
fn page(nth: u64, headers: &[(&str, &str)], ids: impl IntoIterator<Item = u64>) -> Rule {
    let runners: Vec<_> = ids
        .into_iter()
        .map(|id| json!({ "id": id, "description": "d", "online": null }))
        .collect();
    let answer = reply(200, headers, json!(runners));
    Rule::new("GET", LIST, answer.fault).nth(nth)
}

#[tokio::test]
async fn a_list_of_rest_that_breaks_is_not_complete() {
    let more = [("X-Total-Pages", "5"), ("X-Next-Page", "2")];
    let last = [("X-Total-Pages", "5"), ("X-Next-Page", "")];
    // Cut: the last page is not the one that was counted.
    let sim = with([page(1, &more, 1..=100), page(2, &last, 101..=200)]).await;
    let (rows, ended) = swept(&sim, Way::Rest).await;
    assert_eq!((rows.len(), ended.unwrap()), (200, broken_off(2)));
    // Emptied, and still counted.
    let sim = with([page(1, &last, [])]).await;
    assert_eq!(swept(&sim, Way::Rest).await.1.unwrap(), broken_off(1));
    // The next page is the same one.
    let sim = with([page(1, &more, 1..=100), page(2, &more, 101..=200)]).await;
    let (rows, ended) = swept(&sim, Way::Rest).await;
    assert_eq!((rows.len(), ended.unwrap()), (200, broken_off(2)));
    // The next page shows the same runners.
    let sim = with([
        page(1, &more, [1, 2]),
        page(2, &[("X-Next-Page", "3")], [1, 2]),
    ])
    .await;
    let (rows, ended) = swept(&sim, Way::Rest).await;
    assert_eq!(
        (numbers(&rows), ended.unwrap()),
        (vec![1, 2], broken_off(2))
    );
}

#[tokio::test]
async fn a_list_of_rest_that_fails_is_an_error() {
    let more = [("X-Next-Page", "2")];
    let second = |fault| Rule::new("GET", LIST, fault).nth(2);
    for fault in [
        Fault::reply(200, json!(null)),
        Fault::reply(200, json!({ "runners": [] })),
        Fault::reply(502, json!("<html>")),
        Fault::Drop,
    ] {
        let sim = with([page(1, &more, [1, 2]), second(fault)]).await;
        let (rows, ended) = swept(&sim, Way::Rest).await;
        assert!(ended.unwrap_err().is_unanswered());
        assert_eq!(numbers(&rows), [1, 2]);
    }
    let forbidden = Fault::reply(403, json!({ "message": "403 Forbidden" }));
    let sim = with([page(1, &more, [1, 2]), second(forbidden)]).await;
    assert_eq!(refusal(swept(&sim, Way::Rest).await.1), Refusal::Forbidden);
}
