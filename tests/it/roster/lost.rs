//! Many registrations whose answers were lost are looked for together.
use std::collections::BTreeSet;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Recorded, Rule};
use kube::api::ListParams;
use serde_json::json;

use super::{QUERY, REGISTER};
use crate::harness::{Story, condition, runner, story, token, until};

const STRANGERS: usize = 500;
const LOST: usize = 30;

/// The runners that have been asked for by their numbers before their tokens were reset, and the lists.
fn searched(story: &Story<'_>) -> Vec<String> {
    let mut reset = BTreeSet::new();
    let mut searched = Vec::new();
    for asked in story.gitlab.requests() {
        let Recorded {
            method,
            path,
            query,
            ..
        } = asked;
        // One runner of the group is asked for before any is made, which is no search.
        if query
            .iter()
            .any(|(name, value)| name == "per_page" && value == "1")
        {
            continue;
        }
        let by_number = path.strip_prefix("/api/v4/runners/").map(str::to_owned);
        match (&*method, by_number) {
            ("POST", Some(what)) => {
                if let Some(id) = what.strip_suffix("/reset_authentication_token") {
                    reset.insert(id.to_owned());
                }
            }
            ("GET", Some(id)) if reset.contains(&id) => {}
            ("GET", Some(_)) => searched.push(format!("{method} {path}")),
            _ if path == QUERY || path.ends_with("/runners") && path != REGISTER => {
                searched.push(format!("{method} {path}"));
            }
            _ => {}
        }
    }
    searched
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_lost_answers_among_strangers_are_found_by_a_few_sweeps() {
    story("roster-lost")
        .without_an_operator()
        .tell(async |story| {
            story.connects("gitlab", token::ADMIN).await;
            for _ in 0..STRANGERS {
                let stranger = json!({ "do": "add_runner", "type": "group", "group": "platform" });
                story.gitlab.does(stranger);
            }
            let lost = Rule::new("POST", REGISTER, Fault::Drop).after_doing();
            story.gitlab.misbehaves(lost);
            for number in 0..LOST {
                let found = runner(&format!("turnstone-{number}")).in_group("platform");
                story.apply(&found).await;
            }
            story.the_operator_starts().await;
            until("all are found", async || {
                let all = story
                    .api::<GitLabRunner>()
                    .list(&ListParams::default())
                    .await;
                let ready = |runner: &&GitLabRunner| {
                    condition(*runner, "Ready").is_some_and(|ready| ready.status == "True")
                };
                match all.unwrap().items.iter().filter(ready).count() {
                    LOST => Ok(()),
                    some => Err(format!("{some} of {LOST}")),
                }
            })
            .await;
            assert_eq!(story.gitlab.runners().len(), STRANGERS + LOST);
            let searched = searched(story);
            assert!(searched.len() <= 20, "{}: {searched:#?}", searched.len());
        })
        .await;
}
