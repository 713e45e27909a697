//! What is known of a connection, asked of GitLab only when that is due.
use std::sync::Arc;

use tokio::time::Instant;

use super::{ask, sources::Sources, trouble::trouble, view::Connection};
use crate::api::conditions::Reason;
use crate::controller::caches::ConnectionKey;
use crate::controller::connection_check::{ConnectionCheck, Inputs};
use crate::controller::{Context, error::Error, on_request};
use crate::gitlab::{Client, Metadata};
use crate::observe::{Connected, Recent};
use crate::plan::{
    Account, Fingerprint, Recheck, Trouble, is_for_good, is_tolerable, recheck, refused_before,
    too_small,
};

/// What came of looking at a connection.
#[derive(Clone)]
pub(super) struct Finding {
    /// What GitLab said, if it accepted the credential.
    pub(super) account: Option<Account>,
    /// What is wrong.
    pub(super) trouble: Option<Trouble>,
    /// Whether it is news to the connection's runners.
    pub(super) news: bool,
    /// Whether this look had no answer, so that what is said is that of the one before.
    pub(super) missed: bool,
    /// The token that GitLab has refused for good, if it has.
    pub(super) refused: Option<Fingerprint>,
}

pub(super) async fn check<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
) -> Result<Finding, Error> {
    let sources = Sources::of(connection, ctx);
    let endpoint = match sources.endpoint(connection.spec(), ctx).await? {
        Ok(endpoint) => endpoint,
        Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
    };
    // A runner's own token needs no credential of ours, only the way.
    ctx.connections.leads_to(key, &endpoint);
    let inputs = match sources.token(connection.spec(), ctx).await? {
        Ok((token, place)) => Inputs {
            endpoint,
            token,
            place,
        },
        Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
    };
    let allowed = connection.spec().requests_per_minute;
    let allowed = u32::try_from(allowed).unwrap_or(1);
    let budget = ctx.budgets.join(key, inputs.holder(), allowed);
    let last = ctx.connections.recall(key);
    if let Some(finding) = refused_already(connection, ctx, key, &inputs, last.as_ref()) {
        return Ok(finding);
    }
    let known = last.filter(|last| last.inputs == inputs);
    let due = |known: &_| is_requested(connection) || is_due(ctx, key, known);
    if let Some(known) = known.as_ref().filter(|known| !due(known)) {
        return Ok(conclude(ctx, key, known));
    }
    let origin = |error: &_| sources.origin(connection.spec(), error);
    let client = match &known {
        Some(known) => known.client.clone(),
        None => match ask::client(&inputs, ctx, budget, origin) {
            Ok(client) => client,
            Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
        },
    };
    let (account, trouble) = judged(&client, &inputs).await;
    if let (Some(known), Some(trouble)) = (&known, &trouble)
        && let Some(finding) = put_up_with(ctx, key, known, trouble)
    {
        return Ok(finding);
    }
    let reused = known.and_then(|known| known.connected);
    let connected = account
        .as_ref()
        .map(|account| connected(ctx, &inputs, &client, account, reused));
    let check = ConnectionCheck {
        inputs,
        client,
        account,
        connected,
        trouble,
        checked: Instant::now(),
        doubted: false,
        missed: 0,
    };
    let finding = conclude(ctx, key, &check);
    ctx.connections.keep(key, check);
    Ok(finding)
}

/// What GitLab says of the credential, and what is wrong with it.
async fn judged(client: &Client, inputs: &Inputs) -> (Option<Account>, Option<Trouble>) {
    match ask::ask(client).await {
        Ok(account) => {
            let trouble = too_small(&account);
            (Some(account), trouble)
        }
        Err(error) => {
            let trouble = trouble(&error, &inputs.endpoint, &inputs.place);
            (None, Some(trouble))
        }
    }
}

/// What is to be said of a token that GitLab has refused for good, whatever else has changed: using a
/// revoked one again would revoke its successors (contract §1.10). What this process knows of it need
/// not be in status yet.
fn refused_already<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    inputs: &Inputs,
    last: Option<&ConnectionCheck>,
) -> Option<Finding> {
    let sent = inputs.fingerprint();
    if let Some(last) = last.filter(|last| is_refused(last, &sent)) {
        return Some(conclude(ctx, key, last));
    }
    let tokens = &connection.status()?.refused_tokens;
    let trouble = refused_before(tokens, &sent, &inputs.place)?;
    Some(broken(ctx, key, None, trouble))
}

/// A trouble that says nothing of a connection that worked: being asked to wait, and an answer that
/// is lost now and then. Once a credential is suspect only an answer will do.
fn put_up_with(
    ctx: &Context,
    key: &ConnectionKey,
    known: &ConnectionCheck,
    trouble: &Trouble,
) -> Option<Finding> {
    if known.trouble.is_some() || ctx.connections.is_suspect(key) {
        return None;
    }
    if trouble.reason == Reason::GitLabThrottled {
        return Some(conclude(ctx, key, known));
    }
    is_tolerable(trouble, known.missed).then(|| {
        ctx.connections.miss(key);
        Finding {
            missed: true,
            ..conclude(ctx, key, known)
        }
    })
}

/// What runners use: the same again tells them that nothing has changed.
fn connected(
    ctx: &Context,
    inputs: &Inputs,
    client: &Client,
    account: &Account,
    reused: Option<Arc<Connected>>,
) -> Arc<Connected> {
    let fresh = Connected {
        client: client.clone(),
        url: inputs.url().to_owned(),
        timeout: inputs.timeout(),
        admin: account.admin.unwrap_or(false),
        username: account.username.clone(),
        can: account.can(),
        shows_notes: account
            .metadata
            .as_ref()
            .is_some_and(Metadata::shows_notes)
            .into(),
        readable: Recent::default(),
        paths: Recent::default(),
        roster: ctx.rosters.of(&inputs.fingerprint()),
    };
    reused
        .filter(|kept| kept.can == fresh.can && kept.admin == fresh.admin)
        .unwrap_or_else(|| Arc::new(fresh))
}

/// Whether GitLab has refused this very token for good.
fn is_refused(last: &ConnectionCheck, token: &Fingerprint) -> bool {
    last.trouble.as_ref().is_some_and(is_for_good) && last.inputs.fingerprint() == *token
}

/// Whether somebody has just asked for a look.
fn is_requested<K: Connection>(connection: &K) -> bool {
    let handled = connection.status();
    let handled = handled.and_then(|status| status.last_handled_reconcile_at.as_ref());
    on_request::is_new(connection, handled)
}

/// Whether GitLab must be asked again about a connection that is made of the same as before.
fn is_due(ctx: &Context, key: &ConnectionKey, known: &ConnectionCheck) -> bool {
    let old = known.is_old(ctx.options.resync);
    match &known.trouble {
        None => old || known.doubted || ctx.connections.is_suspect(key),
        Some(trouble) => old || recheck(trouble) == Recheck::Soon,
    }
}

/// Records what a look at the connection came to, for its runners.
fn conclude(ctx: &Context, key: &ConnectionKey, check: &ConnectionCheck) -> Finding {
    let account = check.account.clone();
    match (&check.connected, &check.trouble) {
        (Some(connected), None) => Finding {
            account,
            trouble: None,
            news: ctx.connections.usable(key, connected.clone()),
            missed: false,
            refused: None,
        },
        (_, Some(trouble)) => Finding {
            refused: is_for_good(trouble).then(|| check.inputs.fingerprint()),
            ..broken(ctx, key, account, trouble.clone())
        },
        (None, None) => Finding {
            account,
            trouble: None,
            news: false,
            missed: false,
            refused: None,
        },
    }
}

pub(super) fn broken(
    ctx: &Context,
    key: &ConnectionKey,
    account: Option<Account>,
    trouble: Trouble,
) -> Finding {
    let refused = matches!(
        trouble.reason,
        Reason::CredentialInvalid
            | Reason::CredentialExpired
            | Reason::CredentialRevoked
            | Reason::CredentialForbidden
    );
    let news = ctx.connections.broken(key, trouble.clone(), refused);
    Finding {
        account,
        trouble: Some(trouble),
        news,
        missed: false,
        refused: None,
    }
}
