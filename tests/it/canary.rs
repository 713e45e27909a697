//! No token shows anywhere, whatever goes wrong; and the search for them finds what there is.
use std::collections::BTreeMap;

use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;

use crate::harness::{Canaries, GitLab, connection, runner, secret, story, text_of, token, until};

/// Every story ends with this search, so it must not be blind.
#[tokio::test]
async fn the_search_finds_what_there_is_in_any_dress() {
    let gitlab = GitLab::start().await;
    let runner = json!({ "do": "add_runner", "type": "instance_type" });
    let minted = gitlab.does(runner)["token"].as_str().unwrap().to_owned();
    let canaries = Canaries::of(&gitlab);
    // Five of the seed's, the instance's, and one for each group and project, at the least.
    assert!(canaries.count() > 10, "{}", canaries.count());
    let base64 = |text: &str| serde_json::to_value(k8s_openapi::ByteString(text.into())).unwrap();
    for leak in [
        minted.clone(),
        format!("Some(\"{minted}\")"),
        base64(&minted).to_string(),
        base64(token::ADMIN).to_string(),
        format!("PRIVATE-TOKEN: {}", token::ADMIN),
        "a token of the past: glrt-aaaabbbbcccc".to_owned(),
        "GR1348941abcdefghijklmnop".to_owned(),
    ] {
        let text = format!("all is well\nbut for {leak} here\n");
        assert_eq!(canaries.found_in("log", &text).len(), 1, "{leak}");
    }
    let innocent = format!(
        "runner-token gitlab-registrar.dev/token-digest {}",
        gitlab.url()
    );
    assert_eq!(canaries.found_in("log", &innocent), Vec::<String>::new());
}

/// GitLab, a proxy before it and a person can all put a token where it does not belong.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_gitlab_says_back_is_not_repeated() {
    story("unseen-echo")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let echo = format!("403 Forbidden - {} may not do that", token::ADMIN);
            let refusal = Fault::reply(403, json!({ "message": echo }));
            story
                .gitlab
                .answers("POST", "/api/v4/user/runners", refusal);
            story.apply(&runner("vireo")).await;
            let message = story.is_not_ready("vireo", "GitLabRefused").await;
            assert!(message.contains("may not do that"), "{message}");
            assert!(!message.contains("glpat-"), "{message}");
            story.gitlab.recovers();
            // The answer that holds the token is the one that cannot be read.
            let cut = Fault::Truncate {
                keep: 60,
                hang: false,
            };
            story
                .gitlab
                .misbehaves(Rule::new("POST", "/api/v4/user/runners", cut).times(1));
            story
                .apply(&runner("warbler").with("description", "Sings"))
                .await;
            story
                .runner_says("warbler", "the answer was lost", |runner| {
                    runner.status.as_ref().unwrap().registration.is_some()
                })
                .await;
            story.is_ready("warbler").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_wrong_in_every_way_stay_unseen() {
    story("unseen-credentials")
        .tell(async |story| {
            for (name, value) in [
                ("unknown", token::UNKNOWN.to_owned()),
                ("with-a-newline", format!("{}\nmore", token::UNKNOWN)),
                ("in-a-sentence", format!("the token is {}", token::UNKNOWN)),
                ("two", format!("{},{}", token::UNKNOWN, token::ADMIN)),
            ] {
                story
                    .apply(&secret(&format!("{name}-credential")).holding("pat", &value))
                    .await;
                story.apply(&connection(name, story.gitlab.url())).await;
                story
                    .connection_says(name, "Ready", "False", "CredentialInvalid")
                    .await;
            }
            // A person takes the wrong field, and the API server keeps it for everybody to see.
            let url = format!("https://{}", token::UNKNOWN);
            let wrong = connection("in-the-url", &url.replace("https://", "https://me:"));
            story
                .try_apply(&wrong.with("url", format!("{url}@gitlab")))
                .await
                .unwrap_err();
        })
        .await;
}

/// A token in the Secret that somebody has edited is a token too, maybe of another runner.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_past_stay_unseen() {
    story("unseen-past")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("yellowhammer")).await;
            story.is_ready("yellowhammer").await;
            let name = "yellowhammer-runner-token";
            let mut past = BTreeMap::new();
            for round in 0..3 {
                let before = story.token_in(name).await;
                past.insert(round, before.clone());
                let edited = json!({ "stringData": { "runner-token": format!("{before}x") } });
                story.edit::<Secret>(name, edited).await;
                story
                    .secret_when(name, "a new token", |secret| {
                        let now = text_of(secret, "runner-token");
                        now != before && now != format!("{before}x")
                    })
                    .await;
            }
            story.is_ready("yellowhammer").await;
            until("the log is written", async || {
                let told = story.operator().log().contains("reset_token");
                told.then_some(()).ok_or("not a word".to_owned())
            })
            .await;
            let log = story.operator().log();
            for token in past.values() {
                assert!(!log.contains(token));
            }
        })
        .await;
}
