//! The credential itself: replaced while all is well, and about to expire.
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, RefusedToken};
use gitlab_sim::Recorded;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::harness::{Story, condition, runner, says, secret, story, until};

/// Two that can be told apart by their first letters, which is all that the log shows of them.
const FIRST: &str = "glpat-1st0-canary-2Lp6Vb9Y";
/// What `printf %s "$FIRST" | sha256sum` begins with.
const DIGEST: &str = "52d3fc497e58759b";
const SECOND: &str = "glpat-2nd0-canary-8Qw3Rt7U";

/// A token of the administrator's, that expires in so many days.
fn has_token(story: &Story<'_>, name: &str, token: &str, days: i64) {
    let today = story.gitlab.now().to_zoned(TimeZone::UTC).date();
    let end = today.checked_add(days.days()).unwrap().to_string();
    let mut new = json!({ "do": "add_token", "user": "root", "scopes": ["api"] });
    new["name"] = name.into();
    new["token"] = token.into();
    new["expires_at"] = end.into();
    story.gitlab.does(new);
}

fn shows(asked: &Recorded, token: &str) -> bool {
    let sent = asked.headers.get("private-token");
    sent.is_some_and(|sent| sent.starts_with(&token[..10]))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_replaced_is_never_sent_again() {
    story("credential-replaced")
        .resyncing_every("1s")
        .tell(async |story| {
            has_token(story, "first", FIRST, 100);
            has_token(story, "second", SECOND, 100);
            story.connects("gitlab", FIRST).await;
            story.apply(&runner("siskin")).await;
            story.is_registered("siskin").await;
            assert!(
                story
                    .gitlab
                    .requests()
                    .iter()
                    .all(|asked| shows(asked, FIRST))
            );

            let place = secret("gitlab-credential");
            story.apply(&place.holding("pat", SECOND)).await;
            // The connection tries the new one while a pass over the runner may still use the other; of
            // one object no two passes run at once.
            let by_runner = |asked: &Recorded| {
                let sweeps = asked.path == "/api/graphql";
                let looks = asked.path.starts_with("/api/v4/runners/");
                (sweeps || looks) && shows(asked, SECOND)
            };
            let first = story.gitlab.is_asked("with the new token", by_runner).await;
            story.apply(&runner("siskin").tagged(["later"])).await;
            story.is_ready("siskin").await;
            // A while of looking every second.
            let later =
                |asked: &Recorded| asked.at.duration_since(first.at) > SignedDuration::from_secs(5);
            story.gitlab.is_asked("some time later", later).await;
            let mut asked = story.gitlab.requests();
            asked.retain(|asked| asked.seq > first.seq && !shows(asked, SECOND));
            assert!(asked.is_empty(), "{asked:#?}");
        })
        .await;
}

/// Waits until the connection has been looked at a few times, and tells what was sent with the first
/// token meanwhile.
async fn sent_while_looking(story: &Story<'_>) -> Vec<Recorded> {
    let looks = async || super::looks(story).await;
    let before = looks().await;
    until("it is looked at three times more", async || {
        let now = looks().await;
        if now >= before + 3.0 {
            Ok(())
        } else {
            Err(now.to_string())
        }
    })
    .await;
    let mut asked = story.gitlab.requests();
    asked.retain(|asked| shows(asked, FIRST));
    asked
}

async fn is_refused(story: &Story<'_>, when: &str) -> Vec<RefusedToken> {
    let connection = story
        .connection_says("gitlab", "Ready", "False", "CredentialRevoked")
        .await;
    let told = condition(&connection, "Ready").unwrap().message;
    assert!(told.contains("make the second token first"), "{told}");
    let list = connection.status.unwrap().refused_tokens;
    assert_eq!(list.len(), 1, "{when}: {list:?}");
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_revoked_is_not_sent_again_after_a_restart_nor_when_it_comes_back() {
    story("credential-revoked")
        .resyncing_every("2s")
        .tell(async |story| {
            has_token(story, "first", FIRST, 100);
            has_token(story, "second", SECOND, 100);
            story.connects("gitlab", FIRST).await;
            story.is_connected("gitlab").await;
            story
                .gitlab
                .does(json!({ "do": "revoke_token", "token": "first" }));
            let list = is_refused(story, "at first").await;
            assert_eq!(list[0].digest, DIGEST);
            assert_eq!(list[0].gitlab_url, story.gitlab.url());
            assert_eq!(list[0].reason, "CredentialRevoked");

            story.the_operator_is_killed().await;
            story.gitlab.clear_requests();
            story.the_operator_starts().await;
            assert_eq!(sent_while_looking(story).await, [], "after a restart");
            assert_eq!(is_refused(story, "after a restart").await, list);

            let place = secret("gitlab-credential");
            story.apply(&place.clone().holding("pat", SECOND)).await;
            story.is_connected("gitlab").await;
            story.apply(&place.holding("pat", FIRST)).await;
            assert_eq!(is_refused(story, "restored").await, list);
            assert_eq!(sent_while_looking(story).await, [], "restored");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_expires_within_a_week_says_so_and_works() {
    story("credential-expiring")
        .tell(async |story| {
            has_token(story, "soon", FIRST, 3);
            has_token(story, "later", SECOND, 30);
            story.connects("soon", FIRST).await;
            story.connects("later", SECOND).await;
            let soon = story.is_connected("soon").await;
            assert!(
                says(&soon, "CredentialsExpiring", "True", "ExpiresSoon"),
                "{soon:?}"
            );
            assert!(
                says(&soon, "CredentialsValid", "True", "Accepted"),
                "{soon:?}"
            );
            let credential = soon.status.as_ref().unwrap().credential.as_ref().unwrap();
            let end = credential.expires_at.as_ref().unwrap().0.to_string();
            let end = end.strip_suffix("T00:00:00Z").expect(&end);
            let told = condition(&soon, "CredentialsExpiring").unwrap().message;
            let expected =
                format!("the token \"soon\" stops working on {end}, within seven days: ");
            assert!(told.starts_with(&expected), "{told}");
            assert_eq!(story.tells_once("soon", "ExpiresSoon").await, told);
            let later = story.is_connected("later").await;
            assert!(
                condition(&later, "CredentialsExpiring").is_none(),
                "{later:?}"
            );
        })
        .await;
}

/// A build before the release of 0.1.0 has stored the date alone, which the schema refuses by now.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_stored_as_a_date_is_no_obstacle() {
    story("credential-date")
        .on_a_stage_of_its_own()
        .tell(async |story| {
            has_token(story, "later", FIRST, 30);
            story.connects("later", FIRST).await;
            story.is_connected("later").await;
            story.the_operator_is_killed().await;

            the_schema(story, json!({ "op": "remove" })).await;
            until("the schema takes a date", async || {
                ends(story, "2027-01-31").await
            })
            .await;
            the_schema(story, json!({ "op": "add", "value": "date-time" })).await;
            // A schema keeps what is stored already, so that only a date that was
            // not tried before shows whether it is in force.
            let mut years = 2028..;
            until("the schema takes no other date", async || {
                let year = years.next().expect("they do not end");
                match ends(story, &format!("{year}-01-31")).await {
                    Ok(()) => Err("taken".to_owned()),
                    Err(refusal) => Ok(refusal),
                }
            })
            .await;

            let patch = json!({ "spec": { "timeout": "20s" } });
            story.edit::<GitLabConnection>("later", patch).await;
            story.the_operator_starts().await;
            until("the end is a time", async || {
                let output = "-o=jsonpath={.status.credential.expiresAt}";
                let end = story.kubectl(&["get", "glc", "later", output]).await;
                let right = end.ends_with("T00:00:00Z");
                if right { Ok(()) } else { Err(end) }
            })
            .await;
        })
        .await;
}

/// Has the status of the connection say that its credential ends then.
async fn ends(story: &Story<'_>, end: &str) -> Result<(), String> {
    let patch = json!({ "status": { "credential": { "expiresAt": end } } });
    let api = story.api::<GitLabConnection>();
    let patched = api
        .patch_status("later", &PatchParams::default(), &Patch::Merge(&patch))
        .await;
    patched.map(drop).map_err(|error| error.to_string())
}

/// Changes the format that the schema asks of the time.
async fn the_schema(story: &Story<'_>, mut change: Value) {
    let field = "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/credential\
                 /properties/expiresAt/format";
    change["path"] = field.into();
    let crd = "gitlabconnections.gitlab-registrar.dev";
    let patch = json!([change]).to_string();
    story
        .kubectl(&["patch", "crd", crd, "--type=json", "-p", &patch])
        .await;
}
