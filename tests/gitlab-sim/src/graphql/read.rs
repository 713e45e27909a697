//! Reads what was planned.
use std::cell::Cell;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::page::Page;
use super::plan::Selected;
use super::problem::Problem;
use crate::state::{
    Boundary, Caller, GitLab, Group, GroupId, JobId, ManagerId, Permission, Project, ProjectId,
    Runner, RunnerId, User, UserId,
};

/// Something that has fields.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    Query,
    Runner(RunnerId),
    Permissions(RunnerId),
    Manager(ManagerId),
    Job(JobId),
    Group(GroupId),
    Project(ProjectId),
    User(UserId),
    Metadata,
    Kas,
    Complexity,
    Page(Box<Page>),
    PageInfo(Box<Page>),
    Edge(String, Box<Thing>),
}

/// What a field holds.
pub(super) enum Held {
    Leaf(Value),
    One(Option<Thing>),
    Many(Vec<Thing>),
    /// Null, and why.
    Refused(String),
}

/// GitLab's words for "not there, or not for you".
pub(super) const NOT_AVAILABLE: &str = "The resource that you are attempting to access does not \
     exist or you don't have permission to perform this action";

/// One run of one query.
pub(super) struct Reader<'a> {
    pub(super) gitlab: &'a GitLab,
    pub(super) caller: Option<&'a Caller>,
    pub(super) now: Timestamp,
    pub(super) score: u64,
    pub(super) limit: u64,
    /// Whether the jobs of a runner were asked for; that can be had only once (contract §5.3).
    pub(super) jobs_were_read: Cell<bool>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        gitlab: &'a GitLab,
        caller: Option<&'a Caller>,
        now: Timestamp,
        score: u64,
        limit: u64,
    ) -> Self {
        Self {
            gitlab,
            caller,
            now,
            score,
            limit,
            jobs_were_read: Cell::new(false),
        }
    }

    /// The data, and what could not be read.
    pub(super) fn read(&self, planned: &[Selected]) -> (Value, Vec<Problem>) {
        let mut problems = Vec::new();
        let data = self.object(&Thing::Query, planned, &mut Vec::new(), &mut problems);
        (data, problems)
    }

    fn object(
        &self,
        thing: &Thing,
        selected: &[Selected],
        path: &mut Vec<Value>,
        problems: &mut Vec<Problem>,
    ) -> Value {
        let mut fields = Map::new();
        for field in selected {
            path.push(json!(field.key));
            fields.insert(field.key.clone(), self.field(thing, field, path, problems));
            path.pop();
        }
        Value::Object(fields)
    }

    fn field(
        &self,
        thing: &Thing,
        field: &Selected,
        path: &mut Vec<Value>,
        problems: &mut Vec<Problem>,
    ) -> Value {
        if field.name == "__typename" {
            return json!(field.on.name());
        }
        match self.held(thing, field) {
            Held::Leaf(value) => value,
            Held::One(None) => Value::Null,
            Held::One(Some(thing)) => self.object(&thing, &field.children, path, problems),
            Held::Many(things) => {
                let mut items = Vec::new();
                for (index, thing) in things.iter().enumerate() {
                    path.push(json!(index));
                    items.push(self.object(thing, &field.children, path, problems));
                    path.pop();
                }
                Value::Array(items)
            }
            Held::Refused(why) => {
                problems.push(Problem::new(why).at(field.position).within(path));
                Value::Null
            }
        }
    }

    fn held(&self, thing: &Thing, field: &Selected) -> Held {
        let gitlab = self.gitlab;
        // What was there when the page was made is there still: nothing changes during a read.
        let held = match thing {
            Thing::Query => Some(self.query_field(field)),
            Thing::Runner(id) => gitlab
                .runners
                .get(id)
                .map(|own| self.runner_field(own, field)),
            Thing::Permissions(id) => gitlab
                .runners
                .get(id)
                .map(|own| self.permission(own, field.name)),
            Thing::Manager(id) => gitlab
                .managers
                .get(id)
                .map(|own| self.manager_field(own, field)),
            Thing::Job(id) => gitlab.jobs.get(id).map(|own| Self::job_field(own, field)),
            Thing::Group(id) => gitlab
                .groups
                .get(id)
                .map(|own| self.group_field(own, field)),
            Thing::Project(id) => gitlab
                .projects
                .get(id)
                .map(|own| self.project_field(own, field)),
            Thing::User(id) => gitlab.users.get(id).map(|own| self.user_field(own, field)),
            Thing::Metadata => Some(self.metadata_field(field.name)),
            Thing::Kas => Some(Held::Leaf(match field.name {
                "enabled" => json!(false),
                _ => Value::Null,
            })),
            Thing::Complexity => Some(Held::Leaf(match field.name {
                "score" => json!(self.score),
                _ => json!(self.limit),
            })),
            Thing::Page(page) => Some(page_field(page, field.name)),
            Thing::PageInfo(page) => Some(Held::Leaf(page_info(page, field.name))),
            Thing::Edge(cursor, node) => Some(match field.name {
                "cursor" => Held::Leaf(json!(cursor)),
                _ => Held::One(Some(Thing::clone(node))),
            }),
        };
        held.unwrap_or(Held::Leaf(Value::Null))
    }

    pub(super) fn sees_project(&self, project: &Project) -> bool {
        self.token_permits(Permission::ReadProject, Boundary::Project(project.id))
            && self.gitlab.can_read_project(self.caller, project)
    }

    pub(super) fn sees_group(&self, group: &Group) -> bool {
        self.token_permits(Permission::ReadGroup, Boundary::Group(group.id))
            && self.gitlab.can_read_group(self.caller, group)
    }

    pub(super) fn sees_runner(&self, runner: &Runner) -> bool {
        self.token_shows(runner)
            && self
                .caller
                .is_some_and(|caller| self.gitlab.can_read_runner(caller, runner))
    }

    /// Whether the caller's token opens a place; what it does not open is left out in silence.
    pub(super) fn token_permits(&self, permission: Permission, boundary: Boundary) -> bool {
        self.caller
            .is_none_or(|caller| self.gitlab.token_permits(caller, permission, boundary))
    }

    pub(super) fn token_shows(&self, runner: &Runner) -> bool {
        match runner.home() {
            Some(home) => self.token_permits(Permission::ReadRunner, home),
            None => !self.is_granular(),
        }
    }

    pub(super) fn is_granular(&self) -> bool {
        self.caller
            .is_some_and(|caller| self.gitlab.is_granular(caller))
    }

    pub(super) fn is_me(&self, user: &User) -> bool {
        self.caller.is_some_and(|caller| caller.user.id == user.id)
    }
}

fn page_field(page: &Page, name: &str) -> Held {
    let rows = || page.rows.iter();
    match name {
        "nodes" => Held::Many(rows().map(|(_, thing)| thing.clone()).collect()),
        "edges" => Held::Many(
            rows()
                .map(|(cursor, thing)| Thing::Edge(cursor.clone(), Box::new(thing.clone())))
                .collect(),
        ),
        "pageInfo" => Held::One(Some(Thing::PageInfo(Box::new(page.clone())))),
        _ => Held::Leaf(json!(page.count)),
    }
}

fn page_info(page: &Page, name: &str) -> Value {
    let cursor = |row: Option<&(String, Thing)>| json!(row.map(|(cursor, _)| cursor));
    match name {
        "hasNextPage" => json!(page.more_after),
        "hasPreviousPage" => json!(page.more_before),
        "startCursor" => cursor(page.rows.first()),
        _ => cursor(page.rows.last()),
    }
}

/// A moment as GraphQL shows it: in whole seconds, unlike REST.
pub(super) fn time(at: Timestamp) -> Value {
    json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

pub(super) fn time_or_null(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, time)
}

/// `gid://gitlab/Ci::Runner/7`.
pub(super) fn gid(model: &str, id: impl std::fmt::Display) -> Value {
    json!(format!("gid://gitlab/{model}/{id}"))
}
