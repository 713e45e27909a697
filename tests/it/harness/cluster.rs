//! What a story does to the API server, and what it sees there.
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::manifest::Manifest;
use super::story::Story;
use super::wait::{PATIENCE, until, within};

/// Kinds without a namespace.
const CLUSTER_KINDS: [&str; 2] = ["Namespace", "ClusterGitLabConnection"];

impl Story<'_> {
    /// The objects of one of our kinds, or of Kubernetes' own.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.kube.clone(), &self.namespace)
    }

    fn api_of(&self, manifest: &Manifest) -> Api<DynamicObject> {
        let version = manifest.json()["apiVersion"].as_str().unwrap();
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, manifest.kind()));
        if CLUSTER_KINDS.contains(&manifest.kind()) {
            Api::all_with(self.kube.clone(), &kind)
        } else {
            Api::namespaced_with(self.kube.clone(), &self.namespace, &kind)
        }
    }

    /// Applies a manifest as `kubectl apply --server-side` does.
    pub(crate) async fn apply(&self, manifest: &Manifest) {
        if let Err(complaint) = self.try_apply(manifest).await {
            panic!("{} {}: {complaint}", manifest.kind(), manifest.name());
        }
    }

    /// The same, where it may be refused: with what the user reads then.
    pub(crate) async fn try_apply(&self, manifest: &Manifest) -> Result<(), String> {
        self.send(manifest, PatchParams::apply("story").force())
            .await
    }

    /// Whether it would be accepted, without anything being stored.
    pub(crate) async fn would_apply(&self, manifest: &Manifest) -> Result<(), String> {
        let params = PatchParams::apply("story").force().dry_run();
        self.send(manifest, params).await
    }

    async fn send(&self, manifest: &Manifest, params: PatchParams) -> Result<(), String> {
        let patch = Patch::Apply(manifest.json());
        let api = self.api_of(manifest);
        match api.patch(manifest.name(), &params, &patch).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) => Err(status.message.clone()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Changes an object by hand, as `kubectl edit` would.
    pub(crate) async fn edit<K>(&self, name: &str, patch: Value)
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        let (api, patch) = (self.api::<K>(), Patch::Merge(&patch));
        api.patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    /// Changes the status of a runner by hand, such as a time that nobody wants to wait for.
    pub(crate) async fn status_says(&self, runner: &str, status: Value) {
        let (api, params) = (self.api::<GitLabRunner>(), PatchParams::default());
        let patch = json!({ "status": status });
        api.patch_status(runner, &params, &Patch::Merge(&patch))
            .await
            .unwrap();
    }

    /// Deletes what the manifest names; it may take its time to be gone.
    pub(crate) async fn delete(&self, manifest: &Manifest) {
        let api = self.api_of(manifest);
        api.delete(manifest.name(), &DeleteParams::default())
            .await
            .unwrap();
    }

    /// Waits until what the manifest names is gone.
    pub(crate) async fn is_gone(&self, manifest: &Manifest) {
        let (api, name) = (self.api_of(manifest), manifest.name());
        until(&format!("{name} is gone"), async || {
            match api.get_opt(name).await.unwrap() {
                None => Ok(()),
                Some(object) => Err(shown(&object)),
            }
        })
        .await;
    }

    pub(crate) async fn get<K>(&self, name: &str) -> Option<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        self.api::<K>().get_opt(name).await.unwrap()
    }

    /// Waits until the runner is as declared, and tells how it is then.
    pub(crate) async fn is_ready(&self, name: &str) -> GitLabRunner {
        self.runner_says(name, &format!("{name} is ready"), |runner| {
            says(runner, "Ready", "True", "Succeeded")
        })
        .await
    }

    /// Waits until the runner is as declared, and tells its number in GitLab.
    pub(crate) async fn is_registered(&self, name: &str) -> i64 {
        number(&self.is_ready(name).await).unwrap()
    }

    /// Waits until the runner is not ready for that reason, and tells its sentence.
    pub(crate) async fn is_not_ready(&self, name: &str, reason: &str) -> String {
        let what = format!("{name} is not ready: {reason}");
        let runner = self
            .runner_says(name, &what, |runner| {
                let ready = condition(runner, "Ready");
                ready.is_some_and(|ready| ready.status != "True" && ready.reason == reason)
            })
            .await;
        condition(&runner, "Ready").unwrap().message
    }

    /// Waits until nothing is left to do for that reason, though the runner need not be as declared,
    /// and tells the sentence.
    pub(crate) async fn is_ready_though(&self, name: &str, reason: &str) -> String {
        let what = format!("{name} is ready: {reason}");
        let fits = |runner: &GitLabRunner| says(runner, "Ready", "True", reason);
        let runner = self.runner_says(name, &what, fits).await;
        condition(&runner, "Ready").unwrap().message
    }

    /// Waits until the operator has dealt with the runner as it is declared now, and that is so.
    pub(crate) async fn runner_says(
        &self,
        name: &str,
        what: &str,
        fits: impl Fn(&GitLabRunner) -> bool,
    ) -> GitLabRunner {
        until(what, async || {
            let Some(runner) = self.get::<GitLabRunner>(name).await else {
                return Err("no such runner".to_owned());
            };
            let status = runner.status.as_ref();
            let dealt_with = status.and_then(|status| status.observed_generation);
            if dealt_with == runner.meta().generation && fits(&runner) {
                Ok(runner)
            } else {
                Err(shown(&runner))
            }
        })
        .await
    }

    /// Waits until the connection works.
    pub(crate) async fn is_connected(&self, name: &str) -> GitLabConnection {
        self.connection_says(name, "Ready", "True", "Succeeded")
            .await
    }

    /// Waits until a condition of a connection says that.
    pub(crate) async fn connection_says(
        &self,
        name: &str,
        about: &str,
        truth: &str,
        reason: &str,
    ) -> GitLabConnection {
        let what = format!("connection {name}: {about}={truth}, {reason}");
        until(&what, async || {
            let Some(connection) = self.get::<GitLabConnection>(name).await else {
                return Err("no such connection".to_owned());
            };
            if says(&connection, about, truth, reason) {
                Ok(connection)
            } else {
                Err(shown(&connection))
            }
        })
        .await
    }

    /// Waits until there is such a Secret, and it is like that.
    pub(crate) async fn secret_when(
        &self,
        name: &str,
        what: &str,
        fits: impl Fn(&Secret) -> bool,
    ) -> Secret {
        within(PATIENCE, what, async || {
            match self.get::<Secret>(name).await {
                Some(secret) if fits(&secret) => Ok(secret),
                // Its data is nobody's business, not even that of a failing test.
                Some(secret) => Err(shown(&secret.metadata)),
                None => Err("no such Secret".to_owned()),
            }
        })
        .await
    }

    /// The token in a Secret of ours.
    pub(crate) async fn token_in(&self, secret: &str) -> String {
        let secret = self.get::<Secret>(secret).await.unwrap();
        text_of(&secret, "runner-token")
    }

    /// What the events of that reason say about the object.
    pub(crate) async fn events(&self, about: &str, reason: &str) -> Vec<String> {
        let events = self.api::<Event>().list(&ListParams::default()).await;
        let told = events.unwrap().items.into_iter().filter(|event| {
            let regarding = event
                .regarding
                .as_ref()
                .and_then(|object| object.name.as_deref());
            regarding == Some(about) && event.reason.as_deref() == Some(reason)
        });
        told.map(|event| event.note.unwrap_or_default()).collect()
    }

    /// Waits until there is an event of that reason, and tells what it says. There must be no more
    /// than one.
    pub(crate) async fn tells_once(&self, about: &str, reason: &str) -> String {
        let what = format!("an event {reason} about {about}");
        let mut notes = until(&what, async || {
            let notes = self.events(about, reason).await;
            if notes.is_empty() {
                Err("no such event".to_owned())
            } else {
                Ok(notes)
            }
        })
        .await;
        assert_eq!(notes.len(), 1, "{what}: {notes:?}");
        notes.remove(0)
    }

    /// What `kubectl explain` prints about a field. The server publishes its description of a new
    /// kind a moment after it serves it.
    pub(crate) async fn explains(&self, path: &str) -> String {
        let kubectl = self.stage.kubectl();
        let look = async || kubectl.run(&["explain", path], "").await;
        until(&format!("{path} is explained"), look).await
    }

    /// Runs kubectl in the story's namespace.
    pub(crate) async fn kubectl(&self, args: &[&str]) -> String {
        self.kubectl_with(args, &json!(null)).await
    }

    /// The same with a manifest to read, for `-f -`.
    pub(crate) async fn kubectl_with(&self, args: &[&str], manifest: &Value) -> String {
        let mut all = vec!["--namespace", &self.namespace];
        all.extend(args);
        self.stage.kubectl().done(&all, &manifest.to_string()).await
    }
}

/// A runner's number in GitLab, if it has one.
pub(crate) fn number(runner: &GitLabRunner) -> Option<i64> {
    Some(runner.status.as_ref()?.runner.as_ref()?.id)
}

/// The text in a key of a Secret.
pub(crate) fn text_of(secret: &Secret, key: &str) -> String {
    let data = secret.data.as_ref().and_then(|data| data.get(key));
    String::from_utf8(data.unwrap().0.clone()).unwrap()
}

/// A condition of any object that has some.
pub(crate) fn condition(object: &impl Serialize, about: &str) -> Option<Condition> {
    let object = serde_json::to_value(object).unwrap();
    let conditions = object["status"]["conditions"].as_array()?.clone();
    let found = conditions
        .into_iter()
        .find(|found| found["type"] == about)?;
    serde_json::from_value(found).ok()
}

/// Whether a condition of an object has that status and reason.
pub(crate) fn says(object: &impl Serialize, about: &str, truth: &str, reason: &str) -> bool {
    condition(object, about).is_some_and(|found| found.status == truth && found.reason == reason)
}

/// An object as a person would want to see it.
pub(crate) fn shown(object: &impl Serialize) -> String {
    let mut object = serde_json::to_value(object).unwrap();
    if let Some(meta) = object["metadata"].as_object_mut() {
        meta.remove("managedFields");
    }
    format!("{object:#}")
}
