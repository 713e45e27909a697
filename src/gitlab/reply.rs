//! Turning replies into `Ok` or [`Error`]: the status first, the body as well as it goes.
use std::{any::type_name, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{
    Response, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, LOCATION},
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::error::Error;
use super::words::{self, Words};

/// More than any reply we ask for; what is longer comes from somewhere else.
const LARGEST: usize = 4 * 1024 * 1024;

/// Why a reply is of no use although it may mean that GitLab acted. Carries nothing of the body
/// but GitLab's tidied words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("the answer was status {status}: {message}")]
    Failed { status: u16, message: String },
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the answer broke off")]
    Cut(#[source] reqwest::Error),
    #[error(
        "status {status} came with a web page; this does not look like GitLab's API, check the URL \
         and what stands between here and GitLab"
    )]
    Page { status: u16 },
    #[error(
        "status {status} came with JSON that is not a {expected}: {category:?} error in line \
         {line}, column {column}"
    )]
    Unreadable {
        status: u16,
        expected: &'static str,
        category: Category,
        line: usize,
        column: usize,
    },
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        Self::Lost(Box::new(unusable))
    }
}

impl Error {
    /// Whether a web page came with a success: a sign-in page, or a server that is not GitLab's.
    pub fn is_web_page(&self) -> bool {
        matches!(
            self,
            Self::Lost(cause) if matches!(cause.downcast_ref(), Some(Unusable::Page { .. }))
        )
    }
}

/// What GitLab said to a request that it did not refuse.
#[derive(Debug)]
pub(super) enum Answer {
    /// It did as asked.
    Given(Given),
    /// An endpoint of GitLab said that what the path names is not there (contract §1.3). A 404
    /// of anybody else, such as a proxy or GitLab's router, is [`Error::Refused`]: concluding from
    /// a wrong URL that all runners are gone would register them all anew.
    Missing(Error),
}

impl Answer {
    /// For calls where a missing thing is a refusal like any other.
    pub(super) fn given(self) -> Result<Given, Error> {
        match self {
            Self::Given(given) => Ok(given),
            Self::Missing(refusal) => Err(refusal),
        }
    }

    /// For calls where a missing thing is an answer.
    pub(super) fn present(self) -> Option<Given> {
        match self {
            Self::Given(given) => Some(given),
            Self::Missing(_) => None,
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

    /// For calls that give nothing. Some sign-in pages in front of GitLab answer 200 to anything,
    /// and that must not pass for a deletion.
    pub(super) fn nothing(&self) -> Result<(), Error> {
        self.not_a_page()
    }

    /// A number in a header, such as `X-Total-Pages`; `None` as well when the header is empty.
    pub(super) fn number(&self, header: &str) -> Option<u64> {
        self.headers.get(header)?.to_str().ok()?.trim().parse().ok()
    }

    fn not_a_page(&self) -> Result<(), Error> {
        if words::is_page(&self.media_type, &self.body) {
            return Err(Unusable::Page {
                status: self.status,
            }
            .into());
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

/// Sorts a reply by what the caller then knows. `wait` is what it asks for in case of a 429.
pub(super) fn judge(
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
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Error::Throttled { wait });
    }
    if status.is_redirection() {
        let message = words::tidy(&redirection(&headers), secrets);
        return Err(Error::Refused {
            status: code,
            message,
            error: None,
        });
    }
    // A refusal stands even where its reason cannot be read.
    let body = body.unwrap_or_default();
    let Words {
        message,
        error,
        from_endpoint,
    } = words::words(code, &media_type, &body, secrets);
    // A proxy that waited too long for us or for GitLab knows no more than we do.
    if !status.is_client_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Err(Unusable::Failed {
            status: code,
            message,
        }
        .into());
    }
    let refusal = Error::Refused {
        status: code,
        message,
        error,
    };
    if status == StatusCode::NOT_FOUND && from_endpoint {
        return Ok(Answer::Missing(refusal));
    }
    Err(refusal)
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

/// Names the other side's origin, which is mostly what to correct the URL to, but no more of the
/// address: sign-in pages put secrets into it.
fn redirection(headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let origin = location
        .and_then(|location| Url::parse(location).ok())
        .map(|url| url.origin().ascii_serialization());
    let elsewhere = origin
        .map(|origin| format!(" to {origin}"))
        .unwrap_or_default();
    format!(
        "a redirect{elsewhere}, which is never followed; correct the URL or path to where it leads"
    )
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn judged(status: u16, media_type: &'static str, body: &'static str) -> Result<Answer, Error> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
        let status = StatusCode::from_u16(status).unwrap();
        judge(
            status,
            headers,
            Ok(Bytes::from_static(body.as_bytes())),
            None,
            &[],
        )
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
    fn only_an_endpoint_can_say_that_something_is_gone() {
        for message in [
            r#"{"message":"404 Runner Not Found"}"#,
            r#"{"message":"404 Not found"}"#,
        ] {
            assert!(matches!(
                judged(404, "application/json", message),
                Ok(Answer::Missing(_))
            ));
        }
        for (media_type, body) in [
            ("application/json", r#"{"error":"404 Not Found"}"#),
            ("text/plain", "default backend - 404"),
            ("text/html", "<html></html>"),
            ("", ""),
        ] {
            let refusal = judged(404, media_type, body).unwrap_err();
            assert_eq!(refusal.status(), Some(404), "{body}");
        }
    }

    #[test]
    fn what_may_have_been_done_is_lost_and_what_was_not_is_refused() {
        for status in [500, 502, 503, 504, 408] {
            let lost = judged(status, "application/json", r#"{"message":"Oh"}"#).unwrap_err();
            assert!(matches!(lost, Error::Lost(_)), "{status}");
            assert_eq!(
                chain(&lost),
                format!("lost GitLab's answer: the answer was status {status}: Oh")
            );
        }
        for status in [400, 401, 403, 405, 409, 410, 412, 422] {
            let refusal = judged(status, "application/json", r#"{"message":"Oh"}"#).unwrap_err();
            assert_eq!(refusal.status(), Some(status));
        }
        assert!(matches!(
            judged(429, "text/plain", ""),
            Err(Error::Throttled { wait: None })
        ));
    }

    #[test]
    fn a_refusal_stands_without_its_reason() {
        let judged = judge(
            StatusCode::FORBIDDEN,
            HeaderMap::new(),
            Err(Unusable::TooLarge),
            None,
            &[],
        );
        assert_eq!(
            judged.unwrap_err().to_string(),
            "GitLab said 403: no reason was given"
        );
    }

    #[test]
    fn a_redirect_is_refused_and_names_no_more_than_the_origin() {
        let location = "https://sso.example.com/login?state=secret";
        for (location, elsewhere) in [(location, " to https://sso.example.com"), ("/users", "")] {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
            let judged = judge(StatusCode::FOUND, headers, Ok(Bytes::new()), None, &[]);
            let message = judged.unwrap_err().to_string();
            assert!(
                message.contains(&format!("a redirect{elsewhere},")),
                "{message}"
            );
            assert!(!message.contains("secret"));
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
        assert!(matches!(page.nothing(), Err(Error::Lost(_))));
    }
}
