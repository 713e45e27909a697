//! What came of looking at a connection, for its status and for its runners.
use super::view::Connection;
use crate::api::conditions::Reason;
use crate::controller::caches::ConnectionKey;
use crate::controller::connection_check::ConnectionCheck;
use crate::controller::{Context, on_request};
use crate::plan::{Account, Fingerprint, Trouble, is_for_good};

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

/// Whether somebody has just asked for a look.
pub(super) fn is_requested<K: Connection>(connection: &K) -> bool {
    let handled = connection.status();
    let handled = handled.and_then(|status| status.last_handled_reconcile_at.as_ref());
    on_request::is_new(connection, handled)
}

/// Records what a look at the connection came to, for its runners.
pub(super) fn conclude(ctx: &Context, key: &ConnectionKey, check: &ConnectionCheck) -> Finding {
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
            | Reason::CredentialReplaced
            | Reason::RotationUnclear
            | Reason::RotationUnstored
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
