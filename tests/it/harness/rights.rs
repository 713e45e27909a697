//! What an operator may do in a story: just what the chart grants, read from the chart.
use control_plane::ControlPlane;

use super::command::Tool;
use super::stage::repository;

/// The name of the release, and with it of the `ServiceAccount`, the Role and the rest.
pub(crate) const ACCOUNT: &str = "registrar";

/// Stands in what helm renders once, where each story has the name of its namespace.
const PLACE: &str = "a-namespace-of-a-story";

/// How the chart is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Roles in the story's own namespace.
    Namespaced,
    /// A `ClusterRole`.
    Cluster,
}

/// The chart's `ServiceAccount` and RBAC objects, by mode.
pub(crate) struct Rights {
    namespaced: String,
    cluster: String,
}

impl Rights {
    pub(crate) async fn of_the_chart(plane: &ControlPlane) -> Self {
        let helm = Tool {
            program: plane.helm(),
            environment: plane.environment(),
        };
        let chart = repository().join("charts/gitlab-runner-registrar");
        let name = format!("fullnameOverride={ACCOUNT}");
        let render = async |mode: &str| {
            let mode = format!("watch.mode={mode}");
            let mut args = vec!["template", ACCOUNT, chart.to_str().unwrap()];
            args.extend(["--namespace", PLACE, "--set", &name, "--set", &mode]);
            args.extend(["--show-only", "templates/serviceaccount.yaml"]);
            args.extend(["--show-only", "templates/rbac.yaml"]);
            helm.done(&args, "").await
        };
        Self {
            namespaced: render("namespaced").await,
            cluster: render("cluster").await,
        }
    }

    pub(crate) fn manifests(&self, mode: Mode, namespace: &str) -> String {
        let rendered = match mode {
            Mode::Namespaced => &self.namespaced,
            Mode::Cluster => &self.cluster,
        };
        rendered.replace(PLACE, namespace)
    }
}
