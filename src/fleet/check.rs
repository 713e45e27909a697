//! `registrar check`: what the operator needs, one row for each thing.
use clap::Args;
use kube::Api;
use kube::api::ListParams;

use super::access::Access;
use super::findings::{Outcome, Row, Rows, of_gitlab};
use super::kubernetes::Kubernetes;
use super::output::{Format, print_table, print_value};
use super::rights::{Asked, lacking};
use super::table::{Table, Tone};
use super::{EXIT_CODES, Ending};
use crate::api::v1alpha1::GitLabRunner;
use crate::chain::chain;

const EXAMPLES: &str = "Examples:
  # Is this token good enough?
  GITLAB_TOKEN=glpat-… registrar check --gitlab-url https://gitlab.example.com

  # A connection, and what the operator's ServiceAccount may do in that namespace
  registrar check --connection gitlab -n ci --service-account ci/registrar";

/// What to check.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Check {
    /// The operator's ServiceAccount, as NAMESPACE/NAME. When omitted it is checked what whoever runs
    /// this may do, which is right inside the operator's Pod
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    service_account: Option<(String, String)>,
    /// The operator watches all namespaces
    #[arg(long)]
    cluster_mode: bool,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    access: Access,
}

fn account(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        Some(_) | None => Err("write NAMESPACE/NAME, such as ci/registrar".to_owned()),
    }
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let mut rows = Rows::default();
        match self.access.session().await {
            Ok(session) => {
                of_gitlab(&session, &mut rows).await;
                if let Some(kubernetes) = &session.kubernetes {
                    self.of_cluster(kubernetes, &mut rows).await;
                }
            }
            // Without a cluster there is nothing to check but the way to GitLab.
            Err(error) => match self.access.named() {
                None => return Err(error),
                Some(_) => rows.add("connection", Outcome::Problem, format!("{error:#}")),
            },
        }
        match self.output {
            Format::Table => print_table(&table(&rows.0))?,
            format @ (Format::Json | Format::Yaml) => print_value(format, &rows.0)?,
        }
        let bad = rows.0.iter().any(|row| row.result == Outcome::Problem);
        Ok(if bad { Ending::Found } else { Ending::Done })
    }

    async fn of_cluster(&self, kubernetes: &Kubernetes, rows: &mut Rows) {
        let namespace = &kubernetes.namespace;
        let api = Api::<GitLabRunner>::namespaced(kubernetes.client.clone(), namespace);
        match api.list(&ListParams::default().limit(1)).await {
            Ok(_) => rows.add("kinds", Outcome::Ok, "GitLabRunners are served"),
            Err(error) => rows.add("kinds", Outcome::Problem, chain(&error)),
        }
        let account = self.service_account.as_ref();
        let asked = Asked {
            account: account.map(|(namespace, name)| (&**namespace, &**name)),
            everywhere: self.cluster_mode,
        };
        let place = if self.cluster_mode {
            "in all namespaces".to_owned()
        } else {
            format!("in the namespace {namespace}")
        };
        let who = match account {
            Some((namespace, name)) => format!("ServiceAccount {namespace}/{name}"),
            None => "whoever runs this".to_owned(),
        };
        match lacking(kubernetes, &asked).await {
            Ok(lacks) if lacks.is_empty() => {
                rows.add(
                    "rights",
                    Outcome::Ok,
                    format!("{who} may do all it must {place}"),
                );
            }
            Ok(lacks) => {
                let lacks = lacks.join(", ");
                let message = format!("{who} may not, {place}: {lacks}");
                rows.add("rights", Outcome::Problem, message);
            }
            Err(error) => rows.add("rights", Outcome::Warning, format!("{error:#}")),
        }
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(["CHECK", "RESULT", "MESSAGE"]).with_sentences();
    for row in rows {
        let (word, tone) = match row.result {
            Outcome::Ok => ("ok", Tone::Good),
            Outcome::Warning => ("warning", Tone::Warning),
            Outcome::Problem => ("problem", Tone::Bad),
        };
        table.row([
            (row.check.to_owned(), Tone::Plain),
            (word.to_owned(), tone),
            (row.message.clone(), Tone::Plain),
        ]);
    }
    table
}
