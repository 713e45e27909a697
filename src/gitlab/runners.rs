//! One short method per endpoint, in the order of the contract.
//!
//! Unless a method says otherwise, every refusal of GitLab's is [`Error::Refused`], also a 404.
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::Error;
use super::model::{
    FreshToken, GroupId, ListedRunner, Metadata, NewRunner, Note, Place, ProjectId, ProjectRef,
    Registered, Runner, RunnerId, RunnerToken, Settings, User,
};
use super::refusal::Refusal;
use super::registration::of_way;
use super::reply::{Answer, Given};
use super::request::Request;
use super::wire::{Create, Details, Edit};

#[derive(Deserialize)]
struct Group {
    id: GroupId,
    full_path: String,
}

impl Client {
    /// Reads a runner (contract §3.3). `None` when GitLab has no such runner; a fine-grained token is
    /// not told that from one that it may not know of, and gets [`Refusal::Missing`].
    pub async fn runner(&self, id: RunnerId) -> Result<Option<Runner>, Error> {
        let request = Request::get("/runners/:id", format!("/runners/{id}"));
        let given = match self.send(request).await {
            Err(error) if error.refusal() == Some(&Refusal::RunnerMissing) => return Ok(None),
            answer => answer?.given()?,
        };
        let mut runner = self.seen(Runner::from(given.json::<Details>()?));
        if runner.maintenance_note == Note::Unseen {
            runner.maintenance_note = self.note(id).await?;
        }
        Ok(Some(runner))
    }

    /// Changes just the given settings (contract §3.6). Empty tags clear, as does a
    /// `maximum_timeout` of `Some(None)`. GitLab refuses an edit that gives nothing. Gives the runner as
    /// it is then, but for what such an answer leaves out; `None` where it shows less than that.
    pub async fn edit(&self, id: RunnerId, edit: &Settings) -> Result<Option<Runner>, Error> {
        let edit = self.written(id, edit).await?;
        let body = Edit::of(&edit, self.release());
        let request = Request::put("/runners/:id", format!("/runners/{id}"));
        let given = self.send(request.json(&body)?).await?.given()?;
        if let Ok(details) = given.json::<Details>() {
            return Ok(Some(self.seen(Runner::from(details))));
        }
        given.json::<ListedRunner>().map(|_| None)
    }

    /// Deletes a runner (contract §3.7). One that is gone already is a success.
    pub async fn unregister(&self, id: RunnerId) -> Result<(), Error> {
        let request = Request::delete("/runners/:id", format!("/runners/{id}"));
        match self.send(request).await {
            Err(error) if error.refusal() == Some(&Refusal::RunnerMissing) => Ok(()),
            answer => answer?.given()?.nothing(),
        }
    }

    /// The same, unless the runner has changed since it was seen: another that has its number after a
    /// restore of GitLab was made later. Tells whether it is gone.
    pub async fn unregister_unmodified(
        &self,
        id: RunnerId,
        seen: Timestamp,
    ) -> Result<bool, Error> {
        // GitLab keeps fractions of a second, and the header has none.
        let seen = seen.saturating_add(SignedDuration::from_secs(1));
        let seen = seen.unwrap_or(Timestamp::MAX);
        let request = Request::delete("/runners/:id", format!("/runners/{id}"));
        match self.send(request.unmodified_since(seen)?).await {
            Err(error) if error.status() == Some(412) => Ok(false),
            Err(error) if error.refusal() == Some(&Refusal::RunnerMissing) => Ok(true),
            answer => answer?.given()?.nothing().map(|()| true),
        }
    }

    /// Replaces a runner's token (contract §3.9); the old one stops working at once. When the
    /// answer is lost, so is the new token, and only another reset helps.
    pub async fn reset_token(&self, id: RunnerId) -> Result<FreshToken, Error> {
        let request = Request::post(
            "/runners/:id/reset_authentication_token",
            format!("/runners/{id}/reset_authentication_token"),
        );
        self.send(request).await?.given()?.json()
    }

    /// Lets a project use a project runner (contract §3.12). A project that may already is a
    /// success, although GitLab refuses it.
    pub async fn assign(&self, project: ProjectId, runner: RunnerId) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Body {
            runner_id: RunnerId,
        }
        let path = format!("/projects/{project}/runners");
        let request = Request::post("/projects/:id/runners", path);
        let answer = self.send(request.json(&Body { runner_id: runner })?).await;
        match answer {
            Err(error) if error.refusal() == Some(&Refusal::AlreadyAssigned) => Ok(()),
            answer => answer?.given()?.json::<ListedRunner>().map(drop),
        }
    }

    /// Takes a project runner away from a project (contract §3.13). One that is not there is a
    /// success; a project that is not there is refused, as it may only be out of sight.
    pub async fn unassign(&self, project: ProjectId, runner: RunnerId) -> Result<(), Error> {
        let path = format!("/projects/{project}/runners/{runner}");
        let request = Request::delete("/projects/:id/runners/:runner_id", path);
        match self.send(request).await {
            Err(error) if error.refusal() == Some(&Refusal::RunnerMissing) => Ok(()),
            answer => answer?.given()?.nothing(),
        }
    }

    /// Deletes the runner that a token belongs to (contract §3.15); the client's own credential
    /// is not sent. An unknown or expired token is [`Refusal::Forbidden`].
    pub async fn unregister_by_token(&self, token: &RunnerToken) -> Result<(), Error> {
        let request = Request::delete("/runners", "/runners".to_owned());
        self.send(request.by_runner(token.expose())?)
            .await?
            .given()?
            .nothing()
    }

    /// Asks GitLab for the runner of a token (contract §3.17); the client's own credential is not sent. It
    /// is no look alone: GitLab takes it for the contact of a runner process. An unknown or expired token is
    /// [`Refusal::Forbidden`]. `None` where GitLab says no more than that it takes the token.
    pub async fn verify(&self, token: &RunnerToken) -> Result<Option<Registered>, Error> {
        let request = Request::post("/runners/verify", "/runners/verify".to_owned());
        let request = request.by_runner(token.expose())?;
        Ok(self.send(request).await?.given()?.json().ok())
    }

    /// Registers a runner (contract §3.20). Repeating it makes another runner, and the token is
    /// shown this once: after [`Error::Lost`], [`find`](Client::find) first.
    pub async fn register(&self, new: &NewRunner) -> Result<Registered, Error> {
        let request = Request::post("/user/runners", "/user/runners".to_owned());
        let answer = self.send(request.json(&Create::from(new))?).await;
        answer.map_err(of_way)?.given()?.json()
    }

    /// The instance's version (contract §3.23), also from instances before 15.2.
    pub async fn metadata(&self) -> Result<Metadata, Error> {
        let metadata = self
            .send(Request::get("/metadata", "/metadata".to_owned()))
            .await;
        match metadata.and_then(Answer::given) {
            Err(error) if error.refusal() == Some(&Refusal::NoSuchEndpoint) => self
                .send(Request::get("/version", "/version".to_owned()))
                .await?
                .given()?
                .json(),
            given => given?.json(),
        }
    }

    /// The client's user (contract §3.24); others than administrators are not told whether they are.
    pub async fn user(&self) -> Result<User, Error> {
        self.send(Request::get("/user", "/user".to_owned()))
            .await?
            .given()?
            .json()
    }

    /// The number of the group at a full path, such as `platform/tools`. `None` when there is
    /// none, or none that this credential may see; GitLab does not tell where a group has moved to
    /// (contract §9.1).
    pub async fn group_id(&self, path: &str) -> Result<Option<GroupId>, Error> {
        let Some(segment) = segment(path) else {
            return Ok(None);
        };
        // Without the parameter GitLab lists the group's projects as well.
        let address = format!("/groups/{segment}?with_projects=false");
        let answer = self.send(Request::get("/groups/:id", address)).await;
        let group = present(answer, &Refusal::GroupMissing)?.map(|given| given.json::<Group>());
        let group = group.transpose()?;
        Ok(group
            .filter(|group| is_at(path, &group.full_path))
            .map(|group| group.id))
    }

    /// The full path of a group, by its number; `None` as by its path.
    pub async fn group_path(&self, id: GroupId) -> Result<Option<String>, Error> {
        let address = format!("/groups/{id}?with_projects=false");
        let answer = self.send(Request::get("/groups/:id", address)).await;
        let group = present(answer, &Refusal::GroupMissing)?.map(|given| given.json::<Group>());
        Ok(group.transpose()?.map(|group| group.full_path))
    }

    /// The full path of a project, by its number.
    pub async fn project_path(&self, id: ProjectId) -> Result<Option<String>, Error> {
        let request = Request::get("/projects/:id", format!("/projects/{id}"));
        let answer = present(self.send(request).await, &Refusal::ProjectMissing)?;
        let project = answer.map(|given| given.json::<ProjectRef>()).transpose()?;
        Ok(project.map(|project| project.path))
    }

    /// What a project's full path leads to; otherwise like [`group_id`](Client::group_id).
    pub async fn project_id(&self, path: &str) -> Result<Place, Error> {
        let Some(segment) = segment(path) else {
            return Ok(Place::Unknown);
        };
        let request = Request::get("/projects/:id", format!("/projects/{segment}"));
        let answer = match self.send(request).await {
            Ok(Answer::Moved { to, .. }) => return Ok(Place::Moved(to)),
            answer => present(answer, &Refusal::ProjectMissing)?,
        };
        let project = answer.map(|given| given.json::<ProjectRef>()).transpose()?;
        Ok(match project {
            Some(project) if is_at(path, &project.path) => Place::Here(project.id),
            Some(_) | None => Place::Unknown,
        })
    }
}

/// For calls where a missing thing is an answer.
fn present(answer: Result<Answer, Error>, missing: &Refusal) -> Result<Option<Given>, Error> {
    let absent = |refusal: &Refusal| refusal == missing || *refusal == Refusal::Missing;
    match answer {
        Err(error) if error.refusal().is_some_and(absent) => Ok(None),
        answer => answer?.given().map(Some),
    }
}

/// A whole group or project path as one segment of an address. `None` for what would address something
/// else than a group or a project.
pub(super) fn segment(path: &str) -> Option<String> {
    // What parses addresses leaves some of these out, so that another name would come of it.
    if matches!(path, "" | "." | "..") || path.contains(char::is_control) {
        return None;
    }
    // Any address will do: the segment is taken out of it again.
    let mut url = Url::parse("https://gitlab").ok()?;
    url.path_segments_mut().ok()?.push(path);
    url.path().strip_prefix('/').map(str::to_owned)
}

/// Whether GitLab's answer is about that path: it takes one of digits for a number, and what has
/// that number is somebody else's. Paths do not mind case.
fn is_at(path: &str, answered: &str) -> bool {
    answered.eq_ignore_ascii_case(path)
}
