//! It becomes quiet, and what is found then.
use std::collections::BTreeMap;
use std::time::Duration;

use gitlab_sim::Recorded;
use k8s_openapi::api::core::v1::Secret;
use kube::api::DeleteParams;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::verdict::{Findings, Invariant, look};
use super::world::{NAMESPACE, World};
use crate::harness::{ACCOUNT, Canaries};

const LOOK: Duration = Duration::from_secs(1);
/// How many times each runner is looked at in GitLab while nothing may be written.
const SWEEPS: usize = 2;

/// Ends all disturbances, waits until all is well or it has taken too long, and tells what is not.
pub(super) async fn comes(world: &World) -> Findings {
    world.gitlab.recovers();
    tokens_reset_by_others_are_told(world).await;
    let mut findings = settled(world).await;
    if findings.is_clean() {
        nothing_is_written(world, &mut findings).await;
    }
    no_token_is_logged(world, &mut findings).await;
    findings
}

/// Nobody but the person who has reset a token knows of it; deleting the Secret is how to tell.
async fn tokens_reset_by_others_are_told(world: &World) {
    for slot in &world.slots {
        let slot = slot.lock().await;
        if slot.reset && slot.declared.is_some() {
            let (api, params) = (world.api::<Secret>(), DeleteParams::default());
            world
                .insists(async || api.delete(&slot.secret, &params).await)
                .await;
        }
    }
}

async fn settled(world: &World) -> Findings {
    let begin = Instant::now();
    loop {
        let findings = look(world).await;
        let late = begin.elapsed() > world.options.patience();
        match findings {
            Ok(findings) if late || findings.is_clean() => {
                super::report::line(&format!("all was said after {:?}", begin.elapsed()));
                return findings;
            }
            Err(error) if late => panic!("the API server does not answer: {error}"),
            Ok(_) | Err(_) => sleep(LOOK).await,
        }
    }
}

/// From one look at everybody to the next but one, nothing is written, neither to Kubernetes nor to
/// GitLab.
async fn nothing_is_written(world: &World, findings: &mut Findings) {
    let late = "not every runner was looked at again";
    if !each_is_looked_at(world, findings, SWEEPS).await {
        return findings.check(
            Invariant::NothingIsWrittenWhileIdle,
            None,
            Some(late.to_owned()),
        );
    }
    let mark = world.stage.plane.audit_settled().await.unwrap();
    if !each_is_looked_at(world, findings, SWEEPS).await {
        return findings.check(
            Invariant::NothingIsWrittenWhileIdle,
            None,
            Some(late.to_owned()),
        );
    }
    for (method, path, body) in world.gitlab.changes_asked() {
        let said = format!("asked of GitLab: {method} {path} {body}");
        findings.check(Invariant::NothingIsWrittenWhileIdle, None, Some(said));
    }
    world.stage.plane.audit_settled().await.unwrap();
    let (events, _) = world.stage.plane.audit_since(mark).unwrap();
    let ours = events
        .iter()
        .filter(|event| event.service_account() == Some((NAMESPACE, ACCOUNT)));
    for event in ours.filter(|event| event.is_complete()) {
        let said = event.is_write().then(|| format!("{event:?}"));
        findings.check(Invariant::NothingIsWrittenWhileIdle, None, said);
    }
}

/// Waits until GitLab was asked for each runner so often from now on, alone or with all of its place.
async fn each_is_looked_at(world: &World, findings: &Findings, times: usize) -> bool {
    world.gitlab.clear_requests();
    let places: BTreeMap<String, String> = findings
        .numbers
        .iter()
        .filter_map(|id| world.gitlab.runner(*id))
        .map(|runner| (format!("/api/v4/runners/{}", runner["id"]), place(&runner)))
        .collect();
    let begin = Instant::now();
    while begin.elapsed() < world.options.patience() {
        let asked = world.gitlab.requests();
        let looks = |(path, place): (&String, &String)| {
            let shows = |one: &&Recorded| {
                let query = one.body["query"].as_str().unwrap_or_default();
                one.method == "GET" && one.path == *path
                    || query.contains("runners(") && query.contains(&**place)
            };
            asked.iter().filter(shows).count() >= times
        };
        if places.iter().all(looks) {
            return true;
        }
        sleep(LOOK).await;
    }
    false
}

/// What a query for all runners of that runner's place has in it.
fn place(runner: &Value) -> String {
    let path = runner["group"].as_str().or(runner["projects"][0].as_str());
    match path {
        Some(path) => format!("fullPath: {}", json!(path)),
        None => "type: INSTANCE_TYPE".to_owned(),
    }
}

async fn no_token_is_logged(world: &World, findings: &mut Findings) {
    let canaries = Canaries::of(&world.gitlab);
    for (_, operator) in &world.operators {
        let log = operator.lock().await.log();
        let found = canaries.found_in("log", &log);
        let said =
            (!found.is_empty()).then(|| format!("{} times, first {}", found.len(), found[0]));
        findings.check(Invariant::NoTokenIsLogged, None, said);
        let panicked = log.lines().find(|line| line.contains("panicked at"));
        findings.check(Invariant::NothingIsStuck, None, panicked.map(str::to_owned));
    }
}
