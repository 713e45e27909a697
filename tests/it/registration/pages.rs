//! What the pages about registration tell people to write.
use serde_json::json;

use super::{holds_the_token, token_of, tokens_are_allowed};
use crate::harness::{Page, story};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_registration_is_followed() {
    story("registration-page")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            let namespace = format!("namespace: {}", story.namespace);
            let token = token_of(story, "platform");
            let own = [
                ("namespace: ci", &*namespace),
                ("my-group", "platform"),
                ("REGISTRATION-TOKEN", &*token),
            ];
            for block in Page::named("register.md").blocks("yaml", &own) {
                story.applies(&block).await;
            }
            for (name, way) in [
                ("linux", "authenticated_user"),
                ("macos", "registration_token"),
            ] {
                let id = story.is_registered(name).await;
                let there = story.gitlab.runner(id).unwrap();
                assert_eq!(there["registration_type"], way);
                assert_eq!(there["tag_list"], json!([name]));
            }
            let id = story.is_registered("short-lived").await;
            let there = story.gitlab.runner(id).unwrap();
            assert!(there["token_rotation_deadline"].is_string(), "{there}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_old_gitlab_is_followed() {
    story("registration-old-page")
        .tell(async |story| {
            tokens_are_allowed(story, "13.12");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, &token_of(story, "platform/docs")).await;
            let namespace = format!("namespace: {}", story.namespace);
            let own = [
                ("namespace: ci", &*namespace),
                ("my-group/my-project", "platform/docs"),
            ];
            for block in Page::named("old-gitlab.md").blocks("yaml", &own) {
                story.applies(&block).await;
            }
            let id = story.is_registered("linux").await;
            let there = story.gitlab.runner(id).unwrap();
            assert_eq!(there["projects"], json!(["platform/docs"]));
        })
        .await;
}
