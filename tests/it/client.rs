//! Our client against the stand-in, endpoint by endpoint and fault by fault, and against bare
//! sockets where the very bytes matter.
mod build;
mod bytes;
mod endpoints;
mod faults;
mod lost;
mod notes;
mod older;
mod refusals;
mod search;
mod struck;
mod stub;
mod sweeps;
mod term;
mod trust;
mod unasked;
mod world;

use std::{
    error::Error as StdError,
    sync::{Arc, Mutex},
    time::Duration,
};

use gitlab_runner_registrar::gitlab::{Budget, Call, CallOutcome, Client, Endpoint, Error};

/// No token of any test may ever show; all of them contain this.
const CANARY: &str = "canary";
const TOKEN: &str = "glpat-canary-0123456789";

/// Long enough for any answer that comes at all.
const PATIENCE: Duration = Duration::from_secs(20);

fn endpoint(url: &str) -> Endpoint {
    // Another test may have been first; that is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Endpoint {
        url: url.to_owned(),
        ca_pem: None,
        proxy: None,
        proxy_credentials: None,
        client_certificate: None,
        timeout: PATIENCE,
    }
}

/// More than any of these tests sends.
fn unlimited() -> Budget {
    Budget::per_minute(u32::MAX)
}

/// What the client reported, in order.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<Call>>>);

impl Calls {
    fn outcomes(&self) -> Vec<(&'static str, &'static str, CallOutcome)> {
        let calls = self.0.lock().unwrap();
        calls
            .iter()
            .map(|call| (call.method, call.endpoint, call.outcome))
            .collect()
    }
}

fn watched(endpoint: &Endpoint, token: Option<&str>) -> (Client, Calls) {
    let calls = Calls::default();
    let seen = calls.clone();
    let observe = Arc::new(move |call| seen.0.lock().unwrap().push(call));
    let token = token.map(|token| token.to_owned().into());
    (
        Client::new(endpoint, token, observe, unlimited()).unwrap(),
        calls,
    )
}

fn client(endpoint: &Endpoint) -> Client {
    watched(endpoint, Some(TOKEN)).0
}

/// The whole chain of an error; checks that nothing that anybody could print of it holds a token
/// or the address that was asked for.
fn told(error: &Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    let all = format!("{told} {error:?}");
    assert!(!all.contains(CANARY) && !all.contains("/runners"), "{all}");
    told
}

fn unsent(error: &Error) -> String {
    assert!(matches!(error, Error::Unsent(_)), "{}", told(error));
    told(error)
}

fn lost(error: &Error) -> String {
    assert!(matches!(error, Error::Lost(_)), "{}", told(error));
    told(error)
}
