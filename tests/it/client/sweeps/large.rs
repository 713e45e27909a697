//! Many runners, many projects of one runner, and a GitLab that lets queries cost less.
use std::fmt::Write as _;

use gitlab_runner_registrar::gitlab::{Client, ProjectId, Refusal, Row, Scope, Way};
use gitlab_sim::{Options, Server};
use serde_json::json;

use super::super::world::read;
use super::super::{TOKEN, client, endpoint};
use super::{numbers, sweep, whole};

async fn with(seed: &str) -> (Server, Client) {
    let seed = format!(
        "
users: [{{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}]
{seed}"
    );
    let sim = Server::start(seed.as_str(), Options::default())
        .await
        .unwrap();
    let client = client(&endpoint(sim.url()));
    (sim, client)
}

fn fleet(many: u64) -> String {
    "runners:\n".to_owned() + &"  - { type: instance_type }\n".repeat(many.try_into().unwrap())
}

#[tokio::test]
async fn a_hundred_runners_cost_one_request() {
    let (sim, client) = with(&fleet(1000)).await;
    for way in [Way::GraphQl, Way::Rest] {
        sim.clear_requests();
        let (rows, swept) = sweep(&client, Scope::Instance, None, way).await;
        assert_eq!(swept.unwrap(), whole(10), "{way:?}");
        assert_eq!(numbers(&rows), (1..=1000).collect::<Vec<_>>(), "{way:?}");
        assert_eq!(sim.requests().len(), 10, "{way:?}");
    }
}

/// Above a limit, which is 10,000, GitLab no longer counts (contract §1.8).
#[tokio::test]
async fn a_list_that_is_not_counted_is_read_to_its_end() {
    let seed = format!("settings: {{ count_limit: 500 }}\n{}", fleet(501));
    let (_sim, client) = with(&seed).await;
    let (rows, swept) = sweep(&client, Scope::Instance, None, Way::Rest).await;
    assert_eq!((rows.len(), swept.unwrap()), (501, whole(6)));
}

#[tokio::test]
async fn pages_are_smaller_where_a_query_may_cost_less() {
    let (sim, client) = with(&format!(
        "settings: {{ graphql_max_complexity: 34 }}\n{}",
        fleet(150)
    ))
    .await;
    let (rows, swept) = sweep(&client, Scope::Instance, None, Way::GraphQl).await;
    assert_eq!(rows.len(), 150);
    let first = swept.unwrap();
    assert!(first.complete && first.pages > 2, "{first:?}");
    // What was found out once is not tried again, and used up to the limit.
    sim.clear_requests();
    let (rows, swept) = sweep(&client, Scope::Instance, None, Way::GraphQl).await;
    let second = swept.unwrap();
    assert!(second.complete && second.pages < first.pages, "{second:?}");
    assert_eq!(
        (rows.len(), sim.requests().len()),
        (150, usize::try_from(second.pages).unwrap())
    );
    // With the usual limit back, the next sweep but one has large pages again.
    sim.command_json(json!({ "do": "settings", "set": { "graphql_max_complexity": 250 } }))
        .unwrap();
    sweep(&client, Scope::Instance, None, Way::GraphQl)
        .await
        .1
        .unwrap();
    let (_, swept) = sweep(&client, Scope::Instance, None, Way::GraphQl).await;
    assert_eq!(swept.unwrap(), whole(2));
}

#[tokio::test]
async fn where_even_one_runner_costs_too_much_graphql_is_of_no_use() {
    let (sim, client) = with("settings: { graphql_max_complexity: 5 }").await;
    let (_, swept) = sweep(&client, Scope::Instance, None, Way::GraphQl).await;
    let error = swept.unwrap_err();
    let refusal = Refusal::NoGraphQl;
    assert_eq!(error.refusal(), Some(&refusal));
    assert!(sim.requests().len() < 10, "{}", sim.requests().len());
}

/// Part of the projects must not look like all of them.
#[tokio::test]
async fn a_runner_of_more_than_a_hundred_projects_is_not_shown_whole() {
    let mut seed = "groups: [{ path: g }]\nprojects:\n".to_owned();
    let mut list = Vec::new();
    for id in 1..=101 {
        writeln!(seed, "  - {{ path: g/p{id}, id: {id} }}").unwrap();
        list.push(format!("g/p{id}"));
    }
    let hundred = list[..100].join(", ");
    let all = list.join(", ");
    write!(
        seed,
        "runners:\n\
         \x20 - {{ id: 7, type: project_type, settings: {{ projects: [{hundred}] }} }}\n\
         \x20 - {{ id: 8, type: project_type, settings: {{ projects: [{all}], maintenance_note: n }} }}\n"
    )
    .unwrap();
    let (_sim, client) = with(&seed).await;
    let (rows, swept) = sweep(
        &client,
        Scope::Project(ProjectId(1)),
        Some("g/p1"),
        Way::GraphQl,
    )
    .await;
    assert_eq!((numbers(&rows), swept.unwrap()), (vec![7, 8], whole(1)));
    let [Row::Whole(seven, _), Row::Listed(eight)] = &rows[..] else {
        panic!("{rows:?}");
    };
    assert_eq!(**seven, read(&client, seven.id).await);
    assert_eq!(seven.projects.as_ref().unwrap().len(), 100);
    // Its mark is known all the same.
    assert_eq!(eight.note.text(), Some("n"));
}
