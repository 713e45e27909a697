//! Whom to ask, and what it has told lately that holds for many objects.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::recent::Recent;
use super::roster::Roster;
use crate::gitlab;
use crate::gitlab::model::{Note, Place, ProjectId, Release, Runner, Scope};
use crate::gitlab::{Selected, Selection};
use crate::plan::Can;

/// A GitLab that can be asked.
#[derive(Debug)]
pub struct Connected {
    /// The client, with the credential inside.
    pub client: gitlab::Client,
    /// The url, without a slash at the end.
    pub url: String,
    /// How long a request may take.
    pub timeout: SignedDuration,
    /// Whether the credential is an administrator's.
    pub admin: bool,
    /// Whose credential it is, where GitLab says so.
    pub username: Option<String>,
    /// What the credential opens.
    pub can: Can,
    /// Which GitLab it is, where the credential may know that.
    pub release: Option<Release>,
    /// Whether it is known to be the Community Edition.
    pub community: bool,
    /// Whether GitLab shows the note of a runner with the runner.
    pub shows_notes: AtomicBool,
    /// Where it could read runners lately.
    pub readable: Recent<Scope, ()>,
    /// What paths have led to lately.
    pub paths: Recent<Path, Led>,
    /// Which projects were selected lately.
    pub selected: Recent<Selection, Arc<Selected>>,
    /// Of which projects that a list left out it was asked lately whether they are selected all the same.
    pub doubted: Recent<(Selection, ProjectId), bool>,
    /// What it last saw of runners, together with every other connection that has the same credential.
    pub roster: Arc<Roster>,
}

/// A path that was looked up, of a group or a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// Of a group.
    Group(String),
    /// Of a project.
    Project(String),
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Led {
    /// The group or project; `None` when there is none, or none that the credential may see.
    pub to: Option<Scope>,
    /// Whether it was looked up because what lives there was shown under another path.
    pub(super) doubted: bool,
}

impl Connected {
    /// Takes in that a runner was read, which tells of GitLab where its version is not to be had.
    pub fn has_shown(&self, runner: &Runner) {
        if matches!(runner.maintenance_note, Note::Shown(_)) {
            self.shows_notes.store(true, Ordering::Relaxed);
        }
    }

    /// What a path leads to, as GitLab has said in the last minute if that will do.
    pub(super) async fn led(
        &self,
        path: Path,
        when: (Timestamp, SignedDuration),
        will_do: impl Fn(&Led) -> bool,
        doubted: bool,
    ) -> Result<Option<Scope>, gitlab::Error> {
        let (client, asked) = (&self.client, path.clone());
        let ask = async {
            let to = match &asked {
                Path::Group(path) => client.group_id(path).await?.map(Scope::Group),
                Path::Project(path) => match client.project_id(path).await? {
                    Place::Here(id) | Place::Moved(id) => Some(Scope::Project(id)),
                    Place::Unknown => None,
                },
            };
            Ok::<_, gitlab::Error>(Led { to, doubted })
        };
        let led = self.paths.get(path, when, will_do, ask).await?;
        Ok(led.to)
    }
}
