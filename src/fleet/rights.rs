//! What the operator must be allowed to do in the cluster, and whether it is.
use anyhow::Context as _;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec, SubjectAccessReview,
    SubjectAccessReviewSpec, SubjectAccessReviewStatus,
};
use kube::Api;
use kube::api::PostParams;

use super::kubernetes::Kubernetes;
use crate::api::GROUP;

/// Verbs on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The API group.
    pub group: &'static str,
    /// The resource.
    pub resource: &'static str,
    /// Its part, if it is about one.
    pub subresource: &'static str,
    /// What must be allowed.
    pub verbs: &'static [&'static str],
}

const fn rule(
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    verbs: &'static [&'static str],
) -> Rule {
    Rule {
        group,
        resource,
        subresource,
        verbs,
    }
}

/// In each namespace that is watched.
pub const EVERYWHERE: &[Rule] = &[
    rule(GROUP, "gitlabrunners", "", &["list", "watch", "patch"]),
    rule(GROUP, "gitlabrunners", "status", &["update"]),
    rule(GROUP, "gitlabconnections", "", &["list", "watch"]),
    rule(GROUP, "gitlabconnections", "status", &["update"]),
    rule(
        "",
        "secrets",
        "",
        &["get", "list", "watch", "create", "patch", "delete"],
    ),
    rule("", "configmaps", "", &["get"]),
    rule("events.k8s.io", "events", "", &["create", "patch"]),
];

/// Besides, where all namespaces are watched.
pub const IN_CLUSTER_MODE: &[Rule] = &[
    rule(GROUP, "clustergitlabconnections", "", &["list", "watch"]),
    rule(GROUP, "clustergitlabconnections", "status", &["update"]),
    rule("", "namespaces", "", &["list", "watch"]),
];

/// Who must be allowed, where.
pub(super) struct Asked<'a> {
    /// The operator's `ServiceAccount` as namespace and name; `None` is whoever asks.
    pub(super) account: Option<(&'a str, &'a str)>,
    /// Whether in all namespaces.
    pub(super) everywhere: bool,
}

/// What is not allowed, in words.
pub(super) async fn lacking(
    kubernetes: &Kubernetes,
    asked: &Asked<'_>,
) -> anyhow::Result<Vec<String>> {
    let more = IN_CLUSTER_MODE.iter().filter(|_| asked.everywhere);
    let mut lacking = Vec::new();
    for rule in EVERYWHERE.iter().chain(more) {
        for verb in rule.verbs {
            if !allowed(kubernetes, asked, rule, verb).await? {
                let part = match rule.subresource {
                    "" => String::new(),
                    part => format!("/{part}"),
                };
                lacking.push(format!("{verb} {}{part}", rule.resource));
            }
        }
    }
    Ok(lacking)
}

async fn allowed(
    kubernetes: &Kubernetes,
    asked: &Asked<'_>,
    rule: &Rule,
    verb: &str,
) -> anyhow::Result<bool> {
    let attributes = ResourceAttributes {
        group: Some(rule.group.to_owned()),
        resource: Some(rule.resource.to_owned()),
        subresource: Some(rule.subresource.to_owned()),
        verb: Some(verb.to_owned()),
        namespace: (!asked.everywhere).then(|| kubernetes.namespace.clone()),
        ..ResourceAttributes::default()
    };
    let client = kubernetes.client.clone();
    let params = PostParams::default();
    let status: Option<SubjectAccessReviewStatus> = match asked.account {
        None => {
            let review = SelfSubjectAccessReview {
                spec: SelfSubjectAccessReviewSpec {
                    resource_attributes: Some(attributes),
                    non_resource_attributes: None,
                },
                ..SelfSubjectAccessReview::default()
            };
            let answer = Api::all(client).create(&params, &review).await;
            answer.context("could not ask what is allowed")?.status
        }
        Some((namespace, name)) => {
            let review = SubjectAccessReview {
                spec: SubjectAccessReviewSpec {
                    user: Some(format!("system:serviceaccount:{namespace}:{name}")),
                    groups: Some(vec![
                        "system:serviceaccounts".to_owned(),
                        format!("system:serviceaccounts:{namespace}"),
                        "system:authenticated".to_owned(),
                    ]),
                    resource_attributes: Some(attributes),
                    ..SubjectAccessReviewSpec::default()
                },
                ..SubjectAccessReview::default()
            };
            let answer = Api::all(client).create(&params, &review).await;
            answer
                .context("could not ask what the ServiceAccount may do")?
                .status
        }
    };
    Ok(status.is_some_and(|status| status.allowed))
}
