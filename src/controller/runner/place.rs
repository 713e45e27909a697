//! Whether a pass may ask GitLab now, before it reads anything.
use std::time::Duration;

use super::conclude::waits;
use super::lane;
use super::pass::Pass;
use crate::backoff;
use crate::controller::budgets;
use crate::controller::caches::ConnectionKey;
use crate::controller::error::Error;
use crate::controller::turn::Turn;
use crate::gitlab::Admission;

/// How soon to come back where as many passes as may be are under way through the connection, in case that
/// nobody wakes us. Nobody waits in one of the places that all objects share.
const NO_TURN: Duration = Duration::from_secs(10);

/// How soon to come back where a change of something that is watched is waited for, in case that nothing
/// wakes us.
const ASLEEP: Duration = Duration::from_hours(1);

/// What a pass sends as a rule: a look, and a change. What it does not need is given back when it ends.
const A_PASS: u32 = 2;

/// A place among the passes through a connection, and room in its budget, until it is dropped.
pub(super) struct Place {
    #[expect(dead_code, reason = "it is taken until it is dropped")]
    turn: Turn,
    #[expect(dead_code, reason = "it is taken until it is dropped")]
    room: Option<Admission>,
}

/// Why a pass is to come back later.
pub(super) enum HeldUp {
    /// As many as may be are under way through the connection.
    NoTurn,
    /// The connection's credential may not send anything now, which is a sentence.
    NoRoom(Duration, String),
}

/// A place for a pass that may ask now. Without a client it asks with the runner's own token, if at all.
pub(super) fn take(pass: &Pass<'_>) -> Result<Place, HeldUp> {
    let key = ConnectionKey::new(&pass.runner.spec.connection_ref, &pass.namespace);
    let lane = lane::of(&pass.runner);
    let wake = || pass.ctx.wake_of(&pass.runner);
    let turn = pass.ctx.connections.enter(&key, lane, &pass.uid, wake);
    let turn = turn.ok_or(HeldUp::NoTurn)?;
    let room = pass.link.as_ref().map(|link| {
        let room = link.client.budget().admit(lane, &pass.uid, A_PASS);
        room.map_err(|held| {
            pass.ctx.metrics.held_back(lane);
            HeldUp::NoRoom(held.wait, budgets::told(&held, &key))
        })
    });
    let room = room.transpose()?;
    Ok(Place { turn, room })
}

/// When a pass comes back that may not ask now. It has read nothing.
pub(super) async fn later(pass: &mut Pass<'_>, held_up: HeldUp) -> Result<Duration, Error> {
    match held_up {
        HeldUp::NoTurn => Ok(backoff::spread(NO_TURN, &pass.uid)),
        HeldUp::NoRoom(wait, message) => {
            waits(pass, wait, message).await?;
            Ok(wait)
        }
    }
}

/// When a pass comes back that its connection's return wakes: at a time at which there is something to
/// say, if there is one.
pub(super) fn until_woken(pass: &Pass<'_>, left: Duration) -> Duration {
    if left.is_zero() {
        backoff::spread(ASLEEP, &pass.uid)
    } else {
        left
    }
}
