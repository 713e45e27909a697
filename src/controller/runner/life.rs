//! Tells when a runner's first token does not live as long as spec has asked for.
use jiff::Timestamp;
use kube::runtime::events::EventType;

use super::pass::Pass;
use crate::api::events::EventReason;
use crate::gitlab::model::TokenLife;

impl Pass<'_> {
    /// Nobody else would say so, and the token is not what its owner thinks.
    pub(super) async fn tell_of_life(&self, asked: Option<TokenLife>, given: Option<Timestamp>) {
        let Some(life) = asked.filter(|life| !life.is_given(given)) else {
            return;
        };
        let expires_at = life.expires_at;
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
