//! Runners that a list does not show whole are read by their numbers, some after each sweep.
use std::sync::Arc;

use crate::clock;
use crate::controller::Context;
use crate::gitlab::Lane;
use crate::gitlab::model::RunnerId;
use crate::observe::Connected;

/// Reads runners by number that the sweep has not shown whole. Gives those that have changed.
pub(super) async fn read_in_turn(
    ctx: &Context,
    connected: &Arc<Connected>,
    runners: impl Iterator<Item = RunnerId>,
) -> Vec<RunnerId> {
    let mut changed = Vec::new();
    for id in runners {
        if !ctx.connections.is_used(connected) {
            break;
        }
        let asked = clock::now();
        match connected.client.in_lane(Lane::Sweep).runner(id).await {
            Ok(Some(runner)) => {
                if connected.roster.note(runner, asked) {
                    changed.push(id);
                }
            }
            Err(error) if error.is_unauthorized() || error.status().is_none() => break,
            // Whoever is woken for it asks again, judges, and tells what is wrong with it.
            Ok(None) | Err(_) => {
                connected.roster.forget(id);
                changed.push(id);
            }
        }
    }
    changed
}
