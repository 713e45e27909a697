//! Fine-grained tokens: tried whatever their scopes are called, told what they lack, and not believed
//! when they find nothing.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::json;

use crate::harness::{
    Manifest, Story, condition, number, runner, says, secret, shown, story, token,
};

const FINE: &str = "glpat-canary-0fine0-6Rb1";
const PLATFORM: i64 = 3001;

/// A fine-grained token of Mia's, for the user and for the group `platform`.
fn grants(story: &Story<'_>, user: &[&str], group: &[&str]) {
    story.gitlab.does(json!({
        "do": "add_token", "user": "mia", "name": "fine", "token": FINE, "scopes": ["granular"],
        "granular_scopes": [
            { "access": "user", "permissions": user },
            { "access": "selected_memberships", "group": PLATFORM, "permissions": group },
        ],
    }));
}

fn in_platform(name: &str) -> Manifest {
    runner(name).with("scope", json!({ "group": { "id": PLATFORM } }))
}

const KEEPING: [&str; 3] = ["read_runner", "update_runner", "delete_runner"];

#[tokio::test(flavor = "multi_thread")]
async fn one_that_may_hardly_tell_of_itself_keeps_runners() {
    story("granular-keeps")
        .tell(async |story| {
            grants(story, &["create_runner"], &KEEPING);
            story.connects("gitlab", FINE).await;
            let connection = story.is_connected("gitlab").await;
            let accepted = condition(&connection, "CredentialsValid").unwrap();
            for lack in ["Personal Access Token: Read", "Metadata: Read"] {
                assert!(accepted.message.contains(lack), "{}", accepted.message);
            }
            let status = connection.status.unwrap();
            assert_eq!(
                (status.can, status.credential),
                (vec!["granular".to_owned()], None)
            );

            story.apply(&in_platform("stint")).await;
            let id = number(&story.is_ready("stint").await).unwrap();
            story.apply(&in_platform("stint").tagged(["later"])).await;
            story.is_ready("stint").await;
            assert_eq!(
                story.gitlab.runner(id).unwrap()["tag_list"],
                json!(["later"])
            );
            // A path takes one permission more.
            story.apply(&runner("dunlin").in_group("platform")).await;
            let told = story.is_not_ready("dunlin", "ScopeUnreadable").await;
            assert!(told.contains("[Group: Read]"), "{told}");

            story.delete(&in_platform("stint")).await;
            story.is_gone(&in_platform("stint")).await;
            assert_eq!(story.gitlab.runners(), Vec::<serde_json::Value>::new());
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_tells_of_itself_says_when_it_ends() {
    story("granular-tells")
        .tell(async |story| {
            let user = ["create_runner", "read_personal_access_token", "read_user"];
            grants(story, &user, &KEEPING);
            story.connects("gitlab", FINE).await;
            let connection = story.is_connected("gitlab").await;
            let credential = connection
                .status
                .as_ref()
                .unwrap()
                .credential
                .clone()
                .unwrap();
            assert_eq!(credential.scopes, ["granular"], "{}", shown(&connection));
            assert_eq!(credential.admin, Some(false));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_hidden_from_it_is_not_taken_for_gone() {
    story("granular-hidden")
        .resyncing_every("1s")
        .tell(async |story| {
            grants(story, &["create_runner"], &KEEPING);
            story.connects("gitlab", FINE).await;
            let (with_token, without) = (in_platform("siskin"), in_platform("linnet"));
            for manifest in [&with_token, &without] {
                story.apply(manifest).await;
                story.is_ready(manifest.name()).await;
            }
            let leaves = json!({ "do": "set_member", "user": "mia", "group": PLATFORM,
                "role": null });
            story.gitlab.does(leaves);
            story.is_not_ready("linnet", "RunnerMissing").await;
            story.delete(&secret("linnet-runner-token")).await;
            for manifest in [&with_token, &without] {
                story.delete(manifest).await;
            }
            story.is_gone(&with_token).await;
            let told = story.tells_once("siskin", "RunnerRemoved").await;
            assert!(told.contains("by its own token"), "{told}");
            let told = story.is_not_ready("linnet", "DeletionBlocked").await;
            for part in ["runner 2", "fine-grained", "deletionPolicy"] {
                assert!(told.contains(part), "{told}");
            }
            assert_eq!(story.gitlab.only_runner()["id"], 2);
            story.apply(&without.clone().orphaned()).await;
            story.is_gone(&without).await;
        })
        .await;
}

/// Its Secret is gone by then, and GitLab says of it what it says of one that is hidden.
#[tokio::test(flavor = "multi_thread")]
async fn what_it_has_removed_is_known_to_be_gone_after_a_crash() {
    story("granular-removed")
        .tell(async |story| {
            grants(story, &["create_runner"], &KEEPING);
            story.connects("gitlab", FINE).await;
            story.apply(&in_platform("twite")).await;
            story.is_ready("twite").await;
            story.may_no_longer("patch", "gitlabrunners").await;
            story.delete(&in_platform("twite")).await;
            story.is_gone(&secret("twite-runner-token")).await;
            story.the_operator_is_killed().await;
            assert!(story.gitlab.runners().is_empty());
            story.rights_are_granted().await;
            story.the_operator_starts().await;
            story.is_gone(&in_platform("twite")).await;
        })
        .await;
}

/// What somebody has removed in GitLab is known by neither credential nor token.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_gone_for_it_and_for_its_token_is_gone() {
    story("granular-gone")
        .tell(async |story| {
            grants(story, &["create_runner"], &KEEPING);
            story.connects("gitlab", FINE).await;
            story.apply(&in_platform("redpoll")).await;
            let id = number(&story.is_ready("redpoll").await).unwrap();
            story.gitlab.forgets(id);
            story.delete(&in_platform("redpoll")).await;
            story.is_gone(&in_platform("redpoll")).await;
            let told = story.tells_once("redpoll", "RunnerRemoved").await;
            assert!(told.contains("taken for removed"), "{told}");
        })
        .await;
}

/// Creating asks for a permission of the user, and reading for one of the group.
#[tokio::test(flavor = "multi_thread")]
async fn what_it_could_not_read_is_not_made() {
    story("granular-blind")
        .tell(async |story| {
            grants(story, &["create_runner"], &["read_group"]);
            story.connects("gitlab", FINE).await;
            story.apply(&in_platform("ruff")).await;
            let told = story.is_not_ready("ruff", "PermissionMissing").await;
            assert!(told.contains("[Runner: Read]"), "{told}");
            assert_eq!(story.gitlab.changes_asked(), []);
            story.connects("gitlab", token::MIA).await;
            story.is_ready("ruff").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classic_token_makes_nothing_where_fine_grained_ones_are_enforced() {
    story("granular-enforced")
        .tell(async |story| {
            let enforces = |yes: bool| {
                let set = json!({ "granular_tokens_enforced": yes });
                story
                    .gitlab
                    .does(json!({ "do": "set_group", "group": PLATFORM, "settings": set }));
            };
            enforces(true);
            story.connects("gitlab", token::MIA).await;
            let below =
                |name: &str| runner(name).with("scope", json!({ "project": { "id": 4001 } }));
            for runner in [in_platform("sanderling"), below("turnstone")] {
                story.apply(&runner).await;
                let told = story.is_not_ready(runner.name(), "PermissionMissing").await;
                assert!(told.contains("[Runner: Read]"), "{told}");
            }
            assert_eq!(story.gitlab.changes_asked(), []);
            enforces(false);
            for runner in [in_platform("sanderling"), below("turnstone")] {
                story.apply(&runner.tagged(["now"])).await;
            }
            story.is_ready("sanderling").await;
            story.is_ready("turnstone").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_lists_leave_out_is_not_taken_for_absent() {
    story("granular-silent")
        .tell(async |story| {
            grants(story, &["create_runner"], &KEEPING);
            let connection = crate::harness::connection("gitlab", story.gitlab.url());
            story.connects("gitlab", FINE).await;
            story.apply(&connection.with("timeout", "5s")).await;
            story.is_connected("gitlab").await;
            let lost = Rule::new("POST", "/api/v4/user/runners", Fault::Drop);
            story.gitlab.misbehaves(lost.times(1));
            story.apply(&in_platform("knot")).await;
            let told = story.is_not_ready("knot", "RegistrationUnclear").await;
            assert!(told.contains("fine-grained"), "{told}");
            let writes = story.gitlab.changes_asked();
            assert_eq!(writes.len(), 1, "{writes:?}");
            // One whose answer was lost is found all the same.
            let lost = Rule::new("POST", "/api/v4/user/runners", Fault::Drop);
            story.gitlab.misbehaves(lost.after_doing().times(1));
            story.apply(&in_platform("dotterel")).await;
            let found = story.is_ready("dotterel").await;
            assert!(
                says(&found, "Registered", "True", "Succeeded"),
                "{}",
                shown(&found)
            );
            assert_eq!(story.gitlab.runners().len(), 1);
        })
        .await;
}

/// The status of a pass is refused when somebody has written to the object since: what a person has to
/// change is told all the same, and not one resync later.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_has_to_change_is_told_though_the_object_has_changed_meanwhile() {
    story("granular-changed-meanwhile")
        .tell(async |story| {
            let enforced = json!({ "granular_tokens_enforced": true });
            story
                .gitlab
                .does(json!({ "do": "set_group", "group": PLATFORM, "settings": enforced }));
            story.connects("gitlab", token::MIA).await;
            let list = "/api/v4/groups/*/runners";
            let gate = story.gitlab.misbehaves(Rule::new("GET", list, Fault::Gate));
            story.apply(&in_platform("whimbrel")).await;
            story.gitlab.holds_one(gate).await;
            let labelled = json!({ "metadata": { "labels": { "seen": "yes" } } });
            story.edit::<GitLabRunner>("whimbrel", labelled).await;
            story.gitlab.recovers();
            story.is_not_ready("whimbrel", "PermissionMissing").await;
        })
        .await;
}
