//! What was typed, and what it means once checked. Nobody else sees the former.
use std::{net::SocketAddr, time::Duration};

use clap::{Args, Parser, Subcommand};
use jiff::SignedDuration;

use crate::telemetry::LogFormat;

/// Registers GitLab CI runners and keeps them as declared.
#[derive(Debug, Parser)]
#[command(name = "registrar", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator
    Run(RunArgs),
    /// Print the custom resource definitions that this binary understands, as YAML
    Crds,
}

/// How to run the operator.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Namespaces to watch, separated by commas. When omitted all namespaces are watched, which
    /// needs a `ClusterRole`.
    #[arg(long, env = "WATCH_NAMESPACES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,

    /// Address for /livez, /readyz and /metrics.
    #[arg(long, env = "LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// How often GitLab is asked about an idle runner, such as 5m.
    #[arg(long, env = "RESYNC", default_value = "5m", value_parser = resync)]
    pub resync: Duration,

    /// Accept connections whose url is http: their tokens travel in the clear.
    #[arg(long, env = "ALLOW_HTTP")]
    pub allow_http: bool,

    /// Names this cluster in the marks that runners carry in GitLab, for people who read them, in at
    /// most 55 characters. When omitted it is the UID of the operator's own namespace.
    #[arg(long, env = "CLUSTER_ID", value_parser = cluster_id)]
    pub cluster_id: Option<String>,

    /// The operator's own namespace, where the Secrets of `ClusterGitLabConnection`s are. When
    /// omitted it is that of the kubeconfig or of the Pod.
    #[arg(long, env = "POD_NAMESPACE")]
    pub operator_namespace: Option<String>,

    /// The name of this instance, as events show it.
    #[arg(long, env = "POD_NAME", hide = true)]
    pub instance: Option<String>,

    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    pub log_format: LogFormat,

    /// What is logged: a level, or directives such as `info,gitlab_runner_registrar=debug`.
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    pub log_level: String,
}

impl RunArgs {
    /// The namespaces to watch, each once; none means all.
    pub fn namespaces(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .watch_namespaces
            .iter()
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

fn resync(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} must be a duration of at least 1s, such as 5m");
    let duration: SignedDuration = text.parse().map_err(|_| wrong())?;
    let duration = Duration::try_from(duration).map_err(|_| wrong())?;
    if duration < Duration::from_secs(1) {
        Err(wrong())
    } else {
        Ok(duration)
    }
}

/// Has to leave room for the longest note in front of the mark.
fn cluster_id(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fine = (1..=55).contains(&text.len()) && text.chars().all(fits);
    if fine {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 55 letters, digits, dots, dashes and underscores".to_owned())
    }
}
