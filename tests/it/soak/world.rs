//! All that is outside the operator: a GitLab, an API server, what lies between, and who writes it down.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gitlab_runner_registrar::clock;
use gitlab_runner_registrar::plan::Mark;
use gitlab_sim::{Command, GitLab};
use http::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::api::{Call, Objects, Store};
use super::chance::Chance;
use super::fates::{Fates, Side};
use super::turns::Turns;

/// Where GitLab is said to be.
pub(super) const URL: &str = "https://gitlab.example.com";
/// The namespace in which all happens.
pub(super) const NAMESPACE: &str = "build";
/// The credential that works.
pub(super) const TOKEN: &str = "glpat-soaksoaksoaksoaksoak";

/// A group, projects, an administrator, and runners of strangers.
const SEED: &str = "
users:
  - username: root
    admin: true
    tokens: [{ name: admin, token: glpat-soaksoaksoaksoaksoak, scopes: [api] }]
groups:
  - { path: platform, id: 3001 }
projects:
  - { path: platform/docs, id: 4002 }
runners:
  - { type: instance, settings: { description: theirs, tag_list: [theirs] } }
  - { type: group, group: platform, settings: { description: theirs too } }
";

/// How long a request may be under way that a restored API server knows nothing of.
const FORGOTTEN: Duration = Duration::from_mins(1);

pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) turns: Turns,
    pub(super) fates: Fates,
    store: Mutex<Store>,
    /// Ticks when the store has changed; the number is how often all watches were ended.
    pub(super) changed: watch::Sender<u64>,
    gitlab: Mutex<GitLab>,
    /// How many runners GitLab has made with each mark.
    made: Mutex<BTreeMap<String, u32>>,
    /// When the API server went back to an earlier moment.
    restored: Mutex<Option<Instant>>,
    began: Instant,
    /// Which process leads, where they take turns.
    leader: Mutex<Option<String>>,
    story: Mutex<Story>,
}

#[derive(Default)]
struct Story {
    lines: Vec<String>,
    asked: Vec<Asked>,
    wrong: Vec<String>,
}

/// A request of the operator.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) side: Side,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let chance = Chance(seed);
        let sim = gitlab_sim::Seed::from_yaml(SEED).unwrap();
        let sim = gitlab_sim::Seed {
            random_seed: seed,
            ..sim
        };
        Arc::new(Self {
            chance,
            turns: Turns::default(),
            fates: Fates::new(chance),
            store: Mutex::new(Store::new(chance)),
            changed: watch::Sender::new(0),
            gitlab: Mutex::new(GitLab::new(sim, clock::now()).unwrap()),
            made: Mutex::default(),
            restored: Mutex::default(),
            began: Instant::now(),
            leader: Mutex::default(),
            story: Mutex::default(),
        })
    }

    /// Does something with what the API server keeps.
    pub(super) fn store<T>(&self, visit: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = lock(&self.store);
        let before = store.revision();
        let given = visit(&mut store);
        if store.revision() != before {
            self.changed.send_modify(|_| ());
        }
        given
    }

    /// A request to the API server by people, to whom nothing goes wrong.
    pub(super) fn kube(&self, method: Method, path: &str, body: Value) -> Option<Value> {
        let call = Call::new(method, path, "application/merge-patch+json", body);
        let (status, body) = self.store(|store| store.answer(&call, clock::now()));
        (status < 300).then_some(body)
    }

    /// Has GitLab answer a request.
    pub(super) fn gitlab_handles(
        &self,
        request: &http::Request<bytes::Bytes>,
    ) -> http::Response<bytes::Bytes> {
        let answer = lock(&self.gitlab).handle(request, clock::now());
        let registers =
            request.method() == Method::POST && request.uri().path() == "/api/v4/user/runners";
        if registers && answer.status() == 201 {
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let note = body["maintenance_note"].as_str().unwrap_or_default();
            self.is_the_only_one(note);
            let mut made = lock(&self.made);
            let count = made.entry(note.to_owned()).or_default();
            *count += 1;
            if *count > 1 {
                self.is_wrong(format!("{count} runners were made in one attempt: {note}"));
            }
        }
        answer
    }

    /// Whoever registers a runner knows that there is none, or knew before the API server forgot what it knew.
    fn is_the_only_one(&self, note: &str) {
        let Some(mark) = Mark::split(note).1 else {
            return;
        };
        let forgotten = lock(&self.restored).is_some_and(|at| at.elapsed() < FORGOTTEN);
        let marks = self.runners();
        let marks = marks.iter().filter_map(super::verdict::mark);
        let count = marks.filter(|other| other.uid == mark.uid).count();
        if count > 1 && !forgotten {
            self.is_wrong(format!(
                "one of {count} runners of one object was made: {note}"
            ));
        }
    }

    /// The API server goes back to an earlier moment.
    pub(super) fn restores(&self, objects: Objects) {
        *lock(&self.restored) = Some(Instant::now());
        self.store(|store| store.restore(objects));
    }

    /// Does something behind GitLab's back.
    pub(super) fn gitlab_does(&self, command: Value) -> Option<Value> {
        let command: Command = serde_json::from_value(command).unwrap();
        lock(&self.gitlab).command(command, clock::now()).ok()
    }

    /// It is that process' turn.
    pub(super) fn leads(&self, process: &str) {
        self.note(&format!("{process} leads"));
        *lock(&self.leader) = Some(process.to_owned());
    }

    /// A process sends GitLab something that changes it.
    pub(super) fn is_changed_by(&self, process: &str) {
        let leader = lock(&self.leader).clone();
        if let Some(leader) = leader.filter(|leader| leader != process) {
            self.is_wrong(format!("{process} changes GitLab although {leader} leads"));
        }
    }

    /// Every runner, tokens and notes included.
    pub(super) fn runners(&self) -> Vec<Value> {
        let runners = self.gitlab_does(json!({ "do": "runners" }));
        serde_json::from_value(runners.unwrap_or_default()).unwrap_or_default()
    }

    pub(super) fn time(&self) -> Duration {
        self.began.elapsed()
    }

    /// Writes down what happens.
    pub(super) fn note(&self, what: &str) {
        let seconds = self.time().as_secs_f64();
        lock(&self.story)
            .lines
            .push(format!("{seconds:>10.3} {what}"));
    }

    pub(super) fn is_asked(&self, asked: Asked) {
        lock(&self.story).asked.push(asked);
    }

    /// What the operator has asked since this was last called.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.story).asked)
    }

    /// Something that must never be.
    pub(super) fn is_wrong(&self, what: String) {
        self.note(&format!("WRONG: {what}"));
        lock(&self.story).wrong.push(what);
    }

    /// The whole story, and what was wrong in it.
    pub(super) fn told(&self) -> (Vec<String>, Vec<String>) {
        let story = lock(&self.story);
        (story.lines.clone(), story.wrong.clone())
    }
}
