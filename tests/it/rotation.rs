//! A token is replaced before anything is wrong with it, and at no moment does the Secret hold one that
//! GitLab refuses for longer than a pass.
mod elsewhere;
mod manager;
mod refused;
mod twin;

use gitlab_runner_registrar::api::ROTATE_AT;
use gitlab_runner_registrar::api::v1alpha1::{GitLabRunner, TokenStatus};
use gitlab_sim::{Fault, Rule};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use crate::harness::{
    Manifest, Story, condition, connection, runner, shown, story, text_of, until,
};

const KEPT: &str = "knot-runner-token";
const RESET: &str = "/api/v4/runners/*/reset_authentication_token";

fn knot() -> Manifest {
    runner("knot").in_group("platform")
}

fn asks(value: &str) -> Value {
    json!({ "metadata": { "annotations": { ROTATE_AT: value } } })
}

/// The tokens that GitLab makes for the group from now on live so long.
pub(crate) fn tokens_live(story: &Story<'_>, seconds: Option<u32>) {
    let settings = json!({ "runner_token_expiration_interval": seconds });
    let group = json!({ "do": "set_group", "group": "platform", "settings": settings });
    story.gitlab.does(group);
}

/// What status says of the token.
async fn told(story: &Story<'_>) -> TokenStatus {
    let object: GitLabRunner = story.get("knot").await.unwrap();
    object.status.unwrap().token.unwrap()
}

/// Waits until the object is Ready, and its Secret holds another token than that, which GitLab takes.
pub(crate) async fn has_another(story: &Story<'_>, old: &str) -> String {
    until("another token that works, and Ready", async || {
        let object = story.get::<GitLabRunner>("knot").await.unwrap();
        let ready = condition(&object, "Ready").is_some_and(|ready| ready.status == "True");
        let secret = story.get::<Secret>(KEPT).await;
        let held = secret.map(|secret| text_of(&secret, "runner-token"));
        let there = story.gitlab.only_runner()["token"].clone();
        match held {
            Some(held) if ready && held != old && there == held.as_str() => Ok(held),
            _ => Err(shown(&object)),
        }
    })
    .await
}

/// How often a token was replaced, by whatever way.
pub(crate) fn resets(story: &Story<'_>) -> usize {
    let asked = story.gitlab.changes_asked();
    let reset = |path: &str| path.ends_with("reset_authentication_token");
    asked.iter().filter(|(_, path, _)| reset(path)).count()
}

/// Waits until status answers the request for a new token.
async fn answers(story: &Story<'_>, value: &str) -> GitLabRunner {
    story
        .runner_says("knot", &format!("{value} is answered"), |runner| {
            let status = runner.status.as_ref().unwrap();
            status.last_handled_rotate_at.as_deref() == Some(value)
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_replaced_at_its_age_and_status_says_when() {
    story("rotation-every")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = knot().with("tokenRotation.every", "720h");
            story.apply(&manifest).await;
            let id = story.is_registered("knot").await;
            let old = story.token_in(KEPT).await;
            let TokenStatus {
                issued_at,
                rotate_at,
                ..
            } = told(story).await;
            let lives = |issued: Timestamp, rotated: Timestamp| rotated.duration_since(issued);
            let month = SignedDuration::from_hours(720);
            assert_eq!(lives(issued_at.unwrap().0, rotate_at.unwrap().0), month);

            // A month goes by.
            let month_ago = (story.gitlab.now() - month).to_string();
            let issued = json!({ "gitlab-registrar.dev/issued-at": month_ago });
            let aged = json!({ "metadata": { "annotations": issued } });
            story.edit::<Secret>(KEPT, aged).await;
            let new = has_another(story, &old).await;
            assert!(!story.gitlab.accepts(&old).await && story.gitlab.accepts(&new).await);
            let note = story.tells_once("knot", "TokenRotated").await;
            let expected = format!("new token for runner {id}: it was due");
            assert!(note.starts_with(&expected), "{note}");
            assert_eq!(resets(story), 1);
            let rotates = told(story).await.rotate_at.unwrap().0;
            let left = rotates.duration_since(story.gitlab.now());
            assert!(left > month - SignedDuration::from_mins(5), "{left:#}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_gets_a_new_token_once_for_each_value() {
    story("rotation-asked")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            // The first token answers whoever asks from the beginning.
            story.apply(&knot().annotated(ROTATE_AT, "0")).await;
            story.is_registered("knot").await;
            answers(story, "0").await;
            assert_eq!(resets(story), 0);
            let first = story.token_in(KEPT).await;
            story.edit::<GitLabRunner>("knot", asks("1")).await;
            let second = has_another(story, &first).await;
            answers(story, "1").await;
            assert_eq!(resets(story), 1);

            // Whoever is suspended is not served before that ends.
            story.apply(&knot().with("suspend", true)).await;
            story.is_ready_though("knot", "Suspended").await;
            story.edit::<GitLabRunner>("knot", asks("2")).await;
            let poke = json!({ "metadata": { "annotations": { "example.com/poked": "yes" } } });
            story.edit::<GitLabRunner>("knot", poke).await;
            story.is_ready_though("knot", "Suspended").await;
            assert_eq!(story.token_in(KEPT).await, second);
            story.apply(&knot()).await;
            has_another(story, &second).await;
            answers(story, "2").await;
            assert_eq!(resets(story), 2);
            let told = story.events("knot", "TokenRotated").await;
            let asked = |note: &String| note.ends_with("rotate-at asked for it");
            assert!(told.iter().any(asked), "{told:?}");
        })
        .await;
}

/// Between GitLab's answer and the Secret there is a moment at which only GitLab has the new token.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_reset_and_the_secret_it_gets_a_token_that_works() {
    story("rotation-killed")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let impatient = connection("gitlab", story.gitlab.url()).with("timeout", "5s");
            story.apply(&impatient).await;
            story.apply(&knot()).await;
            let id = story.is_registered("knot").await;
            let old = story.token_in(KEPT).await;
            let reset = Rule::new("POST", RESET, Fault::Gate).after_doing();
            let gate = story.gitlab.misbehaves(reset);
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            story.gitlab.holds_one(gate).await;
            // Nobody reads meanwhile that all is well, or that the request is answered.
            story.is_not_ready("knot", "Progressing").await;
            let object: GitLabRunner = story.get("knot").await.unwrap();
            assert_eq!(object.status.unwrap().last_handled_rotate_at, None);
            story.the_operator_is_killed().await;
            story.gitlab.recovers();
            assert_eq!(story.token_in(KEPT).await, old);
            assert!(!story.gitlab.accepts(&old).await);
            story.the_operator_starts().await;
            has_another(story, &old).await;
            answers(story, "now").await;
            assert_eq!(resets(story), 2);
            assert_eq!(story.is_registered("knot").await, id);
        })
        .await;
}

/// GitLab refuses for good to replace a token whose time for that has passed. The token works, and so
/// does everything else.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_not_be_replaced_keeps_nothing_else_from_being_done() {
    story("rotation-refused")
        .tell(async |story| {
            let refusal = Fault::Reply {
                status: 403,
                headers: [].into(),
                body: json!({ "error": "Token rotation deadline has passed" }),
            };
            story.gitlab.answers("POST", RESET, refusal);
            story.is_connected_to_gitlab().await;
            story.apply(&knot()).await;
            let id = story.is_registered("knot").await;
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            let message = story.is_not_ready("knot", "GitLabRefused").await;
            let cause = "Token rotation deadline has passed";
            assert!(message.contains(cause), "{message}");
            let object: GitLabRunner = story.get("knot").await.unwrap();
            assert_eq!(condition(&object, "TokenReady").unwrap().status, "True");
            story.apply(&knot().with("paused", true)).await;
            until("it is paused", async || {
                let there = story.gitlab.runner(id).unwrap();
                let paused = there["paused"] == true;
                paused.then_some(()).ok_or(format!("{there}"))
            })
            .await;
        })
        .await;
}

/// What the runner processes renew is left to them, and said so; what is missing is made anew, and
/// whoever asks is served.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_runner_renews_is_left_alone() {
    story("rotation-theirs")
        .tell(async |story| {
            tokens_live(story, Some(3));
            story.is_connected_to_gitlab().await;
            story
                .apply(&knot().with("tokenRotation.owner", "Runner"))
                .await;
            let message = story.is_ready_though("knot", "RenewedByRunner").await;
            assert!(message.contains(KEPT), "{message}");
            let object: GitLabRunner = story.get("knot").await.unwrap();
            let ready = condition(&object, "TokenReady").unwrap();
            assert_eq!(
                (&*ready.status, &*ready.reason),
                ("False", "RenewedByRunner")
            );
            story.tells_once("knot", "RenewedByRunner").await;
            assert_eq!(resets(story), 0);
            tokens_live(story, None);
            let old = story.token_in(KEPT).await;
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            has_another(story, &old).await;
            assert_eq!(resets(story), 1);
        })
        .await;
}

/// Every example of the page works as it stands there.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_rotation_is_true() {
    story("rotation-page")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.follows(include_str!("../../docs/rotate.md")).await;
            let object: GitLabRunner = story.get("linux").await.unwrap();
            let status = object.status.unwrap();
            assert!(status.last_handled_rotate_at.is_some());
        })
        .await;
}
