//! The script by which Argo CD judges our objects, as a patch of its settings and as it runs there.
use gitlab_runner_registrar::api::v1alpha1;
use kube::CustomResourceExt;
use serde_json::{Value, json};

use crate::waiters::judges::{SCRIPT, argo_cd};

const HEAD: &str = "\
# Settings for Argo CD to merge into its ConfigMap argocd-cm, made from health.lua:
#   kubectl patch configmap argocd-cm --namespace argocd --patch-file deploy/argocd/argocd-cm.yaml
data:
";

#[test]
fn argo_cds_settings_are_current() {
    let kinds = [
        v1alpha1::GitLabRunner::crd(),
        v1alpha1::GitLabConnection::crd(),
        v1alpha1::ClusterGitLabConnection::crd(),
    ];
    let mut text = HEAD.to_owned();
    for crd in kinds {
        let (group, kind) = (crd.spec.group, crd.spec.names.kind);
        let key = format!("resource.customizations.health.{group}_{kind}");
        text.extend(["  ", &key, ": |\n"]);
        for line in SCRIPT.lines() {
            text.push_str(format!("    {line}").trim_end());
            text.push('\n');
        }
    }
    super::current(&[("deploy/argocd/argocd-cm.yaml".to_owned(), text)]);
}

/// The type, status and reason of a condition.
type Told = (&'static str, &'static str, &'static str);

fn object(generation: i64, conditions: &[Told]) -> Value {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(type_, status, reason)| {
            json!({ "type": type_, "status": status, "reason": reason, "message": reason })
        })
        .collect();
    let status = json!({ "observedGeneration": 3, "conditions": conditions });
    json!({ "metadata": { "generation": generation }, "status": status })
}

#[test]
fn argo_cd_tells_what_works_from_what_waits_and_what_is_stuck() {
    let unseen = "the operator has not come to it yet";
    let fresh = json!({ "metadata": { "generation": 1 } });
    assert_eq!(argo_cd(&fresh), ("Progressing".into(), unseen.into()));
    let newborn = json!({
        "metadata": { "generation": 1 },
        "status": { "observedGeneration": -1 },
    });
    assert_eq!(argo_cd(&newborn), ("Progressing".into(), unseen.into()));
    let (ready, part) = (
        ("Ready", "True", "Succeeded"),
        ("Synced", "True", "Succeeded"),
    );
    assert_eq!(
        argo_cd(&object(4, &[ready])),
        ("Progressing".into(), unseen.into())
    );
    assert_eq!(
        argo_cd(&object(3, &[part])),
        ("Progressing".into(), unseen.into())
    );
    let rows: &[(&[Told], &str)] = &[
        (&[part, ready], "Healthy"),
        (
            &[
                ("Ready", "Unknown", "Pending"),
                ("Reconciling", "True", "Pending"),
            ],
            "Progressing",
        ),
        (
            &[
                ("Ready", "False", "Progressing"),
                ("Reconciling", "True", "Progressing"),
            ],
            "Progressing",
        ),
        (
            &[
                ("Ready", "Unknown", "GitLabUnavailable"),
                ("Reconciling", "True", "GitLabUnavailable"),
            ],
            "Progressing",
        ),
        (&[("Ready", "Unknown", "Pending")], "Progressing"),
        (
            &[
                ("Ready", "False", "GitLabRefused"),
                ("Stalled", "True", "GitLabRefused"),
            ],
            "Degraded",
        ),
        (
            &[("Ready", "True", "Drifted"), ("Synced", "False", "Drifted")],
            "Healthy",
        ),
        (&[("Ready", "True", "Suspended")], "Healthy"),
        (
            &[
                ("CredentialsValid", "False", "CredentialExpired"),
                ("Ready", "False", "CredentialExpired"),
                ("Stalled", "True", "CredentialExpired"),
            ],
            "Degraded",
        ),
    ];
    for (conditions, health) in rows {
        let about = conditions
            .iter()
            .find(|(type_, ..)| *type_ == "Ready")
            .unwrap();
        let expected = ((*health).to_owned(), about.2.to_owned());
        assert_eq!(argo_cd(&object(3, conditions)), expected, "{conditions:?}");
    }
}
