//! The whole life of a runner in every release that the API's pages describe: registered, changed, paused,
//! assigned, its Secret lost, deleted.
use k8s_openapi::api::core::v1::Secret;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, runner, story};
use crate::registration::{by_token, holds_the_token, token_of, tokens_are_allowed};

const SECRET: &str = "brambling-runner-token";

/// How runners are registered there, and whether one keeps its number when its token is lost.
struct Era {
    version: &'static str,
    by_token: bool,
    resets: bool,
}

fn manifest(era: &Era) -> Manifest {
    let plain = runner("brambling").in_project("platform/tools/build");
    if era.by_token { by_token(plain) } else { plain }
}

fn first(era: &Era) -> Manifest {
    manifest(era)
        .with("description", "Builds")
        .tagged(["linux"])
}

fn second(era: &Era) -> Manifest {
    manifest(era)
        .with("description", "Builds more")
        .tagged(["docker", "linux"])
        .with("paused", true)
        .with("maximumTimeout", "1h")
        .also_in(["platform/docs"])
}

/// The one runner that there is, once the Secret holds a token of it that works.
async fn its(story: &Story<'_>, id: i64) -> Value {
    let there = story.gitlab.only_runner();
    assert_eq!(there["id"], id);
    let held = story.token_in(SECRET).await;
    assert!(story.gitlab.accepts(&held).await);
    there
}

/// Before 14.8 the mark stands behind the text.
fn text(there: &Value) -> String {
    let description = there["description"].as_str().unwrap();
    description.split(" [").next().unwrap().to_owned()
}

async fn lives(story: &Story<'_>, era: Era) {
    tokens_are_allowed(story, era.version);
    story.is_connected_to_gitlab().await;
    holds_the_token(story, &token_of(story, "platform/tools/build")).await;
    let id = is_registered(story, &era).await;
    story.apply(&second(&era)).await;
    assert_eq!(is_as_in_the_second(story).await, id);
    loses_its_secret(story).await;
    assert_eq!(is_as_in_the_second(story).await == id, era.resets);
    is_deleted(story, &second(&era)).await;
}

async fn is_deleted(story: &Story<'_>, brambling: &Manifest) {
    story.delete(brambling).await;
    story.is_gone(brambling).await;
    assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
}

async fn is_registered(story: &Story<'_>, era: &Era) -> i64 {
    story.apply(&first(era)).await;
    let id = story.is_registered("brambling").await;
    let there = its(story, id).await;
    let tags = json!(["linux"]);
    assert_eq!((text(&there), &there["tag_list"]), ("Builds".into(), &tags));
    id
}

/// It is changed, paused and assigned.
async fn is_as_in_the_second(story: &Story<'_>) -> i64 {
    let id = story.is_registered("brambling").await;
    let there = its(story, id).await;
    assert_eq!(text(&there), "Builds more");
    let projects = json!(["platform/tools/build", "platform/docs"]);
    for (setting, value) in [
        ("tag_list", json!(["docker", "linux"])),
        ("paused", json!(true)),
        ("maximum_timeout", json!(3600)),
        ("projects", projects),
    ] {
        assert_eq!(there[setting], value, "{setting}");
    }
    id
}

async fn loses_its_secret(story: &Story<'_>) {
    let secrets = story.api::<Secret>();
    secrets
        .delete(SECRET, &DeleteParams::default())
        .await
        .unwrap();
    story
        .secret_when(SECRET, "there is a token again", |_| true)
        .await;
}

macro_rules! eras {
    ($($test:ident: $version:literal, $by_token:literal, $resets:literal;)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let era = Era { version: $version, by_token: $by_token, resets: $resets };
            crate::versions::life::told(concat!("versions-", stringify!($test)), era).await;
        }
    )+};
}

eras! {
    a_life_in_13_12: "13.12", true, false;
    a_life_in_15_2: "15.2", true, true;
    a_life_in_15_11: "15.11", false, true;
    a_life_in_16_10: "16.10", false, true;
    a_life_in_17: "17", false, true;
    a_life_in_19: "19", false, true;
}

async fn told(name: &'static str, era: Era) {
    let name: &'static str = Box::leak(name.replace('_', "-").into_boxed_str());
    story(name)
        .resyncing_every("2s")
        .tell(async |story| lives(story, era).await)
        .await;
}
