//! Writes into status whether GitLab is asked for a new token.
use tokio::time::timeout;

use super::{BRIEF, record};
use crate::clock;
use crate::controller::Context;
use crate::controller::connection::{Connection, view};
use crate::controller::error::chain;
use crate::controller::fresh_tokens::Begun;
use crate::plan::{Fingerprint, asking, put_off};

/// Writes into status that GitLab is asked now, onto the very version that was read: of two who try, one gets
/// a conflict. Where the answer to that is lost the next pass takes it back. Tells the object as it is then, or
/// why GitLab is not asked. Whoever reads it meanwhile is to know that this has `begun`.
pub(super) async fn recorded<K: Connection>(
    connection: &K,
    ctx: &Context,
    held: &Fingerprint,
    _begun: &Begun<'_>,
) -> Result<K, String> {
    let status = connection.status();
    let status = status.and_then(|status| asking(status, clock::now()));
    let status = status.ok_or("it was not announced")?;
    let write = view::write_status(connection.clone(), ctx, status);
    let written = match timeout(BRIEF, write).await {
        Ok(Ok(written)) => written,
        Ok(Err(error)) => return Err(chain(&error)),
        Err(_) => {
            return Err(format!(
                "the API server has not answered within {BRIEF:?} whether its status was written"
            ));
        }
    };
    let is_ours = record(&written).is_some_and(|record| {
        record.asked_at.is_some()
            && record.digest == held.digest
            && record.process == ctx.gates.process
    });
    if is_ours {
        Ok(written)
    } else {
        Err(
            "the API server has not kept in its status that GitLab is asked, as where the kind is that of an \
             older release: install the present one"
                .to_owned(),
        )
    }
}

/// Has the replacement announced anew. Whether that could be written.
pub(super) async fn is_put_off<K: Connection>(connection: &K, ctx: &Context) -> bool {
    let status = connection.status();
    let Some(status) = status.and_then(|status| put_off(status, clock::now())) else {
        return false;
    };
    let write = view::write_status(connection.clone(), ctx, status);
    matches!(timeout(BRIEF, write).await, Ok(Ok(_)))
}
