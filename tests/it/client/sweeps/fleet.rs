//! A row by GraphQL is what REST shows of the same runner, field by field, or says that it is less.
use gitlab_runner_registrar::gitlab::{
    Client, GroupId, Identity, ProjectId, Row, Runner, RunnerId, Scope, Way,
};
use gitlab_sim::{Options, Server};

use super::super::world::{MAINTAINER, as_user, new};
use super::super::{TOKEN, client, endpoint};
use super::{numbers, sweep, whole};

const VERSIONS: [&str; 6] = ["15.2", "15.11", "16.10", "17", "18.2", "19"];
const PLATFORM: (Scope, Option<&str>) = (Scope::Group(GroupId(31)), Some("platform"));
const BUILD: (Scope, Option<&str>) = (Scope::Project(ProjectId(41)), Some("platform/tools/build"));

/// Runners of each kind in every state that a field can have.
const FLEET: &str = "
runners:
  - { id: 1, type: instance_type, settings: { description: shared, tag_list: [b, 'a c'], maintenance_note: n } }
  - { id: 2, type: instance_type, settings: { paused: true, contacted_at: 2020-01-01T10:11:12.345Z } }
  - id: 11
    type: group_type
    group: platform
    settings:
      { description: ours, tag_list: [x], maintenance_note: marked, locked: true, run_untagged: false,
        access_level: ref_protected, maximum_timeout: 3600, paused: true }
  - { id: 12, type: group_type, group: platform, settings: { contacted_at: 2020-01-01T10:11:12.999Z, created_at: 2019-01-01T00:00:00Z } }
  - { id: 13, type: group_type, group: platform, settings: { maintenance_note: '', created_at: 2019-01-02T00:00:00Z } }
  - { id: 14, type: group_type, group: platform/tools }
  - { id: 21, type: project_type, settings: { projects: [platform/tools/build], tag_list: [p] } }
  - { id: 22, type: project_type, settings: { projects: [platform/tools/build, platform/docs], locked: true } }
  - { id: 23, type: project_type, settings: { projects: [platform/docs, platform/tools/build] } }
  - { id: 24, type: project_type, settings: { projects: [platform/docs] } }
  - { id: 25, type: project_type, settings: { projects: [platform/tools/build, mia/open] } }
";

async fn gitlab(version: &str) -> (Server, Client) {
    let seed = format!(
        "
settings: {{ version: '{version}' }}
users:
  - {{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}
  - {{ username: mia, tokens: [{{ token: {MAINTAINER}, scopes: [api] }}] }}
groups:
  - {{ path: platform, id: 31 }}
  - {{ path: platform/tools, id: 32 }}
projects:
  - {{ path: platform/tools/build, id: 41, visibility: public, members: {{ mia: maintainer }} }}
  - {{ path: platform/docs, id: 42 }}
  - {{ path: mia/open, id: 43, visibility: public }}
{FLEET}"
    );
    let sim = Server::start(seed.as_str(), Options::default())
        .await
        .unwrap();
    let client = client(&endpoint(sim.url()));
    // One that has just asked for a job.
    sim.command_json(serde_json::json!({ "do": "contact", "runner": 14 }))
        .unwrap();
    (sim, client)
}

/// The row that REST's single answers make.
async fn by_number(client: &Client, id: RunnerId) -> (Runner, Identity) {
    let runner = client.runner(id).await.unwrap().unwrap();
    (runner, client.identity(id).await.unwrap().unwrap())
}

#[tokio::test]
async fn a_row_of_a_sweep_is_what_the_runner_shows_alone() {
    for version in VERSIONS {
        let (_sim, client) = gitlab(version).await;
        let tools = (Scope::Group(GroupId(32)), Some("platform/tools"));
        for ((scope, path), ids) in [
            ((Scope::Instance, None), vec![1, 2]),
            (PLATFORM, vec![13, 11, 12]),
            (tools, vec![14]),
            (BUILD, vec![21, 22, 23, 25]),
        ] {
            let (rows, swept) = sweep(&client, scope, path, Way::GraphQl).await;
            assert_eq!(swept.unwrap(), whole(1), "{version} {scope:?}");
            let mut seen = numbers(&rows);
            seen.sort_unstable();
            let mut ids = ids;
            ids.sort_unstable();
            assert_eq!(seen, ids, "{version} {scope:?}");
            for row in rows {
                let (runner, identity) = by_number(&client, row.id()).await;
                assert_eq!(row, Row::Whole(Box::new(runner), identity), "{version}");
            }
        }
    }
}

/// GraphQL shows public projects to everybody, and REST only to members and administrators.
#[tokio::test]
async fn a_row_that_may_differ_from_what_the_runner_shows_alone_is_less() {
    for version in VERSIONS {
        let (sim, _) = gitlab(version).await;
        let mia = as_user(&sim, MAINTAINER);
        let (scope, path) = BUILD;
        let (rows, swept) = sweep(&mia, scope, path, Way::GraphQl).await;
        assert_eq!(swept.unwrap(), whole(1), "{version}");
        let mut less = Vec::new();
        for row in rows {
            match row {
                Row::Whole(runner, identity) => {
                    assert_eq!((*runner, identity), by_number(&mia, RunnerId(21)).await);
                }
                Row::Listed(listed) => less.push(listed.id.0),
            }
        }
        less.sort_unstable();
        assert_eq!(less, [22, 23, 25], "{version}");
    }
}

/// Since NEW REST calls a runner online that has only verified its token, and GraphQL goes on to say
/// that it was never contacted (contract §3.17).
#[tokio::test]
async fn a_runner_that_has_called_without_asking_for_a_job_is_shown_less() {
    let (sim, client) = gitlab("19").await;
    let made = client.register(&new(Scope::Instance)).await.unwrap();
    let token = made.token.expose().to_owned();
    let verify = reqwest::Client::new()
        .post(format!("{}/api/v4/runners/verify", sim.url()))
        .header("content-type", "application/json")
        .body(serde_json::json!({ "token": token }).to_string());
    assert_eq!(verify.send().await.unwrap().status(), 200);
    let (rows, _) = sweep(&client, Scope::Instance, None, Way::GraphQl).await;
    let row = rows.into_iter().find(|row| row.id() == made.id).unwrap();
    let Row::Listed(listed) = row else {
        panic!("{row:?}");
    };
    assert_eq!((listed.online.is_some(), listed.status), (true, None));
}
