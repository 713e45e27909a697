//! `registrar registration-token reset`: makes a new registration token, and keeps it in a Secret.
use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use secrecy::SecretString;

use super::access::{Access, Session};
use super::named::{group_of, project_of};
use super::output::{note, print};
use super::{EXIT_CODES, Ending};
use crate::gitlab::model::RegistrationToken;
use crate::gitlab::{self, Refusal, Scope};
use crate::secrets::{create_credential, put_credential};

const EXAMPLES: &str = "Examples:
  registrar registration-token reset --group platform --secret registration -n ci --connection gitlab
  registrar registration-token reset --project platform/tools --gitlab-url https://gitlab.example.com
  registrar registration-token reset --instance --secret registration --key token -n ci";

/// What is done with registration tokens.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RegistrationTokens {
    #[command(subcommand)]
    command: Of,
}

#[derive(Debug, Subcommand)]
enum Of {
    /// Make a new registration token
    ///
    /// The token before stops working at once: nobody registers a runner with it any more. Runners that are
    /// there do not notice. With --secret the new token goes into a Secret, which is tried before GitLab
    /// is asked; without, it is printed.
    Reset(Reset),
}

/// Whose token, and where the new one goes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
struct Reset {
    /// That of the instance; takes an administrator's token
    #[arg(long, conflicts_with_all = ["group", "project"], required_unless_present_any = ["group", "project"])]
    instance: bool,
    /// That of this group, by path or number; takes an Owner's
    #[arg(long, value_name = "GROUP", conflicts_with = "project")]
    group: Option<String>,
    /// That of this project; takes a Maintainer's
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// Put the new token into this Secret, which is made if it is not there; its other keys stay
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// Key in the Secret
    #[arg(long, value_name = "KEY", default_value = "token", requires = "secret")]
    key: String,
    /// Which GitLab.
    #[command(flatten)]
    access: Access,
}

impl RegistrationTokens {
    pub(super) async fn run(self) -> anyhow::Result<Ending> {
        let Of::Reset(reset) = self.command;
        reset.run().await
    }
}

impl Reset {
    async fn run(self) -> anyhow::Result<Ending> {
        let session = self.access.session().await?;
        let (scope, place) = self.place(&session).await?;
        let kept = self.keeper(&session).await?;
        if let Some(kept) = &kept {
            let rehearsal = RegistrationToken::new("rehearsal".to_owned());
            kept.put(&rehearsal, true).await?;
        }
        let fresh = session.client.reset_registration_token(scope).await;
        let fresh = fresh.map_err(|error| told(&session, &error, &place))?;
        note(&format!("made a new registration token of {place}"));
        match kept {
            None => print(&format!("{}\n", fresh.expose()))?,
            Some(kept) => {
                let done = kept.put(&fresh, false).await;
                done.context(
                    "the token before has ended, and the new one is lost: run this again",
                )?;
                let Kept {
                    namespace,
                    name,
                    key,
                    ..
                } = kept;
                note(&format!(
                    "it is in the Secret {namespace}/{name}, key {key}"
                ));
            }
        }
        Ok(Ending::Done)
    }

    async fn place(&self, session: &Session) -> anyhow::Result<(Scope, String)> {
        match (&self.group, &self.project) {
            (Some(group), _) => {
                let (scope, path) = group_of(session, group).await?;
                Ok((scope, format!("the group {path}")))
            }
            (None, Some(project)) => {
                let (scope, path) = project_of(session, project).await?;
                Ok((scope, format!("the project {path}")))
            }
            (None, None) => Ok((Scope::Instance, "the instance".to_owned())),
        }
    }

    /// Where the token is kept, if a Secret was named.
    async fn keeper(&self, session: &Session) -> anyhow::Result<Option<Kept>> {
        let Some(name) = self.secret.clone() else {
            return Ok(None);
        };
        let kubernetes = match &session.kubernetes {
            Some(kubernetes) => kubernetes.clone(),
            None => self.access.cluster.connect().await?,
        };
        Ok(Some(Kept {
            api: Api::namespaced(kubernetes.client, &kubernetes.namespace),
            namespace: kubernetes.namespace,
            name,
            key: self.key.clone(),
        }))
    }
}

/// A place in a Secret.
struct Kept {
    api: Api<Secret>,
    namespace: String,
    name: String,
    key: String,
}

impl Kept {
    /// Writes that key and no other; with `dry_run` the API server says only whether it would.
    async fn put(&self, token: &RegistrationToken, dry_run: bool) -> anyhow::Result<()> {
        let Self {
            api,
            namespace,
            name,
            key,
        } = self;
        let token = SecretString::from(token.expose());
        let written = async {
            match api.get_opt(name).await? {
                Some(existing) => put_credential(api, &existing, key, &token, dry_run).await,
                None => create_credential(api, name, key, &token, dry_run).await,
            }
        };
        let doing = || format!("could not write the Secret {namespace}/{name}");
        written.await.with_context(doing)
    }
}

/// What a refusal means, and what to do about it.
fn told(session: &Session, error: &gitlab::Error, place: &str) -> anyhow::Error {
    match error.refusal() {
        Some(Refusal::NoSuchEndpoint) => anyhow!(
            "this GitLab makes new registration tokens on its pages only: the API does so since 14.3"
        ),
        Some(Refusal::Forbidden | Refusal::RegistrationDisallowed) => anyhow!(
            "GitLab refuses a new registration token of {place}: registration tokens are switched off there, as they are by default from 17 on, or the token's owner has not the role, which is that of an administrator for the instance, an Owner of a group, a Maintainer of a project"
        ),
        _ => {
            let doing = format!("could not make a new registration token of {place}");
            session.told(error).context(doing)
        }
    }
}
