//! Who takes part, and what was done to them.
use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::options::Options;
use super::slot::{CONNECTIONS, Slot};
use crate::harness::{
    ACCOUNT, Cast, GitLab, Manifest, Mode, Operator, Stage, connection, secret, token, until,
};

/// The namespace in which all happens.
pub(super) const NAMESPACE: &str = "chaos";

/// How long one call to the API server may take: it may be frozen.
const CALL: Duration = Duration::from_secs(10);
/// How long somebody tries again who could not do something.
const STUBBORN: Duration = Duration::from_mins(1);
/// How soon somebody tries again.
const AGAIN: Duration = Duration::from_millis(500);

pub(super) struct World {
    pub(super) options: Options,
    pub(super) stage: Stage,
    pub(super) gitlab: GitLab,
    kube: kube::Client,
    /// What each operator is started with, and the one that runs. Locked while it is being disturbed.
    pub(super) operators: Vec<(Cast, Mutex<Operator>)>,
    /// Held by whoever disturbs the API server.
    pub(super) api_server: Mutex<()>,
    pub(super) slots: Vec<Mutex<Slot>>,
    began: Instant,
    history: std::sync::Mutex<Vec<Deed>>,
}

/// Something that was done.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) at: Duration,
    /// To that object, or to the world.
    pub(super) number: Option<usize>,
    /// What it is counted as.
    pub(super) kind: String,
    pub(super) detail: String,
}

impl World {
    /// Everything in place, and all runners ready.
    pub(super) async fn begin(options: Options) -> Self {
        let stage = Stage::new().await;
        stage.plane.create_namespace(NAMESPACE).await.unwrap();
        stage.grant(Mode::Namespaced, NAMESPACE).await;
        let kubeconfig = stage.plane.service_account_kubeconfig(NAMESPACE, ACCOUNT);
        let kubeconfig = kubeconfig.await.unwrap();
        let mut operators = Vec::new();
        for number in 0..options.operators {
            let args = [
                format!("--resync={}", options.resync),
                format!("--log-level={}", options.log_level),
                format!("--watch-namespaces={NAMESPACE}"),
                "--allow-http".to_owned(),
            ];
            let name = format!("{NAMESPACE}-{number}");
            let cast = Cast::new(kubeconfig.clone(), args.into(), &name);
            let operator = Operator::start(&stage.plane, &cast).await;
            operators.push((cast, Mutex::new(operator)));
        }
        let world = Self {
            kube: stage.plane.admin_client().await.unwrap(),
            gitlab: GitLab::start().await,
            slots: (0..options.runners)
                .map(|number| Mutex::new(Slot::new(number)))
                .collect(),
            api_server: Mutex::new(()),
            began: Instant::now(),
            history: std::sync::Mutex::default(),
            options,
            stage,
            operators,
        };
        world.connect().await;
        world.declare().await;
        Self {
            began: Instant::now(),
            ..world
        }
    }

    async fn connect(&self) {
        for (name, credential) in
            CONNECTIONS
                .into_iter()
                .zip([token::ADMIN, token::SOME, token::NARROW])
        {
            let place = format!("{name}-credential");
            self.apply(&secret(&place).holding("pat", credential)).await;
            // Whatever hangs is soon given up.
            let connection = connection(name, self.gitlab.url()).with("timeout", "3s");
            // So much is done in a few minutes that the usual number would be the slowest of all.
            let connection = connection.with("requestsPerMinute", 60_000);
            self.apply(&connection).await;
        }
    }

    async fn declare(&self) {
        for slot in &self.slots {
            let manifest = slot.lock().await.declared.clone().unwrap();
            self.apply(&manifest).await;
        }
        let whole = self.slots.len();
        until("all are ready before anything is disturbed", async || {
            let listed = self
                .api::<GitLabRunner>()
                .list(&kube::api::ListParams::default())
                .await;
            let listed = listed.map_err(|error| error.to_string())?.items;
            let ready = listed
                .iter()
                .filter(|runner| super::verdict::is_ready(runner));
            match ready.count() {
                ready if ready == whole => Ok(()),
                ready => Err(format!("{ready} of {whole}")),
            }
        })
        .await;
    }

    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.kube.clone(), NAMESPACE)
    }

    /// Does something to the API server as a person would who tries again for a while; nothing when
    /// that is in vain. What is refused is not tried again.
    pub(super) async fn insists<T>(&self, call: impl AsyncFn() -> kube::Result<T>) -> Option<T> {
        let begin = Instant::now();
        while begin.elapsed() < STUBBORN {
            match timeout(CALL, call()).await {
                Ok(Ok(done)) => return Some(done),
                Ok(Err(kube::Error::Api(status))) if (400..429).contains(&status.code) => {
                    return None;
                }
                Ok(Err(_)) | Err(_) => sleep(AGAIN).await,
            }
        }
        None
    }

    /// Applies a manifest as `kubectl apply --server-side` does.
    pub(super) async fn apply(&self, manifest: &Manifest) {
        let version = manifest.json()["apiVersion"].as_str().unwrap();
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        let kind = GroupVersionKind::gvk(group, version, manifest.kind());
        let kind = ApiResource::from_gvk(&kind);
        let api: Api<DynamicObject> = Api::namespaced_with(self.kube.clone(), NAMESPACE, &kind);
        let params = PatchParams::apply("people").force();
        let patch = Patch::Apply(manifest.json());
        self.insists(async || api.patch(manifest.name(), &params, &patch).await)
            .await;
    }

    pub(super) async fn object(&self, name: &str) -> Option<GitLabRunner> {
        let api = self.api::<GitLabRunner>();
        self.insists(async || api.get_opt(name).await).await?
    }

    pub(super) async fn secret(&self, name: &str) -> Option<Secret> {
        let api = self.api::<Secret>();
        self.insists(async || api.get_opt(name).await).await?
    }

    pub(super) fn note(&self, number: Option<usize>, kind: &str, detail: String) {
        self.history.lock().unwrap().push(Deed {
            at: self.began.elapsed(),
            number,
            kind: kind.to_owned(),
            detail,
        });
    }

    pub(super) fn history(&self) -> Vec<Deed> {
        self.history.lock().unwrap().clone()
    }
}
