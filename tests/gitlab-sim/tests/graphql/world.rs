//! A small world and a way to ask it.
use bytes::Bytes;
use gitlab_sim::{GitLab, Seed, Version};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::covers::asked;

pub const SEED: &str = "
users:
  - { username: root, admin: true, tokens: [{ token: root, scopes: [api] }] }
  - username: alice
    tokens:
      - { token: alice, scopes: [read_api] }
      - { token: narrow, scopes: [create_runner, manage_runner] }
      - { token: expired, scopes: [api], expires_at: 2020-01-01 }
  - { username: bob, tokens: [{ token: bob, scopes: [api] }] }
  - { username: carl, tokens: [{ token: carl, scopes: [api] }] }
groups:
  - { path: acme, members: { alice: owner, bob: developer } }
  - { path: acme/tools, members: { carl: owner } }
projects:
  - { path: acme/tools/app, members: { bob: maintainer } }
  - { path: acme/tools/web }
runners:
  - { type: instance, id: 1, creator: root, settings: { description: Big Iron, tag_list: [b, a], token: glrt-0123456789abcdefghij } }
  - { type: group, id: 2, group: acme, settings: { description: acme runner, maximum_timeout: 3600, token_expires_at: 2026-06-01T00:00:00Z } }
  - { type: group, id: 3, group: acme/tools, creator: alice, settings: { tag_list: [a], paused: true } }
  - { type: project, id: 4, creator: bob, settings: { projects: [acme/tools/app, acme/tools/web], maintenance_note: secret note, locked: true, access_level: ref_protected } }
";

pub struct World {
    pub gitlab: GitLab,
    pub now: Timestamp,
}

impl World {
    pub fn new() -> Self {
        Self::of(SEED, Version::V19)
    }

    pub fn of(seed: &str, version: Version) -> Self {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let mut seed = Seed::from_yaml(seed).unwrap();
        seed.settings.version = version;
        Self {
            gitlab: GitLab::new(seed, now).unwrap(),
            now,
        }
    }

    pub fn post(&mut self, token: &str, body: &Value) -> Response<Bytes> {
        let mut request = Request::post("/api/graphql").header("content-type", "application/json");
        if !token.is_empty() {
            request = request.header("private-token", token);
        }
        let request = request.body(Bytes::from(body.to_string())).unwrap();
        asked(&self.gitlab);
        self.gitlab.handle(&request, self.now)
    }

    /// Sends a body of any kind.
    pub fn send(&mut self, method: &str, uri: &str, kind: &str, body: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("content-type", kind)
            .header("private-token", "alice")
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        asked(&self.gitlab);
        let response = self.gitlab.handle(&request, self.now);
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        (response.status().as_u16(), body)
    }

    /// Asks one query; every answer is a 200.
    pub fn ask_with(&mut self, token: &str, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let response = self.post(token, &body);
        assert_eq!(response.status(), 200, "{response:?}");
        serde_json::from_slice(response.body()).unwrap()
    }

    pub fn ask(&mut self, token: &str, query: &str) -> Value {
        self.ask_with(token, query, &Value::Null)
    }

    /// The data of a query without any error.
    pub fn data(&mut self, token: &str, query: &str) -> Value {
        let answer = self.ask(token, query);
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// The numbers of the runners of the connection at `pointer`.
    pub fn ids(&mut self, token: &str, query: &str, pointer: &str) -> Vec<u64> {
        let data = self.data(token, query);
        let nodes = data
            .pointer(pointer)
            .and_then(|page| page["nodes"].as_array());
        let nodes = nodes.unwrap_or_else(|| panic!("{query}: {data}"));
        nodes.iter().map(|node| number(&node["id"])).collect()
    }

    /// Does a control port's command.
    pub fn tell(&mut self, command: Value) -> Value {
        let command = serde_json::from_value(command).unwrap();
        self.gitlab.command(command, self.now).unwrap()
    }

    pub fn pass(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    pub fn rest(&mut self, token: &str, method: &str, path: &str, form: &str) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v4{path}"))
            .header("private-token", token)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form.to_owned()))
            .unwrap();
        let response = self.gitlab.handle(&request, self.now);
        serde_json::from_slice(response.body()).unwrap_or_default()
    }
}

/// 7 of `gid://gitlab/Ci::Runner/7`.
pub fn number(gid: &Value) -> u64 {
    gid.as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

pub fn messages(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("no errors: {answer}"));
    errors
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect()
}

/// Some fields of one runner.
pub fn runner(world: &mut World, token: &str, id: u64, fields: &str) -> Value {
    let query = format!("{{ runner(id: \"gid://gitlab/Ci::Runner/{id}\") {{ {fields} }} }}");
    world.data(token, &query)["runner"].clone()
}
