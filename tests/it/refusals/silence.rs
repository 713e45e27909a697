//! GitLab asks to be left alone.
use gitlab_sim::{Fault, Recorded, Rule};
use jiff::SignedDuration;

use super::{POST, attempts};
use crate::harness::{Story, runner, story};

/// The request that was throttled, and the one after it.
fn around(story: &Story<'_>) -> (Recorded, Recorded) {
    let asked = story.gitlab.requests();
    let throttled = asked.iter().position(|asked| asked.status == Some(429));
    let mut rest = asked.into_iter().skip(throttled.unwrap());
    (rest.next().unwrap(), rest.next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_gitlab_wants_silence() {
    let unsaid = Fault::Throttle {
        retry_after: None,
        limit: 100,
        name: "an_application_limit".to_owned(),
    };
    // Without a word about how long, a few seconds.
    for (name, fault, seconds) in [
        ("silence-said", Fault::throttle(9), 9),
        ("silence-unsaid", unsaid, 5),
    ] {
        story(name)
            .tell(async |story| {
                story.is_connected_to_gitlab().await;
                let rule = Rule::new("POST", POST, fault.clone());
                let rule = rule.body_contains("whimbrel").times(1);
                story.gitlab.misbehaves(rule);
                story.apply(&runner("whimbrel")).await;
                story.is_not_ready("whimbrel", "GitLabThrottled").await;
                // Others that use the same credential are silent too.
                story.apply(&runner("turnstone")).await;
                for runner in ["whimbrel", "turnstone"] {
                    story.is_ready(runner).await;
                }
                let (throttled, next) = around(story);
                let silent = next.at.duration_since(throttled.at);
                assert!(
                    silent >= SignedDuration::from_secs(seconds),
                    "{silent}: {next:#?}"
                );
                assert_eq!(attempts(story, "whimbrel").len(), 2);
                assert_eq!(story.gitlab.runners().len(), 2);
            })
            .await;
    }
}
