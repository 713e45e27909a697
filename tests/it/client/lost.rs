//! Runners whose number was lost, in the stand-in's own world.
use gitlab_runner_registrar::gitlab::{Contact, GroupId, ProjectId, Scope};
use gitlab_sim::{Fault, Options, Rule, Server};
use serde_json::json;

use super::world::{WITH_NOTES, gitlab, new, read, registered};
use super::{TOKEN, client, endpoint, lost};

#[tokio::test]
async fn a_lost_runner_is_found_by_its_note() {
    for version in WITH_NOTES {
        let (_sim, client) = gitlab(version).await;
        for scope in [
            Scope::Instance,
            Scope::Group(GroupId(32)),
            Scope::Project(ProjectId(41)),
        ] {
            let mark = format!("mark of {}", scope.runner_type());
            let mut ours = new(scope);
            ours.settings.maintenance_note = Some(mark.clone());
            let mut expected = Vec::new();
            for _ in 0..2 {
                registered(&client, scope).await;
                expected.insert(0, client.register(&ours).await.unwrap().id);
            }
            let found = client
                .find(scope, Some("d"), Contact::Never, |note| note == mark)
                .await
                .unwrap();
            let ids: Vec<_> = found.runners.iter().map(|runner| runner.id).collect();
            assert_eq!(ids, expected, "{version} {scope:?}");
            let none = client
                .find(scope, Some("d"), Contact::Never, |note| note == "else")
                .await
                .unwrap();
            assert_eq!(none.runners, [], "{version} {scope:?}");
        }
    }
}

#[tokio::test]
async fn a_runner_at_work_is_not_a_lost_one() {
    let (sim, client) = gitlab("19").await;
    let id = registered(&client, Scope::Instance).await.id;
    sim.command_json(json!({"do": "contact", "runner": id.0}))
        .unwrap();
    assert_eq!(read(&client, id).await.online, Some(true));
    let found = client
        .find(Scope::Instance, None, Contact::Never, |_| true)
        .await
        .unwrap();
    assert_eq!(found.runners, []);
    let found = client
        .find(Scope::Instance, None, Contact::Any, |_| true)
        .await
        .unwrap();
    assert_eq!(found.runners.first().map(|runner| runner.id), Some(id));
}

#[tokio::test]
async fn a_lost_runner_is_found_in_a_crowd() {
    // With the count a walk back from the end, without it a walk through all.
    for (count_limit, pages) in [(10_000, "1 3"), (200, "1 2 3")] {
        let crowd = "\n  - { type: instance_type }".repeat(260);
        let seed = format!(
            "
settings: {{ count_limit: {count_limit} }}
users: [{{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}]
runners:{crowd}
"
        );
        let sim = Server::start(seed.as_str(), Options::default())
            .await
            .unwrap();
        let client = client(&endpoint(sim.url()));
        let id = registered(&client, Scope::Instance).await.id;
        sim.clear_requests();
        let found = client
            .find(Scope::Instance, None, Contact::Never, |_| true)
            .await
            .unwrap();
        assert_eq!(found.runners.first().map(|runner| runner.id), Some(id));
        assert_eq!((found.runners.len(), found.complete), (50, false));
        let requests = sim.requests();
        let walked = requests.iter().filter_map(|request| {
            request
                .query
                .iter()
                .find(|(name, _)| name == "page")
                .map(|(_, page)| page.as_str())
        });
        assert_eq!(walked.collect::<Vec<_>>().join(" "), pages);
        assert_eq!(requests.len(), 50 + pages.split(' ').count());
    }
}

#[tokio::test]
async fn a_registration_whose_answer_is_lost_is_found_and_not_repeated() {
    let (sim, client) = gitlab("19").await;
    sim.fault(Rule::new("POST", "/api/v4/user/runners", Fault::Drop).after_doing())
        .unwrap();
    let mut ours = new(Scope::Group(GroupId(31)));
    ours.settings.maintenance_note = Some("ours".to_owned());
    let error = client.register(&ours).await.unwrap_err();
    lost(&error);
    assert_eq!(sim.writes().len(), 1);
    let found = client
        .find(ours.scope, Some("d"), Contact::Never, |note| note == "ours")
        .await
        .unwrap();
    assert_eq!(found.runners.len(), 1);
}
