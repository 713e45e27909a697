//! Asks GitLab about a connection's credential.
use secrecy::SecretString;

use crate::api::conditions::Reason;
use crate::chain::chain;
use crate::gitlab;
use crate::gitlab::{Budget, BuildError, Client, Connect, Endpoint, Observe, Refusal};
use crate::plan::{Account, Trouble};

/// Makes the client. `origin` names the object that what cannot be used was read from.
pub fn client(
    connect: &Connect,
    endpoint: &Endpoint,
    token: SecretString,
    observe: Observe,
    budget: Budget,
    origin: impl Fn(&BuildError) -> Option<String>,
) -> Result<Client, Trouble> {
    Client::connected_by(connect, endpoint, Some(token), observe, budget).map_err(|error| {
        let reason = match error {
            BuildError::CaBundle(_) => Reason::CaBundleInvalid,
            BuildError::ClientCertificate(_) => Reason::ClientCertificateInvalid,
            BuildError::Token => Reason::CredentialInvalid,
            BuildError::Tls(_) => Reason::TlsFailed,
            BuildError::Url(_) | BuildError::Proxy(_) => Reason::InvalidConnection,
        };
        let origin = origin(&error).map(|origin| format!("{origin}: "));
        let message = origin.unwrap_or_default() + &chain(&error);
        Trouble::new(reason, message)
    })
}

/// Asks about the credential, and with it about the instance, as far as it may.
pub async fn ask(client: &Client) -> Result<Account, gitlab::Error> {
    let mut lacks = Vec::new();
    let mut untold = None;
    let token = match client.access_token().await {
        Ok(token) => Some(token),
        // It is accepted, but is no personal access token and cannot tell of itself (§3.22).
        Err(error) if error.refusal() == Some(&Refusal::NotAnAccessToken) => None,
        // None can before 15.5 (§11).
        Err(error) if error.refusal() == Some(&Refusal::NoSuchEndpoint) => {
            untold = Some(error);
            None
        }
        // Just a fine-grained token is refused here by this name (§8.1).
        Err(error) if names_a_permission(&error) => {
            lacks.push(error.to_string());
            None
        }
        Err(error) => return Err(error),
    };
    // The credential may not reach these; then they stay unknown. A lost answer is a trouble.
    let metadata = client.metadata().await;
    let nowhere = |error: &gitlab::Error| error.refusal() == Some(&Refusal::NoSuchEndpoint);
    // What has no place that tells its release either is not GitLab.
    if let (Some(error), true) = (untold, metadata.as_ref().is_err_and(nowhere)) {
        return Err(error);
    }
    let metadata = optional(metadata, &mut lacks)?;
    let user = optional(client.user().await, &mut lacks)?;
    Ok(Account {
        token,
        lacks,
        metadata,
        admin: user.as_ref().map(|user| user.admin),
        username: user.and_then(|user| user.username),
    })
}

fn names_a_permission(error: &gitlab::Error) -> bool {
    matches!(
        error.refusal(),
        Some(Refusal::InsufficientGranularScope { needs: Some(_) })
    )
}

fn optional<T>(
    result: Result<T, gitlab::Error>,
    lacks: &mut Vec<String>,
) -> Result<Option<T>, gitlab::Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if names_a_permission(&error) => {
            lacks.push(error.to_string());
            Ok(None)
        }
        Err(gitlab::Error::Refused {
            status: 403 | 404, ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}
