//! GitLab answers, and refuses.
use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use super::{POST, attempts, count, stays};
use crate::harness::{Story, condition, runner, says, story, text_of, token, until};

/// A refusal: the runner it is for, its status and body, and what the user reads of it.
struct No {
    name: &'static str,
    status: u16,
    body: Value,
    told: String,
}

fn nos() -> [No; 4] {
    let no = |name, status, body, told: &str| No {
        name,
        status,
        body,
        told: told.to_owned(),
    };
    let sentence = "400 Bad request - Tags list can not be empty";
    let attribute = json!({ "message": { "tags_list": ["can not be blank"] } });
    [
        no("auk", 400, json!({ "message": sentence }), sentence),
        no("bittern", 400, attribute, "not be blank"),
        no(
            "curlew",
            422,
            json!({ "message": "Runner is orphaned" }),
            "Runner is orphaned",
        ),
        no(
            "dipper",
            403,
            json!({ "message": format!("403 Forbidden - {}", "x".repeat(9000)) }),
            &"x".repeat(450),
        ),
    ]
}

/// The same of a registration, whose attributes GitLab refuses in a sentence (contract §1.3).
fn registering() -> [No; 4] {
    nos().map(|no| match no.name {
        "bittern" => No {
            body: json!({ "message": "400 Bad request - Tags list can not be blank" }),
            ..no
        },
        _ => no,
    })
}

/// What a user reads on a runner that GitLab refuses: once, whole, and to the point.
async fn is_refused(story: &Story<'_>, no: &No, about: &str) {
    let No { name, told, .. } = no;
    let what = format!("{name} says that GitLab refuses");
    let runner = story
        .runner_says(name, &what, |runner| {
            says(runner, "Ready", "False", "GitLabRefused")
                && says(runner, "Stalled", "True", "GitLabRefused")
        })
        .await;
    assert!(says(&runner, about, "False", "GitLabRefused"), "{runner:?}");
    assert!(condition(&runner, "Reconciling").is_none(), "{runner:?}");
    let message = condition(&runner, "Ready").unwrap().message;
    assert!(message.contains(told), "{message}");
    let status = format!("GitLab said {}", no.status);
    assert!(message.contains(&status), "{message}");
    assert!(
        message.chars().filter(|c| *c == 'x').count() <= 512,
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_registration_is_told_and_not_repeated_until_spec_changes() {
    story("refusals-register")
        .tell(async |story| {
            let story: &Story<'_> = story;
            story.is_connected_to_gitlab().await;
            for No {
                name, status, body, ..
            } in registering()
            {
                let fault = Fault::reply(status, body);
                let own = format!("{}/{name}", story.namespace);
                story
                    .gitlab
                    .misbehaves(Rule::new("POST", POST, fault).body_contains(&own));
                story.apply(&runner(name)).await;
            }
            for no in registering() {
                is_refused(story, &no, "Registered").await;
            }
            stays("each is tried once", Duration::from_secs(15), || {
                let tries = registering().map(|no| attempts(story, no.name).len());
                if tries == [1; 4] {
                    Ok(())
                } else {
                    Err(format!("{tries:?}"))
                }
            })
            .await;
            for No { name, .. } in registering() {
                // The refusals are of the former description, and go on.
                story
                    .apply(&runner(name).with("description", format!("another {name}")))
                    .await;
                let healed = story.is_ready(name).await;
                assert!(condition(&healed, "Stalled").is_none(), "{healed:?}");
            }
            assert_eq!(story.gitlab.runners().len(), 4);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_credentials_owner_may_not_do_is_told_in_gitlabs_words() {
    story("refusals-rights")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            story.is_connected("gitlab").await;
            story.apply(&runner("egret")).await;
            let no = No {
                name: "egret",
                status: 403,
                body: Value::Null,
                told: "403 Forbidden - Insufficient permissions".to_owned(),
            };
            is_refused(story, &no, "Registered").await;
            let told = story.is_not_ready("egret", "GitLabRefused").await;
            let advice = "this takes an administrator of the instance, and the connection's token is that of mia";
            assert!(told.contains(advice), "{told}");
            assert!(told.contains("a token of a user who has it"), "{told}");
            story
                .gitlab
                .does(json!({ "do": "set_user", "user": "mia", "admin": true }));
            story.apply(&runner("egret").tagged(["granted"])).await;
            story.is_ready("egret").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["granted"]));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_edit_is_told_and_not_repeated_until_spec_changes() {
    story("refusals-edit")
        .tell(async |story| {
            let story: &Story<'_> = story;
            story.is_connected_to_gitlab().await;
            let mut paths = Vec::new();
            for No {
                name, status, body, ..
            } in nos()
            {
                story.apply(&runner(name)).await;
                let path = format!("/api/v4/runners/{}", story.is_registered(name).await);
                let fault = Fault::reply(status, body);
                story
                    .gitlab
                    .misbehaves(Rule::new("PUT", &path, fault).body_contains("unwanted"));
                story.apply(&runner(name).tagged(["unwanted"])).await;
                paths.push(path);
            }
            for no in nos() {
                is_refused(story, &no, "Synced").await;
            }
            stays("each is tried once", Duration::from_secs(15), || {
                let tries: Vec<_> = paths.iter().map(|path| count(story, "PUT", path)).collect();
                if tries == [1; 4] {
                    Ok(())
                } else {
                    Err(format!("{tries:?}"))
                }
            })
            .await;
            for No { name, .. } in nos() {
                story.apply(&runner(name).tagged(["wanted"])).await;
                let healed = story.is_ready(name).await;
                assert_eq!(healed.status.unwrap().runner.unwrap().tags, ["wanted"]);
            }
        })
        .await;
}

/// A pass that something else has asked for is no reason to ask GitLab once more; that somebody has
/// touched the object is.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stands_while_other_work_is_done_until_somebody_asks_again() {
    story("refusals-stand")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("heron")).await;
            let path = format!("/api/v4/runners/{}", story.is_registered("heron").await);
            let no = nos().into_iter().next().unwrap();
            let no = No {
                name: "heron",
                ..no
            };
            let fault = Fault::reply(no.status, no.body.clone());
            story.gitlab.misbehaves(Rule::new("PUT", &path, fault));
            story.apply(&runner("heron").tagged(["unwanted"])).await;
            is_refused(story, &no, "Synced").await;

            let name = "heron-runner-token";
            let empty = json!({ "data": { "runner-token": "" } });
            story.edit::<Secret>(name, empty).await;
            let healed = |secret: &Secret| !text_of(secret, "runner-token").is_empty();
            story.secret_when(name, "it is healed", healed).await;
            let poke = json!({ "metadata": { "annotations": { "example.com/poked": "yes" } } });
            story.edit::<GitLabRunner>("heron", poke).await;
            until("GitLab is asked again", async || {
                let tries = count(story, "PUT", &path);
                assert!(tries <= 2, "{tries}");
                if tries == 2 {
                    Ok(())
                } else {
                    Err(format!("{tries}"))
                }
            })
            .await;
            is_refused(story, &no, "Synced").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_and_a_changed_record_are_tried_again() {
    story("refusals-lock")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for (name, status, message) in [
                ("fulmar", 409, "409 Conflict: Resource lock"),
                ("gannet", 412, "412 Precondition Failed"),
            ] {
                story.apply(&runner(name)).await;
                let path = format!("/api/v4/runners/{}", story.is_registered(name).await);
                let fault = Fault::reply(status, json!({ "message": message }));
                story
                    .gitlab
                    .misbehaves(Rule::new("PUT", &path, fault).times(2));
                story.apply(&runner(name).tagged(["wanted"])).await;
                let ready = story.is_ready(name).await;
                assert_eq!(
                    ready.status.unwrap().runner.unwrap().tags,
                    ["wanted"],
                    "{name}"
                );
                assert_eq!(count(story, "PUT", &path), 3, "{name}");
            }
        })
        .await;
}
