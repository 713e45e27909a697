//! `registrar orphans`: runners with a mark of this cluster's, whose objects are gone.
use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde::Serialize;

use super::access::{Access, Session};
use super::documents::in_cluster;
use super::filter::{Common, Listed};
use super::kubernetes::Kubernetes;
use super::output::{Format, note, print_table, print_value};
use super::table::{Table, Tone};
use super::{EXIT_CODES, Ending, details, lists};
use crate::clock;
use crate::gitlab::{Runner, RunnerId};
use crate::plan::Mark;

const EXAMPLES: &str = "Examples:
  # Among the runners that the owner of the connection's token may administer
  registrar orphans --connection gitlab -n ci --owned

  # Remove those of a group that no runner process uses, after a look at them
  registrar orphans --connection gitlab -n ci --group platform --delete";

/// Where to look, and what to do.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Orphans {
    #[command(flatten)]
    listed: Listed,
    /// Remove them from GitLab, but for those that a runner process has called from within the last two
    /// hours. Asks first
    #[arg(long)]
    delete: bool,
    /// Remove them without asking
    #[arg(long, requires = "delete")]
    yes: bool,
    /// What the operator's --cluster-id is, or was. When omitted, marks count that name the UID of a
    /// namespace of this cluster, as they do when the operator runs without that flag
    #[arg(long, value_name = "ID")]
    cluster_id: Option<String>,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    access: Access,
}

/// A runner without an object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Orphan {
    id: u64,
    description: String,
    status: String,
    /// Whether a runner process has called from it within the last two hours.
    online: bool,
    /// The uid of the object that it was made for.
    uid: String,
}

impl Orphans {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let session = self.session().await?;
        let Some(kubernetes) = session.kubernetes.clone() else {
            bail!("no cluster is known");
        };
        // GitLab first: whatever it shows was made for an object that is there by now, or is gone.
        let asked = clock::now();
        let chosen = self.listed.choose(&Common::any(), &session).await?;
        let numbers = lists::numbers(&session, &chosen).await?;
        let read = details::read(&session, &numbers, &chosen.homes()).await?;
        if !read.unread.is_empty() {
            let count = read.unread.len();
            note(&format!(
                "{count} runners may not be read: whether they are orphans is not known"
            ));
        }
        let here = self.clusters(&kubernetes).await?;
        let objects = objects(&kubernetes).await?;
        let mut elsewhere = 0;
        let mut orphans = Vec::new();
        for runner in read.runners.values() {
            let Some(mark) = mark(runner).filter(|mark| !objects.contains(&mark.uid)) else {
                continue;
            };
            if here.contains(&mark.cluster) {
                orphans.push(orphan(runner, mark));
            } else {
                elsewhere += 1;
            }
        }
        if elsewhere > 0 {
            note(&format!(
                "{elsewhere} runners carry marks of other clusters, or of an operator with another --cluster-id"
            ));
        }
        self.print(&orphans)?;
        if orphans.is_empty() {
            return Ok(Ending::Done);
        }
        if !self.delete {
            return Ok(Ending::Found);
        }
        self.remove(&session, &kubernetes, &orphans, asked).await
    }

    /// By a connection of the cluster, or by an address and the cluster that the kubeconfig names.
    async fn session(&self) -> anyhow::Result<Session> {
        let session = self.access.session().await?;
        let kubernetes = match session.kubernetes.clone() {
            Some(kubernetes) => kubernetes,
            None => self.access.cluster.connect().await?,
        };
        Ok(Session {
            kubernetes: Some(kubernetes),
            ..session
        })
    }

    /// What marks of this cluster may name it by.
    async fn clusters(&self, kubernetes: &Kubernetes) -> anyhow::Result<BTreeSet<String>> {
        if let Some(id) = &self.cluster_id {
            return Ok(BTreeSet::from([id.clone()]));
        }
        let namespaces = Api::<Namespace>::all(kubernetes.client.clone());
        let namespaces = namespaces.list(&ListParams::default()).await;
        let namespaces = namespaces.context(
            "could not list namespaces, by whose UIDs marks name a cluster: say what the operator's --cluster-id is",
        )?;
        Ok(namespaces.iter().filter_map(ResourceExt::uid).collect())
    }

    fn print(&self, orphans: &[Orphan]) -> anyhow::Result<()> {
        match self.output {
            Format::Table => {
                let mut table = Table::new(["ID", "STATUS", "UID", "DESCRIPTION"]);
                for orphan in orphans {
                    let tone = if orphan.online {
                        Tone::Warning
                    } else {
                        Tone::Plain
                    };
                    let plain = |text: &str| (text.to_owned(), Tone::Plain);
                    table.row([
                        plain(&orphan.id.to_string()),
                        (orphan.status.clone(), tone),
                        plain(&orphan.uid),
                        plain(&orphan.description),
                    ]);
                }
                Ok(print_table(&table)?)
            }
            format @ (Format::Json | Format::Yaml) => print_value(format, &orphans),
        }
    }

    async fn remove(
        &self,
        session: &Session,
        kubernetes: &Kubernetes,
        orphans: &[Orphan],
        asked: jiff::Timestamp,
    ) -> anyhow::Result<Ending> {
        let idle: Vec<&Orphan> = orphans.iter().filter(|orphan| !orphan.online).collect();
        let used = orphans.len() - idle.len();
        if idle.is_empty() {
            note(&format!("{used} runners are in use, and stay"));
            return Ok(Ending::Found);
        }
        if !self.yes && !is_meant(idle.len())? {
            note("nothing is removed");
            return Ok(Ending::Found);
        }
        // Somebody may have restored an object while the question was open.
        let objects = objects(kubernetes).await?;
        let mut left = used;
        for orphan in idle {
            let id = RunnerId(orphan.id);
            let runner = session.client.runner(id).await;
            let runner = runner.map_err(|error| session.told(&error))?;
            let same = runner
                .as_ref()
                .and_then(mark)
                .is_some_and(|mark| mark.uid == orphan.uid && !objects.contains(&mark.uid));
            let gone = same && {
                let gone = session.client.unregister_unmodified(id, asked).await;
                gone.map_err(|error| session.told(&error))?
            };
            if gone {
                note(&format!("removed runner {id}"));
            } else if runner.is_some() {
                note(&format!("runner {id} has changed meanwhile, and stays"));
                left += 1;
            }
        }
        Ok(if left == 0 {
            Ending::Done
        } else {
            Ending::Found
        })
    }
}

/// The uids of all objects of the cluster. Those that a mark names must not be missed, so that all
/// namespaces are asked for.
async fn objects(kubernetes: &Kubernetes) -> anyhow::Result<BTreeSet<String>> {
    let all = in_cluster(kubernetes, true).await;
    let all = all.context(
        "orphans can only be told where the GitLabRunners of all namespaces may be listed",
    )?;
    Ok(all.into_iter().filter_map(|one| one.uid).collect())
}

fn mark(runner: &Runner) -> Option<Mark> {
    Mark::split(runner.maintenance_note.text()?).1
}

fn orphan(runner: &Runner, mark: Mark) -> Orphan {
    Orphan {
        id: runner.id.0,
        description: runner.description.clone(),
        status: runner.status.clone(),
        online: runner.online == Some(true),
        uid: mark.uid,
    }
}

/// Asks whoever sits at the terminal.
fn is_meant(count: usize) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    ensure!(
        stdin.is_terminal(),
        "nobody can be asked here: --yes removes {count} runners without asking"
    );
    note(&format!(
        "Remove {count} runners from GitLab? Write yes to do so."
    ));
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
