//! One look at a connection, when the budget of its credential has room for it.
use std::sync::Arc;

use kube::ResourceExt;
use tokio::time::Instant;

use super::finding::{Finding, broken, conclude, is_requested};
use super::view::Connection;
use crate::api::conditions::Reason;
use crate::connect::{ask, trouble};
use crate::controller::Context;
use crate::controller::budgets;
use crate::controller::caches::ConnectionKey;
use crate::controller::connection_check::{ConnectionCheck, Inputs};
use crate::gitlab::{Client, HeldBack, Lane, Metadata};
use crate::observe::{Connected, Recent};
use crate::plan::{Account, Trouble, Version, is_tolerable, too_small};

/// What a look asks of GitLab.
const A_LOOK: u32 = 3;

/// Asks GitLab about a connection, and records what came of it. `known` is the last look with the same
/// client.
pub(super) async fn look<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    inputs: Inputs,
    client: Client,
    known: Option<ConnectionCheck>,
) -> Finding {
    let lane = lane(connection, known.as_ref());
    let uid = connection.uid().unwrap_or_default();
    let _room = match client.budget().admit(lane, &uid, A_LOOK) {
        Ok(room) => room,
        Err(held) => {
            ctx.metrics.held_back(lane);
            return put_off(ctx, key, known.as_ref(), &held);
        }
    };
    let (account, trouble) = judged(&client, &inputs).await;
    if let (Some(known), Some(trouble)) = (&known, &trouble)
        && let Some(finding) = put_up_with(ctx, key, known, trouble)
    {
        return finding;
    }
    let failed = known.as_ref().map_or(0, |known| known.failed);
    let reused = known.and_then(|known| known.connected);
    let connected = account
        .as_ref()
        .map(|account| connected(ctx, &inputs, &client, account, reused));
    let check = ConnectionCheck {
        inputs,
        client,
        account,
        connected,
        failed: trouble.as_ref().map_or(0, |_| failed.saturating_add(1)),
        trouble,
        checked: Instant::now(),
        doubted: false,
        missed: 0,
    };
    let finding = conclude(ctx, key, &check);
    ctx.connections.keep(key, check);
    finding
}

/// How urgent a look at a connection is: somebody may have just changed it, or its credential.
fn lane<K: Connection>(connection: &K, known: Option<&ConnectionCheck>) -> Lane {
    let seen = connection.status();
    let seen = seen.and_then(|status| status.observed_generation);
    let changed = seen != connection.meta().generation;
    if known.is_none() || changed || is_requested(connection) {
        Lane::Change
    } else {
        Lane::Due
    }
}

/// What is said while GitLab may not be asked: what was found last, since that others have used up the
/// budget is no fault of the connection.
fn put_off(
    ctx: &Context,
    key: &ConnectionKey,
    known: Option<&ConnectionCheck>,
    held: &HeldBack,
) -> Finding {
    let Some(known) = known else {
        let trouble = Trouble::new(Reason::Pending, budgets::told(held, key));
        return broken(ctx, key, None, trouble);
    };
    if !ctx.connections.is_suspect(key) {
        return conclude(ctx, key, known);
    }
    // To say that it works would have a credential used that may be revoked.
    Finding {
        account: known.account.clone(),
        trouble: known.trouble.clone(),
        news: false,
        missed: false,
        refused: None,
    }
}

/// What GitLab says of the credential, and what is wrong with it.
async fn judged(client: &Client, inputs: &Inputs) -> (Option<Account>, Option<Trouble>) {
    match ask(client).await {
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
    // The token is being replaced just now.
    if matches!(trouble.reason, Reason::GitLabThrottled | Reason::Pending) {
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
    let release = account.metadata.as_ref().and_then(Metadata::release);
    let fresh = Connected {
        client: client.of_release(release),
        release,
        community: Version::told(account.metadata.as_ref()).community,
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
        selected: Recent::default(),
        doubted: Recent::default(),
        roster: ctx.rosters.of(&inputs.fingerprint()),
    };
    reused
        .filter(|kept| {
            kept.can == fresh.can
                && kept.admin == fresh.admin
                && kept.release == fresh.release
                && kept.community == fresh.community
        })
        .unwrap_or_else(|| Arc::new(fresh))
}
