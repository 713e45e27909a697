//! One connection of either kind: read what it names, ask GitLab about it, and tell its runners.
mod inputs;
mod look;
mod view;
mod watch;

pub(super) use inputs::Checkups;
pub(super) use look::observer;
pub use view::Connection;
pub use watch::run;

use std::{sync::Arc, time::Duration};

use kube::{
    Resource, ResourceExt,
    runtime::{controller::Action, events::EventType},
};
use tokio::time::Instant;

use super::{
    Context,
    connections::{Connected, Standing},
    error::{Error, Remedy},
    guards::{Guarded, bounded},
    realm::ConnectionKey,
    report,
};
use crate::api::conditions::{ConditionType, Reason, find};
use crate::api::v1alpha1::ConnectionStatus;
use crate::backoff;
use crate::clock;
use crate::plan::{Account, Recheck, Trouble, connection_status, recheck, too_small};
use inputs::Checkup;
use look::Sources;

/// How soon a broken connection is looked at again. A person who has just mended something waits
/// for it; and it is one or two requests.
const BROKEN: Duration = Duration::from_secs(8);
/// How often the credential's Secret is read while all is well: nothing tells of its changes, since
/// credential Secrets are read by name and not watched.
const CALM: Duration = Duration::from_secs(30);

/// What the controller runs for each object.
async fn reconcile<K: Connection>(
    object: Arc<Guarded<K>>,
    ctx: Arc<Context>,
) -> Result<Action, Error> {
    let started = Instant::now();
    let _under_way = ctx.metrics.pass(K::KIND);
    let result = bounded(attempt(&object, &ctx)).await;
    let uid = object.meta().uid.clone().unwrap_or_default();
    report::ended(&ctx, K::KIND, &*object, &uid, &result, started.elapsed());
    result
}

/// When to look again after an error, which is never GitLab's here.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that kube's error policy has"
)]
fn on_error<K: Connection>(object: Arc<Guarded<K>>, error: &Error, ctx: Arc<Context>) -> Action {
    let uid = object.meta().uid.as_deref().unwrap_or_default();
    match error.remedy() {
        Remedy::LookAgain => Action::requeue(Duration::from_millis(200)),
        Remedy::NeedsHuman => Action::await_change(),
        Remedy::Retry | Remedy::RetryAfter(_) => {
            Action::requeue(backoff::after_failures(ctx.failures.so_far(uid), uid).min(BROKEN))
        }
    }
}

async fn attempt<K: Connection>(object: &Guarded<K>, ctx: &Context) -> Result<Action, Error> {
    let key = K::key(object.namespace(), object.name_any());
    let connection = match &object.0 {
        Ok(connection) => connection,
        Err(invalid) => {
            let message = format!(
                "{key} does not have the shape of its kind: {}",
                invalid.error
            );
            let trouble = Trouble::new(Reason::InvalidConnection, message);
            tell(ctx, &key, ctx.connections.broken(&key, trouble, false));
            return Err(Error::Malformed(invalid.error.clone()));
        }
    };
    let before = connection.status().cloned().unwrap_or_default();
    let checked = check(connection, ctx, &key).await?;
    let (account, trouble) = match &checked {
        Checked::Unchanged => return Ok(Action::requeue(CALM)),
        Checked::Still(trouble) => {
            tell(
                ctx,
                &key,
                ctx.connections.broken(&key, trouble.clone(), false),
            );
            return Ok(Action::requeue(BROKEN));
        }
        Checked::Works(account) => (Some(account), None),
        Checked::Fails(account, trouble) => (account.as_ref(), Some(trouble)),
    };
    let generation = connection.meta().generation;
    let status = connection_status(&before, generation, account, trouble, clock::now());
    if connection.status() != Some(&status) {
        announce(connection, ctx, &before, &status).await;
        view::write_status(connection, ctx, status).await?;
    }
    Ok(Action::requeue(if trouble.is_some() {
        BROKEN
    } else {
        CALM
    }))
}

/// What came of looking at a connection.
enum Checked {
    /// Nothing to say: it works, and it is not yet time to ask GitLab again.
    Unchanged,
    /// It fails as before, and asking GitLab again is of no use.
    Still(Trouble),
    /// It works.
    Works(Account),
    /// It does not.
    Fails(Option<Account>, Trouble),
}

async fn check<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
) -> Result<Checked, Error> {
    let sources = Sources::of(connection, ctx);
    let inputs = match sources.read(connection.spec(), ctx).await? {
        Ok(inputs) => inputs,
        Err(trouble) => return Ok(fails(ctx, key, None, trouble)),
    };
    let known = ctx
        .checkups
        .recall(key)
        .filter(|known| known.inputs == inputs);
    if let Some(known) = &known
        && let Some(unasked) = unasked(ctx, key, known)
    {
        return Ok(unasked);
    }
    let reused = known.as_ref().and_then(|known| known.connected.clone());
    let clients = match &reused {
        Some(connected) => Ok((connected.client.clone(), connected.anonymous.clone())),
        None => look::clients(&inputs, ctx),
    };
    let (client, anonymous) = match clients {
        Ok(clients) => clients,
        Err(trouble) => return Ok(fails(ctx, key, None, trouble)),
    };
    let (account, trouble) = match look::ask(&client).await {
        Ok(account) => {
            let trouble = too_small(&account);
            (Some(account), trouble)
        }
        // Being asked to wait says nothing about the credential.
        Err(trouble) if trouble.reason == Reason::GitLabThrottled && reused.is_some() => {
            return Ok(Checked::Unchanged);
        }
        Err(trouble) => (None, Some(trouble)),
    };
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
    ctx.checkups.keep(
        key,
        Checkup {
            inputs,
            connected: connected.clone(),
            trouble: trouble.clone(),
            checked: Instant::now(),
        },
    );
    Ok(match (account, connected, trouble) {
        (Some(account), Some(connected), None) => {
            tell(ctx, key, ctx.connections.usable(key, connected));
            Checked::Works(account)
        }
        (account, _, Some(trouble)) => fails(ctx, key, account, trouble),
        (_, _, None) => Checked::Unchanged,
    })
}

/// What can be said of a connection that is made of the same as before, without asking GitLab.
fn unasked(ctx: &Context, key: &ConnectionKey, known: &Checkup) -> Option<Checked> {
    let young = known.checked.elapsed() < ctx.options.resync;
    match &known.trouble {
        None => {
            let usable = matches!(ctx.connections.standing(key), Standing::Usable(_));
            (usable && young).then_some(Checked::Unchanged)
        }
        // Using a revoked token again would revoke its successors (contract §1.10).
        Some(trouble) if trouble.reason == Reason::CredentialRevoked => {
            Some(Checked::Still(trouble.clone()))
        }
        Some(trouble) => (young && recheck(trouble) == Recheck::OnChange)
            .then(|| Checked::Still(trouble.clone())),
    }
}

fn fails(
    ctx: &Context,
    key: &ConnectionKey,
    account: Option<Account>,
    trouble: Trouble,
) -> Checked {
    let refused = matches!(
        trouble.reason,
        Reason::CredentialInvalid | Reason::CredentialExpired | Reason::CredentialRevoked
    );
    tell(
        ctx,
        key,
        ctx.connections.broken(key, trouble.clone(), refused),
    );
    Checked::Fails(account, trouble)
}

fn tell(ctx: &Context, key: &ConnectionKey, news: bool) {
    if news {
        ctx.wake_runners(key);
    }
}

async fn announce<K: Connection>(
    connection: &K,
    ctx: &Context,
    before: &ConnectionStatus,
    after: &ConnectionStatus,
) {
    let ready = |status: &ConnectionStatus| find(&status.conditions, ConditionType::Ready).cloned();
    let Some(now) = ready(after) else {
        return;
    };
    if ready(before).is_some_and(|before| before.reason == now.reason) {
        return;
    }
    let (type_, reason) = match (&*now.status, before.conditions.is_empty()) {
        ("True", _) => (EventType::Normal, "Connected"),
        _ => (EventType::Warning, &*now.reason),
    };
    ctx.tell(
        &connection.object_ref(&()),
        type_,
        reason,
        "Check",
        &now.message,
    )
    .await;
}
