//! `registrar orphans`: runners with a mark of this cluster's, whose objects are gone.
use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

use super::access::{Access, Session};
use super::claims::Claims;
use super::filter::{Common, Listed};
use super::kubernetes::Kubernetes;
use super::output::{Format, note};
use super::sorted::{Orphan, Sorted};
use super::{EXIT_CODES, Ending, details, lists};
use crate::clock;
use crate::gitlab::RunnerId;
use crate::plan::Mark;

const EXAMPLES: &str = "Examples:
  # Among the runners that the owner of the connection's token may administer
  registrar orphans --connection gitlab -n ci --owned

  # Remove those of a group that no runner process uses, after a look at them
  registrar orphans --connection gitlab -n ci --group platform --delete";

/// What an operator calls its cluster when it may not read its own namespace.
const UNNAMED: &str = "unnamed";

/// So many are removed between two looks at the objects.
const AT_ONCE: usize = 20;

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

impl Orphans {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        ensure!(
            !self.delete || self.cluster_id.as_deref() != Some(UNNAMED),
            "{UNNAMED} is what every operator calls its cluster that may not read its namespace: runners of \
             other clusters carry it too, so that --delete does not go by it. Remove such runners in GitLab"
        );
        let session = self.session().await?;
        let Some(kubernetes) = session.kubernetes.clone() else {
            bail!("no cluster is known");
        };
        // GitLab first: whatever it shows was made for an object that is there by now, or is gone.
        let asked = clock::now();
        let chosen = self.listed.choose(&Common::any(), &session).await?;
        let numbers = lists::numbers(&session, &chosen).await?;
        let read = details::read(&session, &numbers, &chosen.homes()).await?;
        let here = self.clusters(&kubernetes).await?;
        let claims = Claims::read(&kubernetes, &session.endpoint.url).await?;
        let sorted = Sorted::of(read, &claims, &here);
        sorted.print(self.output)?;
        let doubt = if sorted.unread.is_empty() {
            Ending::Done
        } else {
            Ending::Found
        };
        let orphans = &sorted.orphans;
        if orphans.is_empty() {
            return Ok(doubt);
        }
        if !self.delete {
            return Ok(Ending::Found);
        }
        if let Some(id) = &self.cluster_id {
            ensure!(
                sorted.cared_for,
                "no runner of this list has the cluster id {id} and an object in this cluster, so that it may be \
                 another cluster's: see to it that --cluster-id and --context are right, and list more runners, \
                 as with --owned or --instance. If no object is left, remove the runners in GitLab"
            );
        }
        let ending = self.remove(&session, &kubernetes, orphans, asked).await?;
        Ok(if doubt == Ending::Done { ending } else { doubt })
    }

    /// By a connection of the cluster, or by an address and the cluster that the kubeconfig names.
    async fn session(&self) -> anyhow::Result<Session> {
        let session = self.access.session_of_release().await?;
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
        let mut left = used;
        for some in idle.chunks(AT_ONCE) {
            // Somebody may have restored an object while the question was open, or others were removed.
            let claims = Claims::read(kubernetes, &session.endpoint.url).await?;
            for orphan in some {
                let id = RunnerId(orphan.id);
                let runner = session.client.runner(id).await;
                let runner = runner.map_err(|error| session.told(&error))?;
                let same = runner.as_ref().is_some_and(|runner| {
                    let mark = Mark::of(runner).filter(|mark| mark.uid == orphan.uid);
                    let free = mark.is_some_and(|mark| !claims.claim(id, &mark));
                    free && runner.online != Some(true)
                });
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
        }
        Ok(if left == 0 {
            Ending::Done
        } else {
            Ending::Found
        })
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
