//! From a runner in GitLab to the manifest of an object that takes it over.
use serde::Serialize;

use super::spec_fields::{Owner, Target, note, projects, tags, timeout};
use crate::api::v1alpha1::ConnectionRef;
use crate::gitlab::{AccessLevel, Runner};

/// The longest name of an object.
const LONGEST_NAME: usize = 63;
/// A `GitLabRunner` as a person would write it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    api_version: &'static str,
    kind: &'static str,
    pub(super) metadata: Metadata,
    spec: Spec,
    /// What the spec does not say of the runner, and why.
    #[serde(skip)]
    pub(super) remarks: Vec<String>,
}

/// Its name and place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    connection_ref: Reference,
    scope: Scope,
    adopt: Adopt,
    deletion_policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_untagged: Option<bool>,
    paused: bool,
    locked: bool,
    access_level: AccessLevel,
    maximum_timeout: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintenance_note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projects: Option<Vec<Target>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Reference {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Scope {
    Instance(Empty),
    Group(Target),
    Project(Target),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Adopt {
    runner_id: u64,
    reset_token: &'static str,
}

/// What the caller says of all manifests.
#[derive(Clone, Debug)]
pub(super) struct Framing {
    pub(super) connection: ConnectionRef,
    pub(super) namespace: Option<String>,
    pub(super) deletion_policy: &'static str,
    pub(super) reset_token: &'static str,
}

/// The manifest of a runner, whose owner project is told where it has one; or why there can be none.
pub(super) fn manifest(
    runner: &Runner,
    owner: Option<&Owner>,
    framing: &Framing,
) -> Result<Manifest, String> {
    let mut remarks = Vec::new();
    let scope = scope(runner, owner)?;
    let tags = tags(runner, &mut remarks);
    let kind: &'static str = framing.connection.kind.name();
    let is_default = framing.connection.kind == crate::api::v1alpha1::ConnectionKind::default();
    Ok(Manifest {
        api_version: "gitlab-registrar.dev/v1alpha1",
        kind: "GitLabRunner",
        metadata: Metadata {
            name: name(runner),
            namespace: framing.namespace.clone(),
        },
        spec: Spec {
            connection_ref: Reference {
                kind: (!is_default).then_some(kind),
                name: framing.connection.name.clone(),
            },
            adopt: Adopt {
                runner_id: runner.id.0,
                reset_token: framing.reset_token,
            },
            deletion_policy: framing.deletion_policy,
            description: Some(runner.description.clone()),
            // Without tags, GitLab takes no runner that only runs jobs with tags.
            run_untagged: (tags.is_some() || runner.run_untagged).then_some(runner.run_untagged),
            tags,
            paused: runner.paused,
            locked: runner.locked,
            access_level: runner.access_level,
            maximum_timeout: timeout(runner.maximum_timeout),
            maintenance_note: note(runner, &mut remarks),
            projects: projects(runner, owner, &mut remarks),
            scope,
        },
        remarks,
    })
}

fn scope(runner: &Runner, owner: Option<&Owner>) -> Result<Scope, String> {
    match runner.runner_type.as_str() {
        "instance_type" => Ok(Scope::Instance(Empty {})),
        "group_type" => {
            let path = runner
                .group_path()
                .ok_or("GitLab does not show its group")?;
            Ok(Scope::Group(Target {
                path: path.to_owned(),
            }))
        }
        "project_type" => {
            let owner = owner.ok_or("GitLab does not show the project that owns it")?;
            let path = owner.project.path.clone();
            Ok(Scope::Project(Target { path }))
        }
        other => Err(format!("its type {other:?} is none of the three")),
    }
}

/// The description as a name, with the number, by which it stays the same and is nobody else's.
fn name(runner: &Runner) -> String {
    let mut slug = String::new();
    for letter in runner.description.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let id = runner.id.to_string();
    slug.truncate(LONGEST_NAME.saturating_sub(id.len() + 1));
    match slug.trim_end_matches('-') {
        "" => format!("runner-{id}"),
        slug => format!("{slug}-{id}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::v1alpha1::{ConnectionKind, GitLabRunner};
    use crate::gitlab::model::ProjectRef;
    use crate::gitlab::{Insight, Note, ProjectId, RunnerId};

    fn runner() -> Runner {
        Runner {
            id: RunnerId(7),
            runner_type: "group_type".to_owned(),
            description: "Linux (big), Höhe 2".to_owned(),
            tags: BTreeSet::from(["linux".to_owned(), "docker".to_owned()]),
            run_untagged: false,
            paused: true,
            locked: false,
            access_level: AccessLevel::RefProtected,
            maximum_timeout: Some(5400),
            maintenance_note: Note::Shown(Some("Ask Ann".to_owned())),
            projects: None,
            group_url: Some("https://gitlab.example.com/groups/a/b".to_owned()),
            online: None,
            status: "never_contacted".to_owned(),
            contacted_at: None,
            insight: Insight::default(),
        }
    }

    fn framing() -> Framing {
        Framing {
            connection: ConnectionRef {
                kind: ConnectionKind::GitLabConnection,
                name: "gitlab".to_owned(),
            },
            namespace: Some("ci".to_owned()),
            deletion_policy: "Orphan",
            reset_token: "Never",
        }
    }

    fn project(id: u64, path: &str) -> ProjectRef {
        ProjectRef {
            id: ProjectId(id),
            path: path.to_owned(),
        }
    }

    #[test]
    fn a_manifest_says_all_that_the_runner_is() {
        let made = manifest(&runner(), None, &framing()).unwrap();
        let yaml = serde_saphyr::to_string(&made).unwrap();
        let expected = "\
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabRunner
metadata:
  name: linux-big-h-he-2-7
  namespace: ci
spec:
  connectionRef:
    name: gitlab
  scope:
    group:
      path: a/b
  adopt:
    runnerId: 7
    resetToken: Never
  deletionPolicy: Orphan
  description: Linux (big), Höhe 2
  tags:
  - docker
  - linux
  runUntagged: false
  paused: true
  locked: false
  accessLevel: ref_protected
  maximumTimeout: 1h30m
  maintenanceNote: Ask Ann
";
        assert_eq!(yaml, expected);
        let read: GitLabRunner = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read.spec.maximum_timeout.as_deref(), Some("1h30m"));
    }

    #[test]
    fn further_projects_are_those_that_do_not_own_it() {
        let owner = Owner {
            project: project(2, "a/owner"),
            shows_all: true,
        };
        let mine = Runner {
            runner_type: "project_type".to_owned(),
            projects: Some(vec![project(1, "a/one"), owner.project.clone()]),
            ..runner()
        };
        let made = manifest(&mine, Some(&owner), &framing()).unwrap();
        let made = serde_json::to_value(&made).unwrap();
        assert_eq!(made["spec"]["scope"]["project"]["path"], "a/owner");
        let further = serde_json::json!([{ "path": "a/one" }]);
        assert_eq!(made["spec"]["projects"], further);
        // An exact list of those that are shown would unassign those that are not.
        let hidden = Owner {
            shows_all: false,
            ..owner
        };
        let made = manifest(&mine, Some(&hidden), &framing()).unwrap();
        assert!(made.remarks[0].starts_with("projects are left out"));
        let made = serde_json::to_value(&made).unwrap();
        assert_eq!(made["spec"].get("projects"), None);
        let why = manifest(&mine, None, &framing()).unwrap_err();
        assert!(why.contains("owns it"), "{why}");
    }

    #[test]
    fn a_name_is_one_of_kubernetes_and_nobody_elses() {
        for (description, expected) in [
            ("", "runner-7"),
            ("---", "runner-7"),
            ("日本", "runner-7"),
            ("Ends in -", "ends-in-7"),
            ("a_b.c", "a-b-c-7"),
        ] {
            let one = Runner {
                description: description.to_owned(),
                ..runner()
            };
            assert_eq!(name(&one), expected);
        }
        let long = Runner {
            description: "x".repeat(200),
            id: RunnerId(12_345),
            ..runner()
        };
        assert_eq!(name(&long).len(), LONGEST_NAME);
        assert!(name(&long).ends_with("x-12345"));
    }

    #[test]
    fn what_spec_does_not_take_is_left_out_and_said() {
        let odd = Runner {
            tags: BTreeSet::from(["a, b".to_owned()]),
            maintenance_note: Note::Shown(Some("x".repeat(897))),
            ..runner()
        };
        let made = manifest(&odd, None, &framing()).unwrap();
        assert_eq!(made.remarks.len(), 2, "{:?}", made.remarks);
        assert!(made.remarks[0].starts_with("tags and runUntagged are left out"));
        let made = serde_json::to_value(&made).unwrap();
        assert_eq!(made["spec"].get("tags"), None);
        // It is refused where no tags are.
        assert_eq!(made["spec"].get("runUntagged"), None);
        assert_eq!(made["spec"].get("maintenanceNote"), None);
    }

    #[test]
    fn a_timeout_is_written_as_spec_takes_it() {
        for (seconds, text) in [
            (None, "0s"),
            (Some(600), "10m"),
            (Some(3661), "1h1m1s"),
            (Some(360_000), "100h"),
        ] {
            assert_eq!(timeout(seconds), text);
        }
    }
}
