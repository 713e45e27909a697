//! Whether the tokens that GitLab shows in short can be compared with those that are kept.
use jiff::Timestamp;

use super::Roster;
use crate::gitlab::model::RunnerId;

/// What is known of that. How a token is shortened is GitLab's own business and may change with a release:
/// then every token would look like another, and each runner would lose one that works. So one runner finds
/// out for all others of its credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Nothing yet.
    #[default]
    Untried,
    /// This runner is about to get a new token, in place of the one of that time.
    Tried(RunnerId, Timestamp),
    /// A token that is kept was known again.
    Works,
    /// One that GitLab has just made was not.
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

    /// Notes that a token was known again.
    pub(in crate::observe) fn matches(&self) {
        self.state().comparison = Comparison::Works;
    }

    /// What it means that GitLab shows another token of a runner than the one that was issued then.
    pub(in crate::observe) fn mismatches(&self, id: RunnerId, issued: Timestamp) -> Mismatch {
        let comparison = &mut self.state().comparison;
        match *comparison {
            Comparison::Works => Mismatch::Counts,
            Comparison::Fails => Mismatch::MeansNothing,
            Comparison::Untried => {
                *comparison = Comparison::Tried(id, issued);
                Mismatch::Counts
            }
            Comparison::Tried(tried, _) if tried != id => Mismatch::Open,
            Comparison::Tried(_, before) if before == issued => Mismatch::Counts,
            Comparison::Tried(..) => {
                *comparison = Comparison::Fails;
                Mismatch::MeansNothing
            }
        }
    }
}
