//! Whether the token that is kept is still the runner's: whoever has it, or may change the runner, can have
//! GitLab make another.
use jiff::Timestamp;

use super::Observer;
use super::roster::Mismatch;
use crate::gitlab::model::RunnerId;
use crate::plan::Shown;
use crate::secrets::{is_short_for, shortened};

impl Observer<'_> {
    /// Compares the token that is kept with what a sweep has seen of the runner's since it was issued. That
    /// it is another is believed only when GitLab says so again.
    pub(super) async fn compare_token(&mut self, id: RunnerId) {
        let held = self.locator.held.iter().filter(|held| held.runner == id);
        let Some(kept) = held.max_by_key(|kept| kept.issued_at) else {
            return;
        };
        let roster = &self.connected.roster;
        roster.keeps(id, shortened(kept));
        let issued = kept.issued_at.unwrap_or(Timestamp::MIN);
        let Some(swept) = roster.short_sha(id, issued) else {
            return;
        };
        if is_short_for(&swept, kept) {
            roster.matches();
            self.facts.token.shown = Shown::Kept;
            return;
        }
        // That it cannot be asked keeps nothing else of the runner from being looked after.
        let identity = self.connected.client.identity(id).await.ok().flatten();
        let Some(now) = identity.and_then(|identity| identity.short_sha) else {
            return;
        };
        roster.identified(id, &now, self.locator.now);
        self.facts.token.shown = if is_short_for(&now, kept) {
            roster.matches();
            Shown::Kept
        } else {
            match roster.mismatches(id, issued, self.locator.now) {
                Mismatch::Counts => Shown::Another,
                Mismatch::Open => Shown::Unsettled,
                Mismatch::MeansNothing => Shown::Unknown,
            }
        };
    }
}
