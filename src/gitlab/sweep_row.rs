//! A runner as GraphQL shows it (contract §5.3), in the words of REST. What can differ from what
//! `GET /runners/:id` shows is left out, so that nobody takes the one for a change of the other.
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::model::{
    AccessLevel, Identity, ListedRunner, Note, ProjectId, ProjectRef, Runner, RunnerId, Scope,
};
use super::row::Row;
use super::sweep_insight::Shown;
use super::wire::whole_seconds;

/// The first release whose REST shows and takes the note (contract §2.2).
const NOTE_OVER_REST: (u64, u64) = (16, 10);

const FIELDS: &str = "id shortSha runnerType description maintenanceNote tagList runUntagged locked \
     paused accessLevel maximumTimeout status contactedAt";

/// So many processes of a runner are looked at, the latest first; all of them are counted.
const INSIGHT: &str =
    " jobExecutionStatus managers(first: 50) { count nodes { status version platformName } }";

/// The fields of a runner that `row` reads. What its processes do is not known to every release.
pub(super) fn fields(scope: Scope, insight: bool) -> String {
    let more = match scope {
        Scope::Instance => "",
        Scope::Group(_) => " groups(first: 1) { nodes { webUrl } }",
        Scope::Project(_) => {
            " adminUrl projectCount projects(first: 100) { nodes { id fullPath visibility } }"
        }
    };
    let insight = if insight { INSIGHT } else { "" };
    format!("{FIELDS}{insight}{more}")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    id: String,
    short_sha: Option<String>,
    runner_type: String,
    description: Option<String>,
    maintenance_note: Option<String>,
    tag_list: Option<BTreeSet<String>>,
    run_untagged: bool,
    locked: Option<bool>,
    paused: bool,
    access_level: String,
    maximum_timeout: Option<u32>,
    status: String,
    contacted_at: Option<Timestamp>,
    /// Shown to administrators only.
    admin_url: Option<String>,
    project_count: Option<usize>,
    projects: Option<Nodes<Project>>,
    groups: Option<Nodes<Group>>,
    #[serde(flatten)]
    insight: Shown,
}

#[derive(Deserialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    id: String,
    full_path: String,
    visibility: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    web_url: Option<String>,
}

/// How the runners of one page are to be understood.
pub(super) struct View {
    scope: Scope,
    /// How REST treats the note; `None` when it cannot be told.
    note: Option<fn(Option<String>) -> Note>,
}

impl View {
    /// For runners of `scope`, shown by a GitLab that says that of its version: `None` when it does
    /// not tell it this credential. Only fine-grained tokens are not told (contract §8.1), and all
    /// releases that have those show the note over REST.
    pub(super) fn new(scope: Scope, version: Option<&str>) -> Self {
        let over_rest = match version {
            None => Some(true),
            Some(version) => release(version).map(|release| release >= NOTE_OVER_REST),
        };
        let note = over_rest.map(|over_rest| {
            let note: fn(_) -> _ = if over_rest { Note::Shown } else { Note::Fixed };
            note
        });
        Self { scope, note }
    }

    /// The row of a runner; `None` when it cannot even be told which one it is.
    pub(super) fn row(&self, node: Node) -> Option<Row> {
        let id = RunnerId(number(&node.id, "Ci::Runner")?);
        Some(match self.whole(id, &node) {
            Some(runner) => Row::Whole(
                Box::new(runner),
                Identity {
                    short_sha: node.short_sha,
                },
            ),
            None => Row::Listed(self.listed(id, node)),
        })
    }

    fn whole(&self, id: RunnerId, node: &Node) -> Option<Runner> {
        let (online, status) = contact(node)?;
        let group_url = group_url(node);
        if matches!(self.scope, Scope::Group(_)) && group_url.is_none() {
            return None;
        }
        Some(Runner {
            id,
            runner_type: self.runner_type(node)?,
            description: node.description.clone().unwrap_or_default(),
            tags: node.tag_list.clone()?,
            run_untagged: node.run_untagged,
            paused: node.paused,
            locked: node.locked?,
            access_level: match &*node.access_level {
                "NOT_PROTECTED" => AccessLevel::NotProtected,
                "REF_PROTECTED" => AccessLevel::RefProtected,
                _ => return None,
            },
            maximum_timeout: node.maximum_timeout,
            maintenance_note: self.note(node)?,
            projects: Some(self.projects(node)?),
            group_url,
            online,
            status: status.to_owned(),
            contacted_at: node.contacted_at.and_then(whole_seconds),
            insight: node.insight.read(node.contacted_at.is_some()),
        })
    }

    fn listed(&self, id: RunnerId, node: Node) -> ListedRunner {
        let contact = contact(&node);
        let contacted = node.contacted_at.map(|_| false);
        ListedRunner {
            id,
            online: contact.map_or(contacted, |(online, _)| online),
            paused: Some(node.paused),
            status: contact.map(|(_, status)| status.to_owned()),
            note: self.note(&node).unwrap_or(Note::Unseen),
            description: node.description,
        }
    }

    fn runner_type(&self, node: &Node) -> Option<String> {
        let expected = self.scope.runner_type();
        let same = node.runner_type.eq_ignore_ascii_case(expected);
        same.then(|| expected.to_owned())
    }

    fn note(&self, node: &Node) -> Option<Note> {
        let text = node.maintenance_note.clone();
        self.note
            .map(|note| note(text.filter(|text| !text.is_empty())))
    }

    /// All projects of the runner, by number as REST sorts them. REST shows an administrator all, and
    /// others those that they are members of, while GraphQL shows the public ones too and a fine-grained
    /// token less (contract §2.2, §8.2). So all must be shown here and must be so there: `None` when
    /// that is not certain, as for the hundred and first.
    fn projects(&self, node: &Node) -> Option<Vec<ProjectRef>> {
        let Scope::Project(home) = self.scope else {
            return Some(Vec::new());
        };
        let shown = &node.projects.as_ref()?.nodes;
        if node.project_count != Some(shown.len()) {
            return None;
        }
        let mut projects = Vec::with_capacity(shown.len());
        for project in shown {
            let id = ProjectId(number(&project.id, "Project")?);
            let is_private = project.visibility.as_deref() == Some("private");
            // Whoever may list the runners of a project is a member of it, or sees all.
            if node.admin_url.is_none() && id != home && !is_private {
                return None;
            }
            projects.push(ProjectRef {
                id,
                path: project.full_path.clone(),
            });
        }
        projects.sort_by_key(|project| project.id);
        Some(projects)
    }
}

/// REST's `online` and `status` (contract §1.7). `None` for a word that is not known, and for a runner
/// that has called without asking for a job: GraphQL does not say how long ago that was.
fn contact(node: &Node) -> Option<(Option<bool>, &'static str)> {
    let online = match (&*node.status, node.contacted_at) {
        ("STALE" | "NEVER_CONTACTED", None) => None,
        ("STALE" | "OFFLINE", Some(_)) => Some(false),
        ("ONLINE", Some(_)) => Some(true),
        _ => return None,
    };
    let status = match (&*node.status, online) {
        ("STALE", _) => "stale",
        (_, None) => "never_contacted",
        _ if node.paused => "paused",
        (_, Some(true)) => "online",
        (_, Some(false)) => "offline",
    };
    Some((online, status))
}

fn group_url(node: &Node) -> Option<String> {
    let groups = node.groups.iter().flat_map(|groups| &groups.nodes);
    groups.into_iter().find_map(|group| group.web_url.clone())
}

/// The number in a global id such as `gid://gitlab/Ci::Runner/7`.
fn number(gid: &str, model: &str) -> Option<u64> {
    let rest = gid.strip_prefix("gid://gitlab/")?;
    rest.strip_prefix(model)?.strip_prefix('/')?.parse().ok()
}

/// `16.10.1-ee` is `(16, 10)`.
fn release(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
