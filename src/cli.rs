//! What was typed, and what it means once checked. Nobody else sees the former.
use std::{ffi::OsStr, net::SocketAddr, path::Path, time::Duration};

use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, builder::NonEmptyStringValueParser,
};
use jiff::SignedDuration;

use crate::fleet;
use crate::telemetry::LogFormat;

/// Registers GitLab CI runners and keeps them as declared.
#[derive(Debug, Parser)]
#[command(name = "registrar", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What was typed. kubectl runs a program that is called `kubectl-registrar` for `kubectl registrar`, and
/// that is what its help calls it.
pub fn typed() -> Result<Cli, clap::Error> {
    let mut commands = Cli::command();
    let called = std::env::args_os().next();
    let called = called.as_deref().map(Path::new).and_then(Path::file_stem);
    if called == Some(OsStr::new("kubectl-registrar")) {
        commands = commands.bin_name("kubectl registrar");
    }
    Cli::from_arg_matches(&commands.try_get_matches()?)
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator
    Run(RunArgs),
    /// Print the custom resource definitions that this binary understands, as YAML
    Crds,
    /// What people and pipelines ask of GitLab and of the cluster.
    #[command(flatten)]
    Fleet(fleet::Command),
    /// Print a script by which a shell completes what is typed
    Completions(fleet::Completions),
}

/// How to run the operator.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Namespaces to watch, separated by commas. When omitted all namespaces are watched, which
    /// needs a `ClusterRole`. One that is not there keeps no other waiting, and is served once it is.
    #[arg(long, env = "WATCH_NAMESPACES", value_delimiter = ',', value_parser = watched)]
    pub watch_namespaces: Vec<String>,

    /// Address for /livez, /readyz and /metrics.
    #[arg(long, env = "LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// How often runners are compared with GitLab, such as 1m: all of a group in one request for each
    /// hundred of them, where the credential may list them. It takes longer by itself where that would
    /// be more than a tenth of what the credential may ask.
    #[arg(long, env = "RESYNC", default_value = "1m", value_parser = duration)]
    pub resync: Duration,

    /// How long passes under way may take to finish once the operator is told to stop. Less than
    /// the Pod's terminationGracePeriodSeconds, or the kubelet cuts them off.
    #[arg(long, env = "SHUTDOWN_TIMEOUT", default_value = "25s", value_parser = duration)]
    pub shutdown_timeout: Duration,

    /// Accept connections whose url is http: their tokens travel in the clear.
    #[arg(long, env = "ALLOW_HTTP")]
    pub allow_http: bool,

    /// Names this cluster in the marks that runners carry in GitLab, for people who read them, in at
    /// most 55 characters. When omitted it is the UID of the operator's own namespace.
    #[arg(long, env = "CLUSTER_ID", value_parser = cluster_id)]
    pub cluster_id: Option<String>,

    /// The operator's own namespace, where the Secrets of `ClusterGitLabConnection`s are. When
    /// omitted it is that of the kubeconfig or of the Pod.
    #[arg(long, env = "POD_NAMESPACE", value_parser = namespace)]
    pub operator_namespace: Option<String>,

    /// Take turns with other processes of the same operator, by a Lease in the operator's own namespace:
    /// one works, and the others stand by.
    #[arg(long, env = "LEADER_ELECT")]
    pub leader_elect: bool,

    /// The name of that Lease. Operators that serve different objects need different ones.
    #[arg(long, env = "LEASE_NAME", default_value = "gitlab-runner-registrar", value_parser = lease_name)]
    pub lease_name: String,

    /// How long a leader that is gone without a word keeps others from leading, 15s at least. It gives up when
    /// it could not renew the Lease for two thirds of that time.
    #[arg(long, env = "LEASE_DURATION", default_value = "15s", value_parser = lease_duration)]
    pub lease_duration: Duration,

    /// The name of this instance, as events and the Lease show it. No other process that takes part in
    /// the election may have it at the same time.
    #[arg(long, env = "POD_NAME", hide = true, value_parser = NonEmptyStringValueParser::new())]
    pub instance: Option<String>,

    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    pub log_format: LogFormat,

    /// What is logged: a level, or directives such as `info,gitlab_runner_registrar=debug`.
    #[arg(long, env = "LOG_LEVEL", default_value = "info", value_parser = NonEmptyStringValueParser::new())]
    pub log_level: String,
}

impl RunArgs {
    /// The namespaces to watch, each once; none means all.
    pub fn namespaces(&self) -> Vec<String> {
        let mut names = self.watch_namespaces.clone();
        names.sort();
        names.dedup();
        names
    }
}

/// A list that is empty by mistake must not become one of everything.
fn watched(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() {
        let advice = "a name is empty: name each namespace, or leave out the flag and its environment \
                      variable to watch all namespaces";
        return Err(advice.to_owned());
    }
    namespace(name)
}

fn namespace(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fine = (1..=63).contains(&text.len())
        && text.chars().all(fits)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if fine {
        Ok(text.to_owned())
    } else {
        Err("a namespace has 1 to 63 lower-case letters, digits and dashes inside".to_owned())
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} must be a duration of at least 1s, such as 5m");
    let duration: SignedDuration = text.parse().map_err(|_| wrong())?;
    let duration = Duration::try_from(duration).map_err(|_| wrong())?;
    if duration < Duration::from_secs(1) {
        Err(wrong())
    } else {
        Ok(duration)
    }
}

fn lease_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let fine = text.len() <= 253
        && text.chars().all(fits)
        && edge(text.chars().next())
        && edge(text.chars().next_back());
    if fine {
        Ok(text.to_owned())
    } else {
        Err("a Lease's name has 1 to 253 lower-case letters, digits, dashes and dots".to_owned())
    }
}

/// A whole number of seconds, since that is what a Lease can say. In less than 15 a request could leave for
/// GitLab after another process has begun.
fn lease_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    let limits = Duration::from_secs(15)..=Duration::from_hours(1);
    if limits.contains(&duration) && duration.subsec_nanos() == 0 {
        Ok(duration)
    } else {
        Err(format!("{text:?} must be whole seconds from 15s to 1h"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(flags: &[&str]) -> Result<RunArgs, String> {
        let line = ["registrar", "run"].iter().chain(flags);
        match Cli::try_parse_from(line)
            .map_err(|error| error.to_string())?
            .command
        {
            Command::Run(args) => Ok(args),
            Command::Crds | Command::Fleet(_) | Command::Completions(_) => {
                Err("another command".to_owned())
            }
        }
    }

    #[test]
    fn only_a_flag_that_is_left_out_means_all_namespaces() {
        assert_eq!(typed(&[]).unwrap().namespaces(), Vec::<String>::new());
        let named = typed(&["--watch-namespaces=build, deploy,build"]).unwrap();
        assert_eq!(named.namespaces(), ["build", "deploy"]);
        for empty in ["", ",", " , ", "build,", "build,,deploy", " "] {
            let told = typed(&[&format!("--watch-namespaces={empty}")]).unwrap_err();
            assert!(told.contains("leave out the flag"), "{empty:?}: {told}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for flag in [
            "--watch-namespaces=Build",
            "--watch-namespaces=-build",
            "--watch-namespaces=build deploy",
            "--operator-namespace=",
            "--instance=",
            "--log-level=",
            "--log-format=",
            "--listen=",
            "--resync=",
            "--resync=0s",
            "--shutdown-timeout=",
            "--shutdown-timeout=soon",
            "--shutdown-timeout=500ms",
            "--cluster-id=",
            "--lease-name=",
            "--lease-name=-a",
            "--lease-name=A",
            "--lease-duration=",
            "--lease-duration=14s",
            "--lease-duration=15500ms",
            "--lease-duration=61m",
        ] {
            let told = typed(&[flag]).expect_err(flag);
            let name = flag.split('=').next().unwrap();
            assert!(told.contains(name), "{flag}: {told}");
        }
    }
}
