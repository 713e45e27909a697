//! A manager of gitlab-runner, which renews its token by itself at three quarters of its life.
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{KEPT, knot, tokens_live};
use crate::harness::{Story, story, within};

/// How long the tokens live: two thirds and three quarters of it are so far apart that even a slow machine
/// replaces the token in between.
const LIFE: u32 = 120;

/// A manager that reads its token in the Secret, as often as gitlab-runner looks at its config.toml.
#[derive(Default)]
struct Manager {
    token: String,
    obtained_at: Timestamp,
    expires_at: Option<Timestamp>,
    /// How many tokens it was given.
    tokens: usize,
    /// How often it has renewed one by itself.
    renewals: usize,
    /// How often in a row GitLab has refused it.
    refused: usize,
    most_refused: usize,
}

impl Manager {
    /// Reads the Secret, asks for a job, and renews the token when three quarters of its life are over.
    async fn goes_on(&mut self, story: &Story<'_>) {
        let kept = story.token_in(KEPT).await;
        if kept != self.token {
            self.token = kept;
            self.obtained_at = story.gitlab.now();
            self.tokens += 1;
            let verified = self.asks(story, "/runners/verify").await;
            let expires_at = verified["token_expires_at"].as_str();
            self.expires_at = expires_at.map(|at| at.parse().unwrap());
        }
        let answer = self.asks(story, "/runners/verify").await;
        self.refused = if answer["id"].is_u64() {
            0
        } else {
            self.refused + 1
        };
        self.most_refused = self.most_refused.max(self.refused);
        let Some(end) = self.expires_at else { return };
        let life = end.duration_since(self.obtained_at);
        if story.gitlab.now() >= self.obtained_at + life * 3 / 4 {
            self.renewals += 1;
            self.expires_at = None;
            self.asks(story, "/runners/reset_authentication_token")
                .await;
        }
    }

    async fn asks(&self, story: &Story<'_>, path: &str) -> Value {
        let url = format!("{}/api/v4{path}", story.gitlab.url());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = json!({ "token": self.token, "system_id": "s_manager" }).to_string();
        let request = client.post(url).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }
}

/// It never comes to renew its token, since the operator is there before it, and it is refused no more
/// often than while the new token is on its way to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_renews_its_token_is_forestalled() {
    story("rotation-manager")
        .tell(async |story| {
            tokens_live(story, Some(LIFE));
            story.is_connected_to_gitlab().await;
            story.apply(&knot()).await;
            story.is_registered("knot").await;
            let mut manager = Manager::default();
            let time = Duration::from_mins(3);
            within(time, "the token is replaced", async || {
                manager.goes_on(story).await;
                let second = manager.tokens == 2 && manager.refused == 0;
                second.then_some(()).ok_or("not yet".to_owned())
            })
            .await;
            tokens_live(story, None);
            assert_eq!(manager.renewals, 0);
            assert!(manager.most_refused < 3, "{}", manager.most_refused);
            let told = story.tells_once("knot", "TokenRotated").await;
            assert!(told.contains("it was due"), "{told}");
        })
        .await;
}
