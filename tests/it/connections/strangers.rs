//! What answers is not GitLab, or what was given cannot be used: told at once, and mended soon.
use std::collections::BTreeMap;

use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use super::SOON;
use crate::harness::{
    GitLab, Story, condition, config_map, connection, says, secret, shown, story, token, within,
};

async fn says_so(story: &Story<'_>, reason: &str, told: &str, valid: &str) {
    let broken = story
        .connection_says("gitlab", "Ready", "False", reason)
        .await;
    let message = condition(&broken, "Ready").unwrap().message;
    assert!(message.contains(told), "{message}");
    let about = condition(&broken, "CredentialsValid").unwrap();
    assert_eq!(about.status, valid, "{}", shown(&broken));
}

async fn works_soon(story: &Story<'_>) {
    within(SOON, "the connection works", async || {
        let connection: Option<GitLabConnection> = story.get("gitlab").await;
        let ready = says(&connection, "Ready", "True", "Succeeded");
        if ready {
            Ok(())
        } else {
            Err(shown(&connection))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_gitlab_is_told_apart_and_followed_nowhere() {
    let elsewhere = GitLab::start().await;
    let redirect = Fault::Reply {
        status: 302,
        headers: BTreeMap::from([("location".to_owned(), format!("{}/x", elsewhere.url()))]),
        body: Value::Null,
    };
    story("strangers-answer")
        .tell(async |story| {
            story.connects("gitlab", token::ADMIN).await;
            story.is_connected("gitlab").await;
            let redirected = format!("a redirect to {}", elsewhere.url());
            let missing = json!({ "error": "404 Not Found" });
            let rows = [
                ("21s", redirect, redirected.as_str()),
                ("22s", Fault::Proxy { status: 404 }, "404"),
                (
                    "23s",
                    Fault::reply(404, missing),
                    "is not GitLab's API: status 404",
                ),
                ("24s", Fault::Proxy { status: 200 }, "check that spec.url"),
            ];
            for (timeout, fault, told) in rows {
                story.gitlab.misbehaves(Rule::always(fault));
                // A connection unlike any before is asked about at once.
                let changed = connection("gitlab", story.gitlab.url());
                story.apply(&changed.with("timeout", timeout)).await;
                says_so(story, "NotGitLab", told, "Unknown").await;
                story.gitlab.recovers();
                works_soon(story).await;
            }
            // GitLab's own proxy sends a page too, while GitLab is being upgraded.
            let page = Fault::Proxy { status: 502 };
            story.gitlab.misbehaves(Rule::always(page));
            let changed = connection("gitlab", story.gitlab.url()).with("timeout", "25s");
            story.apply(&changed).await;
            says_so(story, "Unreachable", "status 502: a web page", "Unknown").await;
            story.gitlab.recovers();
            works_soon(story).await;
            assert!(elsewhere.asked().is_empty(), "no token to a stranger");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_never_sent() {
    story("strangers-given")
        .tell(async |story| {
            let plain = connection("gitlab", story.gitlab.url());
            let place = || secret("gitlab-credential");
            story.apply(&plain).await;
            let named = "Secret gitlab-credential in namespace strangers-given, key pat: the access \
                         token";
            let plain_text = format!("{named} is not plain ASCII text: it has ");
            let (broken, hidden) = (
                "glpat-canary-one\nglpat-canary-two",
                "glpat-\u{200b}canary",
            );
            for (token, reason, told) in [
                // Each reason is another one than the one before.
                (
                    broken,
                    "CredentialInvalid",
                    format!("{plain_text}a line break"),
                ),
                ("", "SecretKeyMissing", "gitlab-credential".to_owned()),
                (
                    hidden,
                    "CredentialInvalid",
                    format!("{plain_text}U+200B"),
                ),
                (" \n", "SecretKeyMissing", "pat".to_owned()),
                (
                    "\"glpat-canary\"",
                    "CredentialInvalid",
                    format!("{named} is in quotation marks: store it without"),
                ),
                ("\u{feff}\n", "SecretKeyMissing", "pat".to_owned()),
                (
                    "glrt-canary",
                    "CredentialInvalid",
                    format!("{named} is a runner's authentication token, by its"),
                ),
            ] {
                let told = told.as_str();
                story.apply(&place().holding("pat", token)).await;
                says_so(story, reason, told, "False").await;
            }
            assert!(
                story.gitlab.asked().is_empty(),
                "{:#?}",
                story.gitlab.asked()
            );
            // Whatever an editor leaves at either end does no harm.
            let sloppy = ["\u{feff}", token::ADMIN, "\u{a0}\n"].concat();
            story.apply(&place().holding("pat", &sloppy)).await;
            works_soon(story).await;

            let bundle = json!({ "name": "authority", "key": "ca" });
            let text = config_map("authority").holding("ca", "no certificate at all");
            story.apply(&text).await;
            story.gitlab.clear_requests();
            story
                .apply(&plain.clone().with("caBundleConfigMapRef", bundle))
                .await;
            let named = "ConfigMap authority in namespace strangers-given, key ca: the CA bundle";
            says_so(story, "CaBundleInvalid", named, "Unknown").await;
            assert!(
                story.gitlab.asked().is_empty(),
                "{:#?}",
                story.gitlab.asked()
            );
            story.apply(&plain).await;
            works_soon(story).await;

            // No name below `.invalid` is ever anybody's.
            let nowhere = connection("gitlab", "https://gitlab.invalid");
            story.apply(&nowhere).await;
            let told = "the host gitlab.invalid cannot be found (";
            says_so(story, "Unreachable", told, "Unknown").await;
        })
        .await;
}
