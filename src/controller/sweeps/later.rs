//! Objects that are woken one after the other, since no sweep looks after their runners any more.
use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::members::{Member, Members};
use crate::backoff;
use crate::controller::Context;
use crate::gitlab::model::RunnerId;

/// Who is to be woken, and when.
#[derive(Default)]
pub(super) struct Later(Vec<(Instant, Member)>);

impl Later {
    /// Has the objects of those runners woken in the course of one resync.
    pub(super) fn spread(&mut self, members: Members, runners: &[RunnerId], resync: Duration) {
        let runners: HashSet<&RunnerId> = runners.iter().collect();
        let now = Instant::now();
        for member in members.all {
            if member.number.is_some_and(|id| runners.contains(&id)) {
                let at = now + backoff::within(resync, &member.uid);
                self.0.push((at, member));
            }
        }
    }

    /// Wakes those whose time has come.
    pub(super) fn wake(&mut self, ctx: &Context) {
        let now = Instant::now();
        for (_, member) in self.0.extract_if(.., |(at, _)| *at <= now) {
            member.wake(ctx);
        }
    }
}
