//! `registrar rotate`: asks the operator for new tokens.
use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::kubernetes::ClusterArgs;
use super::output::note;
use super::progress::Progress;
use super::{EXIT_CODES, Ending};
use crate::api::ROTATE_AT;
use crate::api::v1alpha1::GitLabRunner;
use crate::clock;

/// How often the answer is looked for. A watch would be one more right that whoever rotates needs.
const LOOK: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "Examples:
  registrar rotate linux -n ci
  registrar rotate --selector team=platform -n ci --wait
  registrar rotate --all -n ci --wait --timeout 10m";

/// Whose tokens.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Rotate {
    /// Names of GitLabRunners
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "selector"])]
    names: Vec<String>,
    /// Those that have these labels, such as team=platform
    #[arg(short = 'l', long, value_name = "LABELS", conflicts_with_all = ["names", "all"])]
    selector: Option<String>,
    /// All of the namespace
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Come back when the operator has done so
    #[arg(long)]
    wait: bool,
    /// How long to wait for that
    #[arg(long, value_name = "DURATION", default_value = "5m", requires = "wait", value_parser = duration)]
    timeout: Duration,
    #[command(flatten)]
    cluster: ClusterArgs,
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} must be a duration such as 5m");
    let duration: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| wrong())
}

impl Rotate {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let kubernetes = self.cluster.connect().await?;
        let namespace = &kubernetes.namespace;
        let api: Api<GitLabRunner> = Api::namespaced(kubernetes.client.clone(), namespace);
        let names = self.chosen(&api).await?;
        ensure!(
            !names.is_empty(),
            "there is no such GitLabRunner in the namespace {namespace}"
        );
        let asked = clock::now().to_string();
        let annotation = json!({ "metadata": { "annotations": { ROTATE_AT: asked } } });
        for name in &names {
            let patch = Patch::Merge(&annotation);
            let patched = api.patch(name, &PatchParams::default(), &patch).await;
            patched.with_context(|| format!("could not annotate the GitLabRunner {name}"))?;
            note(&format!("asked for a new token of {namespace}/{name}"));
        }
        if !self.wait {
            return Ok(Ending::Done);
        }
        let done = tokio::time::timeout(self.timeout, answered(&api, &names, &asked)).await;
        if let Ok(done) = done {
            return done.map(|()| Ending::Done);
        }
        let left = left(&api, &names, &asked).await?;
        let left: Vec<String> = left
            .into_iter()
            .map(|(name, message)| format!("{name}: {message}"))
            .collect();
        let (seconds, left) = (self.timeout.as_secs(), left.join("\n"));
        bail!("not replaced within {seconds}s:\n{left}")
    }

    async fn chosen(&self, api: &Api<GitLabRunner>) -> anyhow::Result<Vec<String>> {
        if !self.names.is_empty() {
            return Ok(self.names.clone());
        }
        let mut params = ListParams::default();
        if let Some(selector) = &self.selector {
            params = params.labels(selector);
        }
        let found = api.list(&params).await;
        let found = found.context("could not list GitLabRunners")?;
        Ok(found.iter().map(ResourceExt::name_any).collect())
    }
}

/// Comes back when the operator has answered for all of them.
async fn answered(api: &Api<GitLabRunner>, names: &[String], asked: &str) -> anyhow::Result<()> {
    let all = u64::try_from(names.len()).ok();
    let mut progress = Progress::new("tokens replaced", all);
    let mut before = names.len();
    loop {
        let left = left(api, names, asked).await?.len();
        progress.add(u64::try_from(before.saturating_sub(left)).unwrap_or_default());
        before = left;
        if left == 0 {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Those that the operator has not answered for yet, with what they say.
async fn left(
    api: &Api<GitLabRunner>,
    names: &[String],
    asked: &str,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut left = BTreeMap::new();
    for name in names {
        let object = api.get(name).await;
        let object = object.with_context(|| format!("could not read the GitLabRunner {name}"))?;
        let status = object.status.unwrap_or_default();
        if status.last_handled_rotate_at.as_deref() != Some(asked) {
            let ready = status.conditions.iter().find(|one| one.type_ == "Ready");
            let message = ready.map_or_else(
                || "no operator has looked at it".to_owned(),
                |ready| format!("{} {}", ready.reason, ready.message),
            );
            left.insert(name.clone(), message);
        }
    }
    Ok(left)
}
