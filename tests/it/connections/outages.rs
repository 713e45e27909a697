//! GitLab or Kubernetes fails for a moment, at the first look, or at one endpoint only.
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use gitlab_sim::{Fault, Recorded, Rule};
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::json;

use super::{SOON, looks};
use crate::harness::{Story, condition, runner, says, shown, story, token, until, within};

const SELF: &str = "/api/v4/personal_access_tokens/self";

fn bad_gateway() -> Fault {
    Fault::reply(502, json!({ "message": "502 Bad Gateway" }))
}

/// What is said of the connection and of its runner, times included.
async fn told(story: &Story<'_>, runner: &str) -> [Option<Condition>; 2] {
    let connection: Option<GitLabConnection> = story.get("gitlab").await;
    let runner: Option<GitLabRunner> = story.get(runner).await;
    [condition(&connection, "Ready"), condition(&runner, "Ready")]
}

async fn works_soon(story: &Story<'_>, connection: &str, runner: &str) {
    within(SOON, "it works, and its runner", async || {
        let connection: Option<GitLabConnection> = story.get(connection).await;
        let runner: Option<GitLabRunner> = story.get(runner).await;
        let fine = |object: &serde_json::Value| says(object, "Ready", "True", "Succeeded");
        if fine(&json!(connection)) && fine(&json!(runner)) {
            Ok(())
        } else {
            Err(format!("{}\n{}", shown(&connection), shown(&runner)))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lost_answers_are_no_alarm_and_a_third_is() {
    story("outages-lost")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("wigeon")).await;
            story.is_ready("wigeon").await;
            let before = told(story, "wigeon").await;
            let lost = Rule::new("GET", SELF, bad_gateway());
            story.gitlab.clear_requests();
            story.gitlab.misbehaves(lost.clone().times(2));
            until("two are lost and the next is answered", async || {
                let asked = story.gitlab.requests();
                let looks = asked.iter().filter(|asked| asked.path == SELF);
                let looks: Vec<_> = looks.map(|asked| asked.status).collect();
                let since = looks.iter().position(|status| *status == Some(502));
                let so = since.is_some_and(|since| {
                    looks[since..].starts_with(&[Some(502), Some(502), Some(200)])
                });
                so.then_some(()).ok_or(format!("{looks:?}"))
            })
            .await;
            assert_eq!(told(story, "wigeon").await, before);
            let alarms = story.events("wigeon", "ConnectionNotReady").await;
            assert_eq!(alarms, Vec::<String>::new());

            story.gitlab.misbehaves(lost);
            story
                .connection_says("gitlab", "Ready", "False", "Unreachable")
                .await;
            story.is_not_ready("wigeon", "ConnectionNotReady").await;
            story.gitlab.recovers();
            works_soon(story, "gitlab", "wigeon").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_answer_it_is_pending() {
    story("outages-first")
        .tell(async |story| {
            let gate = story.gitlab.misbehaves(Rule::new("GET", SELF, Fault::Gate));
            story.connects("gitlab", token::ADMIN).await;
            story.gitlab.holds_one(gate).await;
            // What waits for it must not take an object without conditions for one that is well.
            for (about, truth) in [
                ("Ready", "Unknown"),
                ("Reconciling", "True"),
                ("CredentialsValid", "Unknown"),
            ] {
                story
                    .connection_says("gitlab", about, truth, "Pending")
                    .await;
            }
            story.gitlab.recovers();
            story.is_connected("gitlab").await;
            let asked = story.gitlab.requests();
            let looks = asked.iter().filter(|asked| asked.path == SELF).count();
            assert_eq!(looks, 1, "{:#?}", story.gitlab.asked());
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_may_not_be_read_is_told() {
    story("outages-rights")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("gadwall")).await;
            story.is_ready("gadwall").await;
            story.may_no_longer("get", "secrets").await;
            story.connects("second", token::ADMIN).await;
            story.apply(&runner("shoveler").through("second")).await;
            for (connection, runner) in [("second", "shoveler"), ("gitlab", "gadwall")] {
                let broken = story
                    .connection_says(connection, "Ready", "False", "KubernetesError")
                    .await;
                let message = condition(&broken, "Ready").unwrap().message;
                let what = "could not read the Secret of the connection: secrets";
                assert!(message.starts_with(what), "{message}");
                let told = story.is_not_ready(runner, "ConnectionNotReady").await;
                assert!(told.contains(what), "{told}");
            }
            story.rights_are_granted().await;
            works_soon(story, "second", "shoveler").await;
            works_soon(story, "gitlab", "gadwall").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_look_that_is_throttled_waits_as_long_as_it_was_told() {
    story("outages-throttled")
        .tell(async |story| {
            story.gitlab.misbehaves(Rule::always(Fault::throttle(120)));
            story.connects("gitlab", token::ADMIN).await;
            story
                .connection_says("gitlab", "Ready", "False", "GitLabThrottled")
                .await;
            let before = looks(story).await;
            until("it is looked at twice more", async || {
                match looks(story).await {
                    looks if looks >= before + 2.0 => Ok(()),
                    looks => Err(format!("{looks}, and {before} before")),
                }
            })
            .await;
            let asked = story.gitlab.asked();
            assert_eq!(asked.len(), 1, "{asked:#?}");
        })
        .await;
}

/// What is looked at before a runner is made may say more than whether it could be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_refused_before_a_registration_makes_nothing() {
    story("outages-first-look")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let no = Fault::reply(401, json!({ "message": "401 Unauthorized" }));
            story.gitlab.answers("GET", "/api/v4/groups/*/runners", no);
            story.gitlab.clear_requests();
            story.apply(&runner("smew").in_group("platform")).await;
            story
                .gitlab
                .is_asked("it looks first", |asked| asked.status == Some(401))
                .await;
            story.is_not_ready("smew", "ConnectionNotReady").await;
            assert_eq!(story.gitlab.changes_asked(), []);
            story.gitlab.recovers();
            story.is_ready("smew").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_refuses_a_good_credential_makes_no_storm() {
    story("outages-401")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("garganey")).await;
            let id = story.is_registered("garganey").await;
            // As a firewall or a proxy that asks for a login would.
            let refuses = |method, path: &str| {
                let no = Fault::reply(401, json!({ "message": "401 Unauthorized" }));
                story.gitlab.misbehaves(Rule::new(method, path, no));
            };
            refuses("PUT", &format!("/api/v4/runners/{id}"));
            refuses("POST", "/api/v4/user/runners");
            story.gitlab.clear_requests();
            story.apply(&runner("garganey").tagged(["changed"])).await;
            story.apply(&runner("pochard")).await;
            let some = 6;
            let writes = until("it is tried again and again", async || {
                let writes = story.gitlab.writes();
                if writes.len() >= some {
                    Ok(writes)
                } else {
                    Err(format!("{writes:#?}"))
                }
            })
            .await;
            let took = writes[some - 1].at.duration_since(writes[0].at);
            assert!(took > SignedDuration::from_secs(3), "{took}: {writes:#?}");
            let asked = story.gitlab.asked();
            assert!(asked.len() <= 10 * some, "{asked:#?}");
            let connection: Option<GitLabConnection> = story.get("gitlab").await;
            assert!(
                says(&connection, "Ready", "True", "Succeeded"),
                "{connection:?}"
            );

            story.gitlab.recovers();
            story.is_ready("garganey").await;
            story.is_ready("pochard").await;
            assert_eq!(story.gitlab.runners().len(), 2);
        })
        .await;
}

/// Being asked to wait is no word for the credential, and a revoked one is not to be used again.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspicion_outlasts_a_look_that_is_throttled() {
    story("outages-suspect")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("merganser")).await;
            story.is_ready("merganser").await;
            let wait = Rule::new("GET", SELF, Fault::throttle(3));
            story.gitlab.misbehaves(wait.times(1));
            story
                .gitlab
                .does(json!({ "do": "revoke_token", "token": "admin" }));
            story.gitlab.clear_requests();
            story.apply(&runner("merganser").tagged(["changed"])).await;
            story
                .connection_says("gitlab", "Ready", "False", "CredentialRevoked")
                .await;
            story.is_not_ready("merganser", "ConnectionNotReady").await;
            let asked = story.gitlab.requests();
            let used = |asked: &&Recorded| asked.path != SELF && asked.status == Some(401);
            assert_eq!(asked.iter().filter(used).count(), 1, "{asked:#?}");
        })
        .await;
}
