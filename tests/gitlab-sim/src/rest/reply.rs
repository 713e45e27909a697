//! What an endpoint answers.
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

/// A reply on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Its status.
    pub(crate) status: u16,
    /// Its headers, the content type excepted.
    pub(crate) headers: HeaderMap,
    /// Its body.
    pub(crate) body: Body,
}

/// What a reply carries.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Value),
    /// Plain text.
    Text(String),
}

impl Reply {
    /// A reply with a JSON body.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Json(body),
        }
    }

    /// A reply with a plain text body.
    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Text(body.into()),
        }
    }

    /// 200.
    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// 201, which Grape gives every POST.
    pub(crate) fn created(body: Value) -> Self {
        Self::json(201, body)
    }

    /// 204 without a body.
    pub(crate) fn no_content() -> Self {
        Self::empty(204)
    }

    /// A reply without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Empty,
        }
    }

    /// Adds a header; a value that no header can have is left out.
    pub(crate) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The reply as HTTP has it; `HEAD` gets no body.
    pub(crate) fn into_http(self, head: bool) -> Response<Bytes> {
        let Self {
            status,
            headers,
            body,
        } = self;
        let (content_type, bytes) = match body {
            Body::Empty => (None, Bytes::new()),
            Body::Json(value) => (Some("application/json"), Bytes::from(value.to_string())),
            Body::Text(text) => (Some("text/plain"), Bytes::from(text)),
        };
        let mut response = Response::new(if head { Bytes::new() } else { bytes });
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        if let Some(content_type) = content_type {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        response
    }
}
