//! The API server's clock, which all processes go by that serve the same objects.
use std::task::{Context, Poll};

use futures::TryFutureExt;
use futures::future::MapOk;
use http::header::DATE;
use http::{Request, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use kube::client::Body;
use tower::Service;

use crate::clock;

/// Has the clock go by what the API server says of the time in each answer.
#[derive(Clone)]
pub(super) struct Listens<S> {
    pub(super) inner: S,
}

impl<S, B> Service<Request<Body>> for Listens<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = MapOk<S::Future, Box<dyn FnOnce(Response<B>) -> Response<B> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let asked = clock::by_the_system();
        self.inner.call(request).map_ok(Box::new(move |response| {
            if let Some(told) = date(&response) {
                hear(told, asked);
            }
            response
        }))
    }
}

fn date<B>(response: &Response<B>) -> Option<Timestamp> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn hear(told: Timestamp, asked: Timestamp) {
    if let Some(ahead_milliseconds) = clock::goes_by(told, asked) {
        tracing::warn!(
            ahead_milliseconds,
            "the API server's clock differs from this node's: the time goes by the former"
        );
    }
}
