//! What is sent, as values.
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, IF_UNMODIFIED_SINCE},
};
use serde::Serialize;

use super::error::Error;

const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// One request to an endpoint of the REST API, or to GraphQL.
pub(super) struct Request<'a> {
    /// The path without its numbers, for [`Call`](super::Call).
    pub(super) endpoint: &'static str,
    pub(super) method: &'static str,
    /// Whether it is a query in GraphQL, which changes nothing although it is posted.
    pub(super) graphql: bool,
    /// The path and query below `/api/v4`, or that of GraphQL below `/api`.
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
    /// What it is about must not have changed since (contract §3.7), as a header says it.
    pub(super) unmodified_since: Option<String>,
    /// What authorises the request in the client's stead; it is in the body, as an address is
    /// written to everybody's logs.
    pub(super) runner_token: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(super) fn get(endpoint: &'static str, path: String) -> Self {
        Self::new("GET", endpoint, path)
    }

    pub(super) fn post(endpoint: &'static str, path: String) -> Self {
        Self::new("POST", endpoint, path)
    }

    pub(super) fn put(endpoint: &'static str, path: String) -> Self {
        Self::new("PUT", endpoint, path)
    }

    pub(super) fn delete(endpoint: &'static str, path: String) -> Self {
        Self::new("DELETE", endpoint, path)
    }

    /// Asks GraphQL.
    pub(super) fn query(query: &str) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Body<'q> {
            query: &'q str,
        }
        let request = Self::post("/graphql", "/graphql".to_owned());
        Self {
            graphql: true,
            ..request
        }
        .json(&Body { query })
    }

    fn new(method: &'static str, endpoint: &'static str, path: String) -> Self {
        Self {
            endpoint,
            method,
            graphql: false,
            path,
            body: None,
            unmodified_since: None,
            runner_token: None,
        }
    }

    /// Whether it may change anything.
    pub(super) fn writes(&self) -> bool {
        self.method != "GET" && !self.graphql
    }

    /// Carries `body` as JSON.
    pub(super) fn json(self, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|e| Error::Unsent(Box::new(e)))?;
        Ok(Self {
            body: Some(body),
            ..self
        })
    }

    /// Is to be refused with 412 when what it is about has changed after that second.
    pub(super) fn unmodified_since(self, at: Timestamp) -> Result<Self, Error> {
        let at = DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
        let at = at.map_err(|error| Error::Unsent(Box::new(error)))?;
        Ok(Self {
            unmodified_since: Some(at),
            ..self
        })
    }

    /// Is authorised by that token, which is in the body, and not by the client's.
    pub(super) fn authorised_by(self, token: &'a str) -> Self {
        Self {
            runner_token: Some(token),
            ..self
        }
    }

    /// Is authorised by a runner's token, which goes into the body (contract §1.1), and not by
    /// the client's.
    pub(super) fn by_runner(self, token: &'a str) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            token: &'a str,
        }
        self.authorised_by(token).json(&Body { token })
    }

    /// As it is sent to the REST API at `api`, or to GraphQL beside it. The client's credential goes along
    /// unless the request is authorised otherwise.
    pub(super) fn composed(
        self,
        api: &str,
        credential: Option<&HeaderValue>,
    ) -> Result<reqwest::Request, Error> {
        let Self {
            endpoint: _,
            method,
            graphql,
            path,
            body,
            unmodified_since,
            runner_token,
        } = self;
        let verb = Method::from_bytes(method.as_bytes()).map_err(|e| Error::Unsent(Box::new(e)))?;
        let base = if graphql {
            api.strip_suffix("/v4").unwrap_or(api)
        } else {
            api
        };
        let url = Url::parse(&format!("{base}{path}")).map_err(|e| Error::Unsent(Box::new(e)))?;
        let mut request = reqwest::Request::new(verb, url);
        let headers = request.headers_mut();
        headers.insert(ACCEPT, JSON);
        // Without it a GitLab that writes nothing at the moment redirects instead of saying so
        // (contract §10), whether there is a body or not.
        if method != "GET" {
            headers.insert(CONTENT_TYPE, JSON);
        }
        if let Some(at) = unmodified_since {
            let at = HeaderValue::try_from(at).map_err(|e| Error::Unsent(Box::new(e)))?;
            headers.insert(IF_UNMODIFIED_SINCE, at);
        }
        if let (Some(credential), None) = (credential, runner_token) {
            headers.insert(PRIVATE_TOKEN, credential.clone());
        }
        *request.body_mut() = body.map(Into::into);
        Ok(request)
    }
}
