//! A token that does not work is never called ready, however its Secret came to be as it is.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ListParams, PostParams};
use serde_json::json;

use crate::harness::{
    GitLab, Manifest, Story, condition, connection, runner, secret, story, text_of, until,
};

const KEPT: &str = "teal-runner-token";
const RESET: &str = "/api/v4/runners/*/reset_authentication_token";

fn teal() -> Manifest {
    runner("teal").in_group("platform")
}

fn renamed(name: &str) -> Manifest {
    teal().with("tokenSecret", json!({ "name": name }))
}

/// A runner with its token kept; tells its number and a copy of its Secret, as a backup holds it.
async fn is_backed_up(story: &Story<'_>) -> (i64, Secret) {
    story.is_connected_to_gitlab().await;
    story.apply(&teal()).await;
    let id = story.is_registered("teal").await;
    let mut copy: Secret = story.get(KEPT).await.unwrap();
    copy.metadata.uid = None;
    copy.metadata.resource_version = None;
    copy.metadata.creation_timestamp = None;
    copy.metadata.managed_fields = None;
    (id, copy)
}

/// Puts a Secret back from a backup, in place of whatever is there.
async fn is_put_back(story: &Story<'_>, copy: &Secret) {
    let name = copy.metadata.name.as_deref().unwrap();
    let put_back = async || {
        if story.get::<Secret>(name).await.is_some() {
            story.delete(&secret(name)).await;
        }
        let made = story.api().create(&PostParams::default(), copy).await;
        made.map(drop).map_err(|error| error.to_string())
    };
    until("the Secret is put back", put_back).await;
}

/// Waits until the object is Ready and its Secret holds what GitLab takes for this runner's token.
async fn works(story: &Story<'_>, name: &str, id: i64) {
    until("a token that works, and Ready", async || {
        let object = story.get::<GitLabRunner>("teal").await.unwrap();
        let ready = condition(&object, "Ready").is_some_and(|ready| ready.status == "True");
        let held = story.get::<Secret>(name).await;
        let held = held.map(|secret| text_of(&secret, "runner-token"));
        let there = story.gitlab.runner(id).unwrap()["token"].clone();
        let fits = held.is_some_and(|held| there == held.as_str());
        (ready && fits)
            .then_some(())
            .ok_or(format!("ready: {ready}, fits: {fits}: {object:#?}"))
    })
    .await;
    assert_eq!(story.is_registered("teal").await, id);
}

/// Waits until no Secret of ours is there but that one.
async fn is_the_only_secret(story: &Story<'_>, name: &str) {
    let ours = ListParams::default().labels("gitlab-registrar.dev/runner=teal");
    until(&format!("{name} is the only one"), async || {
        let there = story.api::<Secret>().list(&ours).await.unwrap();
        let names = there.items.into_iter().filter_map(|it| it.metadata.name);
        let names: Vec<String> = names.collect();
        (names == [name]).then_some(()).ok_or(format!("{names:?}"))
    })
    .await;
}

fn resets(story: &Story<'_>) -> usize {
    let asked = story.gitlab.changes_asked();
    let reset = |path: &str| path.ends_with("reset_authentication_token");
    asked.iter().filter(|(_, path, _)| reset(path)).count()
}

/// It is whole in itself, with the digest of its token beside it; and yet GitLab has given another
/// since.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_secret_that_is_put_back_is_not_believed() {
    story("tokens-put-back")
        .tell(async |story| {
            let (id, old) = is_backed_up(story).await;
            story.delete(&secret(KEPT)).await;
            works(story, KEPT, id).await;
            is_put_back(story, &old).await;
            works(story, KEPT, id).await;
            let told = story.events("teal", "TokenReset").await;
            let unproven = "the one in the Secret was not known to be the last that GitLab gave";
            let told = told.iter().any(|note| note.ends_with(unproven));
            assert!(told, "{:?}", story.events("teal", "TokenReset").await);
        })
        .await;
}

/// The answer to a reset is late, and meanwhile somebody puts the Secret back from a backup.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_put_back_while_a_reset_is_under_way_is_not_believed() {
    story("tokens-put-back-meanwhile")
        .tell(async |story| {
            let (id, old) = is_backed_up(story).await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", RESET, Fault::Gate).after_doing());
            story.delete(&secret(KEPT)).await;
            story.gitlab.holds_one(gate).await;
            is_put_back(story, &old).await;
            story.gitlab.recovers();
            works(story, KEPT, id).await;
        })
        .await;
}

/// A second process that takes an old Secret for the last word closes a reset of the first, whose token
/// then cannot be kept: it has ended all others all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_came_to_nothing_is_known_to_have_ended_the_token_before() {
    story("tokens-reset-closed")
        .tell(async |story| {
            let (id, old) = is_backed_up(story).await;
            let reset = Rule::new("POST", RESET, Fault::Gate).after_doing();
            let gate = story.gitlab.misbehaves(reset);
            let edited = json!({ "stringData": { "runner-token": "glrt-edited" } });
            story.edit::<Secret>(KEPT, edited).await;
            story.gitlab.holds_one(gate).await;
            is_put_back(story, &old).await;
            story
                .status_says("teal", json!({ "operation": null }))
                .await;
            story.gitlab.recovers();
            works(story, KEPT, id).await;
            assert_eq!(resets(story), 2);
        })
        .await;
}

/// So is one that is put back while the operator is down, after it died in a reset.
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_reset_it_does_not_believe_a_secret_that_was_put_back() {
    story("tokens-put-back-killed")
        .tell(async |story| {
            let (id, old) = is_backed_up(story).await;
            let impatient = connection("gitlab", story.gitlab.url()).with("timeout", "5s");
            story.apply(&impatient).await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", RESET, Fault::Gate).after_doing());
            story.delete(&secret(KEPT)).await;
            story.gitlab.holds_one(gate).await;
            // Nobody reads meanwhile that it is ready.
            story.is_not_ready("teal", "Progressing").await;
            story.the_operator_is_killed().await;
            story.gitlab.recovers();
            is_put_back(story, &old).await;
            story.the_operator_starts().await;
            works(story, KEPT, id).await;
        })
        .await;
}

/// The group's tokens live for some seconds only, until somebody changes that, and meanwhile there is no
/// operator to replace one before its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_expired_is_replaced() {
    story("tokens-expired")
        .tell(async |story| {
            let lives = |gitlab: &GitLab, seconds: Option<u32>| {
                let settings = json!({ "runner_token_expiration_interval": seconds });
                let group = json!({ "do": "set_group", "group": "platform", "settings": settings });
                gitlab.does(group);
            };
            lives(&story.gitlab, Some(30));
            story.is_connected_to_gitlab().await;
            story.apply(&teal()).await;
            let id = story.is_registered("teal").await;
            story.the_operator_is_killed().await;
            lives(&story.gitlab, None);
            let token = story.token_in(KEPT).await;
            until("the token has expired", async || {
                let accepted = story.gitlab.accepts(&token).await;
                (!accepted).then_some(()).ok_or("not yet".to_owned())
            })
            .await;
            story.the_operator_starts().await;
            let told = "the one in the Secret had expired";
            until("the token is replaced", async || {
                let events = story.events("teal", "TokenReset").await;
                let told = events.iter().any(|note| note.ends_with(told));
                told.then_some(()).ok_or(format!("{events:?}"))
            })
            .await;
            works(story, KEPT, id).await;
            assert_eq!(resets(story), 1);
        })
        .await;
}

/// Where it may not be replaced nobody reads that it is ready.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_expired_and_cannot_be_replaced_is_not_ready() {
    story("tokens-expired-refused")
        .resyncing_every("2s")
        .tell(async |story| {
            let settings = json!({ "runner_token_expiration_interval": 12 });
            let group = json!({ "do": "set_group", "group": "platform", "settings": settings });
            story.gitlab.does(group);
            let refusal = json!({ "message": "403 Forbidden - No access granted" });
            let refusal = Fault::Reply {
                status: 403,
                headers: [].into(),
                body: refusal,
            };
            story.gitlab.answers("POST", RESET, refusal);
            story.is_connected_to_gitlab().await;
            story.apply(&teal()).await;
            story.is_registered("teal").await;
            // Before its end it is due, and works.
            let message = story.is_not_ready("teal", "GitLabRefused").await;
            assert!(message.contains("reset the runner's token"), "{message}");
            story
                .runner_says("teal", "its token does not work", |object| {
                    condition(object, "TokenReady").is_some_and(|ready| ready.status == "False")
                })
                .await;
            story.is_not_ready("teal", "GitLabRefused").await;
        })
        .await;
}

/// Twice in a row, so that status may not name the second of three yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_renamed_twice_is_moved_once_and_leaves_none_behind() {
    story("tokens-renamed-twice")
        .tell(async |story| {
            let (id, _) = is_backed_up(story).await;
            story.apply(&renamed("teal-second")).await;
            story.apply(&renamed("teal-third")).await;
            works(story, "teal-third", id).await;
            is_the_only_secret(story, "teal-third").await;
            assert_eq!(resets(story), 0, "a good token is not reset");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_renamed_during_the_registration_is_found() {
    story("tokens-renamed-meanwhile")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let path = "/api/v4/user/runners";
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", path, Fault::Gate).after_doing());
            story.apply(&teal()).await;
            story.gitlab.holds_one(gate).await;
            story.apply(&renamed("teal-second")).await;
            story.apply(&renamed("teal-third")).await;
            story.gitlab.recovers();
            let id = story.is_registered("teal").await;
            works(story, "teal-third", id).await;
            is_the_only_secret(story, "teal-third").await;
            assert_eq!(resets(story), 0, "a good token is not reset");
            story.gitlab.only_runner();
        })
        .await;
}

/// Somebody else's Secret keeps the token from its new name, and nothing else from being done.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_somebody_else_keeps_nothing_but_the_token_from_being_looked_after() {
    story("tokens-conflict-paused")
        .tell(async |story| {
            let (id, _) = is_backed_up(story).await;
            story.apply(&secret("theirs").holding("a", "b")).await;
            story.apply(&renamed("theirs").with("paused", true)).await;
            story.is_not_ready("teal", "SecretConflict").await;
            until("it is paused", async || {
                let there = story.gitlab.runner(id).unwrap();
                (there["paused"] == true)
                    .then_some(())
                    .ok_or(format!("{there}"))
            })
            .await;
            assert_eq!(resets(story), 0);
            let kept: Secret = story.get(KEPT).await.unwrap();
            assert!(story.gitlab.accepts(&text_of(&kept, "runner-token")).await);
        })
        .await;
}

/// What gitlab-runner takes for a token of the former kind it removes with `unregister`.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_an_unusual_beginning_is_warned_of() {
    story("tokens-prefix")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let body = json!({ "id": 77, "token": "acme-glrt-canary-1", "token_expires_at": null });
            let made = Fault::Reply {
                status: 201,
                headers: [].into(),
                body,
            };
            story.gitlab.answers("POST", "/api/v4/user/runners", made);
            let there =
                json!({ "do": "add_runner", "type": "group", "group": "platform", "id": 77 });
            story.gitlab.does(there);
            story.apply(&teal()).await;
            let told = story.tells_once("teal", "UnusualTokenPrefix").await;
            assert!(told.contains("runner 77 begins with a prefix"), "{told}");
            story.operator().has_warned("UnusualTokenPrefix").await;
        })
        .await;
}
