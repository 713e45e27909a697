//! Whether the tokens that GitLab shows in short can be compared with those that are kept.
use jiff::{SignedDuration, Timestamp};

use super::Roster;
use crate::gitlab::model::RunnerId;

/// For how long a runner that has got a new token is waited for to show whether it is known again.
const TRIAL: SignedDuration = SignedDuration::from_mins(10);

/// What is known of that. How a token is shortened is GitLab's own business and may change with a release:
/// then every token would look like another, and each runner would lose one that works. So after each
/// mismatch that counts, a token has to be known again before the next one does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Comparison {
    /// No mismatch has counted since a token was known again.
    #[default]
    Settled,
    /// This runner is about to get a new token, in place of the one of that time.
    Tried {
        id: RunnerId,
        issued: Timestamp,
        since: Timestamp,
    },
    /// One that GitLab has just made was not known.
    Fails,
}

/// What it means that GitLab shows another token than the one that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::observe) enum Mismatch {
    /// It has another.
    Counts,
    /// That is being found out with another runner.
    Open,
    /// Nothing.
    MeansNothing,
}

impl Roster {
    /// The token of a runner in short, if GitLab was asked for it after that time.
    pub(in crate::observe) fn short_sha(&self, id: RunnerId, since: Timestamp) -> Option<String> {
        let state = self.state();
        let row = state.rows.get(&id)?;
        row.short_sha.clone().filter(|_| row.short_sha_at > since)
    }

    /// Takes in what GitLab has shown of a runner's token alone.
    pub(in crate::observe) fn identified(&self, id: RunnerId, short_sha: &str, asked: Timestamp) {
        if let Some(row) = self.state().rows.get_mut(&id) {
            row.short_sha = Some(short_sha.to_owned());
            row.short_sha_at = asked;
        }
    }

    /// Takes in what GitLab's `shortSha` of a runner begins with while it has the token that is kept.
    pub(in crate::observe) fn keeps(&self, id: RunnerId, kept: Option<Box<str>>) {
        if let Some(row) = self.state().rows.get_mut(&id) {
            row.kept = kept;
        }
    }

    /// Notes that a token was known again.
    pub(in crate::observe) fn matches(&self) {
        self.state().comparison = Comparison::Settled;
    }

    /// What it means that GitLab shows another token of a runner than the one that was issued then.
    pub(in crate::observe) fn mismatches(
        &self,
        id: RunnerId,
        issued: Timestamp,
        now: Timestamp,
    ) -> Mismatch {
        let comparison = &mut self.state().comparison;
        let trial = Comparison::Tried {
            id,
            issued,
            since: now,
        };
        match *comparison {
            Comparison::Fails => Mismatch::MeansNothing,
            Comparison::Settled => {
                *comparison = trial;
                Mismatch::Counts
            }
            Comparison::Tried {
                id: tried, since, ..
            } if tried != id => {
                // It may be that it cannot have a new one.
                if now.duration_since(since) < TRIAL {
                    return Mismatch::Open;
                }
                *comparison = trial;
                Mismatch::Counts
            }
            Comparison::Tried { issued: before, .. } if before == issued => Mismatch::Counts,
            Comparison::Tried { .. } => {
                *comparison = Comparison::Fails;
                Mismatch::MeansNothing
            }
        }
    }
}
