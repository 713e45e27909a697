//! `registrar plan`: what the operator would change in GitLab.
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::Args;

use super::access::{Access, Session};
use super::compare::{Compared, Verdict};
use super::documents::{Document, Documents, in_cluster};
use super::judge::judge;
use super::output::{Format, note, print, print_value};
use super::table::{Tone, harmless};
use super::{EXIT_CODES, Ending};
use crate::api::v1alpha1::{ConnectionKind, ConnectionRef};

const EXAMPLES: &str = "Examples:
  # In a CI job of a GitOps repository, with the variable GITLAB_TOKEN and no cluster
  registrar plan -f manifests/

  # The objects of a namespace, each through its own connection
  registrar plan -n ci

  # Before a commit: what would change, with what the cluster knows of the objects
  registrar plan -f runner.yaml --connection gitlab -n ci

  # For a program
  registrar plan -f manifests/ -o json | jq '.[] | select(.verdict != \"same\")'";

/// What to compare.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Plan {
    /// Files or folders with manifests, or - for stdin. When omitted the objects of the namespace are
    /// compared
    #[arg(short = 'f', long, value_name = "PATH")]
    filename: Vec<PathBuf>,
    /// Show those too that are as declared
    #[arg(long)]
    all: bool,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    access: Access,
}

impl Plan {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let documents = self.documents().await?;
        let Documents { runners, urls } = documents;
        let mut compared: Vec<Compared> = Vec::new();
        let mut read = Vec::new();
        for document in runners {
            match &document.runner {
                Ok(_) => read.push(document),
                Err(why) => compared.push(Compared::unclear(&document.key, None, why)),
            }
        }
        let mut skipped = 0;
        for (session, group) in self.groups(read).await? {
            let (here, elsewhere): (Vec<_>, Vec<_>) = group
                .into_iter()
                .partition(|document| belongs(document, &session, &urls));
            skipped += elsewhere.len();
            compared.extend(judge(&session, here).await?);
        }
        if skipped > 0 {
            note(&format!(
                "skipped {skipped} objects whose connection leads to another GitLab or is another one"
            ));
        }
        compared.sort_by(|one, other| one.object.cmp(&other.object));
        self.print(&compared)?;
        let has = |verdict| compared.iter().any(|one| one.verdict == verdict);
        if has(Verdict::Unclear) {
            bail!("some objects could not be compared, or ask for what that GitLab cannot do");
        }
        let found = has(Verdict::Differs) || has(Verdict::Missing);
        Ok(if found { Ending::Found } else { Ending::Done })
    }

    /// What is to be compared, with what the cluster knows of it where one is asked.
    async fn documents(&self) -> anyhow::Result<Documents> {
        let needs_cluster = self.filename.is_empty() || !self.access.has_address();
        if self.filename.is_empty() {
            let kubernetes = self.access.cluster.connect().await?;
            let runners = in_cluster(&kubernetes, false).await?;
            return Ok(Documents {
                runners,
                ..Documents::default()
            });
        }
        let mut documents = Documents::read(&self.filename)?;
        ensure!(
            !documents.runners.is_empty(),
            "there is no GitLabRunner in what --filename names"
        );
        if needs_cluster {
            let kubernetes = self.access.cluster.connect().await?;
            documents.live_in(&kubernetes.namespace);
            for namespace in documents.namespaces() {
                let there = kubernetes.clone().at(namespace);
                // Those elsewhere have another connection than the one that was typed.
                if !self.names_own() || there.namespace == kubernetes.namespace {
                    documents.are_live(&in_cluster(&there, false).await?);
                }
            }
        } else {
            documents.live_in(
                self.access
                    .cluster
                    .namespace
                    .as_deref()
                    .unwrap_or("default"),
            );
        }
        Ok(documents)
    }

    /// Whether the one connection that is meant lives in a namespace.
    fn names_own(&self) -> bool {
        let named = self.access.named();
        named.is_some_and(|named| named.kind == ConnectionKind::GitLabConnection)
    }

    /// Whether the caller brings the address. The objects of a cluster have connections of their own, and
    /// what the environment says is not about them.
    fn has_address(&self) -> bool {
        if self.filename.is_empty() {
            self.access.types_address()
        } else {
            self.access.has_address()
        }
    }

    /// The objects, each with the way to its GitLab.
    async fn groups(
        &self,
        documents: Vec<Document>,
    ) -> anyhow::Result<Vec<(Session, Vec<Document>)>> {
        if self.access.named().is_some() || self.has_address() {
            return Ok(vec![(self.access.session_of_release().await?, documents)]);
        }
        let mut by_connection: BTreeMap<(String, &str, String), (ConnectionRef, Vec<Document>)> =
            BTreeMap::new();
        for document in documents {
            if let Some(named) = document.connection().cloned() {
                let namespace = match named.kind {
                    ConnectionKind::GitLabConnection => document.namespace.clone(),
                    ConnectionKind::ClusterGitLabConnection => None,
                };
                let namespace = namespace.unwrap_or_default();
                let key = (namespace, named.kind.name(), named.name.clone());
                let group = by_connection.entry(key);
                let (_, group) = group.or_insert_with(|| (named, Vec::new()));
                group.push(document);
            }
        }
        let kubernetes = self.access.cluster.connect().await?;
        let mut groups = Vec::new();
        for ((namespace, _, _), (named, group)) in by_connection {
            let mut there = kubernetes.clone();
            if named.kind == ConnectionKind::GitLabConnection {
                there = there.at(namespace);
            }
            let session = self.access.session_by(there, named).await?;
            groups.push((session.of_its_release().await, group));
        }
        Ok(groups)
    }

    fn print(&self, compared: &[Compared]) -> anyhow::Result<()> {
        match self.output {
            Format::Table => print(&self.told(compared)?)?,
            format @ (Format::Json | Format::Yaml) => print_value(format, &compared)?,
        }
        Ok(())
    }

    fn told(&self, compared: &[Compared]) -> anyhow::Result<String> {
        let mut text = String::new();
        let shown = compared
            .iter()
            .filter(|one| self.all || one.verdict != Verdict::Same);
        for one in shown {
            let (sign, tone) = match one.verdict {
                Verdict::Same => ("=", Tone::Plain),
                Verdict::Differs => ("~", Tone::Warning),
                Verdict::Missing => ("+", Tone::Good),
                Verdict::Unclear => ("!", Tone::Bad),
            };
            let id = one.runner_id.map(|id| format!("  runner {id}"));
            let head = format!("{sign} {}{}", one.object, id.unwrap_or_default());
            writeln!(text, "{}", tone.paint(&harmless(&head)))?;
            for row in &one.differences {
                let (field, actual, desired) = (&row.field, &row.actual, &row.desired);
                let actual = Tone::Bad.paint(&harmless(&format!("{actual:?}")));
                let desired = Tone::Good.paint(&harmless(&format!("{desired:?}")));
                writeln!(text, "    {field}: {actual} → {desired}")?;
            }
            if let Some(message) = &one.message {
                writeln!(text, "    {}", harmless(message))?;
            }
        }
        let count = |verdict| compared.iter().filter(|one| one.verdict == verdict).count();
        writeln!(
            text,
            "{} compared: {} differ, {} to be registered, {} as declared, {} unclear",
            compared.len(),
            count(Verdict::Differs),
            count(Verdict::Missing),
            count(Verdict::Same),
            count(Verdict::Unclear)
        )?;
        Ok(text)
    }
}

/// Whether an object is to be compared with this GitLab. A token must not tell of one GitLab what another
/// holds, and is only ever for one of them.
fn belongs(
    document: &Document,
    session: &Session,
    urls: &BTreeMap<(ConnectionKind, String), String>,
) -> bool {
    let Some(named) = document.connection() else {
        return true;
    };
    if let Some(connection) = &session.connection {
        let there = session.kubernetes.as_ref().map(|there| &there.namespace);
        let within = named.kind == ConnectionKind::ClusterGitLabConnection
            || there == document.namespace.as_ref();
        return within && connection == named;
    }
    let url = urls.get(&(named.kind, named.name.clone()));
    url.is_none_or(|url| *url == session.endpoint.url)
}
