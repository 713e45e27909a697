//! What all lines of the account of changes in GitLab have in common. What stands in them is promised in
//! `docs/audit.md`.
use crate::gitlab;
use crate::gitlab::Change;

/// By this the lines are told from all others.
pub(super) const TARGET: &str = "gitlab_runner_registrar::audit";

/// How a request ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// In one word.
    pub(super) outcome: &'static str,
    /// Its method and endpoint, if it was sent.
    pub(super) request: Option<String>,
    /// The HTTP status of the answer, if one came.
    pub(super) status: Option<u16>,
    /// By what name GitLab knows it.
    pub(super) request_id: Option<String>,
}

/// How a request ended of which this is known. What we have held back ourselves may look like a refusal, and
/// leaves no trail.
pub(super) fn ended(change: Option<Change>, failure: Option<&gitlab::Error>) -> Ended {
    let outcome = match (failure, &change) {
        (Some(_), None) => UNSENT,
        (failure, _) => outcome(failure),
    };
    let Some(change) = change else {
        return Ended {
            outcome,
            request: None,
            status: None,
            request_id: None,
        };
    };
    let Change {
        method,
        endpoint,
        status,
        request_id,
    } = change;
    Ended {
        outcome,
        request: (outcome != UNSENT).then(|| format!("{method} {endpoint}")),
        status,
        request_id,
    }
}

const UNSENT: &str = "unsent";

fn outcome(failure: Option<&gitlab::Error>) -> &'static str {
    match failure {
        None => "done",
        Some(error) if error.may_have_acted() => "unknown",
        Some(
            gitlab::Error::Refused { .. }
            | gitlab::Error::ReadOnly { .. }
            | gitlab::Error::Throttled { .. },
        ) => "refused",
        Some(
            gitlab::Error::Unsent(_)
            | gitlab::Error::Lost(_)
            | gitlab::Error::NotGitLab { .. }
            | gitlab::Error::HeldBack { .. }
            | gitlab::Error::Retired
            | gitlab::Error::NotLeading,
        ) => UNSENT,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gitlab::Refusal;

    fn change(status: Option<u16>) -> Change {
        Change {
            method: "PUT",
            endpoint: "/runners/:id",
            status,
            request_id: status.map(|_| "r1".to_owned()),
        }
    }

    fn throttled(by_gitlab: bool) -> gitlab::Error {
        let wait = None;
        gitlab::Error::Throttled { wait, by_gitlab }
    }

    #[test]
    fn what_was_not_sent_names_no_request() {
        let held_back = gitlab::Error::HeldBack {
            wait: Duration::from_secs(1),
            limit: 600,
        };
        let no_route = || gitlab::Error::Unsent("no route to host".into());
        for (change, failure) in [
            // It had begun, and nobody was there to take it.
            (Some(change(None)), no_route()),
            (None, no_route()),
            (None, held_back),
            (None, gitlab::Error::Retired),
            (None, gitlab::Error::NotLeading),
            // GitLab has asked for silence before.
            (None, throttled(true)),
            (None, throttled(false)),
        ] {
            let ended = ended(change, Some(&failure));
            let expected = Ended {
                outcome: "unsent",
                request: None,
                status: None,
                request_id: None,
            };
            assert_eq!(ended, expected, "{failure:?}");
        }
    }

    #[test]
    fn what_was_sent_is_told_with_what_is_known_of_it() {
        let refused = gitlab::Error::Refused {
            status: 400,
            message: "no".to_owned(),
            refusal: Refusal::Other,
        };
        let read_only = gitlab::Error::ReadOnly {
            message: "later".to_owned(),
            wait: None,
        };
        let proxy = gitlab::Error::NotGitLab {
            status: 502,
            message: "sorry".to_owned(),
        };
        let lost = gitlab::Error::Lost("cut".into());
        for (status, failure, outcome) in [
            (Some(200), None, "done"),
            (Some(400), Some(refused), "refused"),
            (Some(503), Some(read_only), "refused"),
            (Some(429), Some(throttled(true)), "refused"),
            (Some(429), Some(throttled(false)), "unknown"),
            (Some(502), Some(proxy), "unknown"),
            (None, Some(lost), "unknown"),
        ] {
            let ended = ended(Some(change(status)), failure.as_ref());
            let expected = Ended {
                outcome,
                request: Some("PUT /runners/:id".to_owned()),
                status,
                request_id: status.map(|_| "r1".to_owned()),
            };
            assert_eq!(ended, expected, "{failure:?}");
        }
    }
}
