//! Several who have one token: connections of one process, and two processes.
use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use gitlab_sim::Recorded;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    FIRST, SPARE_TIME, credential, has_old_token, has_settled, holds_the_answer,
    is_never_sent_after, is_replaced, rotating, rotations,
};
use crate::harness::{Manifest, Operator, condition, connection, runner, secret, story, until};

/// Long enough to do something while GitLab's answer is held, and so short that it can be waited for.
const SHORT: &str = "15s";

/// What an operator counts of its passes over runners.
async fn passes(operator: &Operator, metric: &str) -> f64 {
    let metrics = operator.metrics().await;
    let counts = metrics.lines().filter_map(|line| {
        let (name, count) = line.rsplit_once(' ')?;
        let ours = name.starts_with(metric) && name.contains("\"gitlabrunner\"");
        ours.then(|| count.parse::<f64>().ok()).flatten()
    });
    counts.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_connections_with_one_token_one_replaces_it_for_both() {
    story("credential-shared")
        .resyncing_every("1s")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            let same = json!({ "name": "gitlab-credential", "key": "pat" });
            let rotating = |name| rotating(story, name).with("timeout", SHORT);
            // A request through the second one may take longer than through the first, which replaces it.
            let longer = |of: Manifest| of.with("timeout", "20s");
            let second = || longer(rotating("second").with("credentialsSecretRef", same.clone()));
            // A third one has the same token in a Secret of its own, which would keep it.
            story
                .apply(&secret("apart-credential").holding("pat", FIRST))
                .await;
            story.apply(&connection("apart", story.gitlab.url())).await;
            story.is_connected("apart").await;
            story.apply(&rotating("gitlab")).await;
            let told = story
                .connection_says("gitlab", "CredentialsExpiring", "True", "RotationBlocked")
                .await;
            let told = condition(&told, "CredentialsExpiring").unwrap().message;
            assert!(
                told.contains("Secret apart-credential in namespace"),
                "{told}"
            );

            story.apply(&runner("wagtail")).await;
            story.apply(&second()).await;
            story.apply(&runner("pipit").through("second")).await;
            story.is_ready("wagtail").await;
            story.is_ready("pipit").await;
            assert_eq!(rotations(story), []);
            let gate = holds_the_answer(story);
            story.delete(&connection("apart", story.gitlab.url())).await;
            story.gitlab.holds_one(gate).await;
            let replaced: GitLabConnection = story.get("gitlab").await.unwrap();
            let record = replaced.status.unwrap().credential_rotation.unwrap();
            let settled = rotations(story)[0].at.duration_since(record.announced_at.0);
            assert!(settled >= SignedDuration::from_secs(25), "{settled}");
            // The old token has ended, and both runners have something to ask.
            for (name, through) in [("wagtail", "gitlab"), ("pipit", "second")] {
                let changed = runner(name).through(through).tagged(["sooner"]);
                story.apply(&changed).await;
            }
            until("both wait at the gate", async || {
                let waiting = passes(story.operator(), "controller_runtime_active_workers").await;
                if waiting >= 2.0 {
                    Ok(())
                } else {
                    Err(waiting.to_string())
                }
            })
            .await;
            story.gitlab.recovers();
            is_replaced(story).await;
            has_settled(story, "gitlab").await;
            story.is_connected("second").await;
            let [asked] = &rotations(story)[..] else {
                panic!("{:#?}", rotations(story))
            };
            for (name, through) in [("wagtail", "gitlab"), ("pipit", "second")] {
                story
                    .apply(&runner(name).through(through).tagged(["later"]))
                    .await;
                story.is_ready(name).await;
            }
            is_never_sent_after(story, asked.seq);
        })
        .await;
}

/// Two processes serve the same objects, as a node that was cut off and its successor may.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_one_replaces_it_and_neither_sends_the_one_before() {
    story("credential-replicas")
        .resyncing_every("1s")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            story
                .apply(&connection("gitlab", story.gitlab.url()).with("timeout", SPARE_TIME))
                .await;
            story.apply(&runner("dipper")).await;
            story.is_ready("dipper").await;
            let mut cast = story.cast.clone();
            cast.name = "credential-replicas-too".to_owned();
            let other = Operator::start(&story.stage.plane, &cast).await;
            until("the other one sweeps too", async || {
                let metrics = other.metrics().await;
                let swept =
                    |line: &&str| line.starts_with("gitlab_registrar_gitlab_requests_total");
                metrics.lines().find(swept).map(drop).ok_or(metrics.clone())
            })
            .await;
            let gate = holds_the_answer(story);
            story
                .apply(&rotating(story, "gitlab").with("timeout", SHORT))
                .await;
            story.gitlab.holds_one(gate).await;
            // The old token has ended, and the one that does not ask for the new one has something to do.
            let count = async || {
                let metric = "controller_runtime_reconcile_total";
                passes(story.operator(), metric).await + passes(&other, metric).await
            };
            let before = count().await;
            story.apply(&runner("dipper").tagged(["sooner"])).await;
            until("a pass has come to its end", async || {
                let now = count().await;
                if now > before {
                    Ok(())
                } else {
                    Err(now.to_string())
                }
            })
            .await;
            story.gitlab.recovers();
            is_replaced(story).await;
            has_settled(story, "gitlab").await;
            let [asked] = &rotations(story)[..] else {
                panic!("{:#?}", rotations(story))
            };
            // Both have found the new token, and used it for a while.
            let while_later =
                |it: &Recorded| it.at.duration_since(asked.at) > SignedDuration::from_secs(15);
            story.gitlab.is_asked("some time later", while_later).await;
            is_never_sent_after(story, asked.seq);
            story.is_ready("dipper").await;
            let (code, _) = other.is_told_to_stop().await;
            assert_eq!(code, 0, "{}", other.lines());
            assert!(!other.log().contains("canary"));
        })
        .await;
}
