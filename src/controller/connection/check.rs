//! What is known of a connection, asked of GitLab only when that is due.
use std::sync::Arc;

use tokio::time::Instant;

use super::{ask, inputs::Checkup, look::Sources, view::Connection};
use crate::api::conditions::Reason;
use crate::controller::connections::Connected;
use crate::controller::realm::ConnectionKey;
use crate::controller::{Context, error::Error};
use crate::plan::{Account, Recheck, Trouble, recheck, too_small};

/// What came of looking at a connection.
#[derive(Clone)]
pub(super) struct Finding {
    /// What GitLab said, if it accepted the credential.
    pub(super) account: Option<Account>,
    /// What is wrong.
    pub(super) trouble: Option<Trouble>,
    /// Whether it is news to the connection's runners.
    pub(super) news: bool,
}

pub(super) async fn check<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
) -> Result<Finding, Error> {
    let sources = Sources::of(connection, ctx);
    let inputs = match sources.read(connection.spec(), ctx).await? {
        Ok(inputs) => inputs,
        Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
    };
    let known = ctx
        .checkups
        .recall(key)
        .filter(|known| known.inputs == inputs);
    if let Some(known) = known.as_ref().filter(|known| !is_due(ctx, key, known)) {
        return Ok(conclude(ctx, key, known));
    }
    let reused = known.as_ref().and_then(|known| known.connected.clone());
    let origin = |error: &_| sources.origin(connection.spec(), error);
    let (client, anonymous) = match ask::clients(&inputs, reused.as_deref(), ctx, origin) {
        Ok(clients) => clients,
        Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
    };
    let (account, trouble) = match ask::ask(&client).await {
        Ok(account) => {
            let trouble = too_small(&account);
            (Some(account), trouble)
        }
        Err(trouble) => (None, Some(trouble)),
    };
    // Being asked to wait says nothing about the credential.
    let throttled = matches!(&trouble, Some(trouble) if trouble.reason == Reason::GitLabThrottled);
    if let Some(known) = known
        .as_ref()
        .filter(|known| throttled && known.trouble.is_none())
    {
        return Ok(conclude(ctx, key, known));
    }
    let connected = account.as_ref().map(|account| {
        let fresh = Connected {
            client,
            anonymous,
            url: inputs.url().to_owned(),
            timeout: inputs.timeout(),
            admin: account.admin.unwrap_or(false),
            can: account.can(),
        };
        // The same client again tells the runners that nothing has changed.
        reused
            .filter(|kept| kept.can == fresh.can && kept.admin == fresh.admin)
            .unwrap_or_else(|| Arc::new(fresh))
    });
    let checkup = Checkup {
        inputs,
        account,
        connected,
        trouble,
        checked: Instant::now(),
        doubted: false,
    };
    let finding = conclude(ctx, key, &checkup);
    ctx.checkups.keep(key, checkup);
    Ok(finding)
}

/// Whether GitLab must be asked again about a connection that is made of the same as before.
fn is_due(ctx: &Context, key: &ConnectionKey, known: &Checkup) -> bool {
    let old = known.checked.elapsed() >= ctx.options.resync;
    match &known.trouble {
        None => old || known.doubted || ctx.connections.is_suspect(key),
        // Using a revoked token again would revoke its successors (contract §1.10).
        Some(trouble) if trouble.reason == Reason::CredentialRevoked => false,
        Some(trouble) => old || recheck(trouble) == Recheck::Soon,
    }
}

/// Records what a look at the connection came to, for its runners.
fn conclude(ctx: &Context, key: &ConnectionKey, checkup: &Checkup) -> Finding {
    let account = checkup.account.clone();
    match (&checkup.connected, &checkup.trouble) {
        (Some(connected), None) => Finding {
            account,
            trouble: None,
            news: ctx.connections.usable(key, connected.clone()),
        },
        (_, Some(trouble)) => broken(ctx, key, account, trouble.clone()),
        (None, None) => Finding {
            account,
            trouble: None,
            news: false,
        },
    }
}

fn broken(
    ctx: &Context,
    key: &ConnectionKey,
    account: Option<Account>,
    trouble: Trouble,
) -> Finding {
    let refused = matches!(
        trouble.reason,
        Reason::CredentialInvalid | Reason::CredentialExpired | Reason::CredentialRevoked
    );
    let news = ctx.connections.broken(key, trouble.clone(), refused);
    Finding {
        account,
        trouble: Some(trouble),
        news,
    }
}
