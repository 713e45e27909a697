//! What a `ServiceAccount` may do, and what it did.
use std::collections::BTreeSet;
use std::fmt;

use control_plane::AuditEvent;
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};

/// One thing that may be done, or was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Right {
    verb: String,
    /// Resource with its subresource and group, and a name if it is about that one only.
    what: String,
    /// A namespace, or everywhere.
    place: String,
}

const EVERYWHERE: &str = "every namespace";

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, what, place } = self;
        write!(f, "{verb} {what} in {place}")
    }
}

impl Right {
    /// The right to list what this one lets watch: a watch whose server does not stream lists begins with
    /// one.
    pub(super) fn to_list_first(&self) -> Option<Self> {
        let verb = (self.verb == "watch").then(|| "list".to_owned())?;
        Some(Self {
            verb,
            ..self.clone()
        })
    }
}

/// The right that a request takes: the one that is granted, or else just what was asked for.
pub(super) fn used(event: &AuditEvent, granted: &BTreeSet<Right>) -> Right {
    let what = what(&event.group, &event.resource, &event.subresource);
    let named = format!("{what} {}", event.name);
    let place = match event.namespace.as_str() {
        "" => EVERYWHERE,
        namespace => namespace,
    };
    let right = |what: &str, place: &str| Right {
        verb: event.verb.clone(),
        what: what.to_owned(),
        place: place.to_owned(),
    };
    let mut candidates = [
        right(&what, place),
        right(&what, EVERYWHERE),
        right(&named, place),
    ]
    .into_iter();
    let found = candidates.find(|right| granted.contains(right));
    found.unwrap_or_else(|| right(&what, place))
}

fn what(group: &str, resource: &str, subresource: &str) -> String {
    let resource = match subresource {
        "" => resource.to_owned(),
        subresource => format!("{resource}/{subresource}"),
    };
    match group {
        "" => resource,
        group => format!("{resource} of {group}"),
    }
}

/// All rights of a `ServiceAccount`, from the API server's own objects: nothing else that is
/// installed may give it more.
pub(super) async fn granted(kube: &Client, account: (&str, &str)) -> BTreeSet<Right> {
    let all = ListParams::default();
    let mut granted = BTreeSet::new();
    let bindings = Api::<RoleBinding>::all(kube.clone()).list(&all).await;
    for binding in bindings.unwrap() {
        if concerns(binding.subjects.as_ref(), account) {
            let place = binding.namespace().unwrap();
            let rules = rules(kube, &binding.role_ref, &place).await;
            granted.extend(rules.iter().flat_map(|rule| expand(rule, &place)));
        }
    }
    let bindings = Api::<ClusterRoleBinding>::all(kube.clone())
        .list(&all)
        .await;
    for binding in bindings.unwrap() {
        if concerns(binding.subjects.as_ref(), account) {
            let rules = rules(kube, &binding.role_ref, "").await;
            granted.extend(rules.iter().flat_map(|rule| expand(rule, EVERYWHERE)));
        }
    }
    granted
}

fn concerns(subjects: Option<&Vec<Subject>>, (namespace, name): (&str, &str)) -> bool {
    let mut subjects = subjects.into_iter().flatten();
    subjects.any(|subject| {
        subject.kind == "ServiceAccount"
            && subject.name == name
            && subject.namespace.as_deref() == Some(namespace)
    })
}

async fn rules(kube: &Client, role: &RoleRef, namespace: &str) -> Vec<PolicyRule> {
    let rules = if role.kind == "Role" {
        let roles = Api::<Role>::namespaced(kube.clone(), namespace);
        roles.get(&role.name).await.unwrap().rules
    } else {
        let roles = Api::<ClusterRole>::all(kube.clone());
        roles.get(&role.name).await.unwrap().rules
    };
    rules.unwrap_or_default()
}

/// Each verb on each resource by itself. A rule with wildcards gives more than it says.
fn expand(rule: &PolicyRule, place: &str) -> Vec<Right> {
    let groups = rule.api_groups.iter().flatten();
    let whats = groups.flat_map(|group| {
        let resources = rule.resources.iter().flatten();
        resources.map(move |resource| what(group, resource, ""))
    });
    let whats = whats.flat_map(|what| match rule.resource_names.as_deref() {
        None | Some([]) => vec![what],
        Some(names) => names.iter().map(|name| format!("{what} {name}")).collect(),
    });
    let rights = whats.flat_map(|what| {
        let verbs = rule.verbs.iter();
        verbs.map(move |verb| Right {
            verb: verb.clone(),
            what: what.clone(),
            place: place.to_owned(),
        })
    });
    let rights: Vec<Right> = rights.collect();
    assert!(
        !rights.iter().any(|right| right.to_string().contains('*')),
        "{rule:#?}"
    );
    rights
}
