//! What carries requests to a GitLab and brings its answers. All that waits, counts, measures and judges is
//! above it.
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::{Request, Response};

use super::endpoint::{BuildError, Endpoint};
use super::error::{Error, unanswered};

/// Carries requests to one GitLab.
pub trait Transport: Send + Sync {
    /// Sends a request once and gives its answer as soon as that begins. [`Error::Unsent`] where it surely
    /// never left, [`Error::Lost`] where nobody knows. Neither the answer nor its body is waited for longer
    /// than the endpoint says.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Error>>;
}

/// Makes what carries requests to an endpoint.
pub type Connect = Arc<dyn Fn(&Endpoint) -> Result<Arc<dyn Transport>, BuildError> + Send + Sync>;

/// By the network.
pub fn by_network() -> Connect {
    Arc::new(|endpoint| Ok(Arc::new(endpoint.connect()?)))
}

impl Transport for reqwest::Client {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Error>> {
        Box::pin(async move { self.execute(request).await.map_err(unanswered) })
    }
}
