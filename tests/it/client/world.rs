//! A GitLab with people, groups and projects in it.
use std::collections::BTreeSet;

use gitlab_runner_registrar::gitlab::{
    AccessLevel, Client, NewRunner, Registered, Runner, RunnerId, Scope, Settings,
};
use gitlab_sim::{Options, Server};

use super::{TOKEN, client, endpoint, watched};

pub(super) const VERSIONS: [&str; 5] = ["15.11", "16.10", "17", "18.2", "19"];
/// Those whose REST shows and takes `maintenance_note`.
pub(super) const WITH_NOTES: [&str; 4] = ["16.10", "17", "18.2", "19"];
pub(super) const MAINTAINER: &str = "glpat-canary-maintainer";
pub(super) const READER: &str = "glpat-canary-reader";
pub(super) const NARROW: &str = "glpat-canary-narrow";

/// A GitLab of some age, and its administrator's client.
pub(super) async fn gitlab(version: &str) -> (Server, Client) {
    let seed = format!(
        "
settings: {{ version: '{version}' }}
users:
  - username: root
    admin: true
    tokens:
      - {{ name: registrar, token: {TOKEN}, scopes: [api], expires_at: 2999-01-02 }}
      - {{ name: reader, token: {READER}, scopes: [read_api] }}
      - {{ name: narrow, token: {NARROW}, scopes: [create_runner, manage_runner] }}
  - username: mia
    tokens: [{{ token: {MAINTAINER}, scopes: [api] }}]
groups:
  - {{ path: platform, id: 31 }}
  - {{ path: platform/tools, id: 32 }}
projects:
  - {{ path: platform/tools/build, id: 41, members: {{ mia: owner }} }}
  - {{ path: platform/docs, id: 42 }}
"
    );
    let sim = Server::start(seed.as_str(), Options::default())
        .await
        .unwrap();
    let client = client(&endpoint(sim.url()));
    (sim, client)
}

pub(super) fn as_user(sim: &Server, token: &str) -> Client {
    watched(&endpoint(sim.url()), Some(token)).0
}

pub(super) fn new(scope: Scope) -> NewRunner {
    let settings = Settings {
        description: Some("d".to_owned()),
        ..Settings::default()
    };
    NewRunner::new(scope, settings)
}

pub(super) fn set<const N: usize>(tags: [&str; N]) -> BTreeSet<String> {
    BTreeSet::from(tags.map(str::to_owned))
}

pub(super) async fn registered(client: &Client, scope: Scope) -> Registered {
    client.register(&new(scope)).await.unwrap()
}

pub(super) async fn read(client: &Client, id: RunnerId) -> Runner {
    client.runner(id).await.unwrap().unwrap()
}

pub(super) fn everything() -> Settings {
    Settings {
        description: Some("all of it".to_owned()),
        tags: Some(set(["b", "a, quoted", "a"])),
        run_untagged: Some(false),
        paused: Some(true),
        locked: Some(true),
        access_level: Some(AccessLevel::RefProtected),
        maximum_timeout: Some(Some(3600)),
        maintenance_note: Some("a note".to_owned()),
    }
}

/// What a runner is like, in the words of what was asked for.
pub(super) fn settings(runner: &Runner) -> Settings {
    Settings {
        description: Some(runner.description.clone()),
        tags: Some(runner.tags.clone()),
        run_untagged: Some(runner.run_untagged),
        paused: Some(runner.paused),
        locked: Some(runner.locked),
        access_level: Some(runner.access_level),
        maximum_timeout: Some(runner.maximum_timeout),
        maintenance_note: runner
            .maintenance_note
            .text()
            .filter(|note| !note.is_empty())
            .map(str::to_owned),
    }
}
