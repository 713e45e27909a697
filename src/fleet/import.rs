//! `registrar import`: manifests for runners that are in GitLab already.
use std::collections::BTreeMap;
use std::fmt::Write;

use clap::{Args, ValueEnum};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::access::{Access, Session};
use super::filter::{Common, Listed};
use super::manifest::{Framing, Manifest, manifest};
use super::output::{Format, note, print, print_table, print_value};
use super::reads::again;
use super::spec_fields::Owner;
use super::table::{Table, Tone};
use super::{EXIT_CODES, Ending, details, lists};
use crate::api::v1alpha1::{ConnectionKind, ConnectionRef};
use crate::gitlab::{List, Refusal, Runner, RunnerId};
use crate::plan::Mark;

const EXAMPLES: &str = "Examples:
  # All runners of a group, as files of a GitOps repository
  export GITLAB_TOKEN=glpat-…
  registrar import --gitlab-url https://gitlab.example.com --group platform -n ci > runners.yaml

  # What would be taken over, with the credential of a connection in the cluster
  registrar import --connection gitlab -n ci --owned --status online -o table

  # Apply them, and look at what differs first
  registrar plan -f runners.yaml --gitlab-url https://gitlab.example.com
  kubectl apply -f runners.yaml";

/// Which runners, and what to write.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Import {
    #[command(flatten)]
    listed: Listed,
    #[command(flatten)]
    common: Common,
    /// Name of the connection that the manifests refer to. When omitted it is the one that is used,
    /// or gitlab
    #[arg(long, value_name = "NAME")]
    connection_name: Option<String>,
    /// Whether a runner gets a new token when it is taken over, which cuts its processes off until they have
    /// that one; without it the object has no Secret
    #[arg(long, value_enum, default_value = "never")]
    reset_token: Reset,
    /// What the deletion of such an object does to its runner
    #[arg(long, value_enum, default_value = "orphan")]
    deletion_policy: Deletion,
    /// How the manifests are printed
    #[arg(short, long, value_enum, default_value = "yaml")]
    output: Format,
    #[command(flatten)]
    access: Access,
}

/// The policy that manifests have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deletion {
    /// The runner stays in GitLab
    Orphan,
    /// The runner is removed from GitLab
    Delete,
}

/// When a new token is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reset {
    /// Never: the processes go on with the token that they have
    Never,
    /// When no Secret of the object holds it, as in the beginning
    IfMissing,
    /// When it is taken over
    Always,
}

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let session = self.access.session_of_release().await?;
        let chosen = self.listed.choose(&self.common, &session).await?;
        let numbers = lists::numbers(&session, &chosen).await?;
        let read = details::read(&session, &numbers, &chosen.homes()).await?;
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        let mut leave = |why: &str| *left_out.entry(why.to_owned()).or_default() += 1;
        for why in read.unread.values() {
            leave(why);
        }
        let fitting = read.runners.into_values();
        let fitting: Vec<Runner> = fitting.filter(|runner| chosen.has(runner)).collect();
        let owners = owners(&session, chosen.list, &fitting).await?;
        let framing = self.framing(&session);
        let mut manifests = Vec::new();
        for runner in &fitting {
            let owner = owners.get(&runner.id);
            let made = if !chosen.is_home_of(runner, owner.map(|owner| &owner.project)) {
                Err("they serve it and live elsewhere".to_owned())
            } else if is_marked(runner) {
                Err("they carry the mark of an object already".to_owned())
            } else {
                manifest(runner, owner, &framing)
            };
            match made {
                Ok(made) => manifests.push((runner, made)),
                Err(why) => leave(&why),
            }
        }
        for (why, count) in left_out {
            note(&format!("left out {count} runners: {why}"));
        }
        self.print(&manifests)?;
        Ok(Ending::Done)
    }

    fn framing(&self, session: &Session) -> Framing {
        let used = session.connection.clone();
        let named = self.connection_name.clone();
        let other = ConnectionRef {
            kind: ConnectionKind::GitLabConnection,
            name: named.unwrap_or_else(|| "gitlab".to_owned()),
        };
        let connection = match used {
            Some(used) if self.connection_name.is_none() => used,
            Some(_) | None => other,
        };
        Framing {
            connection,
            namespace: self.access.cluster.namespace.clone(),
            deletion_policy: match self.deletion_policy {
                Deletion::Orphan => "Orphan",
                Deletion::Delete => "Delete",
            },
            reset_token: match self.reset_token {
                Reset::Never => "Never",
                Reset::IfMissing => "IfMissing",
                Reset::Always => "Always",
            },
        }
    }

    fn print(&self, manifests: &[(&Runner, Manifest)]) -> anyhow::Result<()> {
        match self.output {
            Format::Yaml => {
                let mut text = String::new();
                for (_, made) in manifests {
                    text.push_str("---\n");
                    for remark in &made.remarks {
                        writeln!(text, "# {remark}")?;
                    }
                    text.push_str(serde_saphyr::to_string(made)?.trim_end());
                    text.push('\n');
                }
                print(&text)?;
            }
            Format::Json => {
                let items: Vec<&Manifest> = manifests.iter().map(|(_, made)| made).collect();
                let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
                print_value(Format::Json, &list)?;
            }
            Format::Table => {
                let mut table = Table::new(["ID", "NAME", "TYPE", "STATUS", "TAGS", "DESCRIPTION"]);
                for (runner, made) in manifests {
                    let tags: Vec<&str> = runner.tags.iter().map(String::as_str).collect();
                    let plain = |text: String| (text, Tone::Plain);
                    table.row([
                        plain(runner.id.to_string()),
                        plain(made.metadata.name.clone()),
                        plain(runner.runner_type.replace("_type", "")),
                        plain(runner.status.clone()),
                        plain(tags.join(",")),
                        plain(runner.description.clone()),
                    ]);
                }
                print_table(&table)?;
            }
        }
        Ok(())
    }
}

fn is_marked(runner: &Runner) -> bool {
    Mark::of(runner).is_some()
}

/// The owner project of each project runner. GitLab lists all runners to administrators alone, and with
/// admin mode where that is on: to them it shows all projects, so that an only one is the owner. Otherwise
/// GraphQL is asked.
async fn owners(
    session: &Session,
    list: List,
    runners: &[Runner],
) -> anyhow::Result<BTreeMap<RunnerId, Owner>> {
    let of_projects = runners
        .iter()
        .filter(|runner| runner.runner_type == "project_type");
    let sees_all = matches!(list, List::All);
    let asked = stream::iter(of_projects.map(|runner| async move {
        let shown = runner.projects.as_deref().unwrap_or_default();
        let only = match shown {
            [only] => Some(only.clone()),
            _ => None,
        };
        let named = |project, shows_all| Owner { project, shows_all };
        if sees_all && only.is_some() {
            return Ok((runner.id, only.map(|project| named(project, true))));
        }
        match again(async || session.client.ownership(runner.id).await).await {
            Ok(told) => {
                let shows_all = sees_all || told.projects == Some(shown.len());
                let owner = told.owner.map(|project| named(project, shows_all));
                Ok((runner.id, owner))
            }
            Err(error) if error.refusal() == Some(&Refusal::NoGraphQl) => {
                Ok((runner.id, only.map(|project| named(project, false))))
            }
            Err(error) => Err(session.told(&error)),
        }
    }));
    let found: Vec<_> = asked.buffer_unordered(8).try_collect().await?;
    let found = found.into_iter();
    Ok(found.filter_map(|(id, owner)| Some((id, owner?))).collect())
}
