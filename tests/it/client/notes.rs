//! The maintenance note, which REST shows since 16.10 only, and what else just GraphQL tells.
use gitlab_runner_registrar::gitlab::{Contact, Error, Identity, Note, Refusal, Scope};
use gitlab_sim::{Fault, Rule, Server};
use serde_json::{Value, json};

use super::struck::{RUNNER, sim};
use super::world::{gitlab, registered};
use super::{TOKEN, client, endpoint, lost, watched};

const GRAPHQL: &str = "/api/graphql";

/// The details of a runner before 16.10.
fn details() -> Value {
    json!({
        "id": RUNNER.0, "runner_type": "instance_type", "description": "d", "tag_list": [],
        "run_untagged": true, "paused": false, "locked": false, "access_level": "not_protected",
        "maximum_timeout": null, "online": null, "status": "never_contacted",
        "contacted_at": null,
    })
}

/// A GitLab before 16.10 whose GraphQL answers that.
async fn old(status: u16, graphql: Value) -> Server {
    let sim = sim().await;
    let list = json!([{ "id": RUNNER.0, "description": "d", "online": null }]);
    for rule in [
        Rule::new("GET", "/api/v4/runners/all", Fault::reply(200, list)),
        Rule::new("GET", "/api/v4/runners/*", Fault::reply(200, details())),
        Rule::new("POST", GRAPHQL, Fault::reply(status, graphql)),
    ] {
        sim.fault(rule).unwrap();
    }
    sim
}

async fn note(status: u16, graphql: Value) -> Result<Note, Error> {
    let sim = old(status, graphql).await;
    let runner = client(&endpoint(sim.url())).runner(RUNNER).await?;
    Ok(runner.unwrap().maintenance_note)
}

fn invalid() -> Value {
    json!({ "errors": [{ "message": "Invalid token" }] })
}

#[tokio::test]
async fn before_16_10_a_note_is_read_by_graphql() {
    let shown = |text: Value| json!({ "data": { "runner": { "maintenanceNote": text } } });
    let fixed = |text: &str| Note::Fixed(Some(text.to_owned()));
    assert_eq!(
        note(200, shown(json!("ours"))).await.unwrap(),
        fixed("ours")
    );
    for nothing in [json!(null), json!("")] {
        let seen = note(200, shown(nothing)).await.unwrap();
        assert_eq!(seen, Note::Fixed(None));
    }
    // Whoever may not ask does not know.
    for (status, answer) in [
        (200, json!({ "data": { "runner": null } })),
        (
            200,
            json!({ "errors": [{ "message": "Field does not exist" }] }),
        ),
        (401, invalid()),
        (
            403,
            json!({ "errors": [{ "message": "API not accessible for user." }] }),
        ),
    ] {
        let seen = note(status, answer.clone()).await.unwrap();
        assert_eq!(seen, Note::Unseen, "{answer}");
    }
    // An answer that does not come tells nothing, not even that.
    let error = note(500, json!({})).await.unwrap_err();
    lost(&error);
    let error = note(403, json!({ "message": "Forbidden" }))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotGitLab { status: 403, .. }));
}

#[tokio::test]
async fn a_runner_whose_note_is_hidden_may_be_the_one_that_is_looked_for() {
    for (status, graphql, found, complete) in [
        (
            200,
            json!({ "data": { "runner": { "maintenanceNote": "ours" } } }),
            1,
            true,
        ),
        (
            200,
            json!({ "data": { "runner": { "maintenanceNote": "else" } } }),
            0,
            true,
        ),
        (401, invalid(), 0, false),
    ] {
        let sim = old(status, graphql).await;
        let search = client(&endpoint(sim.url()))
            .find(Scope::Instance, None, Contact::Any, |note| note == "ours")
            .await
            .unwrap();
        let seen = (search.runners.len(), search.complete);
        assert_eq!(seen, (found, complete), "{status}");
        let list = sim.requests().remove(0);
        assert!(list.query.iter().all(|(name, _)| name != "status"));
    }
}

#[tokio::test]
async fn since_16_10_graphql_is_not_asked() {
    let (sim, client) = gitlab("19").await;
    let id = registered(&client, Scope::Instance).await.id;
    let runner = client.runner(id).await.unwrap().unwrap();
    assert_eq!(runner.maintenance_note, Note::Shown(None));
    assert!(sim.requests().iter().all(|asked| asked.path != GRAPHQL));
}

#[tokio::test]
async fn a_runner_is_told_from_another_of_its_number() {
    let (_sim, client) = gitlab("19").await;
    let made = registered(&client, Scope::Instance).await;
    let Identity { short_sha } = client.identity(made.id).await.unwrap().unwrap();
    let sha = short_sha.unwrap();
    assert!(made.token.expose().contains(&sha), "{sha}");
    client.unregister(made.id).await.unwrap();
    assert_eq!(client.identity(made.id).await.unwrap(), None);

    let refused = old(401, invalid()).await;
    let (client, _) = watched(&endpoint(refused.url()), Some(TOKEN));
    let error = client.identity(RUNNER).await.unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::NoGraphQl));
    assert!(!error.is_unauthorized());
}
