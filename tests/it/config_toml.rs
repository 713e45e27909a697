//! The config.toml beside the token: always for the token of now, and never one that gitlab-runner would
//! not take.
use gitlab_runner_registrar::api::ROTATE_AT;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;

use crate::harness::{Manifest, Story, condition, runner, story, text_of};

const KEPT: &str = "ruff-runner-token";

const TEMPLATE: &str = "concurrent = 1
[[runners]]
name = \"{{ description }}\"
url = \"{{ url }}\"
id = {{ id }}
token = \"{{ token }}\"
executor = \"shell\"
";

fn ruff() -> Manifest {
    runner("ruff").with("tokenSecret.extraKeys", json!(["config.toml"]))
}

fn templated(template: &str) -> Manifest {
    ruff().with("tokenSecret.configTemplate", template)
}

fn read(secret: &Secret) -> toml::Table {
    toml::from_str(&text_of(secret, "config.toml")).unwrap()
}

/// Waits until the file is for the token that GitLab takes, and has that in it; tells it.
async fn fits(story: &Story<'_>, part: &str) -> String {
    let secret = story
        .secret_when(KEPT, &format!("config.toml with {part}"), |secret| {
            let token = story.gitlab.only_runner()["token"].clone();
            let there = secret.data.iter().flatten();
            let there = there.map(|(key, _)| &**key).any(|key| key == "config.toml");
            there
                && text_of(secret, "config.toml").contains(part)
                && token == text_of(secret, "runner-token").as_str()
                && read(secret)["runners"][0]["token"].as_str() == token.as_str()
        })
        .await;
    text_of(&secret, "config.toml")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_the_token_and_is_new_whenever_the_secret_heals() {
    story("config-toml")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&ruff()).await;
            let id = story.is_registered("ruff").await;
            let first = fits(story, "kubernetes").await;
            let secret: Secret = story.get(KEPT).await.unwrap();
            let runner = read(&secret)["runners"][0].clone();
            assert_eq!(runner["id"].as_integer(), Some(id));
            assert_eq!(runner["url"].as_str(), Some(story.gitlab.url()));
            assert_eq!(runner["name"].as_str(), Some("config-toml/ruff"));

            // What somebody has written into it is undone, and its time is another.
            let edited = json!({ "stringData": { "config.toml": "concurrent = 2" } });
            story.edit::<Secret>(KEPT, edited).await;
            let second = fits(story, "kubernetes").await;
            let without_the_time = |text: &str| text.split_once('\n').unwrap().1.to_owned();
            assert_ne!(first, second);
            assert_eq!(without_the_time(&first), without_the_time(&second));

            // It is made anew where the token heals unchanged, so that a runner that has fallen silent
            // reads it.
            let emptied = json!({ "data": { "runner-registration-token": null } });
            story.edit::<Secret>(KEPT, emptied).await;
            story
                .secret_when(KEPT, "it is whole again", |secret| {
                    let keys = secret.data.iter().flatten().count();
                    keys == 3 && text_of(secret, "config.toml") != second
                })
                .await;

            // A new token is in it with the same write.
            let asks = json!({ "metadata": { "annotations": { ROTATE_AT: "now" } } });
            story.edit::<GitLabRunner>("ruff", asks).await;
            story
                .runner_says("ruff", "it is answered", |runner| {
                    let status = runner.status.as_ref().unwrap();
                    status.last_handled_rotate_at.is_some()
                })
                .await;
            fits(story, "kubernetes").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_makes_none_is_told_and_the_last_good_file_stays() {
    story("config-template")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = templated(TEMPLATE).with("description", "Say \"ruff\"");
            story.apply(&manifest).await;
            story.is_registered("ruff").await;
            let good = fits(story, "executor = \"shell\"").await;
            let secret: Secret = story.get(KEPT).await.unwrap();
            let name = read(&secret)["runners"][0]["name"].clone();
            assert_eq!(name.as_str(), Some("Say \"ruff\""));

            let broken = TEMPLATE.replace("id = {{ id }}", "id = \"{{ id }}\"");
            story.apply(&templated(&broken)).await;
            let message = story.is_not_ready("ruff", "TemplateInvalid").await;
            assert!(message.contains("write id = {{ id }}"), "{message}");
            story.operator().has_warned("TemplateInvalid").await;
            let object: GitLabRunner = story.get("ruff").await.unwrap();
            assert_eq!(condition(&object, "TokenReady").unwrap().status, "True");
            assert_eq!(fits(story, "executor = \"shell\"").await, good);

            // Even then its token is the one that works.
            let asks = json!({ "metadata": { "annotations": { ROTATE_AT: "now" } } });
            story.edit::<GitLabRunner>("ruff", asks).await;
            story
                .runner_says("ruff", "it is answered", |runner| {
                    let status = runner.status.as_ref().unwrap();
                    status.last_handled_rotate_at.is_some()
                })
                .await;
            fits(story, "executor = \"shell\"").await;

            story
                .apply(&templated(&TEMPLATE.replace("shell", "docker")))
                .await;
            story.is_ready("ruff").await;
            fits(story, "executor = \"docker\"").await;

            // Nobody asks for it any more.
            story.apply(&runner("ruff")).await;
            let without = |secret: &Secret| {
                let keys = secret.data.iter().flatten().map(|(key, _)| &**key);
                keys.eq(["runner-registration-token", "runner-token"])
            };
            story.secret_when(KEPT, "it is gone", without).await;
        })
        .await;
}

/// A template that is wrong from the start keeps nobody from the token.
#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_wrong_from_the_start_keeps_no_runner_from_being_registered() {
    story("config-wrong")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&templated("{{ nothing }}")).await;
            story.is_not_ready("ruff", "TemplateInvalid").await;
            assert!(story.gitlab.accepts(&story.token_in(KEPT).await).await);
            story.apply(&templated(TEMPLATE)).await;
            story.is_ready("ruff").await;
            fits(story, "executor = \"shell\"").await;
        })
        .await;
}

/// Every example of the page works as it stands there.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_mounting_the_token_is_true() {
    story("config-page")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let page = include_str!("../../docs/mount-the-token.md");
            story.follows(page).await;
            let shown = include_str!("../../src/secrets/config.toml");
            assert!(page.contains(shown), "the page shows another default");
        })
        .await;
}
