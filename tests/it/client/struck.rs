//! A stand-in that misbehaves, and a client that meets it.
use gitlab_runner_registrar::gitlab::{Client, ProjectId, RunnerId};
use gitlab_sim::{Fault, Options, Rule, Server};
use serde_json::Value;

use super::{Calls, TOKEN, endpoint, watched};

pub(super) const RUNNER: RunnerId = RunnerId(5);
pub(super) const PROJECT: ProjectId = ProjectId(7);

/// With nobody in it but the administrator who owns [`TOKEN`].
pub(super) async fn sim() -> Server {
    let seed = format!(
        "users: [{{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}]"
    );
    Server::start(seed.as_str(), Options::default())
        .await
        .unwrap()
}

/// The stand-in with one fault, and a client for it.
pub(super) async fn struck_by(rule: Rule) -> (Server, Client, Calls) {
    let sim = sim().await;
    sim.fault(rule).unwrap();
    let (client, calls) = watched(&endpoint(sim.url()), Some(TOKEN));
    (sim, client, calls)
}

/// A reply with headers, which [`Fault::reply`] has none of.
pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: Value) -> Rule {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Rule::always(Fault::Reply {
        status,
        headers: headers.collect(),
        body,
    })
}
