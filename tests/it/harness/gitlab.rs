//! A GitLab of the story's own, and the people in it.
use std::ops::Deref;

use gitlab_sim::{Fault, FaultId, Options, Recorded, Rule, Server};
use serde_json::{Value, json};

use super::wait::{PATIENCE, until};

/// Access tokens of the seed. Each has a part that a search for canaries finds in any text.
pub(crate) mod token {
    /// An administrator's, with scope `api`.
    pub(crate) const ADMIN: &str = "glpat-canary-0admin-7Hq2";
    /// The same administrator's, for whoever replaces the one above.
    pub(crate) const SPARE: &str = "glpat-canary-0spare-9Kd5";
    /// An administrator's, with `create_runner`, `manage_runner` and `read_api`.
    pub(crate) const SOME: &str = "glpat-canary-0some0-8Bn3";
    /// An administrator's, with `create_runner` and `manage_runner` only.
    pub(crate) const NARROW: &str = "glpat-canary-narrow-4Zt8";
    /// An administrator's, with `create_runner` only.
    pub(crate) const CREATOR: &str = "glpat-canary-create-6Uq4";
    /// An administrator's, with `read_api` only.
    pub(crate) const READER: &str = "glpat-canary-reader-1Vx6";
    /// Mia's, who owns the group and the projects and administers nothing.
    pub(crate) const MIA: &str = "glpat-canary-miamia-3Wm0";
    /// Nobody's.
    pub(crate) const UNKNOWN: &str = "glpat-canary-nobody-5Ly9";
}

/// Numbers are far apart, so that no group's is taken for a project's or a runner's.
const SEED: &str = "
users:
  - username: root
    admin: true
    tokens:
      - { name: admin, token: ADMIN, scopes: [api] }
      - { name: spare, token: SPARE, scopes: [api] }
      - { name: some, token: SOME, scopes: [create_runner, manage_runner, read_api] }
      - { name: narrow, token: NARROW, scopes: [create_runner, manage_runner] }
      - { name: creator, token: CREATOR, scopes: [create_runner] }
      - { name: reader, token: READER, scopes: [read_api] }
  - username: mia
    tokens: [{ name: mia, token: MIA, scopes: [api] }]
groups:
  - { path: platform, id: 3001, members: { mia: owner } }
  - { path: platform/tools, id: 3002 }
projects:
  - { path: platform/tools/build, id: 4001 }
  - { path: platform/docs, id: 4002 }
  - { path: platform/site, id: 4003 }
";

/// A stand-in for GitLab, with groups and projects:
/// `platform` 3001, `platform/tools/build` 4001, `platform/docs` 4002, `platform/site` 4003.
pub(crate) struct GitLab(Server);

impl Deref for GitLab {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl GitLab {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// One that speaks HTTPS, with a certificate that nobody trusts yet.
    pub(crate) async fn with_tls() -> Self {
        let tls = true;
        Self::with(Options {
            tls,
            ..Options::default()
        })
        .await
    }

    /// One that asks its clients for a certificate as well.
    pub(crate) async fn with_client_certificates() -> Self {
        let client_certificates = true;
        Self::with(Options {
            client_certificates,
            ..Options::default()
        })
        .await
    }

    async fn with(options: Options) -> Self {
        let tokens = [
            ("ADMIN", token::ADMIN),
            ("SPARE", token::SPARE),
            ("SOME", token::SOME),
            ("NARROW", token::NARROW),
            ("CREATOR", token::CREATOR),
            ("READER", token::READER),
            ("MIA", token::MIA),
        ];
        let seed = tokens.iter().fold(SEED.to_owned(), |seed, (name, token)| {
            seed.replace(name, token)
        });
        Self(Server::start(seed.as_str(), options).await.unwrap())
    }

    /// Does something behind everybody's back.
    pub(crate) fn does(&self, command: Value) -> Value {
        self.command_json(command).unwrap()
    }

    /// Changes settings of a runner behind everybody's back.
    pub(crate) fn changes(&self, runner: i64, set: Value) {
        let mut command = json!({ "do": "edit_runner", "runner": runner });
        command["set"] = set;
        self.does(command);
    }

    /// Forgets a runner behind everybody's back.
    pub(crate) fn forgets(&self, runner: i64) {
        self.does(json!({ "do": "delete_runner", "runner": runner }));
    }

    /// Every runner, tokens and notes included.
    pub(crate) fn runners(&self) -> Vec<Value> {
        self.does(json!({ "do": "runners" }))
            .as_array()
            .unwrap()
            .clone()
    }

    /// The one and only runner.
    pub(crate) fn only_runner(&self) -> Value {
        let mut runners = self.runners();
        assert_eq!(runners.len(), 1, "{runners:#?}");
        runners.remove(0)
    }

    /// One runner, if it is there.
    pub(crate) fn runner(&self, id: i64) -> Option<Value> {
        self.runners().into_iter().find(|runner| runner["id"] == id)
    }

    /// Has a runner take a job of that project; tells its number.
    pub(crate) fn takes_a_job(&self, runner: i64, project: &str) -> Value {
        self.does(json!({ "do": "queue_job", "project": project }));
        let taken = self.does(json!({ "do": "take_job", "runner": runner }));
        let job = taken["job"].clone();
        assert!(!job.is_null(), "{taken}");
        job
    }

    /// Whether GitLab takes that token for one of its runners', as gitlab-runner would ask.
    pub(crate) async fn accepts(&self, runner_token: &str) -> bool {
        let url = format!("{}/api/v4/runners/verify", self.url());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = json!({ "token": runner_token, "system_id": "s_story" }).to_string();
        let request = client.post(url).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        answer.status() == 200
    }

    /// What has been asked of GitLab that could have changed something, since the last clearing:
    /// method, path and body.
    pub(crate) fn changes_asked(&self) -> Vec<(String, String, Value)> {
        self.writes().into_iter().map(short).collect()
    }

    /// Everything that has been asked, since the last clearing.
    pub(crate) fn asked(&self) -> Vec<String> {
        let line = |request: Recorded| {
            let Recorded {
                method,
                path,
                body,
                status,
                end,
                ..
            } = request;
            format!("{method} {path} {body} → {status:?} {end:?}")
        };
        self.requests().into_iter().map(line).collect()
    }

    /// The same but for sweeps of all runners, which come when their time has come.
    pub(crate) fn asked_besides_sweeps(&self) -> Vec<String> {
        let mut asked = self.asked();
        asked.retain(|line| !(line.starts_with("POST /api/graphql") && line.contains("runners(")));
        asked
    }

    /// From now on, that request is answered so. Ends with [`Self::recovers`].
    pub(crate) fn answers(&self, method: &str, path: &str, fault: Fault) -> FaultId {
        self.fault(Rule::new(method, path, fault)).unwrap()
    }

    /// Misbehaves in this way.
    pub(crate) fn misbehaves(&self, rule: Rule) -> FaultId {
        self.fault(rule).unwrap()
    }

    /// Answers as it should again.
    pub(crate) fn recovers(&self) {
        self.clear_faults();
    }

    /// Waits until a gate holds a request.
    pub(crate) async fn holds_one(&self, gate: FaultId) {
        let held = self.until_held(gate, 1, PATIENCE).await;
        assert!(held, "nothing came to the gate:\n{:#?}", self.asked());
    }

    /// Waits until it was asked for this, and what was asked satisfies that.
    pub(crate) async fn is_asked(&self, what: &str, fits: impl Fn(&Recorded) -> bool) -> Recorded {
        until(what, async || {
            let found = self.requests().into_iter().find(|request| fits(request));
            found.ok_or_else(|| format!("{:#?}", self.asked()))
        })
        .await
    }
}

fn short(request: Recorded) -> (String, String, Value) {
    let path = request.path.strip_prefix("/api/v4").unwrap_or_default();
    (request.method, path.to_owned(), request.body)
}
