//! Whose a Secret is that is not ours, for a person who has to decide about it.
use k8s_openapi::api::core::v1::Secret;
use kube::{Resource, ResourceExt};

use super::MANAGED_BY;
use super::inspect::{OWNER, object};

/// What else tools write on what they make.
const MARKS: [&str; 3] = [
    MANAGED_BY,
    "app.kubernetes.io/instance",
    "argocd.argoproj.io/instance",
];

/// Whose it is by its owners, or else by its labels, as the end of a sentence about it.
pub fn whose(secret: &Secret) -> String {
    let owners: Vec<String> = secret
        .owner_references()
        .iter()
        .map(|owner| format!("{} {} of uid {}", owner.kind, owner.name, owner.uid))
        .collect();
    if !owners.is_empty() {
        return format!(" (its owner is {})", owners.join(", "));
    }
    if let (Some(name), Some(uid)) = (object(secret.meta()), secret.annotations().get(OWNER)) {
        return format!(" (it is of GitLabRunner {name} of uid {uid})");
    }
    let label = |name: &&str| {
        let value = secret.labels().get(*name)?;
        Some(format!("{name}={value}"))
    };
    let labels: Vec<String> = MARKS.iter().filter_map(label).collect();
    if labels.is_empty() {
        " (it names no owner)".to_owned()
    } else {
        format!(" (it is labelled {})", labels.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_owner_counts_more_than_a_label_and_neither_is_made_up() {
        let owner = json!({ "apiVersion": "v1", "kind": "Job", "name": "seed", "uid": "1" });
        let labels = json!({ "app.kubernetes.io/managed-by": "Helm", "team": "a" });
        for (metadata, told) in [
            (
                json!({ "ownerReferences": [owner], "labels": labels }),
                " (its owner is Job seed of uid 1)",
            ),
            (
                json!({ "labels": labels }),
                " (it is labelled app.kubernetes.io/managed-by=Helm)",
            ),
            (json!({ "labels": { "team": "a" } }), " (it names no owner)"),
            (
                json!({ "labels": { "gitlab-registrar.dev/runner": "linux" },
                    "annotations": { "gitlab-registrar.dev/owner-uid": "2" } }),
                " (it is of GitLabRunner linux of uid 2)",
            ),
        ] {
            let secret: Secret = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
            assert_eq!(whose(&secret), told);
        }
    }
}
