//! Registration tokens, and releases before a user registers runners (contract §3.14, §3.19, §11).
use gitlab_runner_registrar::gitlab::{
    Client, Contact, Error, GroupId, NewRunner, ProjectId, Refusal, RegistrationToken, Release,
    Scope, Settings,
};
use gitlab_sim::Server;
use serde_json::{Value, json};

use super::told;
use super::world::{gitlab, new, read, set};

const ALL: [&str; 7] = ["13.12", "15.2", "15.11", "16.10", "17", "18.2", "19"];
const MARK: &str = "[gitlab-registrar.dev/c/u-1/19a]";
const PLACES: [Scope; 3] = [
    Scope::Instance,
    Scope::Group(GroupId(32)),
    Scope::Project(ProjectId(41)),
];

/// A GitLab where registration tokens work, and a client that knows its release.
async fn of(version: &str) -> (Server, Client) {
    let (sim, client) = gitlab(version).await;
    let set = json!({ "allow_runner_registration_token": true });
    sim.command_json(json!({ "do": "settings", "set": set }))
        .unwrap();
    let release = client.metadata().await.unwrap().release();
    assert!(release.is_some(), "{version}");
    (sim, client.of_release(release))
}

fn token_of(sim: &Server, scope: Scope) -> RegistrationToken {
    let world = sim.command_json(json!({ "do": "dump" })).unwrap();
    let of = |kind: &str, id: u64| -> Value {
        let all = world[kind].as_array().unwrap();
        let found = all.iter().find(|it| it["id"] == id).unwrap();
        found["runners_token"].clone()
    };
    let token = match scope {
        Scope::Instance => world["runners_token"].clone(),
        Scope::Group(id) => of("groups", id.0),
        Scope::Project(id) => of("projects", id.0),
    };
    RegistrationToken::new(token.as_str().unwrap().to_owned())
}

fn some(scope: Scope) -> NewRunner {
    NewRunner {
        scope,
        settings: Settings {
            description: Some("Builds [arm]".to_owned()),
            tags: Some(set(["b", "a"])),
            paused: Some(true),
            maximum_timeout: Some(Some(3600)),
            maintenance_note: Some(MARK.to_owned()),
            ..Settings::default()
        },
        life: None,
    }
}

#[tokio::test]
async fn a_registration_token_registers_in_every_release() {
    for version in ALL {
        let (sim, client) = of(version).await;
        for scope in PLACES {
            let token = token_of(&sim, scope);
            let made = client
                .register_by_token(&some(scope), &token)
                .await
                .unwrap();
            let runner = read(&client, made.id).await;
            assert_eq!(runner.runner_type, scope.runner_type(), "{version}");
            assert_eq!(runner.description, "Builds [arm]", "{version}");
            assert_eq!(runner.tags, set(["a", "b"]), "{version}");
            assert!(runner.paused, "{version}");
            assert_eq!(runner.maximum_timeout, Some(3600), "{version}");
            assert_eq!(runner.maintenance_note.text(), Some(MARK), "{version}");
            let found = client
                .find(scope, Some("Builds [arm]"), Contact::Never, |note| {
                    note == MARK
                })
                .await
                .unwrap();
            let ids: Vec<_> = found.runners.iter().map(|runner| runner.id).collect();
            assert_eq!((ids, found.complete), (vec![made.id], true), "{version}");
            client.unregister_by_token(&made.token).await.unwrap();
            assert_eq!(client.runner(made.id).await.unwrap(), None);
        }
        let posted = sim
            .requests()
            .into_iter()
            .find(|it| it.method == "POST" && it.path == "/api/v4/runners");
        assert!(!posted.unwrap().headers.contains_key("private-token"));
    }
}

#[tokio::test]
async fn an_edit_goes_where_the_release_takes_it() {
    for version in ["13.12", "15.2"] {
        let (sim, client) = of(version).await;
        let token = token_of(&sim, Scope::Instance);
        let made = client
            .register_by_token(&some(Scope::Instance), &token)
            .await
            .unwrap();
        let edit = |description: Option<&str>, paused| Settings {
            description: description.map(str::to_owned),
            paused,
            ..Settings::default()
        };
        let shown = client
            .edit(made.id, &edit(Some("More"), Some(false)))
            .await
            .unwrap();
        let shown = shown.unwrap();
        assert_eq!(
            (&*shown.description, shown.paused),
            ("More", false),
            "{version}"
        );
        client.edit(made.id, &edit(None, Some(true))).await.unwrap();
        let runner = read(&client, made.id).await;
        assert_eq!(
            (&*runner.description, runner.paused),
            ("More", true),
            "{version}"
        );
        assert_eq!(runner.maintenance_note.text(), Some(MARK), "{version}");
    }
    // The mark alone can be put back.
    let (sim, client) = of("13.12").await;
    let token = token_of(&sim, Scope::Instance);
    let made = client
        .register_by_token(&some(Scope::Instance), &token)
        .await
        .unwrap();
    let plain =
        json!({ "do": "edit_runner", "runner": made.id.0, "set": { "description": "By hand" } });
    sim.command_json(plain).unwrap();
    assert_eq!(
        read(&client, made.id).await.maintenance_note.text(),
        Some("")
    );
    let mark = Settings {
        maintenance_note: Some(MARK.to_owned()),
        ..Settings::default()
    };
    client.edit(made.id, &mark).await.unwrap();
    let runner = read(&client, made.id).await;
    assert_eq!(runner.description, "By hand");
    assert_eq!(runner.maintenance_note.text(), Some(MARK));
}

fn refusal(error: &Error) -> (u16, Refusal) {
    (error.status().unwrap(), error.refusal().unwrap().clone())
}

#[tokio::test]
async fn a_registration_token_that_does_not_work_is_told_from_one_that_is_unknown() {
    for version in ALL {
        let (sim, client) = of(version).await;
        let unknown = RegistrationToken::new("GR1348941-canary".to_owned());
        let new = some(Scope::Instance);
        let error = client.register_by_token(&new, &unknown).await.unwrap_err();
        assert_eq!(
            refusal(&error),
            (403, Refusal::RegistrationTokenUnknown),
            "{version}"
        );
        told(&error);
        if Release::new(16, 0) <= client.metadata().await.unwrap().release().unwrap() {
            let off = json!({ "allow_runner_registration_token": false });
            sim.command_json(json!({ "do": "settings", "set": off }))
                .unwrap();
            let known = token_of(&sim, Scope::Instance);
            for token in [unknown, known] {
                let error = client.register_by_token(&new, &token).await.unwrap_err();
                let expected = (410, Refusal::RegistrationDisallowed);
                assert_eq!(refusal(&error), expected, "{version}");
            }
        }
        let mut wrong = new.clone();
        wrong.settings.run_untagged = Some(false);
        wrong.settings.tags = None;
        let on = json!({ "allow_runner_registration_token": true });
        sim.command_json(json!({ "do": "settings", "set": on }))
            .unwrap();
        let token = token_of(&sim, Scope::Instance);
        let error = client.register_by_token(&wrong, &token).await.unwrap_err();
        assert_eq!(refusal(&error), (400, Refusal::Other), "{version}");
        assert!(told(&error).contains("tags_list"));
    }
}

#[tokio::test]
async fn a_new_registration_token_ends_the_one_before() {
    for version in ["15.2", "16.10", "17", "19"] {
        let (sim, client) = of(version).await;
        for scope in PLACES {
            let before = token_of(&sim, scope);
            let fresh = client.reset_registration_token(scope).await.unwrap();
            assert_eq!(fresh.expose(), token_of(&sim, scope).expose(), "{version}");
            assert!(!format!("{fresh:?}").contains(fresh.expose()));
            let error = client
                .register_by_token(&new(scope), &before)
                .await
                .unwrap_err();
            assert_eq!(error.status(), Some(403), "{version}");
            client.register_by_token(&new(scope), &fresh).await.unwrap();
        }
    }
    let (_sim, client) = of("13.12").await;
    let error = client
        .reset_registration_token(Scope::Instance)
        .await
        .unwrap_err();
    assert_eq!(refusal(&error), (404, Refusal::NoSuchEndpoint));
}

/// What a gateway says in nobody's words must not pass for a refusal, or the same is made again.
#[tokio::test]
async fn only_the_models_own_words_refuse_a_registration_by_token() {
    for (body, certain) in [
        (json!({ "message": { "tags_list": ["is odd"] } }), true),
        (
            json!({ "message": { "runner_projects.base": ["too many"] } }),
            true,
        ),
        (json!({ "message": { "request": ["was blocked"] } }), false),
        (json!({ "message": {} }), false),
    ] {
        let (sim, client) = of("19").await;
        let fault = gitlab_sim::Fault::Reply {
            status: 400,
            headers: [].into(),
            body: body.clone(),
        };
        sim.fault(gitlab_sim::Rule::new("POST", "/api/v4/runners", fault))
            .unwrap();
        let token = token_of(&sim, Scope::Instance);
        let error = client
            .register_by_token(&new(Scope::Instance), &token)
            .await
            .unwrap_err();
        assert_eq!(!error.may_have_acted(), certain, "{body}");
    }
}

/// A group's own switch is told as the instance's is, and a kind that is switched off as an unknown token.
#[tokio::test]
async fn switches_below_the_instance_are_told_apart_too() {
    for version in ["16.10", "17", "18.2", "19"] {
        let (sim, client) = of(version).await;
        let scope = Scope::Group(GroupId(32));
        let token = token_of(&sim, scope);
        let refused = async || {
            let made = client.register_by_token(&some(scope), &token).await;
            refusal(&made.unwrap_err())
        };
        let set = |allowed: bool, kinds: Value| {
            let settings = json!({ "allow_runner_registration_token": allowed });
            let group = json!({ "do": "set_group", "group": "platform", "settings": settings });
            sim.command_json(group).unwrap();
            let kinds = json!({ "valid_runner_registrars": kinds });
            sim.command_json(json!({ "do": "settings", "set": kinds }))
                .unwrap();
        };
        set(false, json!(["group", "project"]));
        let off = (410, Refusal::RegistrationDisallowed);
        assert_eq!(refused().await, off, "{version}");
        set(true, json!(["project"]));
        let unknown = (403, Refusal::RegistrationTokenUnknown);
        assert_eq!(refused().await, unknown, "{version}");
    }
}
