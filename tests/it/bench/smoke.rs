//! A small run, so that the counts stay what they are. It times nothing.
use clap::Parser;
use serde_json::json;

use super::Bench;
use super::life::Life;
use super::options::Options;
use super::process;
use super::subject::Subject;
use super::world::{NEVER, World};
use crate::harness::{Stage, until};

const RUNNERS: usize = 50;

/// How many watches an operator of one namespace has: of runners, of connections, and of Secrets.
const WATCHES: usize = 3;

/// How many times a difference made in GitLab is seen and undone, which proves that it was looked.
const ROUNDS: usize = 2;

/// A page of GraphQL holds all that there are here.
const SWEEP: &str = "POST /api/graphql";

fn options() -> Options {
    Options::parse_from(["bench", &format!("--runners={RUNNERS}"), "--latency=0"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_is_registered_once_and_removed_once() {
    let (stage, subject) = (Stage::shared().await, Subject::this_build());
    let Life {
        created,
        numbers,
        deleted,
        ..
    } = Life::of(&Bench::of(&options(), stage, &subject)).await;
    assert_eq!(created.changes, [("POST".to_owned(), RUNNERS)].into());
    // A pass that is refused a write because of what another one has done asks once more.
    let removals = deleted.changes.get("DELETE").copied().unwrap_or_default();
    let told = deleted.told();
    assert_eq!(deleted.changes.len(), 1, "{told}");
    assert!(
        (RUNNERS..=RUNNERS + RUNNERS / 10).contains(&removals),
        "{told}"
    );
    // Of a namespace, a connection and its group is asked once a minute, which all of them share.
    // The API server's answer tells what is in a Secret that was written, and GitLab changes none.
    let again = created.reads_while_registering();
    assert!(again <= RUNNERS / 10, "{}", created.told());
    assert_eq!(numbers.len(), RUNNERS);
    let again = deleted.reads_after_removal(&numbers);
    assert!(again <= RUNNERS / 10, "{}", deleted.told());
    for (what, counts, reads, writes) in [("create", created, 6, 5), ("delete", deleted, 5, 3)] {
        let told = counts.told();
        assert!(counts.reads <= reads, "too many reads to {what}:{told}");
        let writes = writes * RUNNERS + RUNNERS / 10;
        assert!(
            counts.writes.len() <= writes,
            "too many writes to {what}:{told}"
        );
    }
}

/// A connection for each request that was ever under way takes more memory than the objects.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_leaves_few_connections_to_the_api_server() {
    let (stage, subject) = (Stage::shared().await, Subject::this_build());
    let world = World::settled(&Bench::of(&options(), stage, &subject), NEVER).await;
    let (_, port) = stage.plane.server().rsplit_once(':').unwrap();
    let port = port.trim_end_matches('/').parse().unwrap();
    let open = process::connections(world.pid(), port);
    assert!((1..=WATCHES + 1).contains(&open), "{open}");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_runners_cost_no_write() {
    let (stage, subject) = (Stage::shared().await, Subject::this_build());
    let world = World::running(&Bench::of(&options(), stage, &subject), Some("2s")).await;
    world.kubectl_creates("idle", RUNNERS, "gitlab").await;
    world.are_ready(RUNNERS).await;
    world.writes_nothing_more().await;
    let since = world.now().await;
    // The first may have begun before the last object was there.
    until("two sweeps have seen them all", async || {
        let sweeps = world.counts(since).await.of(SWEEP);
        let two = sweeps >= 2;
        two.then_some(()).ok_or_else(|| format!("{sweeps}"))
    })
    .await;
    let (canary, number) = world.numbers().await.remove(0);
    let since = world.now().await;
    for _ in 0..ROUNDS {
        world
            .gitlab
            .changes(number, json!({ "tag_list": ["changed"] }));
        until("the difference is undone", async || {
            let tags = world.gitlab.runner(number).unwrap()["tag_list"].clone();
            let undone = tags == json!(["bench"]);
            undone.then_some(()).ok_or(tags.to_string())
        })
        .await;
    }
    let counts = world.counts(since).await;
    assert_eq!(counts.changes, [("PUT".to_owned(), ROUNDS)].into());
    // Lists tell of all of them. Only where one has changed it may be asked for alone.
    let alone = counts.of("GET /api/v4/runners/:id");
    assert!(alone <= 2 * ROUNDS, "{}", counts.told());
    // An event is named by whoever makes it; there is one for each round at most.
    let (events, others): (Vec<_>, Vec<_>) = counts
        .writes
        .iter()
        .filter(|write| write.name != canary)
        .partition(|write| write.resource == "events");
    assert!(others.is_empty(), "{others:#?}");
    assert!(events.len() <= ROUNDS, "{events:#?}");
}
