//! A namespace with an operator, a GitLab and objects of its own.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use gitlab_sim::{Fault, Rule};
use kube::ResourceExt;
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
};
use serde_json::json;
use tokio::time::Instant;

use super::Bench;
use super::observer::{Observer, is_ready};
use super::subject::Subject;
use crate::harness::{
    ACCOUNT, Cast, GitLab, Manifest, Operator, Stage, connection, runner, secret, token, until,
};

/// Far longer than anything that is measured should take.
pub(super) const LIMIT: Duration = Duration::from_mins(20);

/// A resync so long that nothing is looked at again while we measure.
pub(super) const NEVER: Option<&str> = Some("12h");

/// How many requests a minute a connection allows, in builds that have such a ceiling. One that users
/// would set makes every time a matter of that ceiling.
pub(super) const REQUESTS_PER_MINUTE: u32 = 60_000;

/// The field that says so.
const CEILING: &str = "requestsPerMinute";

/// A fine-grained token, and what it may do.
const FINE: &str = "glpat-canary-0fine0-6Rb1";
const FOR_THE_USER: [&str; 2] = ["create_runner", "read_personal_access_token"];
const FOR_THE_GROUP: [&str; 4] = [
    "read_group",
    "read_runner",
    "update_runner",
    "delete_runner",
];

/// How many requests we have under way to the API server when it should be quick.
pub(super) const AT_ONCE: usize = 64;

/// Makes the names of namespaces differ.
static WORLDS: AtomicUsize = AtomicUsize::new(0);

pub(super) struct World<'a> {
    stage: &'a Stage,
    namespace: String,
    kube: kube::Client,
    pub(super) gitlab: GitLab,
    pub(super) observer: Observer,
    subject: &'a Subject,
    cast: Option<Cast>,
    operator: Option<Operator>,
}

impl<'a> World<'a> {
    /// A namespace and a GitLab that takes its time for an answer, and nobody there.
    pub(super) async fn empty(bench: &Bench<'a>) -> Self {
        let (stage, latency) = (bench.stage, bench.options.latency);
        let namespace = format!("bench-{}", WORLDS.fetch_add(1, Ordering::Relaxed));
        stage.plane.create_namespace(&namespace).await.unwrap();
        let kube = stage.plane.admin_client().await.unwrap();
        let gitlab = GitLab::start().await;
        // A GitLab allows 1,000 in a group unless its administrators say otherwise.
        gitlab.does(json!({ "do": "settings", "set": { "ci_registered_group_runners": 0 } }));
        if latency > 0 {
            gitlab.misbehaves(Rule::always(Fault::Delay { ms: latency }));
        }
        Self {
            observer: Observer::start(kube.clone(), &namespace),
            stage,
            namespace,
            kube,
            gitlab,
            subject: bench.subject,
            cast: None,
            operator: None,
        }
    }

    /// The same with a connection, and an operator that has not been started yet.
    pub(super) async fn prepared(bench: &Bench<'a>, resync: Option<&str>) -> Self {
        let mut world = Self::empty(bench).await;
        let (stage, namespace) = (world.stage, &world.namespace);
        world.subject.is_granted(stage, namespace).await;
        let kubeconfig = stage.plane.service_account_kubeconfig(namespace, ACCOUNT);
        let mut args = vec![
            format!("--watch-namespaces={namespace}"),
            "--allow-http".to_owned(),
        ];
        args.extend(resync.map(|resync| format!("--resync={resync}")));
        let mut cast = Cast::new(kubeconfig.await.unwrap(), args, namespace);
        cast.program.clone_from(&world.subject.program);
        world.cast = Some(cast);
        world.connects("gitlab", world.gitlab.url()).await;
        world
    }

    /// The same, and the operator runs and has nothing to do yet.
    pub(super) async fn running(bench: &Bench<'a>, resync: Option<&str>) -> Self {
        let mut world = Self::prepared(bench, resync).await;
        world.the_operator_starts().await;
        world.is_connected("gitlab").await;
        world
    }

    /// With a connection, and operators that take turns; none has been started yet.
    pub(super) async fn electing(bench: &Bench<'a>) -> Self {
        let mut world = Self::prepared(bench, NEVER).await;
        if let Some(cast) = &mut world.cast {
            cast.args.push("--leader-elect".to_owned());
            cast.args.push(format!("--lease-name={ACCOUNT}"));
        }
        world
    }

    /// One more operator.
    pub(super) async fn another(&self, name: &str) -> Operator {
        let mut cast = self.cast.clone().unwrap();
        cast.name = format!("{}-{name}", cast.name);
        Operator::start(&self.stage.plane, &cast).await
    }

    /// All objects ready, after a start of the operator.
    pub(super) async fn settled(bench: &Bench<'a>, resync: Option<&str>) -> Self {
        let mut world = Self::prepared(bench, resync).await;
        let count = bench.options.runners;
        world.kubectl_creates("bench", count, "gitlab").await;
        world.the_operator_starts().await;
        world.are_ready(count).await;
        world
    }

    pub(super) async fn the_operator_starts(&mut self) {
        let cast = self.cast.as_ref().unwrap();
        self.operator = Some(Operator::start(&self.stage.plane, cast).await);
    }

    pub(super) async fn the_operator_stops(&mut self) {
        self.operator.take().unwrap().is_told_to_stop().await;
    }

    pub(super) fn operator(&self) -> &Operator {
        self.operator.as_ref().unwrap()
    }

    /// The operator's process id.
    pub(super) fn pid(&self) -> u32 {
        self.operator().pid()
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

    /// Without a ceiling that times would come up against, where there is one.
    pub(super) async fn connects(&self, name: &str, url: &str) {
        let mut connection = connection(name, url);
        if self.subject.knows(CEILING) {
            connection = connection.with(CEILING, REQUESTS_PER_MINUTE);
        }
        self.connects_as(&connection, token::ADMIN).await;
    }

    async fn connects_as(&self, connection: &Manifest, token: &str) {
        let credential = secret(&format!("{}-credential", connection.name()));
        self.apply(&credential.holding("pat", token)).await;
        self.apply(connection).await;
    }

    /// From now on the connection has a token that GraphQL does not answer, and the usual ceiling.
    pub(super) async fn has_a_fine_grained_token(&self) {
        self.gitlab.does(json!({
            "do": "add_token", "user": "mia", "name": "fine", "token": FINE, "scopes": ["granular"],
            "granular_scopes": [
                { "access": "user", "permissions": FOR_THE_USER },
                { "access": "selected_memberships", "group": 3001, "permissions": FOR_THE_GROUP },
            ],
        }));
        let connection = connection("gitlab", self.gitlab.url());
        self.connects_as(&connection, FINE).await;
        let connections = self.objects("GitLabConnection");
        until("the connection has the other token", async || {
            let status = connections.get("gitlab").await.unwrap().data["status"].clone();
            let can = status["can"].as_array();
            let fine = can.is_some_and(|can| can.iter().any(|word| word == "granular"));
            fine.then_some(()).ok_or_else(|| status.to_string())
        })
        .await;
    }

    pub(super) async fn is_connected(&self, name: &str) {
        let connections = self.objects("GitLabConnection");
        until("the connection works", async || {
            let found = connections.get(name).await.unwrap();
            if is_ready(&found) {
                Ok(())
            } else {
                Err(found.data["status"].to_string())
            }
        })
        .await;
    }

    /// Objects of one of our kinds, as no build in particular knows them.
    pub(super) fn objects(&self, kind: &str) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("gitlab-registrar.dev", "v1alpha1", kind);
        let kind = ApiResource::from_gvk(&kind);
        Api::namespaced_with(self.kube.clone(), &self.namespace, &kind)
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
            let runner = runner_of_the_group(&format!("{names}-{at:05}"));
            runner.through(through).json().clone()
        };
        let items: Vec<_> = (0..count).map(manifest).collect();
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        let args = ["-n", &self.namespace, "create", "-f", "-"];
        self.stage.kubectl().done(&args, &list.to_string()).await;
    }

    /// The same, as fast as the API server takes them.
    pub(super) async fn creates_many(&self, names: &str, count: usize) {
        let (runners, params) = (self.objects("GitLabRunner"), PostParams::default());
        let all = (0..count).map(|at| runner_of_the_group(&format!("{names}-{at:05}")));
        stream::iter(all)
            .for_each_concurrent(AT_ONCE, async |runner| {
                let object = serde_json::from_value(runner.json().clone()).unwrap();
                runners.create(&params, &object).await.unwrap();
            })
            .await;
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
        self.apply(&runner_of_the_group(name)).await;
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
        let (api, all) = (self.objects("GitLabRunner"), ListParams::default());
        let all = api.list(&all).await.unwrap();
        let one = |object: &DynamicObject| {
            let number = object.data["status"]["runner"]["id"].as_i64()?;
            Some((object.name_any(), number))
        };
        all.iter().filter_map(one).collect()
    }
}

/// What all these objects are like.
fn runner_of_the_group(name: &str) -> Manifest {
    runner(name).in_group("platform").tagged(["bench"])
}
