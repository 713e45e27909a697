//! What cannot be kept is not asked for, and what GitLab refuses is not lost.
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{
    ROTATE, credential, edits_record, has_old_token, has_settled, in_days, is_held,
    is_never_sent_after, is_replaced, is_replaced_once, rotating, rotations, settings, shows_first,
};
use crate::audit::{account, is_as_promised, told};
use crate::harness::{Story, condition, config_map, runner, secret, story, text_of, token, until};

/// Waits until the connection says that its token cannot be replaced, and why.
async fn is_blocked(story: &Story<'_>, part: &str) {
    let told = async || {
        let about = "CredentialsExpiring";
        let connection = story
            .connection_says("gitlab", about, "True", "RotationBlocked")
            .await;
        let told = condition(&connection, about).unwrap().message;
        if told.contains(part) {
            Ok(())
        } else {
            Err(told)
        }
    };
    until(part, told).await;
    // It goes on to work meanwhile.
    story.is_connected("gitlab").await;
    assert_eq!(rotations(story), []);
}

async fn marks(story: &Story<'_>, metadata: Value) {
    let patch = json!({ "metadata": metadata });
    let api = story.api::<Secret>();
    let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
    api.patch("gitlab-credential", &params, &patch)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_secret_cannot_be_written_is_not_asked_for() {
    story("credential-unwritable")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            story.may_no_longer("patch", "secrets").await;
            story.apply(&rotating(story, "gitlab")).await;
            is_blocked(story, "could not be written").await;
            let tool = json!({ "kustomize.toolkit.fluxcd.io/name": "ci" });
            marks(story, json!({ "labels": tool })).await;
            is_blocked(story, "is kept by Flux").await;
            story.rights_are_granted().await;
            story.apply(&config_map("vault")).await;
            let vault: ConfigMap = story.get("vault").await.unwrap();
            let owner =
                json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "vault", "uid": vault.metadata.uid }]);
            marks(story, json!({ "ownerReferences": owner })).await;
            is_blocked(story, "is kept by ConfigMap vault").await;
            // A person says that nothing puts the old one back.
            let allowed = json!({ "gitlab-registrar.dev/keeps-credential": "true" });
            marks(
                story,
                json!({ "ownerReferences": null, "annotations": allowed }),
            )
            .await;
            is_replaced_once(story).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_in_an_immutable_secret_is_not_asked_for() {
    story("credential-immutable")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            let api = story.api::<Secret>();
            let patch = Patch::Merge(json!({ "immutable": true }));
            let params = PatchParams::default();
            api.patch("gitlab-credential", &params, &patch)
                .await
                .unwrap();
            story.apply(&rotating(story, "gitlab")).await;
            is_blocked(story, "is immutable").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_and_the_token_goes_on_to_be_used() {
    story("credential-refused")
        .resyncing_every("1s")
        .tell(async |story| {
            has_old_token(story);
            settings(
                story,
                &json!({ "version": "19", "granular_tokens_enforced": true }),
            );
            story.apply(&credential()).await;
            story.apply(&rotating(story, "gitlab")).await;
            let about = "CredentialsExpiring";
            let told = story
                .connection_says("gitlab", about, "True", "RotationBlocked")
                .await;
            let message = condition(&told, about).unwrap().message;
            assert!(
                message.contains("Rotation of legacy personal access tokens is disabled"),
                "{message}"
            );
            assert!(message.contains("six hours"), "{message}");
            story.operator().has_warned("RotationBlocked").await;
            story.apply(&runner("whinchat")).await;
            story.is_ready("whinchat").await;
            let [asked] = &rotations(story)[..] else {
                panic!("{:#?}", rotations(story))
            };
            let sent = story.gitlab.requests();
            assert!(
                sent.iter().any(|it| it.seq > asked.seq && shows_first(it)),
                "{sent:#?}"
            );

            // It is asked again six hours later, also by another process.
            story.the_operator_is_killed().await;
            settings(story, &json!({ "granular_tokens_enforced": false }));
            let earlier = story.gitlab.now() - jiff::SignedDuration::from_hours(7);
            edits_record(story, json!({ "refusedAt": earlier.to_string() })).await;
            story.the_operator_starts().await;
            is_replaced(story).await;
            has_settled(story, "gitlab").await;
            is_never_sent_after(story, rotations(story)[1].seq);
        })
        .await;
}

/// A GitLab that lets tokens live a shorter time than the one before has lived.
#[tokio::test(flavor = "multi_thread")]
async fn where_that_life_is_too_long_gitlab_says_how_long_a_token_lives() {
    story("credential-shorter")
        .tell(async |story| {
            has_old_token(story);
            let too_long = Fault::reply(
                400,
                json!({ "message": "400 Bad request - Expiration date must be before 2026-01-31" }),
            );
            let rule = Rule::new("POST", ROTATE, too_long).times(1);
            story.gitlab.misbehaves(rule);
            story.apply(&credential()).await;
            story.apply(&rotating(story, "gitlab")).await;
            is_replaced(story).await;
            has_settled(story, "gitlab").await;
            let bodies: Vec<Value> = rotations(story).into_iter().map(|it| it.body).collect();
            assert_eq!(
                bodies,
                [json!({ "expires_at": in_days(story, 65) }), json!({})]
            );
            // Each request is in the account of what was changed in GitLab.
            let account = account(story);
            let lines: Vec<Value> = account.iter().map(told).collect();
            let request = "POST /personal_access_tokens/self/rotate";
            let of = |outcome, status| json!(["rotate_credential", outcome, request, status]);
            assert_eq!(lines, [of("refused", 400), of("done", 200)]);
            for line in &account {
                is_as_promised(line);
                let about = (&line["kind"], &line["name"]);
                assert_eq!(about, (&"GitLabConnection".into(), &"gitlab".into()));
            }
            is_never_sent_after(story, rotations(story)[1].seq);
        })
        .await;
}

/// Whoever puts another token into the Secret meanwhile is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_somebody_has_put_there_meanwhile_stays() {
    story("credential-superseded")
        .tell(async |story| {
            is_held(story).await;
            let spare = token::SPARE;
            story
                .apply(&secret("gitlab-credential").holding("pat", spare))
                .await;
            story.gitlab.recovers();
            let told = story.tells_once("gitlab", "RotationUnstored").await;
            assert!(told.contains("which stays there"), "{told}");
            has_settled(story, "gitlab").await;
            let stored: Secret = story.get("gitlab-credential").await.unwrap();
            assert_eq!(text_of(&stored, "pat"), spare);
            is_never_sent_after(story, rotations(story)[0].seq);
        })
        .await;
}
