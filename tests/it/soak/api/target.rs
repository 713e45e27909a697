//! What a path of the Kubernetes API names.
use gitlab_runner_registrar::api::GROUP;

/// One of the kinds that are served.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    /// As objects call it.
    pub(crate) name: &'static str,
    /// Whether a definition of ours makes it, with a status that is written apart and a generation.
    pub(crate) ours: bool,
}

const KINDS: [Kind; 8] = [
    kind(GROUP, "v1alpha1", "gitlabrunners", "GitLabRunner", true),
    kind(
        GROUP,
        "v1alpha1",
        "gitlabconnections",
        "GitLabConnection",
        true,
    ),
    kind(
        GROUP,
        "v1alpha1",
        "clustergitlabconnections",
        "ClusterGitLabConnection",
        true,
    ),
    kind("", "v1", "secrets", "Secret", false),
    kind("", "v1", "configmaps", "ConfigMap", false),
    kind("", "v1", "namespaces", "Namespace", false),
    kind("events.k8s.io", "v1", "events", "Event", false),
    kind("coordination.k8s.io", "v1", "leases", "Lease", false),
];

const fn kind(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    name: &'static str,
    ours: bool,
) -> Kind {
    Kind {
        group,
        version,
        plural,
        name,
        ours,
    }
}

impl Kind {
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// As errors name it.
    pub(crate) fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }
}

/// What a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: &'static Kind,
    /// `None` for all of them, and for kinds without one.
    pub(crate) namespace: Option<String>,
    /// `None` for the whole collection.
    pub(crate) name: Option<String>,
    /// Whether its status alone is meant.
    pub(crate) status: bool,
}

impl Target {
    pub(crate) fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (group, version, rest) = match *parts.as_slice() {
            ["api", version, ref rest @ ..] => ("", version, rest),
            ["apis", group, version, ref rest @ ..] => (group, version, rest),
            _ => return None,
        };
        let (namespace, rest) = match *rest {
            ["namespaces", namespace, _, ..] => (Some(namespace.to_owned()), &rest[2..]),
            _ => (None, rest),
        };
        let (plural, name, part) = match *rest {
            [plural] => (plural, None, None),
            [plural, name] => (plural, Some(name.to_owned()), None),
            [plural, name, part] => (plural, Some(name.to_owned()), Some(part)),
            _ => return None,
        };
        let is_it =
            |kind: &&Kind| (kind.group, kind.version, kind.plural) == (group, version, plural);
        Some(Self {
            kind: KINDS.iter().find(is_it)?,
            namespace,
            name,
            status: match part {
                None => false,
                Some("status") => true,
                Some(_) => return None,
            },
        })
    }

    /// Where an object of that name is kept.
    pub(crate) fn key(&self, name: &str) -> Key {
        Key {
            plural: self.kind.plural,
            namespace: self.namespace.clone().unwrap_or_default(),
            name: name.to_owned(),
        }
    }

    /// Whether an object is in the collection.
    pub(crate) fn holds(&self, key: &Key) -> bool {
        let here = |namespace: &String| *namespace == key.namespace;
        key.plural == self.kind.plural && self.namespace.as_ref().is_none_or(here)
    }
}

/// Where an object is kept; the order is that of lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) plural: &'static str,
    pub(crate) namespace: String,
    pub(crate) name: String,
}
