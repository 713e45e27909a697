//! `/livez`, `/readyz` and `/metrics`.
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    routing::get,
};
use tokio::sync::SetOnce;

use crate::metrics::{MEDIA_TYPE, Metrics};

/// Set by a watch when its first list has come in.
///
/// kube's own `Store::wait_until_ready` cannot be asked for this: it remembers only the last of
/// those who wait, and its Controller is one of them, so that one of the two would never wake.
pub type Listed = Arc<SetOnce<()>>;

/// Whether every watch has delivered its first list, and no stop has come. Cheap to clone; clones
/// agree.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Waited>);

#[derive(Default)]
struct Waited {
    for_lists: Mutex<Vec<(&'static str, Listed)>>,
    stopping: AtomicBool,
}

impl Readiness {
    /// Waits for the first list of one more watch.
    pub fn await_list(&self, what: &'static str) -> Listed {
        let listed = Listed::default();
        let mut lists = self
            .0
            .for_lists
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        lists.push((what, listed.clone()));
        listed
    }

    /// Declares the process not ready any more.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// What is still waited for; empty when the process is ready.
    fn missing(&self) -> Vec<&'static str> {
        if self.0.stopping.load(Ordering::Relaxed) {
            return vec!["the end"];
        }
        let lists = self
            .0
            .for_lists
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if lists.is_empty() {
            return vec!["the API server"];
        }
        let missing = lists.iter().filter(|(_, listed)| !listed.initialized());
        missing.map(|(what, _)| *what).collect()
    }
}

/// The routes. `/livez` answers while the process can answer at all; `/readyz` answers 503 until
/// the first lists are in, so that an operator whose Role lacks a verb never looks healthy.
pub fn router(readiness: Readiness, metrics: Metrics) -> Router {
    let readyz = move || async move {
        let missing = readiness.missing();
        if missing.is_empty() {
            (StatusCode::OK, "ok".to_owned())
        } else {
            let waiting = format!("waiting for: {}", missing.join(", "));
            (StatusCode::SERVICE_UNAVAILABLE, waiting)
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
