//! The operator replaces its own token: in time, once, and so that the one before is never sent again.
mod hindered;
mod kinds;
mod lost;
mod stopped;
mod together;
mod unwanted;
mod waiting;

use gitlab_runner_registrar::api::v1alpha1::{CredentialReplacement, GitLabConnection};
use gitlab_sim::{Fault, FaultId, Recorded, Rule};
use jiff::{SignedDuration, ToSpan, tz::TimeZone};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::harness::{
    Manifest, Story, condition, connection, runner, says, secret, story, text_of, until,
};

const ROTATE: &str = "/api/v4/personal_access_tokens/self/rotate";
/// It can be told from others by its first letters, which is all that the log shows.
const FIRST: &str = "glpat-1st0-canary-7Yb2Nc4M";
/// What `printf %s "$FIRST" | sha256sum` begins with.
const DIGEST: &str = "8cccfd26128c9f10";
const MADE_AGO: i64 = 60;

/// Root's token of 65 days, of which 60 are over.
fn has_old_token(story: &Story<'_>) {
    has_old(story, json!({ "user": "root", "scopes": ["api"] }));
}

/// Such a token of somebody or something else.
fn has_old(story: &Story<'_>, of: Value) {
    let past = SignedDuration::from_hours(-24 * MADE_AGO);
    let end = in_days(story, 5);
    story.gitlab.advance(past).unwrap();
    let mut new = of;
    new["do"] = "add_token".into();
    new["name"] = "old".into();
    new["token"] = FIRST.into();
    new["expires_at"] = end.into();
    story.gitlab.does(new);
    story.gitlab.advance(-past).unwrap();
}

fn in_days(story: &Story<'_>, days: i64) -> String {
    let today = story.gitlab.now().to_zoned(TimeZone::UTC).date();
    today.checked_add(days.days()).unwrap().to_string()
}

/// A connection that replaces its token. No request may be lost that is not meant to be, however slow the
/// machine is; a few seconds more than that it is announced.
fn rotating(story: &Story<'_>, name: &str) -> Manifest {
    connection(name, story.gitlab.url())
        .with("timeout", SPARE_TIME)
        .with("credentialRotation", json!({}))
}

fn credential() -> Manifest {
    secret("gitlab-credential")
        .holding("pat", FIRST)
        .holding("note", "of another key")
}

fn shows_first(asked: &Recorded) -> bool {
    let sent = asked.headers.get("private-token");
    sent.is_some_and(|sent| sent.starts_with(&FIRST[..10]))
}

fn rotations(story: &Story<'_>) -> Vec<Recorded> {
    let mut asked = story.gitlab.requests();
    asked.retain(|asked| asked.path == ROTATE);
    asked
}

const SPARE_TIME: &str = "10s";

/// Long enough to do something while GitLab's answer is held. It is not waited for that the replacement was
/// announced for longer than that: see [`settles`].
const HELD: &str = "60s";

/// GitLab replaces the token, and keeps the answer.
fn holds_the_answer(story: &Story<'_>) -> FaultId {
    let gate = Rule::new("POST", ROTATE, Fault::Gate).after_doing();
    story.gitlab.misbehaves(gate)
}

/// The token is replaced, and GitLab keeps the answer.
async fn is_held(story: &Story<'_>) {
    has_old_token(story);
    story.apply(&credential()).await;
    let gate = holds_the_answer(story);
    story
        .apply(&rotating(story, "gitlab").with("timeout", HELD))
        .await;
    is_announced(story).await;
    settles(story, "now").await;
    story.gitlab.holds_one(gate).await;
}

/// Has the time be over for which the replacement was announced, and the connection looked at.
async fn settles(story: &Story<'_>, request: &str) {
    let earlier = story.gitlab.now() - SignedDuration::from_mins(10);
    edits_record(story, json!({ "announcedAt": earlier.to_string() })).await;
    let annotations = json!({ "gitlab-registrar.dev/reconcile-at": request });
    let patch = json!({ "metadata": { "annotations": annotations } });
    story.edit::<GitLabConnection>("gitlab", patch).await;
}

/// GitLab has made a new token, and the Secret cannot be written. Tells what the connection says of that.
async fn is_unstored(story: &Story<'_>) -> String {
    is_held(story).await;
    story.may_no_longer("patch", "secrets").await;
    story.gitlab.recovers();
    let told = story
        .connection_says("gitlab", "Ready", "False", "RotationUnstored")
        .await;
    condition(&told, "Ready").unwrap().message
}

/// Waits until status says that GitLab will be asked, or is.
async fn is_announced(story: &Story<'_>) -> CredentialReplacement {
    until("it is announced", async || {
        let connection: GitLabConnection = story.get("gitlab").await.unwrap();
        let record = connection.status.unwrap_or_default().credential_rotation;
        record.ok_or("nothing is".to_owned())
    })
    .await
}

/// Changes by hand what status says of the replacement.
async fn edits_record(story: &Story<'_>, record: Value) {
    let patch = json!({ "status": { "credentialRotation": record } });
    let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
    let api = story.api::<GitLabConnection>();
    api.patch_status("gitlab", &params, &patch).await.unwrap();
}

/// Changes what GitLab is set to.
fn settings(story: &Story<'_>, set: &Value) {
    story.gitlab.does(json!({ "do": "settings", "set": set }));
}

/// After that request nobody has sent the first token, nor been refused.
fn is_never_sent_after(story: &Story<'_>, seq: u64) {
    let later: Vec<Recorded> = story
        .gitlab
        .requests()
        .into_iter()
        .filter(|it| it.seq > seq)
        .collect();
    assert!(!later.is_empty(), "nothing was asked since");
    let bad: Vec<&Recorded> = later
        .iter()
        .filter(|it| shows_first(it) || it.status == Some(401))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let world = story.gitlab.does(json!({ "do": "dump" }));
    let tokens = world["tokens"].as_array().unwrap();
    let live = |token: &&Value| token["name"] == "old" && token["revoked"] == false;
    assert_eq!(
        tokens.iter().filter(live).count(),
        1,
        "the new one is alive"
    );
}

/// Waits until the Secret holds another token, and tells it.
async fn is_replaced(story: &Story<'_>) -> String {
    let another = |secret: &Secret| text_of(secret, "pat") != FIRST;
    let secret = story
        .secret_when("gitlab-credential", "a new token is stored", another)
        .await;
    assert_eq!(text_of(&secret, "note"), "of another key");
    text_of(&secret, "pat")
}

/// Waits until it is replaced and all goes on with the new one, for which GitLab was asked once.
async fn is_replaced_once(story: &Story<'_>) {
    is_replaced(story).await;
    has_settled(story, "gitlab").await;
    let [asked] = &rotations(story)[..] else {
        panic!("{:#?}", rotations(story))
    };
    is_never_sent_after(story, asked.seq);
}

/// Waits until the connection works, and the first token stands among those that are not sent again.
async fn has_settled(story: &Story<'_>, name: &str) -> GitLabConnection {
    until("the connection works with another token", async || {
        let connection: GitLabConnection = story.get(name).await.unwrap();
        let status = connection.status.clone().unwrap_or_default();
        let list: Vec<_> = status
            .refused_tokens
            .iter()
            .map(|it| (&*it.digest, &*it.reason))
            .collect();
        let over =
            status.credential_rotation.is_none() && says(&connection, "Ready", "True", "Succeeded");
        if over && list == [(DIGEST, "CredentialReplaced")] {
            Ok(connection)
        } else {
            Err(format!("{status:#?}"))
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_soon_is_replaced_and_nothing_else_notices() {
    story("credential-rotates")
        .resyncing_every("1s")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            // Without the field nothing happens but the warning.
            story
                .apply(&connection("gitlab", story.gitlab.url()).with("timeout", SPARE_TIME))
                .await;
            story
                .connection_says("gitlab", "CredentialsExpiring", "True", "ExpiresSoon")
                .await;
            story.apply(&runner("redstart")).await;
            story.is_registered("redstart").await;
            let ready = condition(&story.is_ready("redstart").await, "Ready").unwrap();
            assert_eq!(rotations(story), []);

            story.apply(&rotating(story, "gitlab")).await;
            let underway = story
                .connection_says("gitlab", "CredentialsExpiring", "False", "RotationPlanned")
                .await;
            assert!(
                says(&underway, "Ready", "True", "Succeeded"),
                "{underway:?}"
            );
            let fresh = is_replaced(story).await;
            let connection = has_settled(story, "gitlab").await;
            let [asked] = &rotations(story)[..] else {
                panic!("{:#?}", rotations(story))
            };
            assert_eq!(asked.body, json!({ "expires_at": in_days(story, 65) }));
            let status = connection.status.unwrap();
            let end = status.credential.unwrap().expires_at.unwrap().0.to_string();
            assert_eq!(
                end,
                format!("{}T00:00:00Z", in_days(story, 65)),
                "as long as the one before"
            );
            let told = story.tells_once("gitlab", "CredentialRotated").await;
            assert!(
                told.contains(&in_days(story, 65)) && told.contains("gitlab-credential"),
                "{told}"
            );

            story.apply(&runner("redstart").tagged(["later"])).await;
            story
                .gitlab
                .is_asked("a change", |it| it.method == "PUT")
                .await;
            let after = condition(&story.is_ready("redstart").await, "Ready").unwrap();
            assert_eq!(after.last_transition_time, ready.last_transition_time);
            is_never_sent_after(story, asked.seq);

            // A tool puts the old one back, and the operator has forgotten what it knew.
            story.the_operator_is_killed().await;
            story.apply(&credential()).await;
            story.gitlab.clear_requests();
            story.the_operator_starts().await;
            story
                .connection_says("gitlab", "Ready", "False", "CredentialReplaced")
                .await;
            let sent = story.gitlab.requests();
            assert!(!sent.iter().any(shows_first), "{sent:#?}");
            story
                .apply(&secret("gitlab-credential").holding("pat", &fresh))
                .await;
            story.is_connected("gitlab").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_the_credential_can_be_followed() {
    story("credential-page")
        .tell(async |story| {
            let page = include_str!("../../../docs/rotate-the-credential.md");
            story.follows(page).await;
            let connection = story.is_connected("gitlab").await;
            // This one has no end.
            assert!(condition(&connection, "CredentialsExpiring").is_none());
        })
        .await;
}
