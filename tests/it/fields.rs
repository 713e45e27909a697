//! Every managed field: what is changed in the manifest is changed in GitLab, and nothing else is.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, runner, shown, story, token};

/// A field of spec, two values that it is given one after the other, and the second one in the
/// words of GitLab's API.
struct Field {
    name: &'static str,
    first: Value,
    then: Value,
    asked: Value,
}

fn fields() -> [Field; 8] {
    let field = |name, first, then, asked| Field {
        name,
        first,
        then,
        asked,
    };
    let tags = |tags: Value| json!({ "tag_list": tags });
    [
        field(
            "description",
            json!("Blue"),
            json!("Green, with a comma"),
            json!({ "description": "Green, with a comma" }),
        ),
        field(
            "tags",
            json!(["one", "two"]),
            json!(["two", "three"]),
            tags(json!(["three", "two"])),
        ),
        field(
            "runUntagged",
            json!(true),
            json!(false),
            json!({ "run_untagged": false }),
        ),
        field(
            "paused",
            json!(false),
            json!(true),
            json!({ "paused": true }),
        ),
        field(
            "locked",
            json!(false),
            json!(true),
            json!({ "locked": true }),
        ),
        field(
            "accessLevel",
            json!("not_protected"),
            json!("ref_protected"),
            json!({ "access_level": "ref_protected" }),
        ),
        field(
            "maximumTimeout",
            json!("1h"),
            json!("1h30m"),
            json!({ "maximum_timeout": 5400 }),
        ),
        field(
            "maintenanceNote",
            json!("Ask Ann"),
            json!("Ask Bob"),
            json!({ "maintenance_note": "Ask Bob" }),
        ),
    ]
}

/// A runner with the first value of each field.
fn complete(name: &str) -> Manifest {
    fields().into_iter().fold(runner(name), |manifest, field| {
        manifest.with(field.name, field.first)
    })
}

/// What GitLab was asked to change, with the mark taken off the note.
fn asked(story: &Story<'_>) -> Vec<(String, String, Value)> {
    let mut asked = story.gitlab.changes_asked();
    for (_, _, body) in &mut asked {
        if let Some(note) = body["maintenance_note"].as_str() {
            let text = note.split('\n').next().unwrap_or_default().to_owned();
            body["maintenance_note"] = text.into();
        }
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_them_are_set_at_registration() {
    story("fields-first")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.gitlab.clear_requests();
            story.apply(&complete("auk")).await;
            story.is_ready("auk").await;
            let registration = json!({
                "runner_type": "instance_type",
                "description": "Blue",
                "tag_list": ["one", "two"],
                "run_untagged": true,
                "paused": false,
                "locked": false,
                "access_level": "not_protected",
                "maximum_timeout": 3600,
                "maintenance_note": "Ask Ann",
            });
            let post = ("POST".to_owned(), "/user/runners".to_owned(), registration);
            assert_eq!(asked(story), [post]);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_in_the_manifest_is_one_request_with_just_that_field() {
    story("fields-changed")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let mut manifest = complete("dunlin");
            story.apply(&manifest).await;
            let id = story.is_registered("dunlin").await;
            for field in fields() {
                story.gitlab.clear_requests();
                manifest = manifest.with(field.name, field.then);
                story.apply(&manifest).await;
                story.is_ready("dunlin").await;
                let put = ("PUT".to_owned(), format!("/runners/{id}"), field.asked);
                assert_eq!(asked(story), [put], "{}", field.name);
            }
            let log = story.operator().log();
            for field in fields() {
                let letters = field.name.chars().flat_map(snake);
                let key: String = "\"changed.".chars().chain(letters).collect();
                assert!(log.contains(&key), "no log line has {key}");
            }
            let told = story.events("dunlin", "Updated").await;
            assert_eq!(told.len(), 8, "{told:#?}");
            assert!(
                told.contains(&r#"changed maximumTimeout from "1h" to "1h30m""#.to_owned()),
                "{told:#?}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_changes_at_once_are_one_request() {
    story("fields-several")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&complete("gannet")).await;
            let id = story.is_registered("gannet").await;
            story.gitlab.clear_requests();
            let changes = json!({ "spec": { "tags": [], "maximumTimeout": "0s" } });
            story.edit::<GitLabRunner>("gannet", changes).await;
            story.is_ready("gannet").await;
            let body = json!({ "tag_list": [], "maximum_timeout": null });
            let put = ("PUT".to_owned(), format!("/runners/{id}"), body);
            assert_eq!(asked(story), [put]);
        })
        .await;
}

/// Two who apply the same runner each have tags of their own, and neither takes away the other's.
#[tokio::test(flavor = "multi_thread")]
async fn tags_of_two_appliers_are_merged() {
    story("fields-shared")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let ours = runner("garganey").tagged(["ours"]);
            let theirs = ours.clone().tagged(["theirs"]).json().to_string();
            story.apply(&ours).await;
            let as_policy = [
                "apply",
                "--server-side",
                "--field-manager=policy",
                "-f",
                "-",
            ];
            let args = [&["--namespace", &story.namespace], &as_policy[..]].concat();
            story.stage.kubectl().done(&args, &theirs).await;
            story.is_ready("garganey").await;
            let tags = |story: &Story<'_>| story.gitlab.only_runner()["tag_list"].clone();
            assert_eq!(tags(story), json!(["ours", "theirs"]));
            story.apply(&ours.without("tags")).await;
            story.is_ready("garganey").await;
            assert_eq!(tags(story), json!(["theirs"]));
        })
        .await;
}

/// The API server drops a set that server-side apply leaves without its last member, and stores it as
/// empty when it is asked to once more.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_of_tags_is_applied_twice() {
    story("fields-untagged")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let tagged = runner("smew").tagged(["one"]);
            let untagged = tagged.clone().tagged([]);
            story.apply(&tagged).await;
            story.is_registered("smew").await;
            story.apply(&untagged).await;
            story.is_ready("smew").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["one"]));
            story.apply(&untagged).await;
            story.is_ready("smew").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!([]));
        })
        .await;
}

/// Who asks later what the operator did, and to what, reads it in its log.
#[tokio::test(flavor = "multi_thread")]
async fn each_change_in_gitlab_leaves_one_line_for_the_audit() {
    story("fields-audit")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&complete("grebe")).await;
            let id = story.is_registered("grebe").await;
            let changes = json!({ "spec": { "tags": [], "maximumTimeout": "0s" } });
            story.edit::<GitLabRunner>("grebe", changes).await;
            story.is_ready("grebe").await;
            let log = story.operator().log();
            let lines = log.lines().filter(|line| line.contains(r#""step":"#));
            let lines: Vec<Value> = lines
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let [made, edited] = &lines[..] else {
                panic!("{lines:#?}");
            };
            for (line, step, message) in [
                (made, "register", "registered runner"),
                (edited, "edit", "changed runner"),
            ] {
                assert_eq!(line["namespace"], story.namespace.as_str());
                assert_eq!(line["name"], "grebe");
                assert_eq!(line["gitlab"], story.gitlab.url());
                assert_eq!(line["message"], message);
                assert_eq!(line["step"], step);
                assert_eq!(line["runner"], id);
                assert_eq!(line["failure"], Value::Null);
            }
            assert_eq!(made["scope"], "instance");
            assert_eq!(edited["changed.tags"], "[one, two] → []");
            assert_eq!(edited["changed.maximum_timeout"], "1h → 0s");
            assert_eq!(edited["changed.paused"], Value::Null);
        })
        .await;
}

/// What comes to the same is not worth a single request.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_in_other_words_is_silence() {
    story("fields-same")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&complete("heron")).await;
            story.is_ready("heron").await;
            story.gitlab.clear_requests();
            for manifest in [
                complete("heron").tagged(["two", "one"]),
                complete("heron").with("maximumTimeout", "60m"),
                complete("heron").with("maintenanceNote", "Ask Ann\n"),
                complete("heron").with("deletionPolicy", "Orphan"),
            ] {
                story.apply(&manifest).await;
                story.is_ready("heron").await;
                let asked = story.gitlab.asked_besides_sweeps();
                assert!(asked.is_empty(), "{:#}: {asked:#?}", manifest.json());
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_taken_out_is_left_as_it_is() {
    story("fields-handed-back")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let mut manifest = complete("ibis");
            story.apply(&manifest).await;
            story.is_ready("ibis").await;
            let before = story.gitlab.only_runner();
            story.gitlab.clear_requests();
            for field in fields() {
                manifest = manifest.without(field.name);
                story.apply(&manifest).await;
                story.is_ready("ibis").await;
            }
            let asked = story.gitlab.asked_besides_sweeps();
            assert!(asked.is_empty(), "{asked:#?}");
            assert_eq!(story.gitlab.only_runner(), before);
        })
        .await;
}

/// GitLab's own rules are told in GitLab's own words, and nothing is half done.
#[tokio::test(flavor = "multi_thread")]
async fn what_gitlab_refuses_is_told_in_its_words() {
    story("fields-refused")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            story.apply(&runner("jackdaw")).await;
            let message = story.is_not_ready("jackdaw", "GitLabRefused").await;
            assert!(message.contains("403"), "{message}");
            let stalled = story
                .runner_says("jackdaw", "it is stalled", |runner| {
                    shown(runner).contains("Stalled")
                })
                .await;
            assert!(stalled.status.unwrap().registration.is_none());
            assert!(story.gitlab.runners().is_empty());
        })
        .await;
}

/// A letter of a field's name as the log spells it.
fn snake(letter: char) -> impl Iterator<Item = char> {
    let mark = letter.is_ascii_uppercase().then_some('_');
    mark.into_iter().chain([letter.to_ascii_lowercase()])
}
