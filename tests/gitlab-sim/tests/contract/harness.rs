//! A small world with everybody in it, and a table runner that reports every wrong row at once.
use std::net::IpAddr;

use bytes::Bytes;
use gitlab_sim::{Command, ExternalUrl, GitLab, Peer, Seed, Version};
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::covers::asked;

/// Everybody's token is `glpat-<name>`; ids are fixed so that cases can name them.
pub(crate) const WORLD: &str = "
runners_token: GR-instance
settings: { allow_runner_registration_token: true }
users:
  - { username: root, admin: true, tokens: [{ token: glpat-root, scopes: [api, admin_mode] }] }
  - { username: owner, tokens: [{ token: glpat-owner, scopes: [api] }] }
  - { username: maint, tokens: [{ token: glpat-maint, scopes: [api] }] }
  - { username: dev, tokens: [{ token: glpat-dev, scopes: [api] }] }
  - { username: reporter, tokens: [{ token: glpat-reporter, scopes: [api] }] }
  - { username: guest, tokens: [{ token: glpat-guest, scopes: [api] }] }
  - { username: webmaint, tokens: [{ token: glpat-webmaint, scopes: [api] }] }
  - { username: buildmaint, tokens: [{ token: glpat-buildmaint, scopes: [api] }] }
  - { username: stranger, tokens: [{ token: glpat-stranger, scopes: [api] }] }
  - { username: auditor, auditor: true, tokens: [{ token: glpat-auditor, scopes: [api] }] }
groups:
  - path: platform
    id: 10
    runners_token: GR-platform
    members: { owner: owner, maint: maintainer, dev: developer, reporter: reporter, guest: guest }
  - { path: platform/tools, id: 11, runners_token: GR-tools }
  - { path: other, id: 12, organization: 2, members: { owner: owner } }
  - { path: open, id: 13, visibility: public, members: { owner: owner } }
projects:
  - path: platform/web
    id: 20
    runners_token: GR-web
    members: { webmaint: maintainer }
  - { path: platform/tools/build, id: 21, members: { buildmaint: maintainer } }
  - { path: other/far, id: 22, members: { webmaint: maintainer } }
  - { path: open/site, id: 23, visibility: public, members: { webmaint: maintainer } }
  - { path: stranger/own, id: 24 }
runners:
  - { type: instance, id: 1, settings: { description: for all, token: glrt-one } }
  - { type: group, id: 2, group: platform, settings: { token: glrt-two, tag_list: [a, b] } }
  - { type: project, id: 3, settings: { projects: [platform/web], token: glrt-three } }
  - type: project
    id: 4
    settings: { projects: [platform/web, platform/tools/build], token: glrt-four }
  - { type: group, id: 5, group: platform/tools, settings: { token: glrt-five } }
";

/// When everything begins.
pub(crate) fn noon() -> Timestamp {
    "2026-03-04T12:00:00.250Z".parse().unwrap()
}

/// A world and its time.
#[derive(Clone)]
pub(crate) struct Sim {
    pub gitlab: GitLab,
    pub now: Timestamp,
}

impl Sim {
    pub(crate) fn new() -> Self {
        let seed = Seed::from_yaml(WORLD).unwrap();
        Self {
            gitlab: GitLab::new(seed, noon()).unwrap(),
            now: noon(),
        }
    }

    pub(crate) fn version(version: Version) -> Self {
        let mut sim = Self::new();
        sim.set(json!({ "version": version }));
        sim
    }

    /// Changes settings of the instance.
    pub(crate) fn set(&mut self, set: Value) {
        self.command(json!({ "do": "settings", "set": set }));
    }

    pub(crate) fn command(&mut self, command: Value) -> Value {
        self.try_command(command.clone())
            .unwrap_or_else(|error| panic!("command {command} failed: {error}"))
    }

    pub(crate) fn try_command(&mut self, command: Value) -> Result<Value, String> {
        let command: Command =
            serde_json::from_value(command).map_err(|error| error.to_string())?;
        let done = self
            .gitlab
            .command(command, self.now)
            .map_err(|error| error.to_string());
        asked(&self.gitlab);
        done
    }

    pub(crate) fn runner(&mut self, id: u64) -> Value {
        let all = self.command(json!({ "do": "runners" }));
        all.as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == id)
            .cloned()
            .unwrap_or(Value::Null)
    }

    pub(crate) fn edit(&mut self, id: u64, set: Value) {
        self.command(json!({ "do": "edit_runner", "runner": id, "set": set }));
    }

    pub(crate) fn later(&mut self, by: SignedDuration) {
        self.now += by;
    }

    pub(crate) fn call(&mut self, ask: &Ask) -> Got {
        asked(&self.gitlab);
        let reply = self.gitlab.handle(&ask.request(), self.now);
        let headers = reply
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let text = String::from_utf8(reply.body().to_vec()).unwrap();
        Got {
            status: reply.status().as_u16(),
            headers,
            text,
        }
    }

    /// The reply's JSON, after checking its status.
    pub(crate) fn json(&mut self, ask: &Ask, status: u16) -> Value {
        let got = self.call(ask);
        assert_eq!(got.status, status, "{}", got.text);
        got.json()
    }
}

/// What Grape says of JSON that does not parse.
pub(crate) const UNREADABLE_JSON: &str = "\nProblem:\n  message body does not match declared \
    format\nResolution:\n  when specifying application/json as content-type, you must pass valid \
    application/json in the request's 'body' ";

/// A reply.
#[derive(Debug)]
pub(crate) struct Got {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    peer: Option<IpAddr>,
    url: Option<ExternalUrl>,
}

pub(crate) fn ask(method: Method, path: &str) -> Ask {
    let path = if path.starts_with("/api") {
        path.to_owned()
    } else {
        format!("/api/v4{path}")
    };
    Ask {
        method,
        path,
        headers: Vec::new(),
        body: Vec::new(),
        peer: None,
        url: None,
    }
}

pub(crate) fn get(path: &str) -> Ask {
    ask(Method::GET, path)
}

pub(crate) fn post(path: &str) -> Ask {
    ask(Method::POST, path)
}

pub(crate) fn put(path: &str) -> Ask {
    ask(Method::PUT, path)
}

pub(crate) fn delete(path: &str) -> Ask {
    ask(Method::DELETE, path)
}

impl Ask {
    /// With the token of one of the world's people.
    pub(crate) fn by(self, name: &str) -> Self {
        self.header("private-token", &format!("glpat-{name}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    pub(crate) fn send(self, body: Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    pub(crate) fn body(mut self, content_type: &str, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("content-type", content_type)
    }

    /// With a body of which nothing is said.
    pub(crate) fn bare(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    /// Below a relative URL root.
    pub(crate) fn under(self, root: &str) -> Self {
        Self {
            path: format!("{root}{}", self.path),
            ..self
        }
    }

    /// By this address of the instance.
    pub(crate) fn at(self, url: &str) -> Self {
        Self {
            url: Some(ExternalUrl(url.to_owned())),
            ..self
        }
    }

    pub(crate) fn from(mut self, peer: &str) -> Self {
        self.peer = Some(peer.parse().unwrap());
        self
    }

    fn request(&self) -> Request<Bytes> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Bytes::from(self.body.clone())).unwrap();
        if let Some(url) = self.url.clone() {
            request.extensions_mut().insert(url);
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(Peer(peer));
        }
        request
    }
}

/// What a reply's body must be.
pub(crate) enum Body {
    /// Nothing at all.
    Empty,
    /// Exactly this text.
    Text(&'static str),
    /// Exactly this JSON.
    Is(Value),
    /// JSON with at least these fields.
    Has(Value),
    /// A list of runners with these ids, in this order.
    Ids(Vec<u64>),
    /// Whatever.
    Any,
}

pub(crate) use Body::{Any, Empty, Has, Ids, Is, Text};

/// Shape A.
pub(crate) fn message(text: &str) -> Body {
    Is(json!({ "message": text }))
}

/// Shape C.
pub(crate) fn error(text: &str) -> Body {
    Is(json!({ "error": text }))
}

/// Shape B with one attribute and one message.
pub(crate) fn attribute(name: &str, text: &str) -> Body {
    Is(json!({ "message": { name: [text] } }))
}

/// One row of a table.
pub(crate) struct Case {
    name: &'static str,
    versions: Vec<Version>,
    given: fn(&mut Sim),
    ask: Ask,
    status: u16,
    body: Body,
}

/// A row: what it shows, what is asked, and what must come back. The newest version, unless said.
pub(crate) fn case(name: &'static str, ask: Ask, status: u16, body: Body) -> Case {
    Case {
        name,
        versions: vec![Version::V19],
        given: |_| {},
        ask,
        status,
        body,
    }
}

impl Case {
    /// In this version.
    pub(crate) fn version(self, version: Version) -> Self {
        self.among(|other| other == version)
    }

    /// In every version from this one on.
    pub(crate) fn since(self, first: Version) -> Self {
        self.among(|version| version >= first)
    }

    /// In every version before this one.
    pub(crate) fn before(self, end: Version) -> Self {
        self.among(|version| version < end)
    }

    /// In every version from the first on, and before the second.
    pub(crate) fn between(self, first: Version, end: Version) -> Self {
        self.among(|version| version >= first && version < end)
    }

    /// In every version.
    pub(crate) fn always(self) -> Self {
        self.among(|_| true)
    }

    fn among(self, fits: impl Fn(Version) -> bool) -> Self {
        let versions = Version::ALL.into_iter().filter(|one| fits(*one)).collect();
        Self { versions, ..self }
    }

    pub(crate) fn given(self, given: fn(&mut Sim)) -> Self {
        Self { given, ..self }
    }

    fn faults(&self) -> impl Iterator<Item = String> {
        self.versions
            .iter()
            .filter_map(|version| self.fault(*version))
    }

    fn fault(&self, version: Version) -> Option<String> {
        let mut sim = Sim::version(version);
        (self.given)(&mut sim);
        let got = sim.call(&self.ask);
        let fits = got.status == self.status && body_fits(&self.body, &got);
        (!fits).then(|| {
            format!(
                "{} ({version}): wanted {}, got {} {}",
                self.name, self.status, got.status, got.text
            )
        })
    }
}

fn body_fits(body: &Body, got: &Got) -> bool {
    match body {
        Any => true,
        Empty => got.text.is_empty(),
        Text(text) => got.text == *text,
        Is(value) => got.json() == *value,
        Has(value) => contains(&got.json(), value),
        Ids(ids) => {
            let shown: Vec<u64> = got
                .json()
                .as_array()
                .map(|rows| rows.iter().filter_map(|row| row["id"].as_u64()).collect())
                .unwrap_or_default();
            got.json().is_array() && shown == *ids
        }
    }
}

fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|found| contains(found, value))),
        _ => whole == part,
    }
}

/// Runs a table; every row starts from the same world.
pub(crate) fn run(cases: Vec<Case>) {
    let faults: Vec<String> = cases.iter().flat_map(Case::faults).collect();
    assert!(
        faults.is_empty(),
        "{} of {} rows\n{}",
        faults.len(),
        cases.len(),
        faults.join("\n")
    );
}

/// The keys of a JSON object, sorted.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .map(|fields| fields.keys().map(String::as_str).collect())
        .unwrap_or_default();
    keys.sort_unstable();
    keys
}

/// Some hours.
pub(crate) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
