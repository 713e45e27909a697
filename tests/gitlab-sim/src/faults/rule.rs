//! When to misbehave, and how.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::faults::Glob;

/// A fault and the requests that it strikes.
///
/// Every rule counts the requests that fit its `method`, `path` and `body_contains`, and is due on
/// those that `nth`, `from` and `to` pick; the first rule that is due strikes, and only that one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// `GET`, `POST`, …; any when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Any path when omitted.
    #[serde(default)]
    pub path: Glob,
    /// A piece of text that the body must have, such as a GraphQL operation's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// Only the n-th request that fits, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Not before this one, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Not after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// How often it strikes before it is spent; without end when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Whether GitLab does what was asked before the fault strikes.
    #[serde(default, rename = "do")]
    pub done: bool,
    /// What happens.
    pub fault: Fault,
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Fault {
    /// The answer takes its time; with `do` the request is done at once and the answer is late.
    Delay {
        /// In milliseconds of real time.
        ms: u64,
    },
    /// No answer, until the client leaves.
    Hang,
    /// The connection is cut without a byte of answer.
    Drop,
    /// This is answered in place of GitLab's reply.
    Reply {
        /// The status code.
        status: u16,
        /// The headers; a content type is added unless there is one.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// A string is sent as it is, anything else as JSON, null as nothing.
        #[serde(default)]
        body: Value,
    },
    /// 429 in the shape of `Rack::Attack`, headers included (contract §1.9).
    Throttle {
        /// `Retry-After` and the time until `RateLimit-Reset`, in seconds; without it neither the
        /// one nor the other is sent, as some limiters do.
        #[serde(default)]
        retry_after: Option<u64>,
        /// `RateLimit-Limit`, requests per minute.
        #[serde(default = "usual_limit")]
        limit: u64,
        /// `RateLimit-Name`.
        #[serde(default = "usual_name")]
        name: String,
    },
    /// 200 with a JSON object of that size.
    Bulk {
        /// In units of 1,000,000 bytes.
        megabytes: u64,
    },
    /// An HTML page as a proxy in front of GitLab gives it.
    Proxy {
        /// The status code; 502 when omitted, and 200 is a proxy's log-in page.
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// GitLab's own reply, announced in full but cut short; the request is always done.
    Truncate {
        /// How many bytes of the body are sent.
        keep: u64,
        /// Whether the rest just does not come, instead of the connection being cut.
        #[serde(default)]
        hang: bool,
    },
    /// The request is held until it is released; with `do` it has been done by then.
    Gate,
}

fn usual_limit() -> u64 {
    2000
}

fn usual_name() -> String {
    "throttle_authenticated_api".to_owned()
}

fn bad_gateway() -> u16 {
    502
}

impl Fault {
    /// The usual throttle, with `Retry-After`.
    pub fn throttle(retry_after: u64) -> Self {
        Self::Throttle {
            retry_after: Some(retry_after),
            limit: usual_limit(),
            name: usual_name(),
        }
    }

    /// A status with a JSON body and no further headers.
    pub fn reply(status: u16, body: Value) -> Self {
        Self::Reply {
            status,
            headers: BTreeMap::new(),
            body,
        }
    }
}

impl Rule {
    /// Strikes every request of this method and path, instead of its being done.
    pub fn new(method: &str, path: &str, fault: Fault) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: Glob::new(path),
            ..Self::always(fault)
        }
    }

    /// Strikes every request, instead of its being done.
    pub fn always(fault: Fault) -> Self {
        Self {
            method: None,
            path: Glob::default(),
            body_contains: None,
            nth: None,
            from: None,
            to: None,
            times: None,
            done: false,
            fault,
        }
    }

    /// Only the n-th request that fits, counted from 1.
    #[must_use]
    pub fn nth(self, nth: u64) -> Self {
        Self {
            nth: Some(nth),
            ..self
        }
    }

    /// Only so often.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// GitLab does what was asked before the fault strikes.
    #[must_use]
    pub fn after_doing(self) -> Self {
        Self { done: true, ..self }
    }

    /// Only requests with this text in their body.
    #[must_use]
    pub fn body_contains(self, text: &str) -> Self {
        Self {
            body_contains: Some(text.to_owned()),
            ..self
        }
    }

    /// Refuses a rule that can never strike or whose reply cannot be sent.
    pub(crate) fn check(&self) -> Result<(), BadRule> {
        if [self.nth, self.from, self.to, self.times].contains(&Some(0)) {
            return Err(BadRule("nth, from, to and times are counted from 1"));
        }
        if self.nth.is_some() && (self.from.is_some() || self.to.is_some()) {
            return Err(BadRule("nth excludes from and to"));
        }
        if self.to.is_some_and(|to| to < self.from.unwrap_or(1)) {
            return Err(BadRule("to is before from"));
        }
        if !self.path.can_fit() {
            return Err(BadRule("a path starts with a slash and has no query"));
        }
        self.fault.check()
    }

    pub(crate) fn fits(&self, method: &str, path: &str, body: &[u8]) -> bool {
        self.method
            .as_ref()
            .is_none_or(|own| own.eq_ignore_ascii_case(method))
            && self.path.fits(path)
            && self
                .body_contains
                .as_ref()
                .is_none_or(|text| contains(body, text.as_bytes()))
    }

    /// Whether the rule is due on the n-th request that fits, counted from 1.
    pub(crate) fn due_on(&self, nth: u64) -> bool {
        self.nth.is_none_or(|only| only == nth)
            && self.from.is_none_or(|from| nth >= from)
            && self.to.is_none_or(|to| nth <= to)
    }
}

impl Fault {
    fn check(&self) -> Result<(), BadRule> {
        match self {
            Self::Reply {
                status, headers, ..
            } => {
                check_status(*status)?;
                for (name, value) in headers {
                    http::HeaderName::try_from(name).map_err(|_| BadRule("bad header name"))?;
                    http::HeaderValue::try_from(value).map_err(|_| BadRule("bad header value"))?;
                }
                Ok(())
            }
            Self::Proxy { status } => check_status(*status),
            Self::Throttle { name, .. } => http::HeaderValue::try_from(name)
                .map(|_| ())
                .map_err(|_| BadRule("bad header value")),
            Self::Delay { .. }
            | Self::Hang
            | Self::Drop
            | Self::Bulk { .. }
            | Self::Truncate { .. }
            | Self::Gate => Ok(()),
        }
    }
}

fn check_status(status: u16) -> Result<(), BadRule> {
    // 1xx is no answer: a client would wait for the real one.
    if (200..=599).contains(&status) {
        Ok(())
    } else {
        Err(BadRule("status must be 200 to 599"))
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|piece| piece == text)
}

/// Why a rule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRule(&'static str);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_are_read_from_json() {
        for (fault, expected) in [
            (json!({"delay": {"ms": 300}}), Fault::Delay { ms: 300 }),
            (json!("hang"), Fault::Hang),
            (json!("drop"), Fault::Drop),
            (json!("gate"), Fault::Gate),
            (
                json!({"reply": {"status": 503}}),
                Fault::reply(503, Value::Null),
            ),
            (json!({"throttle": {"retryAfter": 7}}), Fault::throttle(7)),
            (
                json!({"bulk": {"megabytes": 10}}),
                Fault::Bulk { megabytes: 10 },
            ),
            (json!({"proxy": {}}), Fault::Proxy { status: 502 }),
            (
                json!({"truncate": {"keep": 5}}),
                Fault::Truncate {
                    keep: 5,
                    hang: false,
                },
            ),
        ] {
            let rule: Rule = serde_json::from_value(json!({"fault": fault, "do": true})).unwrap();
            assert_eq!(rule, Rule::always(expected).after_doing());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (rule, why) in [
            (
                Rule::always(Fault::Hang).nth(0),
                "nth, from, to and times are counted from 1",
            ),
            (
                Rule {
                    from: Some(3),
                    to: Some(2),
                    ..Rule::always(Fault::Hang)
                },
                "to is before from",
            ),
            (
                Rule {
                    from: Some(3),
                    ..Rule::always(Fault::Hang).nth(4)
                },
                "nth excludes from and to",
            ),
            (
                Rule::always(Fault::reply(102, Value::Null)),
                "status must be 200 to 599",
            ),
            (
                Rule::always(Fault::Proxy { status: 99 }),
                "status must be 200 to 599",
            ),
            (
                Rule::new("GET", "api/v4/user", Fault::Hang),
                "a path starts with a slash and has no query",
            ),
            (
                Rule::new("GET", "/api/v4/user?page=2", Fault::Hang),
                "a path starts with a slash and has no query",
            ),
        ] {
            assert_eq!(rule.check(), Err(BadRule(why)));
        }
        assert!(serde_json::from_value::<Rule>(json!({"fault": "hang", "nht": 1})).is_err());
    }

    #[test]
    fn a_rule_is_due_on_the_requests_that_it_picks() {
        let hang = || Rule::always(Fault::Hang);
        for (rule, due) in [
            (hang(), vec![1, 2, 3, 4]),
            (hang().nth(2), vec![2]),
            (
                Rule {
                    from: Some(3),
                    ..hang()
                },
                vec![3, 4],
            ),
            (
                Rule {
                    from: Some(2),
                    to: Some(3),
                    ..hang()
                },
                vec![2, 3],
            ),
            (
                Rule {
                    to: Some(1),
                    ..hang()
                },
                vec![1],
            ),
        ] {
            assert_eq!(
                (1..=4).filter(|nth| rule.due_on(*nth)).collect::<Vec<_>>(),
                due
            );
        }
    }
}
