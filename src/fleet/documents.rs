//! The objects that a command is to look at: from files, as a repository has them, or from a cluster.
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::{Api, CustomResourceExt};
use serde_json::Value;

use super::kubernetes::Kubernetes;
use crate::api::GROUP;
use crate::api::v1alpha1::{ConnectionKind, ConnectionRef, GitLabRunner, GitLabRunnerStatus};

/// As many objects are listed at once.
const PAGE: u32 = 500;

/// A `GitLabRunner`, wherever it is from.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// `<namespace>/<name>`, or the name alone where no namespace is said.
    pub(super) key: String,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// The number of the runner that it takes over.
    pub(super) adopts: Option<u64>,
    /// The uid of the object in the cluster.
    pub(super) uid: Option<String>,
    /// The number of the runner that it has, and the address of the GitLab that the runner is in.
    pub(super) held: Option<(u64, String)>,
    /// The object; or why it cannot be read.
    pub(super) runner: Result<Box<GitLabRunner>, String>,
}

/// What files hold.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) runners: Vec<Document>,
    /// The addresses of the connections among them.
    pub(super) urls: BTreeMap<(ConnectionKind, String), String>,
}

impl Document {
    fn of(object: Value) -> Self {
        let text = |pointer| object.pointer(pointer)?.as_str().map(str::to_owned);
        let name = text("/metadata/name").unwrap_or_default();
        let namespace = text("/metadata/namespace");
        let key = match &namespace {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.clone(),
        };
        let number = |pointer| object.pointer(pointer).and_then(Value::as_u64);
        Self {
            key,
            namespace,
            name,
            adopts: number("/spec/adopt/runnerId"),
            uid: text("/metadata/uid"),
            held: number("/status/runner/id").zip(text("/status/runner/gitlabUrl")),
            runner: serde_json::from_value(object).map_err(|error| error.to_string()),
        }
    }

    /// Which connection it names.
    pub(super) fn connection(&self) -> Option<&ConnectionRef> {
        let runner = self.runner.as_ref().ok()?;
        Some(&runner.spec.connection_ref)
    }

    pub(super) fn status(&self) -> Option<&GitLabRunnerStatus> {
        self.runner.as_ref().ok()?.status.as_ref()
    }

    /// Takes in what the cluster knows of it.
    fn is_live(&mut self, live: &Self) {
        self.uid.clone_from(&live.uid);
        self.held.clone_from(&live.held);
        if let (Ok(runner), Ok(live)) = (&mut self.runner, &live.runner) {
            runner.status.clone_from(&live.status);
        }
    }
}

impl Documents {
    /// Reads files, folders with all that is below them, and stdin by the name `-`.
    pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut documents = Self::default();
        for path in paths {
            if path.as_os_str() == "-" {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                read.context("cannot read stdin")?;
                documents.take("stdin", &text)?;
                continue;
            }
            for file in files(path)? {
                let name = file.display().to_string();
                let text = std::fs::read_to_string(&file);
                let text = text.with_context(|| format!("cannot read {name}"))?;
                documents.take(&name, &text)?;
            }
        }
        Ok(documents)
    }

    fn take(&mut self, file: &str, text: &str) -> anyhow::Result<()> {
        let read = serde_saphyr::from_multiple::<Value>(text);
        let objects = read.map_err(|broken| {
            let line = broken
                .location()
                .map(|place| format!(", line {}", place.line()));
            anyhow::anyhow!("{file}{} is no YAML", line.unwrap_or_default())
        })?;
        for object in objects {
            self.add(object);
        }
        Ok(())
    }

    fn add(&mut self, object: Value) {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let ours = text("/apiVersion").is_some_and(|version| {
            version
                .split_once('/')
                .is_some_and(|(group, _)| group == GROUP)
        });
        let kind = match text("/kind").unwrap_or_default() {
            "GitLabRunner" if ours => return self.runners.push(Document::of(object)),
            "GitLabConnection" if ours => ConnectionKind::GitLabConnection,
            "ClusterGitLabConnection" if ours => ConnectionKind::ClusterGitLabConnection,
            "List" => {
                let items = object.get("items").and_then(Value::as_array);
                let items = items.cloned().unwrap_or_default();
                for item in items {
                    self.add(item);
                }
                return;
            }
            _ => return,
        };
        if let (Some(name), Some(url)) = (text("/metadata/name"), text("/spec/url")) {
            let url = url.trim_end_matches('/').to_owned();
            self.urls.insert((kind, name.to_owned()), url);
        }
    }

    /// Takes in what the cluster knows of the objects.
    pub(super) fn are_live(&mut self, live: &[Document]) {
        let live: BTreeMap<&str, &Document> = live.iter().map(|one| (&*one.key, one)).collect();
        for document in &mut self.runners {
            if let Some(live) = live.get(&*document.key) {
                document.is_live(live);
            }
        }
    }

    /// The namespaces that they are in.
    pub(super) fn namespaces(&self) -> BTreeSet<String> {
        let namespaces = self.runners.iter().map(|one| one.namespace.clone());
        namespaces.flatten().collect()
    }

    /// Puts those that say no namespace into this one.
    pub(super) fn live_in(&mut self, namespace: &str) {
        for document in &mut self.runners {
            if document.namespace.is_none() {
                document.namespace = Some(namespace.to_owned());
                document.key = format!("{namespace}/{}", document.name);
            }
        }
    }
}

/// A file, or all manifests below a folder, in the order of their names.
fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    ensure!(
        path.exists(),
        "there is no file or folder {}",
        path.display()
    );
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let entries = std::fs::read_dir(path);
    let entries = entries.with_context(|| format!("cannot read {}", path.display()))?;
    let mut entries: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.sort();
    for entry in entries {
        let hidden = entry
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let extension = entry.extension().and_then(std::ffi::OsStr::to_str);
        if entry.is_dir() && !hidden {
            found.extend(files(&entry)?);
        } else if matches!(extension, Some("yaml" | "yml" | "json")) && !hidden {
            found.push(entry);
        }
    }
    Ok(found)
}

/// All `GitLabRunner`s of a namespace, or of the whole cluster. One that does not have the shape of its kind
/// is among them.
pub(super) async fn in_cluster(
    kubernetes: &Kubernetes,
    everywhere: bool,
) -> anyhow::Result<Vec<Document>> {
    let kind: ApiResource = GitLabRunner::api_resource();
    let client = kubernetes.client.clone();
    let api: Api<DynamicObject> = if everywhere {
        Api::all_with(client, &kind)
    } else {
        Api::namespaced_with(client, &kubernetes.namespace, &kind)
    };
    let mut found = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = api.list(&params).await;
        let page = page.context("could not list GitLabRunners")?;
        for object in page.items {
            found.push(Document::of(serde_json::to_value(object)?));
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_kinds_are_taken_out_of_whatever_a_file_holds() {
        let text = "
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
---
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabConnection
metadata: {name: gitlab}
spec: {url: 'https://gitlab.example.com/', credentialsSecretRef: {name: a, key: b}}
---
apiVersion: v1
kind: List
items:
- apiVersion: gitlab-registrar.dev/v1alpha1
  kind: GitLabRunner
  metadata: {name: linux, namespace: ci}
  spec: {connectionRef: {name: gitlab}, scope: {instance: {}}, adopt: {runnerId: 7}}
- apiVersion: gitlab-registrar.dev/v1alpha1
  kind: GitLabRunner
  metadata: {name: broken}
  spec: {tags: 7}
- apiVersion: example.com/v1
  kind: GitLabRunner
  metadata: {name: somebody-elses}
";
        let mut documents = Documents::default();
        documents.take("a.yaml", text).unwrap();
        documents.live_in("here");
        let keys: Vec<&str> = documents.runners.iter().map(|one| &*one.key).collect();
        assert_eq!(keys, ["ci/linux", "here/broken"]);
        let [linux, broken] = &documents.runners[..] else {
            panic!("{documents:?}");
        };
        assert_eq!(linux.adopts, Some(7));
        assert!(broken.runner.is_err());
        let url = "https://gitlab.example.com".to_owned();
        let gitlab = (ConnectionKind::GitLabConnection, "gitlab".to_owned());
        assert_eq!(documents.urls, BTreeMap::from([(gitlab, url)]));
    }

    #[test]
    fn what_is_no_yaml_is_named_by_file_and_line() {
        let mut documents = Documents::default();
        let told = documents
            .take("b.yaml", "a: b\nc: [d\n")
            .unwrap_err()
            .to_string();
        assert!(
            told.starts_with("b.yaml") && told.contains("no YAML"),
            "{told}"
        );
    }
}
