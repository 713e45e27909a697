//! One connection of either kind: read what it names, ask GitLab about it, and tell its runners.
mod ask;
mod inputs;
mod look;
mod view;
mod watch;

pub(super) use ask::observer;
pub(super) use inputs::Checkups;
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
    connections::Connected,
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
const BROKEN: Duration = Duration::from_secs(5);
/// How often the credential's Secret is read while all is well: nothing tells of its changes, since
/// credential Secrets are read by name and not watched. Soon enough that a token which somebody has
/// rotated is hardly ever used again: that would revoke its successor (contract §1.10).
const CALM: Duration = Duration::from_secs(10);

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
    let generation = connection.meta().generation;
    let Finding { account, trouble } = check(connection, ctx, &key).await?;
    let (account, trouble) = (account.as_ref(), trouble.as_ref());
    let status = connection_status(&before, generation, account, trouble, clock::now());
    if connection.status() != Some(&status) {
        announce(connection, ctx, &before, &status).await;
        view::write_status(connection, ctx, status).await?;
    }
    // Whom it allows may have changed, and nothing else.
    tell(ctx, &key, before.observed_generation != generation);
    Ok(Action::requeue(if trouble.is_some() {
        BROKEN
    } else {
        CALM
    }))
}

/// What came of looking at a connection.
#[derive(Clone)]
struct Finding {
    /// What GitLab said, if it accepted the credential.
    account: Option<Account>,
    /// What is wrong.
    trouble: Option<Trouble>,
}

async fn check<K: Connection>(
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
    let (client, anonymous) = match ask::clients(&inputs, reused.as_deref(), ctx) {
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

/// Records what a look at the connection came to, for its runners and its status.
fn conclude(ctx: &Context, key: &ConnectionKey, checkup: &Checkup) -> Finding {
    let account = checkup.account.clone();
    match (&checkup.connected, &checkup.trouble) {
        (Some(connected), None) => {
            tell(ctx, key, ctx.connections.usable(key, connected.clone()));
            Finding {
                account,
                trouble: None,
            }
        }
        (_, Some(trouble)) => broken(ctx, key, account, trouble.clone()),
        (None, None) => Finding {
            account,
            trouble: None,
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
    tell(
        ctx,
        key,
        ctx.connections.broken(key, trouble.clone(), refused),
    );
    Finding {
        account,
        trouble: Some(trouble),
    }
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
