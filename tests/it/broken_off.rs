//! A pass that takes too long is cut off, and people read of it.
//!
//! The operator runs in the test's own process, since no flag makes it so impatient.
use std::time::Duration;

use gitlab_runner_registrar::controller::tasks::Tasks;
use gitlab_runner_registrar::controller::{self, Options, Surroundings};
use gitlab_runner_registrar::http::Readiness;
use gitlab_runner_registrar::metrics::Metrics;
use gitlab_runner_registrar::term::Term;
use gitlab_sim::{Fault, Rule};
use tokio_util::sync::CancellationToken;

use crate::harness::{Story, condition, runner, says, story};

/// Far shorter than the connection's timeout, and long enough for a pass that nothing holds up.
const IMPATIENT: Duration = Duration::from_secs(8);

/// An operator that cuts its passes off after a moment; stops when told.
fn impatient_operator(story: &Story<'_>) -> (CancellationToken, Tasks) {
    let options = Options {
        namespaces: vec![story.namespace.clone()],
        resync: Duration::from_secs(2),
        longest_pass: IMPATIENT,
        allow_http: true,
        cluster: "test".to_owned(),
        operator_namespace: story.namespace.clone(),
        instance: None,
    };
    let (stop, readiness) = (CancellationToken::new(), Readiness::default());
    let around = Surroundings::new(story.kube.clone(), Term::endless());
    let work = controller::start(around, options, Metrics::default(), &readiness, &stop);
    (stop, work)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_is_cut_off_is_told_at_once_and_what_it_left_is_taken_up() {
    story("broken-off-runner")
        .without_an_operator()
        .tell(async |story| {
            let (stop, mut work) = impatient_operator(story);
            story.is_connected_to_gitlab().await;
            story.apply(&runner("gannet")).await;
            story.is_ready("gannet").await;
            let hang = Rule::new("PUT", "/api/v4/runners/*", Fault::Hang);
            story.gitlab.misbehaves(hang);
            story.apply(&runner("gannet").tagged(["late"])).await;
            let message = story.is_not_ready("gannet", "BrokenOff").await;
            assert!(message.contains("took longer than 8s"), "{message}");
            story.tells_once("gannet", "BrokenOff").await;
            story.gitlab.recovers();
            let ready = story.is_ready("gannet").await;
            assert!(condition(&ready, "Reconciling").is_none(), "{ready:?}");

            // Nor does a deletion keep to itself what holds it up.
            let hang = Rule::new("DELETE", "/api/v4/runners/*", Fault::Hang);
            story.gitlab.misbehaves(hang);
            story.delete(&runner("gannet")).await;
            story.is_not_ready("gannet", "BrokenOff").await;
            story.gitlab.recovers();
            story.is_gone(&runner("gannet")).await;
            stop.cancel();
            work.all_end().await.unwrap();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_connection_that_is_cut_off_is_told_too() {
    story("broken-off-connection")
        .without_an_operator()
        .tell(async |story| {
            let (stop, mut work) = impatient_operator(story);
            story.is_connected_to_gitlab().await;
            story.apply(&runner("fulmar")).await;
            story.is_ready("fulmar").await;
            let hang = Rule::new("GET", "/api/v4/personal_access_tokens/self", Fault::Hang);
            story.gitlab.misbehaves(hang);
            let told = story
                .connection_says("gitlab", "Ready", "False", "BrokenOff")
                .await;
            let ready = condition(&told, "Ready").unwrap();
            assert!(
                ready.message.contains("took longer than 8s"),
                "{}",
                ready.message
            );
            assert!(says(&told, "CredentialsValid", "Unknown", "BrokenOff"));
            story.is_not_ready("fulmar", "ConnectionNotReady").await;
            story.gitlab.recovers();
            story.is_connected("gitlab").await;
            story.is_ready("fulmar").await;
            stop.cancel();
            work.all_end().await.unwrap();
        })
        .await;
}
