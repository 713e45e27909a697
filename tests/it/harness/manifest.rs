//! What people write, as adjectives over the smallest that is valid.
//!
//! Names are chosen to reveal a mix-up: that of an object is never that of its Secret, nor of its
//! connection, nor its description.
use serde_json::{Value, json};

/// A manifest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest(Value);

/// The smallest `GitLabRunner`: it serves the instance, through the connection `gitlab`.
pub(crate) fn runner(name: &str) -> Manifest {
    let spec = json!({ "connectionRef": { "name": "gitlab" }, "scope": { "instance": {} } });
    ours("GitLabRunner", name, spec)
}

/// The smallest `GitLabConnection`; its token is in the Secret `<name>-credential`.
pub(crate) fn connection(name: &str, url: &str) -> Manifest {
    ours("GitLabConnection", name, connection_spec(name, url))
}

/// The smallest `ClusterGitLabConnection`, which allows no namespace.
pub(crate) fn cluster_connection(name: &str, url: &str) -> Manifest {
    ours("ClusterGitLabConnection", name, connection_spec(name, url))
}

fn connection_spec(name: &str, url: &str) -> Value {
    let credential = json!({ "name": format!("{name}-credential"), "key": "pat" });
    json!({ "url": url, "credentialsSecretRef": credential })
}

fn ours(kind: &str, name: &str, spec: Value) -> Manifest {
    let mut manifest = json!({
        "apiVersion": "gitlab-registrar.dev/v1alpha1",
        "kind": kind,
        "metadata": { "name": name },
    });
    manifest["spec"] = spec;
    Manifest(manifest)
}

fn core(kind: &str, name: &str) -> Manifest {
    Manifest(json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name } }))
}

/// A Secret without keys.
pub(crate) fn secret(name: &str) -> Manifest {
    core("Secret", name)
}

/// A `ConfigMap` without keys.
pub(crate) fn config_map(name: &str) -> Manifest {
    core("ConfigMap", name)
}

/// A namespace.
pub(crate) fn namespace(name: &str) -> Manifest {
    core("Namespace", name)
}

impl Manifest {
    /// One that somebody has written down.
    pub(crate) fn from_yaml(text: &str) -> Self {
        Self(serde_saphyr::from_str(text).unwrap())
    }

    /// With that field of spec, such as `tokenSecret.name`.
    pub(crate) fn with(self, field: &str, value: impl Into<Value>) -> Self {
        self.put(&format!("spec.{field}"), value.into())
    }

    /// Without that field of spec.
    pub(crate) fn without(mut self, field: &str) -> Self {
        self.0["spec"].as_object_mut().unwrap().remove(field);
        self
    }

    pub(crate) fn in_group(self, path: &str) -> Self {
        self.with("scope", json!({ "group": { "path": path } }))
    }

    pub(crate) fn in_project(self, path: &str) -> Self {
        self.with("scope", json!({ "project": { "path": path } }))
    }

    pub(crate) fn through(self, connection: &str) -> Self {
        self.with("connectionRef.name", connection)
    }

    pub(crate) fn tagged<const N: usize>(self, tags: [&str; N]) -> Self {
        self.with("tags", tags.to_vec())
    }

    pub(crate) fn also_in<const N: usize>(self, projects: [&str; N]) -> Self {
        self.with(
            "projects",
            projects.map(|path| json!({ "path": path })).to_vec(),
        )
    }

    pub(crate) fn only_reported(self) -> Self {
        self.with("driftPolicy", "Report")
    }

    pub(crate) fn orphaned(self) -> Self {
        self.with("deletionPolicy", "Orphan")
    }

    pub(crate) fn labelled(self, name: &str, value: &str) -> Self {
        let mut manifest = self;
        manifest.0["metadata"]["labels"][name] = value.into();
        manifest
    }

    pub(crate) fn annotated(self, name: &str, value: &str) -> Self {
        let mut manifest = self;
        manifest.0["metadata"]["annotations"][name] = value.into();
        manifest
    }

    /// A Secret or a `ConfigMap` with that text in that key.
    pub(crate) fn holding(self, key: &str, text: &str) -> Self {
        let place = match self.kind() {
            "Secret" => "stringData",
            _ => "data",
        };
        let mut manifest = self;
        manifest.0[place][key] = text.into();
        manifest
    }

    fn put(mut self, path: &str, value: Value) -> Self {
        let mut place = &mut self.0;
        for name in path.split('.') {
            place = &mut place[name];
        }
        *place = value;
        self
    }

    pub(crate) fn kind(&self) -> &str {
        self.0["kind"].as_str().unwrap()
    }

    pub(crate) fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap()
    }

    pub(crate) fn json(&self) -> &Value {
        &self.0
    }
}
