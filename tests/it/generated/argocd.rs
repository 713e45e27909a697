//! The script by which Argo CD judges our objects, as a patch of its settings and as it runs there.
use gitlab_runner_registrar::api::v1alpha1;
use kube::CustomResourceExt;
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::{Value, json};

const SCRIPT: &str = include_str!("../../../deploy/argocd/health.lua");

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

/// What the script makes of an object, in Lua 5.1, which is what Argo CD speaks.
fn judged(object: &Value) -> (String, String) {
    let lua = Lua::new();
    let object = lua.to_value(object).unwrap();
    lua.globals().set("obj", object).unwrap();
    let health: Table = lua.load(SCRIPT).eval().unwrap();
    (
        health.get("status").unwrap(),
        health.get("message").unwrap(),
    )
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
    assert_eq!(judged(&fresh), ("Progressing".into(), unseen.into()));
    let (ready, part) = (
        ("Ready", "True", "Succeeded"),
        ("Synced", "True", "Succeeded"),
    );
    assert_eq!(
        judged(&object(4, &[ready])),
        ("Progressing".into(), unseen.into())
    );
    assert_eq!(
        judged(&object(3, &[part])),
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
            &[
                ("Ready", "False", "Drifted"),
                ("Synced", "False", "Drifted"),
            ],
            "Degraded",
        ),
        (&[("Ready", "False", "Suspended")], "Suspended"),
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
        assert_eq!(judged(&object(3, conditions)), expected, "{conditions:?}");
    }
}
