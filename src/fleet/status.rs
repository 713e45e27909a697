//! `registrar status`: how the objects of a cluster are.
use anyhow::Context as _;
use clap::Args;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde::Serialize;

use super::documents::{Document, in_cluster};
use super::kubernetes::{ClusterArgs, Kubernetes};
use super::output::{Format, note, print_table, print_value};
use super::table::{Table, Tone};
use super::{EXIT_CODES, Ending};
use crate::api::conditions::{ConditionType, find};
use crate::api::v1alpha1::{ClusterGitLabConnection, ConnectionStatus, GitLabConnection};

const EXAMPLES: &str = "Examples:
  registrar status -n ci
  registrar status --all-namespaces --not-ready
  registrar status -n ci -o json | jq '.runners[] | select(.ready != \"True\")'";

/// Which objects.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Status {
    /// Those of all namespaces, and ClusterGitLabConnections too
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only those that are not ready
    #[arg(long)]
    not_ready: bool,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    cluster: ClusterArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Overview {
    connections: Vec<Line>,
    runners: Vec<Line>,
}

/// What is told of one object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
    /// `True`, `False` or `Unknown`, as the condition Ready.
    ready: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// GitLab's version for a connection, the runner's number for a runner.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// GitLab's word for the runner.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let kubernetes = self.cluster.connect().await?;
        let runners = in_cluster(&kubernetes, self.all_namespaces).await?;
        let mut overview = Overview {
            connections: self.connections(&kubernetes).await?,
            runners: runners.iter().map(of_runner).collect(),
        };
        let is_ready = |line: &Line| line.ready == "True";
        let lines = overview.connections.iter().chain(&overview.runners);
        let all_ready = lines.clone().all(is_ready);
        let (count, ready) = (
            lines.clone().count(),
            lines.filter(|line| is_ready(line)).count(),
        );
        if self.not_ready {
            overview.connections.retain(|line| !is_ready(line));
            overview.runners.retain(|line| !is_ready(line));
        }
        match self.output {
            Format::Table => {
                print_table(&table(&overview))?;
                note(&format!("{ready} of {count} objects are ready"));
            }
            format @ (Format::Json | Format::Yaml) => print_value(format, &overview)?,
        }
        Ok(if all_ready {
            Ending::Done
        } else {
            Ending::Found
        })
    }

    async fn connections(&self, kubernetes: &Kubernetes) -> anyhow::Result<Vec<Line>> {
        let all = ListParams::default();
        let client = kubernetes.client.clone();
        let own: Api<GitLabConnection> = if self.all_namespaces {
            Api::all(client.clone())
        } else {
            Api::namespaced(client.clone(), &kubernetes.namespace)
        };
        let own = own.list(&all).await;
        let own = own.context("could not list GitLabConnections")?;
        let mut lines: Vec<Line> = own
            .iter()
            .map(|one| {
                let place = (one.namespace(), one.name_any());
                of_connection("GitLabConnection", place, one.status.as_ref())
            })
            .collect();
        if self.all_namespaces {
            let shared = Api::<ClusterGitLabConnection>::all(client).list(&all).await;
            let shared = shared.context("could not list ClusterGitLabConnections")?;
            lines.extend(shared.iter().map(|one| {
                let place = (None, one.name_any());
                of_connection("ClusterGitLabConnection", place, one.status.as_ref())
            }));
        }
        Ok(lines)
    }
}

fn of_connection(
    kind: &'static str,
    (namespace, name): (Option<String>, String),
    status: Option<&ConnectionStatus>,
) -> Line {
    let conditions = status.map(|status| status.conditions.as_slice());
    let ready = find(conditions.unwrap_or_default(), ConditionType::Ready);
    let version = status.and_then(|status| status.gitlab.as_ref());
    Line {
        kind,
        namespace,
        name,
        ready: ready.map_or_else(|| "Unknown".to_owned(), |ready| ready.status.clone()),
        reason: ready.map(|ready| ready.reason.clone()),
        message: ready.map(|ready| ready.message.clone()),
        id: version.map(|gitlab| gitlab.version.clone()),
        state: None,
    }
}

fn of_runner(document: &Document) -> Line {
    let status = document.status();
    let conditions = status.map(|status| status.conditions.as_slice());
    let ready = find(conditions.unwrap_or_default(), ConditionType::Ready);
    let runner = status.and_then(|status| status.runner.as_ref());
    let unread = document.runner.as_ref().err();
    Line {
        kind: "GitLabRunner",
        namespace: document.namespace.clone(),
        name: document.name.clone(),
        ready: ready.map_or_else(|| "Unknown".to_owned(), |ready| ready.status.clone()),
        reason: ready.map(|ready| ready.reason.clone()),
        message: unread.cloned().or(ready.map(|ready| ready.message.clone())),
        id: runner.map(|runner| runner.id.to_string()),
        state: runner.map(|runner| runner.status.clone()),
    }
}

fn table(overview: &Overview) -> Table {
    let mut table = Table::new(["KIND", "NAME", "READY", "ID", "STATUS", "MESSAGE"]);
    for line in overview.connections.iter().chain(&overview.runners) {
        let tone = match line.ready.as_str() {
            "True" => Tone::Good,
            "False" => Tone::Bad,
            _ => Tone::Warning,
        };
        let name = match &line.namespace {
            Some(namespace) => format!("{namespace}/{}", line.name),
            None => line.name.clone(),
        };
        let plain = |text: Option<&String>| (text.cloned().unwrap_or_default(), Tone::Plain);
        table.row([
            (line.kind.to_owned(), Tone::Plain),
            (name, Tone::Plain),
            (line.ready.clone(), tone),
            plain(line.id.as_ref()),
            plain(line.state.as_ref()),
            plain(line.message.as_ref()),
        ]);
    }
    table
}
