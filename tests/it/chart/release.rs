//! A release of the chart, and a node that runs its Pod.
use control_plane::{Node, NodeOptions, PodView};

use crate::harness::{Canaries, Story};

/// The directory of the chart.
pub(super) const CHART: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/charts/gitlab-runner-registrar"
);

/// What helm calls the release.
const NAME: &str = "registrar";

/// What the chart calls the objects of that release, the `ServiceAccount` among them.
pub(super) const FULL_NAME: &str = "registrar-gitlab-runner-registrar";

/// A release in a namespace. It ends with the control plane, or with [`Self::is_uninstalled`].
pub(super) struct Release<'story> {
    story: &'story Story<'story>,
    pub(super) home: String,
    pub(super) node: Node,
}

impl<'story> Release<'story> {
    /// `helm install --wait` into that namespace, which helm makes when there is none. Values are
    /// as after `--set`.
    pub(super) async fn install(story: &'story Story<'story>, home: &str, values: &[&str]) -> Self {
        let release = Self {
            story,
            home: home.to_owned(),
            node: node(story, home).await,
        };
        release.is_installed(values).await;
        release
    }

    /// The same once more, after it was uninstalled.
    pub(super) async fn is_installed(&self, values: &[&str]) {
        // Everything that the operator can be made to say, since it is searched for tokens.
        let long = "leaderElection.leaseDurationSeconds=60";
        let common = ["allowHttp=true", "log.level=trace", long];
        let mut args = vec!["install", NAME, CHART, "--create-namespace"];
        for value in common.iter().chain(values) {
            args.extend(["--set", value]);
        }
        self.helm(&args).await;
    }

    /// `helm upgrade --wait` with one more value, which is JSON.
    pub(super) async fn is_upgraded(&self, value: &str) {
        let args = [
            "upgrade",
            NAME,
            CHART,
            "--reuse-values",
            "--set-json",
            value,
        ];
        self.helm(&args).await;
    }

    /// `helm uninstall --wait`. The process has ended in good order then.
    pub(super) async fn is_uninstalled(&self) {
        let before = self.pods();
        self.says_no_token();
        self.helm(&["uninstall", NAME]).await;
        for before in before {
            let gone = |pod: &PodView| pod.uid == before.uid && pod.gone;
            self.has_ended(&self.node.pod_when(gone).await.unwrap(), &before);
        }
    }

    /// The Pods that run now.
    fn pods(&self) -> Vec<PodView> {
        let mut pods = self.node.pods();
        pods.retain(|pod| !pod.gone);
        pods
    }

    /// The only Pod that runs now.
    pub(super) fn pod(&self) -> PodView {
        let mut pods = self.pods();
        assert_eq!(pods.len(), 1, "{pods:#?}");
        pods.remove(0)
    }

    /// Asserts that a Pod's process was asked to end and did.
    pub(super) fn has_ended(&self, pod: &PodView, before: &PodView) {
        let code = pod.last.as_ref().map(|ending| ending.code);
        assert_eq!(code, Some(0), "it did not end well:\n{}", self.told());
        let process = format!("/proc/{}", before.pid().unwrap());
        assert!(
            !std::path::Path::new(&process).exists(),
            "{process} is left"
        );
    }

    /// Asserts that no token is in what the operator has printed.
    pub(super) fn says_no_token(&self) {
        let canaries = Canaries::of(&self.story.gitlab);
        for pod in self.node.pods() {
            let said = self.node.logs(&self.home, &pod.name).unwrap();
            assert!(said.contains(r#""level":"TRACE""#), "nothing to search");
            let found = canaries.found_in("log", &said);
            assert!(
                found.is_empty(),
                "tokens have leaked:\n{}",
                found.join("\n")
            );
        }
    }

    /// Runs helm and waits for what it does; what the operator said is told if that fails.
    async fn helm(&self, args: &[&str]) {
        let mut helm = self.story.stage.kubectl();
        helm.program = self.story.stage.plane.helm();
        let common = ["--namespace", &self.home, "--wait", "--timeout", "1m"];
        let args: Vec<&str> = args.iter().copied().chain(common).collect();
        if let Err(complaint) = helm.run(&args, "").await {
            panic!("helm {args:?}: {complaint}\n{}", self.told());
        }
    }

    /// The Pods and what the operator has said in them, without the small print.
    fn told(&self) -> String {
        let mut told = Vec::new();
        for pod in self.node.pods() {
            let said = self.node.logs(&self.home, &pod.name).unwrap();
            let large = said.lines().filter(|line| {
                !line.contains(r#""level":"TRACE""#) && !line.contains(r#""level":"DEBUG""#)
            });
            let lines: Vec<&str> = large.collect();
            told.push(format!("{pod:#?}\n{}", lines.join("\n")));
        }
        told.join("\n")
    }
}

/// A node for the Pods of that namespace.
pub(super) async fn node(story: &Story<'_>, home: &str) -> Node {
    let options = NodeOptions {
        name: home.to_owned(),
        program: env!("CARGO_BIN_EXE_registrar").into(),
        namespaces: vec![home.to_owned()],
    };
    Node::start(&story.stage.plane, options).await.unwrap()
}
