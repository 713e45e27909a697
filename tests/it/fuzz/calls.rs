//! Every call of the client, by a name.
use std::fmt::Debug;

use gitlab_runner_registrar::gitlab::{
    Client, Contact, Error, Filter, Gate, GroupId, GroupName, List, NewRunner, ProjectId,
    RegistrationToken, Release, RunnerId, RunnerToken, Scope, Selection, Settings, Way,
};
use jiff::Timestamp;

pub(super) const RUNNER_TOKEN: &str = "canary-of-the-runner-itself";
pub(super) const REGISTRATION_TOKEN: &str = "canary-that-registers-runners";

/// Those that have something made, which is told once.
pub(super) const MAKE: [&str; 5] = [
    "register",
    "register-by-token",
    "reset-token",
    "reset-registration-token",
    "rotate",
];
/// Those that have something taken away.
pub(super) const TAKE: [&str; 4] = [
    "unregister",
    "unregister-unmodified",
    "unregister-by-token",
    "unassign",
];

pub(super) const CALLS: &[&str] = &[
    "runner",
    "old-runner",
    "edit",
    "old-edit",
    "unregister",
    "unregister-unmodified",
    "unregister-by-token",
    "reset-token",
    "assign",
    "unassign",
    "verify",
    "register",
    "register-by-token",
    "reset-registration-token",
    "metadata",
    "user",
    "group-id",
    "group-path",
    "project-id",
    "project-path",
    "access-token",
    "rotate",
    "identity",
    "ownership",
    "list",
    "find",
    "glance",
    "select",
    "may-be-selected",
    "running-jobs",
    "sweep",
    "sweep-group",
    "sweep-project",
    "sweep-list",
];

/// What came of a call; `None` where there is none of that name.
#[expect(
    clippy::cognitive_complexity,
    reason = "one row for each of the client's methods"
)]
pub(super) async fn call(name: &str, client: &Client) -> Option<Result<String, Error>> {
    let old = client.of_release(Some(Release::new(13, 12)));
    let id = RunnerId(7);
    let (group, project) = (GroupId(31), ProjectId(41));
    let runner_token = RunnerToken::new(RUNNER_TOKEN.to_owned());
    let settings = Settings {
        description: Some("linux".to_owned()),
        ..Settings::default()
    };
    let new = NewRunner::new(Scope::Group(group), settings.clone());
    let selection = Selection {
        group: GroupName::Path("platform".to_owned()),
        below: true,
        topics: vec!["gpu".to_owned()],
        archived: false,
    };
    Some(match name {
        "runner" => told(client.runner(id).await),
        "old-runner" => told(old.runner(id).await),
        "edit" => told(client.edit(id, &settings).await),
        "old-edit" => told(old.edit(id, &settings).await),
        "unregister" => told(client.unregister(id).await),
        "unregister-unmodified" => {
            let seen = Timestamp::UNIX_EPOCH;
            match client.unregister_unmodified(id, seen).await {
                Ok(false) => return Some(Err(Error::Lost("it has changed".into()))),
                gone => told(gone),
            }
        }
        "unregister-by-token" => told(client.unregister_by_token(&runner_token).await),
        "reset-token" => told(client.reset_token(id).await),
        "assign" => told(client.assign(project, id).await),
        "unassign" => told(client.unassign(project, id).await),
        "verify" => told(client.verify(&runner_token).await),
        "register" => told(client.register(&new).await),
        "register-by-token" => {
            let token = RegistrationToken::new(REGISTRATION_TOKEN.to_owned());
            told(client.register_by_token(&new, &token).await)
        }
        "reset-registration-token" => told(
            client
                .reset_registration_token(Scope::Project(project))
                .await,
        ),
        "metadata" => told(client.metadata().await),
        "user" => told(client.user().await),
        "group-id" => told(client.group_id("platform").await),
        "group-path" => told(client.group_path(group).await),
        "project-id" => told(client.project_id("platform/tools/build").await),
        "project-path" => told(client.project_path(project).await),
        "access-token" => told(client.access_token().await),
        "rotate" => rotated(client).await,
        "identity" => told(client.identity(id).await),
        "ownership" => told(client.ownership(id).await),
        "list" => told(client.list(List::All, &Filter::default(), 1).await),
        "find" => {
            let ours = |note: &str| note.contains("uid-1");
            told(
                client
                    .find(Scope::Instance, Some("linux"), Contact::Never, ours)
                    .await,
            )
        }
        "glance" => told(client.glance(Scope::Group(group)).await),
        "select" => told(client.select(&selection).await),
        "may-be-selected" => told(client.may_be_selected(&selection, project).await),
        "running-jobs" => told(client.running_jobs(id, None).await),
        "sweep" => swept(client, Scope::Instance, Way::GraphQl).await,
        "sweep-group" => swept(client, Scope::Group(group), Way::GraphQl).await,
        "sweep-project" => swept(client, Scope::Project(project), Way::GraphQl).await,
        "sweep-list" => swept(client, Scope::Instance, Way::Rest).await,
        _ => return None,
    })
}

fn told<T: Debug>(result: Result<T, Error>) -> Result<String, Error> {
    result.map(|value| format!("{value:?}"))
}

async fn rotated(client: &Client) -> Result<String, Error> {
    let client = client.clone().behind(Gate::default());
    let alone = client.gate().alone().await;
    told(client.rotate(&alone, None).await)
}

async fn swept(client: &Client, scope: Scope, way: Way) -> Result<String, Error> {
    let mut rows = Vec::new();
    let ended = client.sweep(scope, Some("platform/tools"), way, |page| rows.extend(page));
    told(ended.await)
}
