//! A connection that moves to another GitLab, and groups that come and go: a number means something
//! in one place only.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Options, Rule, Server};
use serde_json::{Value, json};

use crate::harness::{Story, condition, runner, story, token, until};

const POST: &str = "/api/v4/user/runners";
const TOKEN: &str = "glpat-canary-0other-1Aa1";
/// Where `platform` has another number, and its number another owner.
const OTHER: &str = "
users:
  - username: root
    admin: true
    tokens: [{ name: admin, token: TOKEN, scopes: [api] }]
groups:
  - { path: strangers, id: 3001 }
  - { path: platform, id: 9001 }
";

async fn other_gitlab(story: &Story<'_>) -> Server {
    let seed = OTHER.replace("TOKEN", TOKEN);
    let other = Server::start(seed.as_str(), Options::default())
        .await
        .unwrap();
    story.connects_with("other", other.url(), TOKEN).await;
    story.is_connected("other").await;
    other
}

/// The paths of the groups that runners there belong to.
fn groups(other: &Server) -> Vec<Value> {
    let runners = other.command_json(json!({ "do": "runners" })).unwrap();
    let runners = runners.as_array().unwrap().clone();
    runners
        .into_iter()
        .map(|runner| runner["group"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_looked_up_in_the_gitlab_that_it_is_used_in() {
    story("elsewhere-path")
        .tell(async |story| {
            let story: &Story<'_> = story;
            story.is_connected_to_gitlab().await;
            let other = other_gitlab(story).await;
            let no = Fault::reply(403, json!({ "message": "403 Forbidden" }));
            story.gitlab.answers("POST", POST, no);
            let refused = runner("rook").in_group("platform");
            story.apply(&refused).await;
            story.is_not_ready("rook", "GitLabRefused").await;
            story.apply(&refused.through("other")).await;
            story.is_ready("rook").await;
            assert_eq!(groups(&other), ["platform"]);

            story.gitlab.recovers();
            let moving = runner("raven").in_group("platform");
            story.apply(&moving).await;
            story.is_registered("raven").await;
            story.apply(&moving.through("other").orphaned()).await;
            until("it is there too", async || {
                let groups = groups(&other);
                (groups.len() == 2)
                    .then_some(())
                    .ok_or(format!("{groups:?}"))
            })
            .await;
            story.is_ready("raven").await;
            assert_eq!(groups(&other), ["platform", "platform"]);
            let told = story.tells_once("raven", "Orphaned").await;
            assert!(told.contains(story.gitlab.url()), "{told}");
            let vanished = story.events("raven", "RunnerVanished").await;
            assert_eq!(vanished, Vec::<String>::new());
        })
        .await;
}

/// The answer of one GitLab is not to be had from another.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_attempt_stays_open_when_its_connection_moves() {
    story("elsewhere-attempt")
        .tell(async |story| {
            let story: &Story<'_> = story;
            story.is_connected_to_gitlab().await;
            let other = other_gitlab(story).await;
            let lost = Rule::new("POST", POST, Fault::Drop).after_doing();
            story.gitlab.misbehaves(lost);
            story.apply(&runner("crow")).await;
            story.is_not_ready("crow", "GitLabUnavailable").await;
            story.connects_with("gitlab", other.url(), TOKEN).await;
            let message = story.is_not_ready("crow", "RegistrationUnclear").await;
            assert!(message.contains("leads to another GitLab now"), "{message}");
            assert_eq!(groups(&other).len(), 0);
            // Whoever does not mind what may be there says so.
            story.apply(&runner("crow").orphaned()).await;
            story.is_ready("crow").await;
            assert_eq!(groups(&other).len(), 1);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_was_made_anew_gets_its_runner_anew() {
    story("elsewhere-again")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story
                .gitlab
                .does(json!({ "do": "add_group", "path": "phoenix" }));
            story.apply(&runner("jay").in_group("phoenix")).await;
            let first = story.is_registered("jay").await;
            // One that was made a moment ago is looked for a while longer.
            let hour_ago = story.gitlab.now() - jiff::SignedDuration::from_hours(1);
            let attempt = json!({ "registration": { "attemptedAt": hour_ago } });
            story.status_says("jay", attempt).await;
            story
                .gitlab
                .does(json!({ "do": "delete_group", "group": "phoenix" }));
            story.is_not_ready("jay", "ScopeNotFound").await;
            story.operator().has_warned("ScopeNotFound").await;
            story
                .gitlab
                .does(json!({ "do": "add_group", "path": "phoenix" }));
            story.is_ready("jay").await;
            assert_eq!(story.gitlab.only_runner()["group"], "phoenix");
            let jay: GitLabRunner = story.get("jay").await.unwrap();
            assert!(condition(&jay, "Stalled").is_none(), "{jay:?}");
            // It was another pass that registered than the one that saw that it was gone.
            let told = story.tells_once("jay", "RunnerVanished").await;
            assert!(
                told.starts_with(&format!("runner {first} is gone")),
                "{told}"
            );
            story.operator().has_warned("RunnerVanished").await;
        })
        .await;
}

/// Deleted while its connection led elsewhere, it is looked for where it was asked for, as the
/// message says, and not taken for absent because of what the path means elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_attempt_of_a_moved_connection_is_settled_where_it_was_made() {
    story("elsewhere-back")
        .tell(async |story| {
            let story: &Story<'_> = story;
            story.is_connected_to_gitlab().await;
            let other = other_gitlab(story).await;
            let lost = Rule::new("POST", POST, Fault::Drop).after_doing();
            story.gitlab.misbehaves(lost.times(1));
            // GitLab shows nobody the lost one before its connection has moved. The list is looked at
            // once before a registration.
            let shown = "/api/v4/groups/3001/runners";
            let away = Rule::new("GET", shown, Fault::Proxy { status: 502 });
            story.gitlab.misbehaves(Rule {
                from: Some(2),
                ..away
            });
            let manifest = runner("chough").in_group("platform");
            story.apply(&manifest).await;
            story.is_not_ready("chough", "GitLabUnavailable").await;
            story.connects_with("gitlab", other.url(), TOKEN).await;
            let message = story.is_not_ready("chough", "RegistrationUnclear").await;
            assert!(message.contains("point it back"), "{message}");
            story.delete(&manifest).await;
            story.gitlab.recovers();
            assert_eq!(story.gitlab.runners().len(), 1);
            let home = story.gitlab.url();
            story.connects_with("gitlab", home, token::ADMIN).await;
            until("it is removed where it was made", async || {
                let left = story.gitlab.runners();
                left.is_empty().then_some(()).ok_or(format!("{left:#?}"))
            })
            .await;
        })
        .await;
}
