//! Every endpoint against the stand-in's own world, in its versions.
use std::collections::BTreeSet;

use gitlab_runner_registrar::gitlab::{
    Contact, Endpoint, GroupId, NewRunner, Place, ProjectId, ProjectRef, Refusal, Registered,
    RunnerToken, Scope, Settings,
};
use gitlab_sim::{Fault, Options, Rule, Seed, Server};
use serde_json::json;

use super::world::{
    MAINTAINER, NARROW, READER, VERSIONS, WITH_NOTES, as_user, everything, gitlab, new, read,
    registered, set, settings,
};
use super::{TOKEN, endpoint, told, watched};

#[tokio::test]
async fn a_runner_is_registered_in_each_scope() {
    for version in VERSIONS {
        let (_sim, client) = gitlab(version).await;
        for scope in [
            Scope::Instance,
            Scope::Group(GroupId(31)),
            Scope::Project(ProjectId(41)),
        ] {
            let Registered {
                id,
                token,
                token_expires_at,
            } = registered(&client, scope).await;
            assert!(token.expose().starts_with("glrt-"));
            assert_eq!(token_expires_at, None);
            let runner = read(&client, id).await;
            assert_eq!(runner.runner_type, scope.runner_type());
            assert_eq!((runner.online, runner.contacted_at), (None, None));
            assert_eq!(runner.status, "never_contacted");
            assert_eq!(runner.description, "d");
            let place = ProjectRef {
                id: ProjectId(41),
                path: "platform/tools/build".to_owned(),
            };
            let projects = if matches!(scope, Scope::Project(_)) {
                vec![place]
            } else {
                vec![]
            };
            assert_eq!(runner.projects, Some(projects), "{version}");
            assert_eq!(
                runner.group_url.is_some(),
                matches!(scope, Scope::Group(_)),
                "{version}"
            );
        }
    }
}

#[tokio::test]
async fn all_settings_arrive_with_a_registration_and_with_an_edit() {
    for version in WITH_NOTES {
        let (_sim, client) = gitlab(version).await;
        let all = NewRunner {
            scope: Scope::Instance,
            settings: everything(),
            life: None,
        };
        let id = client.register(&all).await.unwrap().id;
        assert_eq!(
            settings(&read(&client, id).await),
            everything(),
            "{version}"
        );

        let id = registered(&client, Scope::Instance).await.id;
        client.edit(id, &everything()).await.unwrap();
        assert_eq!(
            settings(&read(&client, id).await),
            everything(),
            "{version}"
        );
    }
}

#[tokio::test]
async fn an_edit_leaves_alone_what_it_does_not_name_and_clears_what_it_empties() {
    for version in WITH_NOTES {
        let (sim, client) = gitlab(version).await;
        let all = NewRunner {
            scope: Scope::Instance,
            settings: everything(),
            life: None,
        };
        let id = client.register(&all).await.unwrap().id;
        client
            .edit(
                id,
                &Settings {
                    paused: Some(false),
                    ..Settings::default()
                },
            )
            .await
            .unwrap();
        let expected = Settings {
            paused: Some(false),
            ..everything()
        };
        assert_eq!(settings(&read(&client, id).await), expected);
        assert_eq!(sim.writes().last().unwrap().body, json!({"paused": false}));

        let cleared = Settings {
            description: Some(String::new()),
            tags: Some(BTreeSet::new()),
            run_untagged: Some(true),
            maximum_timeout: Some(None),
            maintenance_note: Some(String::new()),
            ..Settings::default()
        };
        client.edit(id, &cleared).await.unwrap();
        let expected = Settings {
            maintenance_note: None,
            ..cleared
        };
        let Settings {
            description,
            tags,
            run_untagged,
            maximum_timeout,
            maintenance_note,
            ..
        } = settings(&read(&client, id).await);
        let seen = Settings {
            description,
            tags,
            run_untagged,
            maximum_timeout,
            maintenance_note,
            ..Settings::default()
        };
        assert_eq!(seen, expected, "{version}");
    }
}

#[tokio::test]
async fn gitlab_says_what_is_wrong_with_settings() {
    for version in VERSIONS {
        let (_sim, client) = gitlab(version).await;
        let id = registered(&client, Scope::Instance).await.id;
        let untagged = Settings {
            run_untagged: Some(false),
            ..Settings::default()
        };
        let why = "can not be empty when runner is not allowed to pick untagged jobs";
        let edit = client.edit(id, &untagged).await.unwrap_err();
        assert_eq!(told(&edit), format!("GitLab said 400: tags_list: {why}"));
        let new = NewRunner {
            scope: Scope::Instance,
            settings: untagged,
            life: None,
        };
        let said = told(&client.register(&new).await.unwrap_err());
        assert_eq!(
            said,
            format!("GitLab said 400: 400 Bad request - Tags list {why}")
        );
        let empty = client.edit(id, &Settings::default()).await.unwrap_err();
        assert_eq!(empty.status(), Some(400), "{}", told(&empty));
    }
}

#[tokio::test]
async fn a_runner_that_is_gone_is_absent_to_read_refused_to_edit_and_fine_to_delete() {
    for version in VERSIONS {
        let (_sim, client) = gitlab(version).await;
        let id = registered(&client, Scope::Instance).await.id;
        client.unregister(id).await.unwrap();
        assert_eq!(client.runner(id).await.unwrap(), None, "{version}");
        client.unregister(id).await.unwrap();
        let edit = client.edit(id, &everything()).await.unwrap_err();
        assert_eq!(edit.status(), Some(404));
        assert_eq!(
            client.reset_token(id).await.unwrap_err().status(),
            Some(404)
        );
    }
}

#[tokio::test]
async fn a_token_is_reset_and_deletes_its_runner() {
    for version in VERSIONS {
        let (sim, client) = gitlab(version).await;
        let Registered { id, token: old, .. } = registered(&client, Scope::Instance).await;
        let fresh = client.reset_token(id).await.unwrap();
        assert_ne!(fresh.token.expose(), old.expose());
        let anybody = watched(&endpoint(sim.url()), None).0;
        let refused = anybody.unregister_by_token(&old).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::Forbidden));
        assert!(client.runner(id).await.unwrap().is_some());
        anybody.unregister_by_token(&fresh.token).await.unwrap();
        assert_eq!(client.runner(id).await.unwrap(), None);
        let sent = sim
            .requests()
            .into_iter()
            .filter(|request| request.path == "/api/v4/runners");
        assert!(
            sent.into_iter()
                .all(|request| !request.headers.contains_key("private-token"))
        );
    }
}

#[tokio::test]
async fn projects_come_and_go_as_often_as_asked() {
    for version in VERSIONS {
        let (_sim, client) = gitlab(version).await;
        let (owner, other) = (ProjectId(41), ProjectId(42));
        let id = registered(&client, Scope::Project(owner)).await.id;
        for _ in 0..2 {
            client.assign(other, id).await.unwrap();
            let projects = read(&client, id).await.projects.unwrap();
            let ids: BTreeSet<_> = projects.iter().map(|project| project.id).collect();
            assert_eq!(ids, BTreeSet::from([owner, other]), "{version}");
        }
        for _ in 0..2 {
            client.unassign(other, id).await.unwrap();
            assert_eq!(
                read(&client, id).await.projects.unwrap().len(),
                1,
                "{version}"
            );
        }
        let refused = client.unassign(owner, id).await.unwrap_err();
        assert_eq!(refused.status(), Some(403), "{}", told(&refused));
        let nowhere = client.assign(ProjectId(99), id).await.unwrap_err();
        assert_eq!(told(&nowhere), "GitLab said 404: 404 Project Not Found");
        assert_eq!(
            client
                .unassign(ProjectId(99), id)
                .await
                .unwrap_err()
                .status(),
            Some(404)
        );
    }
}

#[tokio::test]
async fn paths_become_numbers() {
    for version in VERSIONS {
        let (sim, client) = gitlab(version).await;
        assert_eq!(
            client.group_id("platform").await.unwrap(),
            Some(GroupId(31))
        );
        assert_eq!(
            client.group_id("platform/tools").await.unwrap(),
            Some(GroupId(32))
        );
        let project = client.project_id("platform/tools/build").await.unwrap();
        assert_eq!(project, Place::Here(ProjectId(41)));
        assert_eq!(
            client.group_id("platform/tools/build").await.unwrap(),
            None,
            "{version}"
        );
        assert_eq!(
            client.project_id("platform/tools").await.unwrap(),
            Place::Unknown,
            "{version}"
        );
        // Paths do not mind case, and a number is no path.
        assert_eq!(
            client.group_id("Platform/Tools").await.unwrap(),
            Some(GroupId(32)),
            "{version}"
        );
        assert_eq!(
            client.project_id("platform/tools/BUILD").await.unwrap(),
            Place::Here(ProjectId(41)),
            "{version}"
        );
        assert_eq!(client.group_id("31").await.unwrap(), None, "{version}");
        assert_eq!(
            client.project_id("41").await.unwrap(),
            Place::Unknown,
            "{version}"
        );
        let outsider = as_user(&sim, MAINTAINER);
        assert_eq!(
            outsider.project_id("platform/docs").await.unwrap(),
            Place::Unknown,
            "{version}"
        );
    }
}

#[tokio::test]
async fn a_credential_tells_about_itself_and_the_instance_about_itself() {
    for (version, shown) in [("15.11", "15.11."), ("17", "17.11."), ("19", "19.")] {
        let (sim, admin) = gitlab(version).await;
        let token = admin.access_token().await.unwrap();
        assert_eq!(
            (token.name.as_str(), token.scopes),
            ("registrar", set(["api"]))
        );
        assert_eq!(token.expires_at.unwrap().to_string(), "2999-01-02");
        let narrow = as_user(&sim, NARROW).access_token().await.unwrap();
        assert_eq!(narrow.scopes, set(["create_runner", "manage_runner"]));
        assert_eq!(narrow.expires_at, None);
        assert!(admin.user().await.unwrap().admin);
        let maintainer = as_user(&sim, MAINTAINER).user().await.unwrap();
        assert!(!maintainer.admin && maintainer.username.is_some());
        let metadata = admin.metadata().await.unwrap();
        assert!(metadata.version.starts_with(shown), "{}", metadata.version);
        assert!(metadata.enterprise.is_some());
        let missing = json!({"error": "404 Not Found"});
        sim.fault(Rule::new(
            "GET",
            "/api/v4/metadata",
            Fault::reply(404, missing),
        ))
        .unwrap();
        assert_eq!(admin.metadata().await.unwrap().version, metadata.version);
    }
}

#[tokio::test]
async fn a_credential_that_may_not_is_told_why() {
    for version in VERSIONS {
        let (sim, _admin) = gitlab(version).await;
        let reader = as_user(&sim, READER)
            .register(&new(Scope::Instance))
            .await
            .unwrap_err();
        assert_eq!(reader.status(), Some(403));
        assert_eq!(reader.refusal(), Some(&Refusal::InsufficientScope));
        assert!(told(&reader).contains("create_runner"), "{}", told(&reader));
        let narrow = as_user(&sim, NARROW);
        let id = narrow.register(&new(Scope::Instance)).await.unwrap().id;
        // `manage_runner` is younger than `create_runner` (contract §6).
        let managed = narrow.runner(id).await;
        if matches!(version, "15.11" | "16.10") {
            assert_eq!(managed.unwrap_err().status(), Some(403));
        } else {
            assert_eq!(managed.unwrap().map(|runner| runner.id), Some(id));
        }
        let search = narrow
            .find(Scope::Instance, None, Contact::Never, |_| true)
            .await
            .unwrap_err();
        assert_eq!(search.refusal(), Some(&Refusal::InsufficientScope));
        let member = as_user(&sim, MAINTAINER)
            .register(&new(Scope::Instance))
            .await
            .unwrap_err();
        assert_eq!(
            told(&member),
            "GitLab said 403: 403 Forbidden - Insufficient permissions"
        );
        let stranger = as_user(&sim, "glpat-canary-unknown")
            .access_token()
            .await
            .unwrap_err();
        assert!(stranger.is_unauthorized());
        assert_eq!(told(&stranger), "GitLab said 401: 401 Unauthorized");
        sim.command_json(json!({"do": "revoke_token", "token": READER}))
            .unwrap();
        let revoked = as_user(&sim, READER).access_token().await.unwrap_err();
        assert_eq!(revoked.refusal(), Some(&Refusal::TokenRevoked));
    }
}

#[tokio::test]
async fn gitlab_below_a_path_and_behind_its_own_authority() {
    let options = Options {
        tls: true,
        root: "/gitlab".to_owned(),
        ..Options::default()
    };
    let sim = Server::start("", options).await.unwrap();
    let ca_pem = sim.ca_pem().map(|pem| pem.as_bytes().to_vec());
    let endpoint = Endpoint {
        ca_pem,
        ..endpoint(sim.url())
    };
    let token = Some(Seed::ROOT_TOKEN);
    let client = watched(&endpoint, token).0;
    let id = client.register(&new(Scope::Instance)).await.unwrap().id;
    assert_eq!(client.runner(id).await.unwrap().unwrap().id, id);
    let paths: Vec<_> = sim
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(
        paths,
        [
            "/api/v4/user/runners".to_owned(),
            format!("/api/v4/runners/{id}")
        ]
    );
}

#[tokio::test]
async fn no_token_shows_wherever_it_might_be_printed() {
    let (sim, client) = gitlab("19").await;
    let registered = registered(&client, Scope::Instance).await;
    let fresh = client.reset_token(registered.id).await.unwrap();
    for (shown, token) in [
        (format!("{registered:?}"), registered.token.expose()),
        (format!("{fresh:?}"), fresh.token.expose()),
        (
            format!("{:?}", RunnerToken::new("glrt-canary".to_owned())),
            "glrt-canary",
        ),
        (format!("{client:?}"), TOKEN),
    ] {
        assert!(!shown.contains(token), "{shown}");
    }
    // A stranger that repeats all it was told, in place of GitLab.
    for status in [200, 400, 401, 404, 422, 500] {
        let echo = json!({"message": format!("{TOKEN} {}", fresh.token.expose()), "id": TOKEN});
        sim.clear_faults();
        sim.fault(Rule::always(Fault::reply(status, echo))).unwrap();
        let ends = [
            client.register(&new(Scope::Instance)).await.map(drop),
            client.unregister_by_token(&fresh.token).await,
            client
                .edit(registered.id, &Settings::default())
                .await
                .map(drop),
        ];
        for error in ends.into_iter().filter_map(Result::err) {
            let said = told(&error);
            assert!(
                !format!("{said} {error:?}").contains(fresh.token.expose()),
                "{said}"
            );
        }
    }
}
