//! What is known of a runner without a GET: held to what a GET shows, in every release.
use gitlab_runner_registrar::gitlab::{
    GroupId, NewRunner, Note, ProjectId, Runner, Scope, Settings,
};
use jiff::SignedDuration;
use serde_json::json;

use super::world::{VERSIONS, WITH_NOTES, everything, gitlab, read, registered, set};

const PLACES: [Scope; 3] = [
    Scope::Instance,
    Scope::Group(GroupId(31)),
    Scope::Project(ProjectId(41)),
];

/// The same without its address, which a registration does not tell.
fn nowhere(runner: Runner) -> Runner {
    Runner {
        projects: None,
        group_url: None,
        ..runner
    }
}

#[tokio::test]
async fn a_new_runner_is_as_was_asked() {
    for version in WITH_NOTES {
        let (_sim, client) = gitlab(version).await;
        let plain = Settings {
            tags: Some(set(["b", "a"])),
            ..everything()
        };
        for settings in [Settings::default(), plain] {
            for scope in PLACES {
                let settings = settings.clone();
                let new = NewRunner::new(scope, settings);
                let id = client.register(&new).await.unwrap().id;
                let shown = nowhere(read(&client, id).await);
                assert_eq!(new.assumed(id), Some(shown), "{version} {scope:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_answer_to_an_edit_shows_what_a_look_does() {
    for version in VERSIONS {
        let (_sim, client) = gitlab(version).await;
        for scope in PLACES {
            let id = registered(&client, scope).await.id;
            let before = read(&client, id).await;
            let note = everything().maintenance_note;
            let edit = Settings {
                maintenance_note: note
                    .filter(|_| matches!(before.maintenance_note, Note::Shown(_))),
                ..everything()
            };
            let shown = client.edit(id, &edit).await.unwrap().unwrap();
            let now = read(&client, id).await;
            assert_eq!(shown.after(&before), now, "{version} {scope:?}");
            assert_ne!(before, now);
        }
    }
}

#[tokio::test]
async fn what_has_changed_since_it_was_seen_is_not_removed() {
    for version in VERSIONS {
        let (sim, client) = gitlab(version).await;
        let id = registered(&client, Scope::Instance).await.id;
        let before = sim.now() - SignedDuration::from_mins(1);
        assert!(!client.unregister_unmodified(id, before).await.unwrap());
        assert!(client.runner(id).await.unwrap().is_some(), "{version}");
        let change = json!({ "do": "edit_runner", "runner": id, "set": { "description": "new" } });
        sim.command_json(change).unwrap();
        assert!(!client.unregister_unmodified(id, before).await.unwrap());
        let seen = sim.now();
        assert!(client.unregister_unmodified(id, seen).await.unwrap());
        assert_eq!(client.runner(id).await.unwrap(), None, "{version}");
        assert!(client.unregister_unmodified(id, seen).await.unwrap());
    }
}
