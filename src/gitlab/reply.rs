//! Turning replies into `Ok` or [`Error`]: the status first, the body as well as it goes.
use std::{any::type_name, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde::de::DeserializeOwned;

use super::error::Error;
use super::model::ProjectId;
use super::redirect;
use super::refusal::Refusal;
use super::unusable::{LARGEST, Unusable};
use super::verdict::{Registers, Verdict};
use super::words::{self, Words};

/// What was asked for, as far as the meaning of an answer hangs on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) writes: bool,
    pub(super) graphql: bool,
    /// Whether a runner is to be made. What GitLab does not surely say itself must not pass for its
    /// answer to that, or the same runner is made again.
    pub(super) registers: Registers,
}

/// What came of a request that was not refused.
#[derive(Debug)]
pub(super) enum Answer {
    /// GitLab did as asked.
    Given(Given),
    /// The project that the path named has another path now (contract §9.1).
    Moved {
        /// Its number.
        to: ProjectId,
        /// What it is where no project was asked for.
        otherwise: Error,
    },
}

impl Answer {
    /// For calls that name no project by its path.
    pub(super) fn given(self) -> Result<Given, Error> {
        match self {
            Self::Given(given) => Ok(given),
            Self::Moved { otherwise, .. } => Err(otherwise),
        }
    }
}

/// A 2xx reply with its whole body.
#[derive(Debug)]
pub(super) struct Given {
    status: u16,
    media_type: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Given {
    /// The body as a `T`. Anything else is [`Error::Lost`], as GitLab may have acted.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.not_a_page()?;
        // serde's own message may quote the body, and the body may hold a token.
        serde_json::from_slice(&self.body).map_err(|e| {
            Error::from(Unusable::Unreadable {
                status: self.status,
                expected: type_name::<T>().rsplit("::").next().unwrap_or_default(),
                category: e.classify(),
                line: e.line(),
                column: e.column(),
            })
        })
    }

    /// For calls that give nothing, to which GitLab answers 204 (contract §3.7, §3.13, §3.15). Some
    /// who stand in front of GitLab answer 200 to anything, and that must not pass for a deletion.
    pub(super) fn nothing(&self) -> Result<(), Error> {
        self.not_a_page()?;
        let status = self.status;
        if status == StatusCode::NO_CONTENT.as_u16() {
            Ok(())
        } else {
            Err(Unusable::NotDone { status }.into())
        }
    }

    /// A number in a header, such as `X-Total-Pages`; `None` as well when the header is empty.
    pub(super) fn number(&self, header: &str) -> Option<u64> {
        self.headers.get(header)?.to_str().ok()?.trim().parse().ok()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn not_a_page(&self) -> Result<(), Error> {
        if words::is_page(&self.media_type, &self.body) {
            return Err(Error::NotGitLab {
                status: self.status,
                message: "a web page".to_owned(),
            });
        }
        Ok(())
    }
}

/// Reads a body in pieces, decompressed, and gives up on one that is too large.
pub(super) async fn body(response: &mut Response) -> Result<Bytes, Unusable> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|e| Unusable::Cut(e.without_url()))?
    {
        if body.len() + chunk.len() > LARGEST {
            return Err(Unusable::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Sorts a reply by what the caller then knows. `wait` is what it asks for, if it does.
pub(super) fn judge(
    asked: Asked,
    status: StatusCode,
    headers: HeaderMap,
    body: Result<Bytes, Unusable>,
    wait: Option<Duration>,
    secrets: &[&str],
) -> Result<Answer, Error> {
    let media_type = media_type(&headers);
    let code = status.as_u16();
    if status.is_success() {
        return Ok(Answer::Given(Given {
            status: code,
            media_type,
            headers,
            body: body?,
        }));
    }
    if status.is_redirection() {
        return redirected(asked, code, &headers, secrets);
    }
    // A refusal stands even where its reason cannot be read.
    let body = body.unwrap_or_default();
    if asked.graphql
        && status.is_client_error()
        && let Some(message) = words::graphql_words(&body, secrets)
    {
        return Err(Error::Refused {
            status: code,
            message,
            refusal: Refusal::NoGraphQl,
        });
    }
    let Words { message, verdict } =
        words::words(asked.registers, code, &media_type, &body, secrets);
    let limits = status == StatusCode::TOO_MANY_REQUESTS;
    Err(match verdict {
        Some(Verdict::Refused(refusal)) => Error::Refused {
            status: code,
            message,
            refusal,
        },
        Some(Verdict::ReadOnly) => Error::ReadOnly { message, wait },
        Some(Verdict::Throttled) => Error::Throttled {
            wait,
            by_gitlab: true,
        },
        None if limits => Error::Throttled {
            wait,
            by_gitlab: is_rack_attack(&headers, &media_type, &message),
        },
        // A proxy that waited too long for us or for GitLab knows no more than we do.
        None if !status.is_client_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Unusable::Failed {
                status: code,
                message,
            }
            .into()
        }
        None => Error::NotGitLab {
            status: code,
            message,
        },
    })
}

/// The throttle in front of GitLab's code, whose text an administrator may choose (contract §1.9).
fn is_rack_attack(headers: &HeaderMap, media_type: &str, message: &str) -> bool {
    let plain = media_type.starts_with("text/plain");
    plain && (headers.contains_key("ratelimit-name") || message == "Retry later")
}

/// A redirect that answers a write may come from a GitLab that writes nothing
/// at the moment (contract §10), or from somebody else at any time, so that nobody knows.
fn redirected(
    asked: Asked,
    status: u16,
    headers: &HeaderMap,
    secrets: &[&str],
) -> Result<Answer, Error> {
    let redirection = words::tidy(&redirect::redirection(headers), secrets);
    if asked.writes {
        let redirected = Unusable::Redirected {
            status,
            redirection,
        };
        return Err(redirected.into());
    }
    let otherwise = Error::NotGitLab {
        status,
        message: redirection,
    };
    match redirect::moved(headers).filter(|_| status == StatusCode::MOVED_PERMANENTLY.as_u16()) {
        Some(to) => Ok(Answer::Moved { to, otherwise }),
        None => Err(otherwise),
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderValue, LOCATION};

    use super::*;

    const READ: Asked = Asked {
        writes: false,
        graphql: false,
        registers: Registers::No,
    };
    const WRITE: Asked = Asked {
        writes: true,
        graphql: false,
        registers: Registers::No,
    };

    fn judged(status: u16, media_type: &'static str, body: &'static str) -> Result<Answer, Error> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
        let status = StatusCode::from_u16(status).unwrap();
        let body = Ok(Bytes::from_static(body.as_bytes()));
        judge(READ, status, headers, body, None, &[])
    }

    fn chain(error: &dyn std::error::Error) -> String {
        let mut said = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            said = format!("{said}: {cause}");
            source = cause.source();
        }
        said
    }

    #[test]
    fn only_gitlabs_own_words_are_its_refusal() {
        for (status, body) in [
            (404, r#"{"message":"404 Runner Not Found"}"#),
            (404, r#"{"error":"404 Not Found"}"#),
            (403, r#"{"message":"403 Forbidden - No access granted"}"#),
            (401, r#"{"message":"401 Unauthorized"}"#),
        ] {
            let refusal = judged(status, "application/json", body).unwrap_err();
            assert_eq!(refusal.status(), Some(status), "{body}");
            assert!(!refusal.may_have_acted(), "{body}");
        }
        for (status, media_type, body) in [
            (
                404,
                "application/json",
                r#"{"message":"no Route matched with those values"}"#,
            ),
            (404, "text/plain", "default backend - 404"),
            (403, "text/html", "<html></html>"),
            (401, "", ""),
        ] {
            let error = judged(status, media_type, body).unwrap_err();
            assert!(
                matches!(error, Error::NotGitLab { .. }),
                "{body}: {error:?}"
            );
            assert!(error.may_have_acted(), "{body}");
            let said = error.to_string();
            assert!(said.contains(&format!("status {status}, ")), "{said}");
        }
    }

    #[test]
    fn what_may_have_been_done_is_lost() {
        for status in [500, 502, 503, 504, 408] {
            let lost = judged(status, "application/json", r#"{"message":"Oh"}"#).unwrap_err();
            assert!(matches!(lost, Error::Lost(_)), "{status}");
            assert_eq!(
                chain(&lost),
                format!("lost GitLab's answer: the answer was status {status}: Oh")
            );
        }
    }

    #[test]
    fn whoever_limits_is_obeyed_and_only_gitlab_believed() {
        let named = ("ratelimit-name", "throttle_authenticated_api");
        for (headers, body, by_gitlab) in [
            (
                vec![("content-type", "text/plain"), named],
                "Zu schnell",
                true,
            ),
            (vec![("content-type", "text/plain")], "Retry later\n", true),
            (
                vec![("content-type", "text/plain")],
                "error code: 1015",
                false,
            ),
            (vec![("content-type", "text/html"), named], "<html>", false),
            (vec![], "", false),
        ] {
            let headers = headers
                .into_iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            let judged = judge(
                WRITE,
                StatusCode::TOO_MANY_REQUESTS,
                headers.collect(),
                Ok(Bytes::from_static(body.as_bytes())),
                None,
                &[],
            );
            let error = judged.unwrap_err();
            assert!(matches!(error, Error::Throttled { .. }), "{body}");
            assert_eq!(error.may_have_acted(), !by_gitlab, "{body}");
        }
    }

    #[test]
    fn a_server_that_writes_nothing_is_waited_for() {
        let body = r#"{"message":"GitLab Maintenance: system is in maintenance mode"}"#;
        let wait = Some(Duration::from_mins(1));
        let judged = judge(
            WRITE,
            StatusCode::SERVICE_UNAVAILABLE,
            HeaderMap::new(),
            Ok(Bytes::from_static(body.as_bytes())),
            wait,
            &[],
        );
        let error = judged.unwrap_err();
        assert!(!error.may_have_acted());
        assert!(matches!(error, Error::ReadOnly { wait: asked, .. } if asked == wait));
    }

    #[test]
    fn a_stranger_without_words_is_one_too() {
        let judged = judge(
            READ,
            StatusCode::FORBIDDEN,
            HeaderMap::new(),
            Err(Unusable::TooLarge),
            None,
            &[],
        );
        let said = judged.unwrap_err().to_string();
        assert!(said.ends_with("status 403, no reason was given"), "{said}");
    }

    fn sent_on(asked: Asked, status: u16, location: &'static str) -> Result<Answer, Error> {
        let location = HeaderValue::from_static(location);
        let headers = HeaderMap::from_iter([(LOCATION, location)]);
        let status = StatusCode::from_u16(status).unwrap();
        judge(asked, status, headers, Ok(Bytes::new()), None, &[])
    }

    #[test]
    fn a_redirect_is_not_gitlabs_and_nobody_knows_what_it_says_of_a_write() {
        let page = "https://sso.example.com/login";
        let read = sent_on(READ, 302, page).unwrap_err();
        assert!(matches!(read, Error::NotGitLab { .. }), "{read:?}");
        let written = sent_on(WRITE, 301, page).unwrap_err();
        assert!(matches!(written, Error::Lost(_)), "{written:?}");
        let said = chain(&written);
        assert!(said.ends_with(
            "status 301, a redirect to https://sso.example.com, which is never followed"
        ));
        let project = "https://gitlab.example.com/api/v4/projects/41";
        assert!(matches!(
            sent_on(READ, 301, project),
            Ok(Answer::Moved {
                to: ProjectId(41),
                ..
            })
        ));
        for (asked, status) in [(WRITE, 301), (READ, 302)] {
            assert!(sent_on(asked, status, project).is_err(), "{status}");
        }
    }

    #[test]
    fn graphql_has_refusals_of_its_own() {
        let body = r#"{"errors":[{"message":"Invalid token"}]}"#;
        let asked = Asked {
            writes: false,
            graphql: true,
            registers: Registers::No,
        };
        for (asked, own) in [(asked, true), (READ, false)] {
            let body = Ok(Bytes::from_static(body.as_bytes()));
            let status = StatusCode::UNAUTHORIZED;
            let error = judge(asked, status, HeaderMap::new(), body, None, &[]).unwrap_err();
            assert_eq!(error.refusal() == Some(&Refusal::NoGraphQl), own);
            assert!(!error.is_unauthorized());
        }
    }

    #[test]
    fn only_204_says_that_it_was_done() {
        let nothing = |status| judged(status, "", "").unwrap().given().unwrap().nothing();
        assert!(nothing(204).is_ok());
        for status in [200, 202, 205] {
            assert!(matches!(nothing(status), Err(Error::Lost(_))), "{status}");
        }
    }

    #[test]
    fn an_unreadable_success_is_lost_and_quotes_nothing() {
        let given = judged(201, "application/json", r#"{"id":"glrt-canary"}"#)
            .unwrap()
            .given();
        let lost = given
            .unwrap()
            .json::<super::super::Registered>()
            .unwrap_err();
        assert!(matches!(lost, Error::Lost(_)));
        let said = chain(&lost) + &format!("{lost:?}");
        assert!(
            said.contains("Registered") && !said.contains("canary"),
            "{said}"
        );
        let page = judged(200, "text/html", "<html>").unwrap().given().unwrap();
        assert!(matches!(page.nothing(), Err(Error::NotGitLab { .. })));
    }
}
