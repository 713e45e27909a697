//! Runners that are registered with a registration token, GitLab's older way, and with a credential that
//! may do nothing else.
mod after;
mod life;
mod narrow;
mod pages;
mod refused;

use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, runner, says, secret, shown, story, within};
use crate::refusals::count;

pub(crate) const BY_TOKEN: &str = "/api/v4/runners";

/// Registration tokens work, also in releases in which an administrator must have allowed them.
pub(crate) fn tokens_are_allowed(story: &Story<'_>, version: &str) {
    let set = json!({ "version": version, "allow_runner_registration_token": true });
    story.gitlab.does(json!({ "do": "settings", "set": set }));
}

/// The registration token of the instance, or of a group or a project.
pub(crate) fn token_of(story: &Story<'_>, place: &str) -> String {
    let world = story.gitlab.does(json!({ "do": "dump" }));
    let token = match place {
        "" => &world["runners_token"],
        place => {
            let places = ["groups", "projects"].map(|kind| world[kind].as_array().unwrap().clone());
            let found = places.concat().into_iter().find(|it| it["path"] == place);
            &found.unwrap()["runners_token"].clone()
        }
    };
    token.as_str().unwrap().to_owned()
}

/// A Secret `registration` with that token.
pub(crate) async fn holds_the_token(story: &Story<'_>, token: &str) {
    story
        .apply(&secret("registration").holding("token", token))
        .await;
}

pub(crate) fn by_token(manifest: Manifest) -> Manifest {
    manifest
        .with("registration.method", "RegistrationToken")
        .with(
            "registration.tokenSecretRef",
            json!({ "name": "registration", "key": "token" }),
        )
}

fn group_runner(name: &str) -> Manifest {
    by_token(runner(name).in_group("platform"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_token_registers_and_the_credential_keeps() {
    story("registration-token")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, &format!("{}\n", token_of(story, "platform"))).await;
            story.gitlab.clear_requests();
            let tern = group_runner("tern").tagged(["linux"]).with("paused", true);
            story.apply(&tern).await;
            let id = story.is_registered("tern").await;
            let there = story.gitlab.only_runner();
            assert_eq!(there["id"], id);
            assert_eq!(there["registration_type"], "registration_token");
            assert_eq!(there["group"], "platform");
            assert_eq!(there["tag_list"], json!(["linux"]));
            assert_eq!(there["paused"], true);
            assert_eq!(there["name"], "gitlab-runner-registrar");
            let note = there["maintenance_note"].as_str().unwrap();
            assert!(note.starts_with("[gitlab-registrar.dev/"), "{note}");
            let posted = story
                .gitlab
                .is_asked("it was registered", |it| {
                    it.method == "POST" && it.path == BY_TOKEN
                })
                .await;
            assert!(!posted.headers.contains_key("private-token"));
            for (part, value) in [
                ("version", env!("CARGO_PKG_VERSION")),
                ("platform", "linux"),
            ] {
                assert_eq!(posted.body["info"][part], value);
            }
            let held = story.token_in("tern-runner-token").await;
            assert!(story.gitlab.accepts(&held).await);
            // It is kept like any other.
            story
                .apply(&group_runner("tern").with("paused", false))
                .await;
            story.is_registered("tern").await;
            assert_eq!(story.gitlab.only_runner()["paused"], false);
            let warned = story.events("tern", "UnusualTokenPrefix").await;
            assert!(warned.is_empty(), "{warned:?}");
            story.delete(&tern).await;
            story.is_gone(&tern).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
        })
        .await;
}

/// The mark is found again wherever the release can show it.
async fn a_lost_answer_makes_one(story: &mut Story<'_>, version: &str) {
    tokens_are_allowed(story, version);
    story.is_connected_to_gitlab().await;
    holds_the_token(story, &token_of(story, "platform")).await;
    let lost = Rule::new("POST", BY_TOKEN, Fault::Drop)
        .after_doing()
        .times(1);
    story.gitlab.misbehaves(lost);
    story.apply(&group_runner("skua")).await;
    // One that was removed may still turn up, as long as its attempt is waited for.
    within(Duration::from_mins(3), "it is registered", async || {
        let object: GitLabRunner = story.get("skua").await.unwrap();
        let ready = says(&object, "Ready", "True", "Succeeded");
        ready.then_some(()).ok_or(shown(&object))
    })
    .await;
    let id = story.is_registered("skua").await;
    assert_eq!(story.gitlab.only_runner()["id"], id);
    let held = story.token_in("skua-runner-token").await;
    assert!(story.gitlab.accepts(&held).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_registration_by_token_is_found_by_rest() {
    story("registration-lost-19")
        .resyncing_every("2s")
        .tell(async |story| {
            a_lost_answer_makes_one(story, "19").await;
            assert_eq!(count(story, "POST", BY_TOKEN), 1);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_registration_by_token_is_found_by_graphql() {
    story("registration-lost-15")
        .resyncing_every("2s")
        .tell(async |story| {
            a_lost_answer_makes_one(story, "15.2").await;
            assert_eq!(count(story, "POST", BY_TOKEN), 1);
        })
        .await;
}

/// Its token cannot be had again in 13.12, so that another takes its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_registration_by_token_is_found_by_its_description() {
    story("registration-lost-13")
        .resyncing_every("2s")
        .tell(async |story| {
            a_lost_answer_makes_one(story, "13.12").await;
            assert_eq!(count(story, "POST", BY_TOKEN), 2);
            story.tells_once("skua", "RunnerReplaced").await;
        })
        .await;
}

/// A registration token alone says where its runner goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_place_is_told() {
    story("registration-elsewhere")
        .resyncing_every("2s")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, &token_of(story, "platform/tools")).await;
            for (name, scope, lives) in [
                (
                    "auk",
                    json!({ "group": { "path": "platform" } }),
                    "platform/tools",
                ),
                (
                    "murre",
                    json!({ "group": { "id": 3001 } }),
                    "platform/tools",
                ),
                ("smew", json!({ "instance": {} }), "group_type"),
            ] {
                let manifest = by_token(runner(name)).with("scope", scope);
                story.apply(&manifest).await;
                let told = story.is_not_ready(name, "ScopeChanged").await;
                assert!(told.contains(lives), "{told}");
                let object: GitLabRunner = story.get(name).await.unwrap();
                assert!(says(&object, "Stalled", "True", "ScopeChanged"));
                // It goes with its object.
                story.delete(&manifest).await;
                story.is_gone(&manifest).await;
                assert_eq!(story.gitlab.runners(), Vec::<Value>::new(), "{name}");
            }
        })
        .await;
}
