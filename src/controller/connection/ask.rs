//! Asks GitLab about a connection's credential.
use std::sync::Arc;

use crate::api::conditions::Reason;
use crate::controller::connection_check::Inputs;
use crate::controller::{Context, error::chain};
use crate::gitlab;
use crate::gitlab::{Budget, BuildError, Call, Client, Refusal};
use crate::metrics::Metrics;
use crate::plan::{Account, Trouble};

/// Makes the client. `origin` names the object that what cannot be used was read from.
pub(super) fn client(
    inputs: &Inputs,
    ctx: &Context,
    budget: Budget,
    origin: impl Fn(&BuildError) -> Option<String>,
) -> Result<Client, Trouble> {
    let Inputs {
        endpoint,
        token,
        place: _,
    } = inputs;
    let observer = observer(&ctx.metrics);
    Client::new(endpoint, Some(token.clone()), observer, budget).map_err(|error| {
        let reason = match error {
            BuildError::CaBundle(_) => Reason::CaBundleInvalid,
            BuildError::Token => Reason::CredentialInvalid,
            BuildError::Tls(_) => Reason::TlsFailed,
            BuildError::Url(_) | BuildError::Proxy(_) => Reason::InvalidConnection,
        };
        let origin = origin(&error).map(|origin| format!("{origin}: "));
        let message = origin.unwrap_or_default() + &chain(&error);
        Trouble::new(reason, message)
    })
}

/// Counts every request that a client sends.
pub(in crate::controller) fn observer(metrics: &Metrics) -> gitlab::Observe {
    let metrics = metrics.clone();
    Arc::new(
        move |Call {
                  endpoint,
                  method,
                  outcome,
                  seconds,
              }| {
            metrics.requested(method, endpoint, outcome, seconds);
        },
    )
}

/// Asks about the credential, and with it about the instance, as far as it may.
pub(super) async fn ask(client: &Client) -> Result<Account, gitlab::Error> {
    let mut lacks = Vec::new();
    let token = match client.access_token().await {
        Ok(token) => Some(token),
        // It is accepted, but is no personal access token and cannot tell of itself (§3.22).
        Err(error) if error.refusal() == Some(&Refusal::NotAnAccessToken) => None,
        // Just a fine-grained token is refused here by this name (§8.1).
        Err(error) if names_a_permission(&error) => {
            lacks.push(error.to_string());
            None
        }
        Err(error) => return Err(error),
    };
    // The credential may not reach these; then they stay unknown. A lost answer is a trouble.
    let metadata = optional(client.metadata().await, &mut lacks)?;
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
