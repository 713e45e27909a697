//! What credentials that are not an administrator's are shown, and what they are told otherwise.
use gitlab_runner_registrar::gitlab::{
    Error, GroupId, ListedRunner, NewRunner, Note, ProjectId, Refusal, Row, RunnerId, Scope, Way,
};
use gitlab_sim::{Options, Server};
use serde_json::json;

use super::super::world::{
    MAINTAINER, NARROW, VERSIONS, as_user, everything, gitlab, read, registered,
};
use super::super::{TOKEN, client, endpoint, told};
use super::{numbers, sweep, whole};

const FINE: &str = "glpat-canary-fine";
const PLATFORM: Scope = Scope::Group(GroupId(31));
const BUILD: Scope = Scope::Project(ProjectId(41));

fn refused(error: &Error) -> (Option<u16>, &Refusal) {
    told(error);
    (error.status(), error.refusal().unwrap())
}

#[tokio::test]
async fn without_the_right_to_read_both_ways_say_so() {
    for version in VERSIONS {
        let (sim, _) = gitlab(version).await;
        let narrow = as_user(&sim, NARROW);
        for (scope, path) in [
            (Scope::Instance, None),
            (PLATFORM, Some("platform")),
            (BUILD, Some("platform/tools/build")),
        ] {
            let (rows, swept) = sweep(&narrow, scope, path, Way::GraphQl).await;
            let error = swept.unwrap_err();
            assert_eq!(refused(&error).1, &Refusal::NoGraphQl, "{version}");
            assert!(!error.is_unauthorized());
            let (more, swept) = sweep(&narrow, scope, path, Way::Rest).await;
            let error = swept.unwrap_err();
            assert_eq!(refused(&error), (Some(403), &Refusal::InsufficientScope));
            assert_eq!((rows, more), (vec![], vec![]));
        }
    }
}

/// Mia owns a project, and is nobody in the group.
#[tokio::test]
async fn a_member_is_shown_the_lists_of_places_that_are_theirs() {
    for version in VERSIONS {
        let (sim, root) = gitlab(version).await;
        let seen = root
            .register(&NewRunner {
                scope: BUILD,
                settings: everything(),
                life: None,
            })
            .await
            .unwrap();
        let mia = as_user(&sim, MAINTAINER);
        let path = Some("platform/tools/build");
        let (rows, swept) = sweep(&mia, BUILD, path, Way::GraphQl).await;
        assert_eq!(swept.unwrap(), whole(1), "{version}");
        let runner = read(&mia, seen.id).await;
        let identity = mia.identity(seen.id).await.unwrap().unwrap();
        assert_eq!(rows, [Row::Whole(Box::new(runner), identity)], "{version}");

        for (scope, path, refusal) in [
            (Scope::Instance, None, Refusal::NoGraphQl),
            (PLATFORM, Some("platform"), Refusal::NoGraphQl),
        ] {
            let (_, swept) = sweep(&mia, scope, path, Way::GraphQl).await;
            assert_eq!(refused(&swept.unwrap_err()).1, &refusal, "{version}");
            let (_, swept) = sweep(&mia, scope, path, Way::Rest).await;
            let error = swept.unwrap_err();
            assert!(matches!(refused(&error).0, Some(403 | 404)), "{version}");
        }
    }
}

/// A group's Maintainer may list its runners since 18.0 only (contract §3.11).
#[tokio::test]
async fn a_maintainer_of_a_group_lists_as_far_as_the_release_lets_them() {
    for version in VERSIONS {
        let (sim, root) = gitlab(version).await;
        registered(&root, PLATFORM).await;
        sim.command_json(json!({
            "do": "set_member", "group": "platform", "user": "mia", "role": "maintainer",
        }))
        .unwrap();
        let mia = as_user(&sim, MAINTAINER);
        let may = matches!(version, "18.2" | "19");
        for way in [Way::GraphQl, Way::Rest] {
            let (rows, swept) = sweep(&mia, PLATFORM, Some("platform"), way).await;
            if may {
                assert_eq!((rows.len(), swept.unwrap()), (1, whole(1)), "{version}");
                continue;
            }
            let refusal = match way {
                Way::GraphQl => Refusal::NoGraphQl,
                Way::Rest => Refusal::Forbidden,
            };
            assert_eq!(refused(&swept.unwrap_err()).1, &refusal, "{version}");
        }
    }
}

/// Contract §8.2: a list leaves out in silence what a fine-grained token may not see.
#[tokio::test]
async fn a_fine_grained_token_is_not_told_what_it_is_not_shown() {
    let (sim, root) = gitlab("19").await;
    for project in [41, 42] {
        registered(&root, Scope::Project(ProjectId(project))).await;
    }
    let everybodys = numbers(
        &sweep(&root, BUILD, Some("platform/tools/build"), Way::Rest)
            .await
            .0,
    );
    // One that is at home in the other project serves this one too.
    let shared = registered(&root, Scope::Project(ProjectId(42))).await;
    root.assign(ProjectId(41), shared.id).await.unwrap();
    sim.command_json(json!({
        "do": "add_token", "user": "mia", "name": "fine", "token": FINE, "scopes": ["granular"],
        "granular_scopes": [{
            "access": "selected_memberships", "project": 41,
            "permissions": ["read_runner", "read_project"],
        }],
    }))
    .unwrap();
    let fine = as_user(&sim, FINE);
    let path = Some("platform/tools/build");
    let (rows, swept) = sweep(&fine, BUILD, path, Way::GraphQl).await;
    // It is complete as far as anybody can tell, which is why a missing row proves nothing.
    assert_eq!((numbers(&rows), swept.unwrap()), (everybodys, whole(1)));
    for row in rows {
        let runner = read(&fine, row.id()).await;
        let identity = fine.identity(runner.id).await.unwrap().unwrap();
        assert_eq!(row, Row::Whole(Box::new(runner), identity));
    }
    // Without the permission to see the project GraphQL does not find it, and REST lists it.
    sim.command_json(json!({
        "do": "add_token", "user": "mia", "name": "finer", "token": "glpat-canary-finer",
        "scopes": ["granular"],
        "granular_scopes": [{
            "access": "selected_memberships", "project": 41, "permissions": ["read_runner"],
        }],
    }))
    .unwrap();
    let finer = as_user(&sim, "glpat-canary-finer");
    let (_, swept) = sweep(&finer, BUILD, path, Way::GraphQl).await;
    assert_eq!(refused(&swept.unwrap_err()).1, &Refusal::Missing);
    let (rows, swept) = sweep(&finer, BUILD, path, Way::Rest).await;
    assert_eq!((rows.len(), swept.unwrap()), (2, whole(1)));
}

#[tokio::test]
async fn rest_shows_presence_pause_and_status_in_each_release() {
    for version in ["13.12", "15.2", "15.11", "16.10", "17", "18.2", "19"] {
        let seed = format!(
            "
settings: {{ version: '{version}' }}
users: [{{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}]
groups: [{{ path: platform, id: 31 }}, {{ path: platform/tools, id: 32 }}]
runners:
  - {{ id: 5, type: group_type, group: platform, settings: {{ description: a }} }}
  - {{ id: 6, type: group_type, group: platform/tools, settings: {{ paused: true }} }}
"
        );
        let sim = Server::start(seed.as_str(), Options::default())
            .await
            .unwrap();
        let client = client(&endpoint(sim.url()));
        let (rows, swept) = sweep(&client, Scope::Group(GroupId(32)), None, Way::Rest).await;
        assert_eq!(swept.unwrap(), whole(1), "{version}");
        let old = version == "13.12";
        let row = |id, description: Option<&str>, paused| {
            let word = if old {
                "not_connected"
            } else {
                "never_contacted"
            };
            Row::Listed(ListedRunner {
                id: RunnerId(id),
                description: description.map(str::to_owned),
                online: None,
                paused: (!old).then_some(paused),
                status: Some(word.to_owned()),
                note: Note::Unseen,
            })
        };
        // The list looks up: runners of the group above are in it, too.
        let expected = [row(5, Some("a"), false), row(6, None, true)];
        assert_eq!(rows, expected, "{version}");
    }
}
