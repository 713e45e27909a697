//! Whose requests are counted, and what a throttled client reads: contract §1.9.
use bytes::Bytes;
use http::Request;
use jiff::Timestamp;

use super::{
    params::{self, query_params},
    peer::peer,
    reply::Reply,
};
use crate::{
    auth,
    state::{GitLab, Window},
};

impl GitLab {
    /// Contract §1.9: a user's requests count against the user, others against their address;
    /// those with a valid runner token against nobody.
    pub(super) fn count_request(
        &mut self,
        request: &Request<Bytes>,
        now: Timestamp,
    ) -> Option<Window> {
        let (per_user, per_address) = (
            self.settings.throttle_authenticated,
            self.settings.throttle_unauthenticated,
        );
        per_user.or(per_address)?;
        let params = params::parse(request, true).unwrap_or_else(|_| query_params(request.uri()));
        let credential = auth::credential(request, &params);
        let user = credential.and_then(|credential| self.quota_user(&credential, now));
        if let Some(user) = user {
            let throttle = per_user?;
            let whom = user.to_string();
            return Some(
                self.windows
                    .count("throttle_authenticated_api", &whom, throttle, now),
            );
        }
        let runner_token = params.get("token").and_then(serde_json::Value::as_str);
        if runner_token.is_some_and(|token| self.authenticated_runner(token, now).is_some()) {
            return None;
        }
        let whom = peer(request).to_string();
        Some(
            self.windows
                .count("throttle_unauthenticated_api", &whom, per_address?, now),
        )
    }
}

/// The headers of `Rack::Attack`.
pub(super) fn with_window(reply: Reply, window: &Window) -> Reply {
    let limit = window
        .limit
        .saturating_mul(60)
        .div_ceil(window.period.unsigned_abs().max(1));
    let reset = Timestamp::from_second(window.reset).unwrap_or(Timestamp::MAX);
    reply
        .with("ratelimit-name", window.name)
        .with("ratelimit-limit", limit)
        .with("ratelimit-observed", window.observed)
        .with(
            "ratelimit-remaining",
            window.limit.saturating_sub(window.observed),
        )
        .with("ratelimit-reset", window.reset)
        .with(
            "ratelimit-resettime",
            reset.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        )
}
