//! `/livez`, `/readyz` and `/metrics`.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    routing::get,
};

use crate::metrics::{MEDIA_TYPE, Metrics};

/// Whether every watch has delivered its first list. Cheap to clone; clones agree.
#[derive(Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Declares the process ready, or not any more.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }
}

/// The routes. `/livez` answers while the process can answer at all; `/readyz` answers 503 until
/// the first lists are in, so that an operator whose Role lacks a verb never looks healthy.
pub fn router(readiness: Readiness, metrics: Metrics) -> Router {
    let readyz = move || async move {
        if readiness.0.load(Ordering::Relaxed) {
            (StatusCode::OK, "ok")
        } else {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "waiting for the first lists from the API server",
            )
        }
    };
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route(
            "/metrics",
            get(|| async move { ([(CONTENT_TYPE, MEDIA_TYPE)], metrics.render()) }),
        )
}
