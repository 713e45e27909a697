//! A namespace with an operator, a GitLab and objects of its own.
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use gitlab_sim::{Fault, Rule};
use kube::ResourceExt;
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
};
use serde_json::json;
use tokio::time::Instant;

use super::observer::Observer;
use crate::harness::{
    ACCOUNT, Cast, GitLab, Manifest, Mode, Operator, Stage, connection, number, program, runner,
    says, secret, token, until,
};

/// Far longer than anything that is measured should take.
pub(super) const LIMIT: Duration = Duration::from_mins(20);

/// A resync so long that nothing is looked at again while we measure.
pub(super) const NEVER: Option<&str> = Some("12h");

/// Makes the names of namespaces differ.
static WORLDS: AtomicUsize = AtomicUsize::new(0);

/// A build of the operator.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) name: String,
    program: PathBuf,
}

impl Subject {
    /// What these tests were built with, unless `REGISTRAR` names another.
    pub(super) fn this_build() -> Self {
        Self::new("this build", &program())
    }

    pub(super) fn new(name: &str, program: &Path) -> Self {
        let program = program.canonicalize();
        let program = program.unwrap_or_else(|error| panic!("{name}: no such program: {error}"));
        let name = name.to_owned();
        Self { name, program }
    }
}

pub(super) struct World<'a> {
    stage: &'a Stage,
    namespace: String,
    kube: kube::Client,
    pub(super) gitlab: GitLab,
    pub(super) observer: Observer,
    cast: Option<Cast>,
    operator: Option<Operator>,
}

impl<'a> World<'a> {
    /// A namespace and a GitLab that takes so many milliseconds for an answer, and nobody there.
    pub(super) async fn empty(stage: &'a Stage, latency: u64) -> Self {
        let namespace = format!("bench-{}", WORLDS.fetch_add(1, Ordering::Relaxed));
        stage.plane.create_namespace(&namespace).await.unwrap();
        let kube = stage.plane.admin_client().await.unwrap();
        let gitlab = GitLab::start().await;
        if latency > 0 {
            gitlab.misbehaves(Rule::always(Fault::Delay { ms: latency }));
        }
        Self {
            observer: Observer::start(kube.clone(), &namespace),
            stage,
            namespace,
            kube,
            gitlab,
            cast: None,
            operator: None,
        }
    }

    /// The same with a connection, and an operator that has not been started yet.
    pub(super) async fn prepared(
        stage: &'a Stage,
        latency: u64,
        subject: &Subject,
        resync: Option<&str>,
    ) -> Self {
        let mut world = Self::empty(stage, latency).await;
        let namespace = &world.namespace;
        stage.grant(Mode::Namespaced, namespace).await;
        let kubeconfig = stage.plane.service_account_kubeconfig(namespace, ACCOUNT);
        let mut args = vec![
            format!("--watch-namespaces={namespace}"),
            "--allow-http".to_owned(),
        ];
        args.extend(resync.map(|resync| format!("--resync={resync}")));
        let mut cast = Cast::new(kubeconfig.await.unwrap(), args, namespace);
        cast.program.clone_from(&subject.program);
        world.cast = Some(cast);
        world.connects("gitlab", world.gitlab.url()).await;
        world
    }

    /// The same, and the operator runs and has nothing to do yet.
    pub(super) async fn running(
        stage: &'a Stage,
        latency: u64,
        subject: &Subject,
        resync: Option<&str>,
    ) -> Self {
        let mut world = Self::prepared(stage, latency, subject, resync).await;
        world.the_operator_starts().await;
        world.is_connected("gitlab").await;
        world
    }

    pub(super) async fn the_operator_starts(&mut self) {
        let cast = self.cast.as_ref().unwrap();
        self.operator = Some(Operator::start(&self.stage.plane, cast).await);
    }

    /// The operator's process id.
    pub(super) fn pid(&self) -> u32 {
        self.operator.as_ref().unwrap().pid()
    }

    pub(super) fn stage(&self) -> &Stage {
        self.stage
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.kube.clone(), &self.namespace)
    }

    pub(super) async fn connects(&self, name: &str, url: &str) {
        let credential = secret(&format!("{name}-credential")).holding("pat", token::ADMIN);
        self.apply(&credential).await;
        self.apply(&connection(name, url)).await;
    }

    pub(super) async fn is_connected(&self, name: &str) {
        until("the connection works", async || {
            let found = self.api::<GitLabConnection>().get(name).await.unwrap();
            if says(&found, "Ready", "True", "Succeeded") {
                Ok(())
            } else {
                Err(format!("{:?}", found.status))
            }
        })
        .await;
    }

    async fn apply(&self, manifest: &Manifest) {
        let version = manifest.json()["apiVersion"].as_str().unwrap();
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, manifest.kind()));
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.kube.clone(), &self.namespace, &kind);
        let params = PatchParams::apply("bench").force();
        let patch = Patch::Apply(manifest.json());
        api.patch(manifest.name(), &params, &patch).await.unwrap();
    }

    /// kubectl creates so many runners of one group, of these names and through that connection.
    pub(super) async fn kubectl_creates(&self, names: &str, count: usize, through: &str) {
        let manifest = |at: usize| {
            let runner = runner(&format!("{names}-{at:05}")).through(through);
            runner.in_group("platform").tagged(["bench"]).json().clone()
        };
        let items: Vec<_> = (0..count).map(manifest).collect();
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        let args = ["-n", &self.namespace, "create", "-f", "-"];
        self.stage.kubectl().done(&args, &list.to_string()).await;
    }

    /// kubectl deletes all runners; returns when it has asked for that.
    pub(super) async fn kubectl_deletes_all(&self) {
        let args = ["-n", &self.namespace, "delete", "gitlabrunners"];
        let args = [&args[..], &["--all", "--wait=false"]].concat();
        self.stage.kubectl().done(&args, "").await;
    }

    /// Waits until there are so many objects and all have been ready; tells when the last one was.
    pub(super) async fn are_ready(&self, count: usize) -> Instant {
        self.observer
            .until("all are ready", LIMIT, |tally| tally.ready == count)
            .await;
        let seen = self.observer.seen();
        seen.values().filter_map(|one| one.ready).max().unwrap()
    }

    /// Waits until there is no object; tells when the last one was gone.
    pub(super) async fn are_gone(&self) -> Instant {
        self.observer
            .until("all are gone", LIMIT, |tally| tally.live == 0)
            .await;
        let seen = self.observer.seen();
        seen.values().filter_map(|one| one.gone).max().unwrap()
    }

    /// Creates one object; tells how long it took until that was ready.
    pub(super) async fn creates_one(&self, name: &str) -> Duration {
        self.apply(&runner(name).in_group("platform").tagged(["bench"]))
            .await;
        let what = "the new object is ready";
        let ready = || {
            self.observer
                .seen()
                .get(name)
                .and_then(super::observer::Seen::took)
        };
        self.observer
            .until(what, LIMIT, |_| ready().is_some())
            .await;
        ready().unwrap()
    }

    /// The numbers of all runners in GitLab, by name of their objects.
    pub(super) async fn numbers(&self) -> Vec<(String, i64)> {
        let (api, all) = (self.api::<GitLabRunner>(), ListParams::default());
        let all = api.list(&all).await.unwrap();
        let one = |object: &GitLabRunner| Some((object.name_any(), number(object)?));
        all.iter().filter_map(one).collect()
    }
}
