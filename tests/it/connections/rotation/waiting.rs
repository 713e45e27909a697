//! A request that hangs while the rotation waits to be alone.
use gitlab_sim::{Fault, Rule};
use serde_json::json;

use super::{
    HELD, credential, has_old_token, is_announced, is_replaced_once, rotating, rotations, settles,
};
use crate::harness::{Manifest, connection, runner, story, until};

/// It is put off rather than keeping all others waiting, and begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_hangs_puts_it_off() {
    story("credential-hang")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            let gitlab = |manifest: Manifest| manifest.with("timeout", HELD);
            story
                .apply(&gitlab(connection("gitlab", story.gitlab.url())))
                .await;
            story.apply(&runner("sandpiper")).await;
            story.is_ready("sandpiper").await;
            let edit = Rule::new("PUT", "/api/v4/runners/*", Fault::Gate);
            let gate = story.gitlab.misbehaves(edit);
            story.apply(&gitlab(rotating(story, "gitlab"))).await;
            is_announced(story).await;
            story.apply(&runner("sandpiper").tagged(["late"])).await;
            story.gitlab.holds_one(gate).await;
            let before = story.gitlab.now();
            settles(story, "while it hangs").await;
            until("it is put off, and announced anew", async || {
                let log = story.operator().log();
                let told = log.contains("the token is not replaced now")
                    && log.contains("a request was not answered within 10s");
                let record = is_announced(story).await;
                let anew = record.asked_at.is_none() && record.announced_at.0 > before;
                (told && anew)
                    .then_some(())
                    .ok_or(format!("{record:?}\n{}", story.operator().lines()))
            })
            .await;
            assert_eq!(rotations(story), []);
            // It was kept from nothing, and neither is anybody else.
            story.gitlab.recovers();
            story.is_ready("sandpiper").await;
            assert_eq!(
                story.gitlab.only_runner()["tag_list"],
                json!(["late"]),
                "the request came to its end"
            );
            settles(story, "once it is over").await;
            is_replaced_once(story).await;
        })
        .await;
}
