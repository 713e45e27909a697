//! No answer, or one that cannot be read: whatever was asked, and whether or not it was done.
use std::time::Duration;

use futures::future::join_all;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use jiff::SignedDuration;
use serde_json::json;

use super::{POST, attempts, stays};
use crate::harness::{
    Manifest, Story, condition, connection, runner, secret, shown, story, text_of, token, within,
};

/// The grace time of an attempt to register whose outcome is unknown, and all the rest.
const GRACE_AND_MORE: Duration = Duration::from_mins(4);

/// The ways of giving no answer; each name is also a runner's.
fn ways() -> [(&'static str, Rule); 10] {
    let drop = Rule::always(Fault::Drop);
    let hang = Rule::always(Fault::Hang);
    let large = Rule::always(Fault::Bulk { megabytes: 10 });
    let error = Fault::reply(500, json!({ "message": "500 Internal Server Error" }));
    [
        ("dropped-undone", drop.clone()),
        ("dropped-done", drop.after_doing()),
        ("hung-undone", hang.clone()),
        ("hung-done", hang.after_doing()),
        ("error-undone", Rule::always(error)),
        ("page-undone", Rule::always(Fault::Proxy { status: 502 })),
        // A sign-in page in front of GitLab, which answers 200 to anything.
        ("sign-in-undone", Rule::always(Fault::Proxy { status: 200 })),
        (
            "page-done",
            Rule::always(Fault::Proxy { status: 200 }).after_doing(),
        ),
        ("large-done", large.after_doing()),
        (
            "short-done",
            Rule::always(Fault::Truncate {
                keep: 7,
                hang: false,
            }),
        ),
    ]
}

/// That way of giving no answer, once, to one kind of request.
fn once(rule: Rule, method: &str, path: &str) -> Rule {
    let Rule { done, fault, .. } = rule;
    let rule = Rule {
        done,
        ..Rule::new(method, path, fault)
    };
    rule.times(1)
}

async fn is_connected(story: &Story<'_>, credential: &str) {
    let place = secret("gitlab-credential");
    story.apply(&place.holding("pat", credential)).await;
    let patient = connection("gitlab", story.gitlab.url()).with("timeout", "3s");
    story.apply(&patient).await;
    story.is_connected("gitlab").await;
}

/// There is one runner of that object, and its Secret opens it.
async fn is_whole(story: &Story<'_>, name: &str) {
    within(GRACE_AND_MORE, &format!("{name} is ready"), async || {
        let runner: Option<GitLabRunner> = story.get(name).await;
        let ready = condition(&runner, "Ready").is_some_and(|ready| ready.status == "True");
        if ready { Ok(()) } else { Err(shown(&runner)) }
    })
    .await;
    let own = format!("{}/{name}", story.namespace);
    let mut runners = story.gitlab.runners();
    runners.retain(|runner| runner["description"] == own.as_str());
    assert_eq!(runners.len(), 1, "{name}: {runners:#?}");
    let token = story.token_in(&format!("{name}-runner-token")).await;
    assert!(
        runners.remove(0)["token"] == token.as_str(),
        "{name}: not its token"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_registration_makes_one_runner() {
    story("answers-register")
        .tell(async |story| {
            let story: &Story<'_> = story;
            is_connected(story, token::ADMIN).await;
            for (name, rule) in ways() {
                let own = format!("{}/{name}", story.namespace);
                story
                    .gitlab
                    .misbehaves(once(rule, "POST", POST).body_contains(&own));
                story
                    .apply(&runner(name).in_group("platform").tagged(["kept"]))
                    .await;
            }
            join_all(ways().map(async |(name, _)| is_whole(story, name).await)).await;
            for (name, rule) in ways() {
                let attempts = attempts(story, name);
                let done = rule.done || matches!(rule.fault, Fault::Truncate { .. });
                // Found by its mark; or made anew, but only after the time of grace.
                assert_eq!(
                    attempts.len(),
                    if done { 1 } else { 2 },
                    "{name}: {attempts:#?}"
                );
                if let [first, second] = attempts.as_slice() {
                    let waited = second.at.duration_since(first.at);
                    assert!(waited >= SignedDuration::from_secs(60), "{name}: {waited}");
                }
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_cannot_search_waits_for_one_that_can() {
    story("answers-narrow")
        .tell(async |story| {
            is_connected(story, token::NARROW).await;
            story
                .gitlab
                .misbehaves(Rule::new("POST", POST, Fault::Drop).after_doing());
            story.apply(&runner("ptarmigan")).await;
            let told = story.is_not_ready("ptarmigan", "RegistrationUnclear").await;
            assert!(told.contains("give it read_api or api"), "{told}");
            story.gitlab.recovers();
            stays("not registered again", Duration::from_secs(15), || {
                let attempts = attempts(story, "ptarmigan").len();
                if attempts == 1 {
                    Ok(())
                } else {
                    Err(format!("{attempts}"))
                }
            })
            .await;
            let place = secret("gitlab-credential");
            story.apply(&place.holding("pat", token::SPARE)).await;
            is_whole(story, "ptarmigan").await;
            assert_eq!(attempts(story, "ptarmigan").len(), 1);
        })
        .await;
}

/// A runner of a project, as it is in the end.
fn complete(name: &str) -> Manifest {
    let runner = runner(name).in_project("platform/docs");
    runner.tagged(["wanted"]).also_in(["platform/site"])
}

/// That way of giving no answer, once, to that request about runner `id`.
fn misbehaves(story: &Story<'_>, rule: &Rule, method: &str, id: i64, below: &str) {
    let path = format!("/api/v4/runners/{id}{below}");
    story.gitlab.misbehaves(once(rule.clone(), method, &path));
}

/// Reads and edits get no answer at first.
async fn is_edited(story: &Story<'_>, name: &str, id: i64, rule: &Rule) {
    misbehaves(story, rule, "GET", id, "");
    misbehaves(story, rule, "PUT", id, "");
    let tagged = runner(name).in_project("platform/docs").tagged(["wanted"]);
    story.apply(&tagged).await;
    let ready = story.is_ready(name).await.status.unwrap().runner.unwrap();
    assert_eq!(
        (ready.id, ready.tags),
        (id, vec!["wanted".to_owned()]),
        "{name}"
    );
    assert_eq!(
        story.gitlab.runner(id).unwrap()["tag_list"],
        json!(["wanted"])
    );
}

/// So does the assignment to a project.
async fn is_assigned(story: &Story<'_>, name: &str, id: i64, rule: &Rule) {
    let assign = once(rule.clone(), "POST", "/api/v4/projects/4003/runners");
    let assign = assign.body_contains(&format!(":{id}}}"));
    story.gitlab.misbehaves(assign);
    story.apply(&complete(name)).await;
    let ready = story.is_ready(name).await.status.unwrap().runner.unwrap();
    let projects: Vec<_> = ready.projects.iter().map(|project| project.id).collect();
    assert_eq!(projects, [4002, 4003], "{name}");
}

/// So does the reset of the token.
async fn gets_a_new_token(story: &Story<'_>, name: &str, id: i64, rule: &Rule) {
    misbehaves(story, rule, "POST", id, "/reset_authentication_token");
    let place = format!("{name}-runner-token");
    let old = story.token_in(&place).await;
    story.delete(&secret(&place)).await;
    let made = |secret: &_| text_of(secret, "runner-token") != old;
    story
        .secret_when(&place, "there is a token again", made)
        .await;
    is_whole(story, name).await;
}

/// So does the removal.
async fn goes(story: &Story<'_>, name: &str, id: i64, rule: &Rule) {
    misbehaves(story, rule, "DELETE", id, "");
    story.delete(&runner(name)).await;
    story.is_gone(&runner(name)).await;
    assert_eq!(story.gitlab.runner(id), None, "{name}");
}

async fn is_kept(story: &Story<'_>, name: &str, rule: Rule) {
    story.apply(&runner(name).in_project("platform/docs")).await;
    let id = story.is_registered(name).await;
    is_edited(story, name, id, &rule).await;
    is_assigned(story, name, id, &rule).await;
    gets_a_new_token(story, name, id, &rule).await;
    goes(story, name, id, &rule).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_of_a_runner_is_asked_until_it_is_so() {
    story("answers-kept")
        .tell(async |story| {
            let story: &Story<'_> = story;
            is_connected(story, token::ADMIN).await;
            join_all(ways().map(async |(name, rule)| is_kept(story, name, rule).await)).await;
            for fault in story.gitlab.faults() {
                assert_eq!(
                    fault.struck, 1,
                    "it has not been put to the test: {fault:#?}"
                );
            }
            assert!(
                story.gitlab.runners().is_empty(),
                "{:#?}",
                story.gitlab.runners()
            );
        })
        .await;
}
