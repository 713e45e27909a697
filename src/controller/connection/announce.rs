//! Tells in events what is new of a connection.
use kube::runtime::events::EventType;

use super::view::Connection;
use crate::api::v1alpha1::ConnectionStatus;
use crate::controller::Context;
use crate::plan::{Level, Notice, connection_notices};

/// Tells what the new status says that the one before did not.
pub(super) async fn announce<K: Connection>(
    connection: &K,
    ctx: &Context,
    before: &ConnectionStatus,
    after: &ConnectionStatus,
) {
    let about = connection.object_ref(&());
    for Notice {
        reason,
        note,
        level,
    } in connection_notices(before, after)
    {
        let type_ = match level {
            Level::Warning | Level::Record => EventType::Warning,
            Level::Normal => EventType::Normal,
        };
        ctx.emit(&about, type_, reason, "Check", &note).await;
    }
}
