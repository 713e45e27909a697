//! Runners as JSON, in both directions. Every struct is taken apart without `..`, so that a new
//! setting cannot be forgotten here.
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::model::{
    AccessLevel, GroupId, Insight, NewRunner, Note, ProjectId, ProjectRef, Release, Runner,
    RunnerId, Scope, Settings, TokenLife,
};

/// The body of `PUT /runners/:id` (contract §3.6) and most of that of `POST /user/runners`
/// (§3.20): only what is given is written.
#[derive(Serialize)]
pub(super) struct Edit<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// An empty list clears.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_untagged: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<bool>,
    /// The opposite of `paused`, before 14.8.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_level: Option<AccessLevel>,
    /// Null clears.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(
        clippy::option_option,
        reason = "absent, null and a number say different things"
    )]
    maximum_timeout: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintenance_note: Option<&'a str>,
}

impl<'a> From<&'a Settings> for Edit<'a> {
    fn from(settings: &'a Settings) -> Self {
        let Settings {
            description,
            tags,
            run_untagged,
            paused,
            locked,
            access_level,
            maximum_timeout,
            maintenance_note,
        } = settings;
        Self {
            description: description.as_deref(),
            tag_list: tags
                .as_ref()
                .map(|tags| tags.iter().map(|tag| quoted(tag)).collect()),
            run_untagged: *run_untagged,
            paused: *paused,
            active: None,
            locked: *locked,
            access_level: *access_level,
            maximum_timeout: *maximum_timeout,
            maintenance_note: maintenance_note.as_deref(),
        }
    }
}

impl<'a> Edit<'a> {
    /// The same for a GitLab of that release (contract §11).
    pub(super) fn of(settings: &'a Settings, release: Option<Release>) -> Self {
        let mut edit = Self::from(settings);
        if release.is_some_and(|release| release < Release::PAUSED) {
            edit.active = edit.paused.take().map(|paused| !paused);
        }
        edit
    }
}

/// GitLab splits even the elements of a list at commas, except inside quotes (contract §1.6).
fn quoted(tag: &str) -> String {
    let quote = if tag.contains('"') { '\'' } else { '"' };
    if tag.contains(',') {
        format!("{quote}{tag}{quote}")
    } else {
        tag.to_owned()
    }
}

/// The body of `POST /user/runners` (contract §3.20).
#[derive(Serialize)]
pub(super) struct Create<'a> {
    runner_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<GroupId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    #[serde(flatten)]
    settings: Edit<'a>,
    #[serde(flatten)]
    life: Option<TokenLife>,
}

impl<'a> From<&'a NewRunner> for Create<'a> {
    fn from(new: &'a NewRunner) -> Self {
        let NewRunner {
            scope,
            settings,
            life,
        } = new;
        let (group_id, project_id) = match *scope {
            Scope::Instance => (None, None),
            Scope::Group(id) => (Some(id), None),
            Scope::Project(id) => (None, Some(id)),
        };
        Self {
            runner_type: scope.runner_type(),
            group_id,
            project_id,
            settings: settings.into(),
            life: *life,
        }
    }
}

/// The details entity (contract §2.2). What it always carries is required here: judging drift by
/// a value that was made up would cause writes.
#[derive(Deserialize)]
pub(super) struct Details {
    id: RunnerId,
    /// Absent before 14.8, and then told by the next.
    #[serde(default)]
    runner_type: String,
    #[serde(default)]
    is_shared: bool,
    description: Option<String>,
    tag_list: BTreeSet<String>,
    run_untagged: bool,
    #[serde(flatten)]
    pause: Pause,
    locked: bool,
    access_level: AccessLevel,
    maximum_timeout: Option<u32>,
    /// Absent before 16.10, which is not the same as null.
    #[serde(default, deserialize_with = "shown")]
    #[expect(
        clippy::option_option,
        reason = "absent, null and a text say different things"
    )]
    maintenance_note: Option<Option<String>>,
    projects: Option<Vec<ProjectRef>>,
    #[serde(default)]
    groups: Vec<Group>,
    online: Option<bool>,
    #[serde(default)]
    status: String,
    contacted_at: Option<Timestamp>,
}

/// What is there, be it null.
#[expect(
    clippy::option_option,
    reason = "absent, null and a text say different things"
)]
fn shown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Whether a runner gets no jobs, in the words of either era (contract §11).
#[derive(Deserialize)]
#[serde(untagged)]
enum Pause {
    Now { paused: bool },
    Before { active: bool },
}

#[derive(Deserialize)]
struct Group {
    web_url: Option<String>,
}

impl From<Details> for Runner {
    fn from(details: Details) -> Self {
        let Details {
            id,
            runner_type,
            is_shared,
            description,
            tag_list,
            run_untagged,
            pause,
            locked,
            access_level,
            maximum_timeout,
            maintenance_note,
            projects,
            groups,
            online,
            status,
            contacted_at,
        } = details;
        let runner_type = match (&*runner_type, is_shared, groups.is_empty()) {
            ("", true, _) => "instance_type".to_owned(),
            ("", false, false) => "group_type".to_owned(),
            ("", false, true) => "project_type".to_owned(),
            _ => runner_type,
        };
        Self {
            id,
            runner_type,
            description: description.unwrap_or_default(),
            tags: tag_list,
            run_untagged,
            paused: match pause {
                Pause::Now { paused } => paused,
                Pause::Before { active } => !active,
            },
            locked,
            access_level,
            maximum_timeout,
            maintenance_note: maintenance_note.map_or(Note::Unseen, |note| {
                Note::Shown(note.filter(|note| !note.is_empty()))
            }),
            projects,
            group_url: groups.into_iter().find_map(|group| group.web_url),
            online,
            status,
            contacted_at: contacted_at.and_then(whole_seconds),
            insight: Insight::default(),
        }
    }
}

/// GraphQL shows no fraction of a second, and REST does.
pub(super) fn whole_seconds(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn edit(settings: &Settings) -> Value {
        serde_json::to_value(Edit::from(settings)).unwrap()
    }

    #[test]
    fn an_edit_says_just_what_is_given() {
        assert_eq!(edit(&Settings::default()), json!({}));
        let everything = Settings {
            description: Some("d".to_owned()),
            tags: Some(BTreeSet::from(["b".to_owned(), "a".to_owned()])),
            run_untagged: Some(false),
            paused: Some(true),
            locked: Some(false),
            access_level: Some(AccessLevel::RefProtected),
            maximum_timeout: Some(Some(600)),
            maintenance_note: Some("n".to_owned()),
        };
        let expected = json!({
            "description": "d", "tag_list": ["a", "b"], "run_untagged": false, "paused": true,
            "locked": false, "access_level": "ref_protected", "maximum_timeout": 600,
            "maintenance_note": "n",
        });
        assert_eq!(edit(&everything), expected);
    }

    #[test]
    fn clearing_is_said_out_loud() {
        let cleared = Settings {
            description: Some(String::new()),
            tags: Some(BTreeSet::new()),
            maximum_timeout: Some(None),
            ..Settings::default()
        };
        assert_eq!(
            edit(&cleared),
            json!({"description": "", "tag_list": [], "maximum_timeout": null})
        );
    }

    #[test]
    fn a_tag_with_a_comma_stays_one_tag() {
        let tags = ["plain", "it's", "a, b", r#"say "x", y"#].map(str::to_owned);
        let settings = Settings {
            tags: Some(BTreeSet::from(tags)),
            ..Settings::default()
        };
        let sent = [r#""a, b""#, "it's", "plain", r#"'say "x", y'"#];
        assert_eq!(edit(&settings), json!({ "tag_list": sent }));
    }

    #[test]
    fn a_registration_names_its_place() {
        let cases = [
            (
                Scope::Instance,
                json!({"runner_type": "instance_type", "paused": true}),
            ),
            (
                Scope::Group(GroupId(7)),
                json!({"runner_type": "group_type", "group_id": 7, "paused": true}),
            ),
            (
                Scope::Project(ProjectId(8)),
                json!({"runner_type": "project_type", "project_id": 8, "paused": true}),
            ),
        ];
        for (scope, expected) in cases {
            let settings = Settings {
                paused: Some(true),
                ..Settings::default()
            };
            let new = NewRunner::new(scope, settings);
            assert_eq!(serde_json::to_value(Create::from(&new)).unwrap(), expected);
        }
    }

    #[test]
    fn details_are_read_with_and_without_what_may_be_absent() {
        let least = json!({
            "id": 5, "description": null, "tag_list": ["b", "a"], "run_untagged": true,
            "paused": false, "locked": false, "access_level": "not_protected",
            "maximum_timeout": null, "maintenance_note": "", "online": null,
            "status": "never_contacted", "contacted_at": null,
        });
        let runner = Runner::from(serde_json::from_value::<Details>(least.clone()).unwrap());
        assert_eq!(
            (
                runner.description.as_str(),
                runner.maintenance_note,
                runner.projects
            ),
            ("", Note::Shown(None), None)
        );
        let mut old = least.clone();
        old.as_object_mut().unwrap().remove("maintenance_note");
        let runner = Runner::from(serde_json::from_value::<Details>(old).unwrap());
        assert_eq!(runner.maintenance_note, Note::Unseen);
        let mut most = least;
        most["maintenance_note"] = Value::Null;
        most["projects"] = json!([{"id": 3, "name": "x", "path_with_namespace": "a/x"}]);
        most["groups"] =
            json!([{"id": 1, "web_url": "https://gitlab.example.com/groups/a", "name": "a"}]);
        most["contacted_at"] = json!("2022-01-11T14:39:24.000Z");
        let runner = Runner::from(serde_json::from_value::<Details>(most).unwrap());
        assert_eq!(runner.projects.unwrap()[0].path, "a/x");
        assert_eq!(
            runner.group_url.as_deref(),
            Some("https://gitlab.example.com/groups/a")
        );
        assert_eq!(runner.contacted_at.unwrap().as_second(), 1_641_911_964);
    }
}
