//! What happens in GitLab when an object goes.
mod credentials;
mod hindered;

use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use gitlab_runner_registrar::secrets::OWNER;
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::harness::{
    Manifest, Story, connection, namespace, runner, secret, story, text_of, token, until,
};

/// Registers it, forgets what was asked meanwhile, and tells its number.
async fn is_there(story: &Story<'_>, manifest: &Manifest) -> i64 {
    story.is_connected_to_gitlab().await;
    story.apply(manifest).await;
    let id = story.is_registered(manifest.name()).await;
    story.gitlab.clear_requests();
    id
}

fn deleting(id: i64) -> (String, String, Value) {
    ("DELETE".to_owned(), format!("/runners/{id}"), Value::Null)
}

/// Waits until GitLab has no runner any more, and the object is gone too.
async fn all_is_gone(story: &Story<'_>, manifest: &Manifest) {
    story.is_gone(manifest).await;
    assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runner_goes_with_the_object() {
    story("deletion-plain")
        .tell(async |story| {
            // Another one, to be left alone.
            let other = json!({ "do": "add_runner", "type": "instance_type" });
            let other = story.gitlab.does(other)["id"].as_i64().unwrap();
            let id = is_there(story, &runner("sanderling")).await;
            story.delete(&runner("sanderling")).await;
            story.is_gone(&runner("sanderling")).await;
            assert_eq!(story.gitlab.changes_asked(), [deleting(id)]);
            assert_eq!(story.gitlab.only_runner()["id"], other);
            let told = story.tells_once("sanderling", "RunnerRemoved").await;
            assert_eq!(told, format!("removed runner {id} from GitLab"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orphaned_the_runner_stays_and_so_does_its_token() {
    story("deletion-orphan")
        .tell(async |story| {
            let manifest = runner("skua").orphaned();
            let id = is_there(story, &manifest).await;
            story.delete(&manifest).await;
            story.is_gone(&manifest).await;
            let asked = story.gitlab.changes_asked();
            assert!(asked.is_empty(), "{asked:#?}");
            let left = story
                .secret_when("skua-runner-token", "nobody owns it", |secret| {
                    !secret.annotations().contains_key(OWNER)
                })
                .await;
            assert!(story.gitlab.accepts(&text_of(&left, "runner-token")).await);
            let told = story.tells_once("skua", "Orphaned").await;
            let expected = "stays in GitLab, and its token in Secret skua-runner-token";
            assert_eq!(told, format!("runner {id} {expected}"));
            story.operator().has_warned("Orphaned").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_gone_already_is_no_obstacle() {
    story("deletion-vanished")
        .tell(async |story| {
            let id = is_there(story, &runner("smew")).await;
            story.gitlab.forgets(id);
            story.delete(&runner("smew")).await;
            all_is_gone(story, &runner("smew")).await;
            let made_anew = story.gitlab.changes_asked();
            assert!(
                made_anew.iter().all(|asked| *asked == deleting(id)),
                "{made_anew:#?}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_never_registered_needs_no_gitlab() {
    story("deletion-never")
        .tell(async |story| {
            let manifest = runner("snipe").through("there-is-none");
            story.apply(&manifest).await;
            story.is_not_ready("snipe", "ConnectionNotFound").await;
            story.delete(&manifest).await;
            story.is_gone(&manifest).await;
            assert!(story.gitlab.asked_besides_sweeps().is_empty());
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_one_is_removed_all_the_same() {
    story("deletion-suspended")
        .tell(async |story| {
            let id = is_there(story, &runner("starling")).await;
            let suspended = runner("starling")
                .with("suspend", true)
                .with("paused", true);
            story.apply(&suspended).await;
            story.is_ready_though("starling", "Suspended").await;
            story.gitlab.changes(id, json!({ "description": "Theirs" }));
            assert!(
                story.gitlab.asked_besides_sweeps().is_empty(),
                "{:#?}",
                story.gitlab.asked_besides_sweeps()
            );
            story.delete(&suspended).await;
            all_is_gone(story, &suspended).await;
            let asked = story.gitlab.changes_asked();
            // GitLab refuses the first, which is for a runner that nobody has changed since it was seen.
            let removals = asked.iter().filter(|asked| **asked == deleting(id)).count();
            assert!(
                removals == asked.len() && (1..=2).contains(&removals),
                "{asked:?}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_one_goes_on_where_it_stopped() {
    story("deletion-resumed")
        .tell(async |story| {
            let suspended = runner("stilt").with("suspend", true).with("paused", true);
            story.is_connected_to_gitlab().await;
            story.gitlab.clear_requests();
            story.apply(&suspended).await;
            let message = story.is_ready_though("stilt", "Suspended").await;
            assert_eq!(message, "spec.suspend is true: GitLab is not asked");
            assert!(story.gitlab.asked_besides_sweeps().is_empty());
            story.apply(&suspended.with("suspend", false)).await;
            story.is_ready("stilt").await;
            assert_eq!(story.gitlab.only_runner()["paused"], true);
        })
        .await;
}

/// GitLab lets only administrators delete a runner of several projects.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_of_several_projects_needs_no_administrator() {
    story("deletion-projects")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            let manifest = runner("swift")
                .in_project("platform/docs")
                .also_in(["platform/site", "platform/tools/build"])
                .with("locked", true);
            story.apply(&manifest).await;
            story.is_ready("swift").await;
            story.delete(&manifest).await;
            all_is_gone(story, &manifest).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runners_own_token_will_do_when_the_credential_is_gone() {
    story("deletion-by-token")
        .tell(async |story| {
            let id = is_there(story, &runner("tern")).await;
            // A process that starts now has never had a credential that worked.
            story.the_operator_is_killed().await;
            story.delete(&secret("gitlab-credential")).await;
            story.the_operator_starts().await;
            story.is_not_ready("tern", "ConnectionNotReady").await;
            story.gitlab.clear_requests();
            story.delete(&runner("tern")).await;
            all_is_gone(story, &runner("tern")).await;
            let asked = story.gitlab.changes_asked();
            let [(method, path, _)] = asked.as_slice() else {
                panic!("{asked:#?}");
            };
            assert_eq!((method.as_str(), path.as_str()), ("DELETE", "/runners"));
            let told = story.tells_once("tern", "RunnerRemoved").await;
            assert!(told.starts_with(&format!("removed runner {id}")), "{told}");
            assert!(told.contains("by its own token"), "{told}");
        })
        .await;
}

/// Once it is done, GitLab knows neither the runner nor its token, and says no more than that.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_by_token_ends_although_its_answer_was_lost() {
    story("deletion-token-lost")
        .tell(async |story| {
            is_there(story, &runner("turnstone")).await;
            story.the_operator_is_killed().await;
            story.delete(&secret("gitlab-credential")).await;
            story.the_operator_starts().await;
            story.is_not_ready("turnstone", "ConnectionNotReady").await;
            let lost = Rule::new("DELETE", "/api/v4/runners", Fault::Drop).after_doing();
            story.gitlab.misbehaves(lost.times(1));
            story.delete(&runner("turnstone")).await;
            all_is_gone(story, &runner("turnstone")).await;
            let told = story.tells_once("turnstone", "RunnerRemoved").await;
            assert!(told.contains("is taken for removed"), "{told}");
            story.operator().has_warned("RunnerRemoved").await;
        })
        .await;
}

/// A token that somebody has reset is refused in the same words, and its runner is still there.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_gitlab_does_not_know_lets_nothing_go() {
    story("deletion-token-reset")
        .tell(async |story| {
            let id = is_there(story, &runner("knot")).await;
            story.the_operator_is_killed().await;
            story.delete(&secret("gitlab-credential")).await;
            story
                .gitlab
                .does(json!({ "do": "reset_runner_token", "runner": id }));
            story.the_operator_starts().await;
            story.is_not_ready("knot", "ConnectionNotReady").await;
            story.delete(&runner("knot")).await;
            let message = story.is_not_ready("knot", "GitLabRefused").await;
            assert!(
                message.contains("set deletionPolicy to Orphan"),
                "{message}"
            );
            assert_eq!(story.gitlab.only_runner()["id"], id);
            story.apply(&runner("knot").orphaned()).await;
            story.is_gone(&runner("knot")).await;
            assert_eq!(story.gitlab.only_runner()["id"], id);
        })
        .await;
}

/// The garbage collector may take its time, and the Secret's name is needed again at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_can_be_made_anew_at_once() {
    story("deletion-again")
        .tell(async |story| {
            is_there(story, &runner("ruff")).await;
            for _ in 0..3 {
                story.delete(&runner("ruff")).await;
                story.is_gone(&runner("ruff")).await;
                assert!(story.get::<Secret>("ruff-runner-token").await.is_none());
                story.apply(&runner("ruff")).await;
                story.is_ready("ruff").await;
            }
            let conflicts = story.events("ruff", "SecretConflict").await;
            assert_eq!(conflicts, Vec::<String>::new());
        })
        .await;
}

/// The credential's Secret goes with the namespace, and may be gone before the runners are. In
/// namespaced mode the operator's Role goes too, so this is told in cluster mode.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_namespace_everything_goes_whatever_goes_first() {
    story("deletion-namespace")
        .in_cluster_mode()
        .tell(async |story| {
            let doomed = namespace("doomed");
            story.apply(&doomed).await;
            let home = story.moves_to("doomed");
            is_there(story, &runner("wigeon")).await;
            is_there(story, &runner("wren")).await;
            story.delete(&doomed).await;
            story.is_gone(&doomed).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            story.moves_to(&home);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_connection_gone_a_runner_can_still_be_removed() {
    story("deletion-connection")
        .tell(async |story| {
            is_there(story, &runner("woodcock")).await;
            story
                .delete(&connection("gitlab", story.gitlab.url()))
                .await;
            story.delete(&secret("gitlab-credential")).await;
            until("the connection is gone", async || {
                let there = story.get::<GitLabConnection>("gitlab").await;
                there
                    .is_none()
                    .then_some(())
                    .ok_or("it is there".to_owned())
            })
            .await;
            story.delete(&runner("woodcock")).await;
            all_is_gone(story, &runner("woodcock")).await;
        })
        .await;
}
