//! Sweeps: each roster is filled again once in a resync, and the objects are woken for which that brought
//! anything new. What is settled and swept costs nothing in between.
mod belief;
mod in_turn;
mod later;
mod members;
pub mod pace;
mod scope;
mod sweep;
mod wake;

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{StreamExt, future};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::clock;
use crate::http::FirstListHandle;
use crate::observe::Roster;
use later::Later;
use members::Members;
use sweep::{Ended, Which, sweep};

/// How often it is looked whether a sweep is due. That also gathers those who ask for one.
const TICK: Duration = Duration::from_secs(1);
/// How soon after one sweep another may begin that somebody asks for.
const EARLY: Duration = Duration::from_secs(5);

/// When a roster is swept.
struct Schedule {
    roster: Weak<Roster>,
    began: Instant,
    due: Instant,
    /// When one may begin that somebody asks for.
    early: Instant,
    under_way: bool,
}

impl Schedule {
    fn new(roster: &Arc<Roster>, resync: Duration) -> Self {
        let now = Instant::now();
        Self {
            roster: Arc::downgrade(roster),
            began: now,
            due: now + resync,
            early: now,
            under_way: false,
        }
    }

    fn is_of(&self, roster: &Arc<Roster>) -> bool {
        self.roster.as_ptr() == Arc::as_ptr(roster)
    }

    /// What is to be swept now, if anything.
    fn due(&self, roster: &Roster, now: Instant) -> Option<Which> {
        if self.under_way {
            None
        } else if now >= self.due {
            Some(Which::All)
        } else {
            let wanted = now >= self.early && !roster.wanted(clock::now()).is_empty();
            wanted.then_some(Which::Wanted)
        }
    }
}

/// For how long the first sweep waits for the lists of all watched namespaces: one that is refused keeps
/// the others waiting no longer.
const LISTED_WITHIN: Duration = Duration::from_secs(30);

/// Sweeps every roster in turn until it is told to stop.
pub(super) async fn run(ctx: Arc<Context>, lists: Vec<FirstListHandle>, stop: CancellationToken) {
    // A sweep keeps what it sees of the runners that objects have.
    let listed = future::join_all(lists.iter().map(|list| list.wait()));
    tokio::select! {
        biased;
        () = stop.cancelled() => return,
        _ = timeout(LISTED_WITHIN, listed) => {}
    }
    let mut ticks = interval(TICK.min(ctx.options.resync));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut schedules, mut later) = (Vec::new(), Later::default());
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            Some(ended) = under_way.next() => note_end(&mut schedules, &ended),
            _ = ticks.tick() => {
                let beginning = begin(&ctx, &mut schedules).into_iter();
                under_way.extend(beginning.map(|(roster, which)| sweep(&ctx, roster, which)));
                wake_the_lapsed(&ctx, &mut later);
            }
        }
    }
}

/// Notes that a sweep has ended, and when the next may begin.
fn note_end(schedules: &mut [Schedule], ended: &Ended) {
    let Ended {
        roster,
        which,
        period,
    } = ended;
    let schedule = schedules.iter_mut().find(|schedule| schedule.is_of(roster));
    if let Some(schedule) = schedule {
        schedule.under_way = false;
        schedule.early = schedule.began + *period;
        if *which == Which::All {
            schedule.due = schedule.began + *period;
            schedule.early = schedule.began + EARLY;
        }
    }
}

/// Wakes the objects that no sweep looks after any more, one after the other.
fn wake_the_lapsed(ctx: &Context, later: &mut Later) {
    for roster in ctx.rosters.all() {
        if !roster.has_lapsed(clock::now()) {
            continue;
        }
        let members = Members::of(ctx, &roster);
        // Until it is known who uses the roster, nobody could be woken.
        if members.connected.is_none() {
            continue;
        }
        let lapsed = roster.lapsed(clock::now());
        if !lapsed.is_empty() {
            later.spread(members, &lapsed, ctx.options.resync);
        }
    }
    later.wake(ctx);
}

/// The rosters whose sweep begins now.
fn begin(ctx: &Context, schedules: &mut Vec<Schedule>) -> Vec<(Arc<Roster>, Which)> {
    let now = Instant::now();
    schedules.retain(|schedule| schedule.roster.strong_count() > 0);
    let mut beginning = Vec::new();
    for roster in ctx.rosters.all() {
        let place = schedules
            .iter()
            .position(|schedule| schedule.is_of(&roster));
        let place = place.unwrap_or_else(|| {
            schedules.push(Schedule::new(&roster, ctx.options.resync));
            schedules.len() - 1
        });
        if let Some(schedule) = schedules.get_mut(place)
            && let Some(which) = schedule.due(&roster, now)
        {
            schedule.began = now;
            schedule.under_way = true;
            beginning.push((roster, which));
        }
    }
    beginning
}
