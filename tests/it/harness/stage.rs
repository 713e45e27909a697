//! The control plane that stories are told on.
use std::path::{Path, PathBuf};

use control_plane::{ControlPlane, Options};
use tokio::sync::OnceCell;

use super::command::Tool;
use super::rights::{Mode, Rights};
use super::wait::until;

/// A control plane with our kinds in it, and what the chart grants.
pub(crate) struct Stage {
    pub(crate) plane: ControlPlane,
    pub(crate) rights: Rights,
}

/// Lives until the process ends; the control plane itself sees to it that nothing outlives that.
static SHARED: OnceCell<Stage> = OnceCell::const_new();

impl Stage {
    /// The one that all stories of a run share.
    pub(crate) async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::new).await
    }

    /// One that a story may stop, or that only one operator may watch as a whole.
    pub(crate) async fn new() -> Self {
        let stage = Self::without_kinds().await;
        stage.install_kinds().await;
        stage
    }

    /// One with our kinds as those manifests define them, which may be older than this build's.
    pub(crate) async fn with_kinds(manifests: &str) -> Self {
        let stage = Self::without_kinds().await;
        stage.install(&["-f", "-"], manifests).await;
        stage
    }

    async fn without_kinds() -> Self {
        let plane = ControlPlane::start(Options::default()).await.unwrap();
        let rights = Rights::of_the_chart(&plane).await;
        Self { plane, rights }
    }

    /// Installs our kinds, and returns when they are served.
    pub(crate) async fn install_kinds(&self) {
        let crds = repository().join("crds");
        self.install(&["-k", crds.to_str().unwrap()], "").await;
    }

    async fn install(&self, from: &[&str], input: &str) {
        let kubectl = self.kubectl();
        let apply = [&["apply", "--server-side"], from].concat();
        kubectl.done(&apply, input).await;
        let established = ["wait", "--for=condition=Established", "crd", "--all"];
        kubectl.done(&established, "").await;
        // Established is not yet served: for a moment more the storage is said to initialise.
        let kinds = "gitlabrunners,gitlabconnections,clustergitlabconnections";
        let list = ["get", "--all-namespaces", kinds];
        until("our kinds are served", async || {
            kubectl.run(&list, "").await
        })
        .await;
    }

    pub(crate) fn kubectl(&self) -> Tool {
        kubectl(&self.plane)
    }

    /// Lets an operator of that namespace do what the chart would let it do.
    pub(crate) async fn grant(&self, mode: Mode, namespace: &str) {
        let manifests = self.rights.manifests(mode, namespace);
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
        self.kubectl().done(&apply, &manifests).await;
    }
}

fn kubectl(plane: &ControlPlane) -> Tool {
    Tool {
        program: plane.kubectl(),
        environment: plane.environment(),
    }
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
