//! What must be true when it is quiet, looked at once.
use std::collections::{BTreeMap, BTreeSet};

use gitlab_runner_registrar::api::MANAGER;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::plan::Mark;
use gitlab_runner_registrar::secrets::{self, MANAGED_BY, TOKEN_KEY, owners};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::Value;

use super::slot::CONNECTIONS;
use super::world::{NAMESPACE, World};
use crate::harness::{condition, number};

/// What must be true at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Invariant {
    NothingIsStuck,
    OneRunnerForEachObject,
    NoneForTheDead,
    EachTokenIsAccepted,
    NoOtherSecretHasAToken,
    NothingIsWrittenWhileIdle,
    NoTokenIsLogged,
}

impl Invariant {
    pub(super) const ALL: [Self; 7] = [
        Self::NothingIsStuck,
        Self::OneRunnerForEachObject,
        Self::NoneForTheDead,
        Self::EachTokenIsAccepted,
        Self::NoOtherSecretHasAToken,
        Self::NothingIsWrittenWhileIdle,
        Self::NoTokenIsLogged,
    ];
}

/// Something that is not as it must be.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub(super) of: Invariant,
    /// The object that it is about.
    pub(super) object: Option<String>,
    pub(super) said: String,
}

/// What was seen.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) found: Vec<Violation>,
    /// Objects that wait for a person, by design, and what they say.
    pub(super) waiting: Vec<(String, String)>,
    /// How many things each invariant was checked on.
    pub(super) checked: BTreeMap<Invariant, usize>,
    /// The status of each object.
    pub(super) statuses: BTreeMap<String, Value>,
    /// The numbers in GitLab of the runners of all objects that are well.
    pub(super) numbers: BTreeSet<i64>,
}

impl Findings {
    pub(super) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn violations(&self) -> usize {
        self.found.len()
    }

    pub(super) fn check(&mut self, of: Invariant, object: Option<&str>, complaint: Option<String>) {
        *self.checked.entry(of).or_default() += 1;
        let object = object.map(str::to_owned);
        let violation = complaint.map(|said| Violation { of, object, said });
        self.found.extend(violation);
    }

    /// Leaves what was found since then to a person.
    fn are_for_a_person_since(&mut self, before: usize) {
        for Violation { object, said, .. } in self.found.drain(before..) {
            self.waiting.push((object.unwrap_or_default(), said));
        }
    }
}

/// Whether somebody has put that Secret back, and it is of an object that is no more: what it stands in
/// the way of waits for a person.
fn was_put_back(
    secret: &Secret,
    restored: &BTreeSet<(String, String)>,
    live: &BTreeSet<String>,
) -> bool {
    let dead = owners(&secret.metadata).find(|owner| !live.contains(*owner));
    dead.is_some_and(|owner| restored.contains(&(secret.name_any(), owner.to_owned())))
}

/// Whether the object is as it is declared now.
pub(super) fn is_ready(runner: &GitLabRunner) -> bool {
    let seen = runner
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    let ready = condition(runner, "Ready").is_some_and(|ready| ready.status == "True");
    ready && seen == runner.metadata.generation
}

/// Looks at everything once.
pub(super) async fn look(world: &World) -> Result<Findings, String> {
    let all = ListParams::default();
    let complain = |error: kube::Error| error.to_string();
    let objects = world
        .api::<GitLabRunner>()
        .list(&all)
        .await
        .map_err(complain)?
        .items;
    let there = world
        .api::<Secret>()
        .list(&all)
        .await
        .map_err(complain)?
        .items;
    let there: BTreeMap<String, Secret> =
        there.into_iter().map(|one| (one.name_any(), one)).collect();
    let runners = world.gitlab.runners();
    let mut findings = Findings::default();
    let uids: BTreeSet<String> = objects.iter().filter_map(ResourceExt::uid).collect();
    let mut unsettled = BTreeSet::new();
    let mut restored = BTreeSet::new();
    for slot in &world.slots {
        restored.extend(slot.lock().await.restored.iter().cloned());
    }
    for object in &objects {
        let name = object.name_any();
        let status = serde_json::to_value(&object.status).unwrap();
        findings.statuses.insert(name.clone(), status);
        if let Some(said) = waits_for_a_person(object) {
            unsettled.extend(object.uid());
            findings.waiting.push((name, said));
        } else {
            let secret = there.get(&secret_name(object));
            let before = findings.found.len();
            judge(&mut findings, object, secret, &runners);
            if secret.is_some_and(|secret| was_put_back(secret, &restored, &uids)) {
                findings.are_for_a_person_since(before);
            }
        }
    }
    for runner in &runners {
        let dead = mark(runner).is_none_or(|mark| !uids.contains(&mark.uid));
        let said = dead.then(|| format!("nobody's: {}", shown(runner)));
        // Its description is that of the object it was made for, unless somebody has edited it.
        let made_for = runner["description"].as_str().unwrap_or_default();
        let about = made_for.strip_prefix(&format!("{NAMESPACE}/"));
        findings.check(Invariant::NoneForTheDead, about, said);
    }
    let wanted: BTreeSet<String> = objects.iter().map(secret_name).collect();
    // What an object that waits for a person has kept so far is part of what that person looks at.
    let judged = |secret: &Secret| !owners(&secret.metadata).any(|owner| unsettled.contains(owner));
    for (name, secret) in there.iter().filter(|(_, secret)| judged(secret)) {
        let ours = secret
            .labels()
            .get(MANAGED_BY)
            .is_some_and(|by| by == MANAGER);
        let holds = token(secret).is_some_and(|token| !token.is_empty());
        let stray = (ours || holds) && !wanted.contains(name);
        let about = secrets::object(&secret.metadata);
        let said = stray.then(|| format!("{name}: {:?}", secret.annotations()));
        let before = findings.found.len();
        findings.check(Invariant::NoOtherSecretHasAToken, about, said);
        if was_put_back(secret, &restored, &uids) {
            findings.are_for_a_person_since(before);
        }
    }
    Ok(findings)
}

fn judge(
    findings: &mut Findings,
    object: &GitLabRunner,
    secret: Option<&Secret>,
    runners: &[Value],
) {
    let (name, uid) = (object.name_any(), object.uid().unwrap_or_default());
    let leaving = object.metadata.deletion_timestamp.is_some();
    let ready = condition(object, "Ready");
    let words = ready.map(|ready| format!("{}: {}", ready.reason, ready.message));
    let stuck = leaving || !is_ready(object);
    let how = if leaving { "cannot go" } else { "not ready" };
    let said = stuck.then(|| format!("{how}: {}", words.unwrap_or_default()));
    findings.check(Invariant::NothingIsStuck, Some(&name), said);

    let of_it = |runner: &&Value| mark(runner).is_some_and(|mark| mark.uid == uid);
    let ours: Vec<&Value> = runners.iter().filter(of_it).collect();
    let known = number(object);
    let one = matches!(*ours, [only] if only["id"].as_i64() == known);
    let all: Vec<String> = ours.iter().map(|runner| shown(runner)).collect();
    let said = (!one).then(|| format!("status says {known:?}, GitLab has {all:?}"));
    findings.check(Invariant::OneRunnerForEachObject, Some(&name), said);
    findings.numbers.extend(known.filter(|_| one && !stuck));

    let place = secret_name(object);
    let held = secret.and_then(token);
    let runner = runners.iter().find(|runner| runner["id"].as_i64() == known);
    let good = runner
        .and_then(|runner| runner["token"].as_str())
        .map(str::to_owned);
    let said = match (&held, &good) {
        (Some(held), Some(good)) if held == good => None,
        (None, _) => Some(format!("there is no token in the Secret {place}")),
        (Some(_), _) => {
            let annotations = secret.map(ResourceExt::annotations);
            Some(format!(
                "the token in the Secret {place} is not that of {known:?}: {annotations:?}"
            ))
        }
    };
    findings.check(Invariant::EachTokenIsAccepted, Some(&name), said);
}

/// A credential that may not search can never tell what a lost answer has left behind. Whoever gives
/// one to a connection is told so by each object that it happens to.
fn waits_for_a_person(object: &GitLabRunner) -> Option<String> {
    let ready = condition(object, "Ready")?;
    let blind = object.spec.connection_ref.name == CONNECTIONS[2];
    let unclear = ready.reason == "RegistrationUnclear" || ready.reason == "DeletionBlocked";
    (blind && unclear).then(|| format!("{}: {}", ready.reason, ready.message))
}

fn mark(runner: &Value) -> Option<Mark> {
    Mark::split(runner["maintenance_note"].as_str()?).1
}

fn token(secret: &Secret) -> Option<String> {
    let bytes = secret.data.as_ref()?.get(TOKEN_KEY)?.0.clone();
    String::from_utf8(bytes).ok()
}

fn secret_name(object: &GitLabRunner) -> String {
    let named = object
        .spec
        .token_secret
        .as_ref()
        .and_then(|secret| secret.name.clone());
    named.unwrap_or_else(|| format!("{}-runner-token", object.name_any()))
}

/// A runner without its token.
fn shown(runner: &Value) -> String {
    format!(
        "{} {} {}",
        runner["id"], runner["description"], runner["maintenance_note"]
    )
}
