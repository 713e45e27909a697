//! `registrar verify`: asks GitLab whether it takes the token of a runner.
use anyhow::{Context as _, anyhow};
use clap::Args;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;

use super::access::{Access, Session};
use super::kubernetes::Kubernetes;
use super::output::{note, print};
use super::{EXIT_CODES, Ending};
use crate::api::v1alpha1::GitLabRunner;
use crate::gitlab::{Refusal, RunnerToken};
use crate::secrets::TOKEN_KEY;

const EXAMPLES: &str = "Examples:
  registrar verify linux -n ci
  registrar verify linux windows -n ci";

/// Whose tokens.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Verify {
    /// Names of GitLabRunners
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Which GitLab, if not that of the object's connection.
    #[command(flatten)]
    access: Access,
}

impl Verify {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let mut ending = Ending::Done;
        let kubernetes = self.access.cluster.connect().await?;
        for name in &self.names {
            if !self.takes(&kubernetes, name).await? {
                ending = Ending::Found;
            }
        }
        Ok(ending)
    }

    /// Whether GitLab takes the token in the object's Secret.
    async fn takes(&self, kubernetes: &Kubernetes, name: &str) -> anyhow::Result<bool> {
        let Kubernetes { client, namespace } = kubernetes;
        let objects: Api<GitLabRunner> = Api::namespaced(client.clone(), namespace);
        let object = objects.get(name).await;
        let object = object.with_context(|| format!("could not read the GitLabRunner {name}"))?;
        let token = object
            .status
            .as_ref()
            .and_then(|status| status.token.as_ref());
        let kept = token.with_context(|| format!("the GitLabRunner {name} has no token yet"))?;
        let kept = kept.secret_name.clone();
        let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
        let secret = secrets.get(&kept).await;
        let secret =
            secret.with_context(|| format!("could not read the Secret {namespace}/{kept}"))?;
        let bytes = secret.data.as_ref().and_then(|data| data.get(TOKEN_KEY));
        let text = bytes.and_then(|bytes| String::from_utf8(bytes.0.clone()).ok());
        let text =
            text.with_context(|| format!("the Secret {namespace}/{kept} has no {TOKEN_KEY}"))?;
        let session = if self.access.named().is_some() || self.access.types_address() {
            self.access.session().await?
        } else {
            let connection = object.spec.connection_ref.clone();
            self.access
                .session_by(kubernetes.clone(), connection)
                .await?
        };
        verified(&session, name, &kept, &RunnerToken::new(text)).await
    }
}

async fn verified(
    session: &Session,
    name: &str,
    secret: &str,
    token: &RunnerToken,
) -> anyhow::Result<bool> {
    match session.client.verify(token).await {
        Ok(runner) => {
            let number = runner
                .as_ref()
                .map(|runner| format!(" of runner {}", runner.id));
            let end = runner.and_then(|runner| runner.token_expires_at);
            let end = end.map(|end| format!(", which ends at {end:.0}"));
            let (number, end) = (number.unwrap_or_default(), end.unwrap_or_default());
            print(&format!(
                "{name}: GitLab takes the token{number} in the Secret {secret}{end}\n"
            ))?;
            Ok(true)
        }
        Err(error) if error.refusal() == Some(&Refusal::Forbidden) => {
            note(&format!(
                "{name}: GitLab does not take the token in the Secret {secret}: it has ended, was replaced, or is another GitLab's"
            ));
            Ok(false)
        }
        Err(error) => {
            let doing = anyhow!("could not verify the token of {name}");
            Err(session.told(&error).context(doing))
        }
    }
}
