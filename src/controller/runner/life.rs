//! Tells when a runner's first token does not live as long as spec has asked for.
use jiff::{SignedDuration, Timestamp};
use kube::runtime::events::EventType;

use super::pass::Pass;
use crate::api::events::EventReason;
use crate::gitlab::model::TokenLife;

/// How far an end may be from the one that was asked for, as it is rounded.
const ROUNDED: SignedDuration = SignedDuration::from_mins(1);

impl Pass<'_> {
    /// A GitLab that knows no such parameter ignores it without a word.
    pub(super) async fn tell_of_life(&self, asked: Option<TokenLife>, given: Option<Timestamp>) {
        let Some(TokenLife { expires_at, .. }) = asked else {
            return;
        };
        if given.is_some_and(|given| given.duration_since(expires_at).abs() < ROUNDED) {
            return;
        }
        let given = match given {
            Some(given) => format!("at {given}"),
            None => "never".to_owned(),
        };
        let note = format!(
            "spec.registration.expiresIn asks for a token that ends at {expires_at}, and that of GitLab ends {given}: it takes GitLab 18.10 or newer of the Enterprise Edition with Premium"
        );
        let reason = EventReason::TokenLifeIgnored.name();
        self.emit(EventType::Warning, reason, &note).await;
    }
}
