//! The facts that a decision may depend on, as one value.
use jiff::Timestamp;

pub use super::doubt::Doubt;
use super::goodbye::{Goodbye, Jobs};
use super::losses::Brake;
use super::rotation::TokenFacts;
use super::takeover::Adoption;
use crate::gitlab::model::{ProjectId, Release, Runner, RunnerId, Scope};

/// What looking for something told us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting<T> {
    /// We looked, and it is not there.
    Absent,
    /// We looked, and here it is.
    Present(T),
    /// We could not tell. Never acted upon as if it were absent.
    Unclear(Doubt),
}

/// A runner that we know by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub id: RunnerId,
    /// The GitLab that the number belongs to.
    pub gitlab_url: String,
}

/// What stands under the name of our Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSighting {
    /// Nothing.
    Absent,
    /// A Secret that is not this object's, and the runner that it was made for if an earlier object
    /// of this operator's made it.
    Foreign(Option<Known>),
    /// Our Secret.
    Ours(StoredToken),
}

/// What our Secret holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// The runner that the token belongs to.
    pub runner: Option<Known>,
    /// The attempt that the runner came from.
    pub attempt: Option<String>,
    /// The operation that the token came from, if it was not the registration.
    pub operation: Option<String>,
    /// Whether the token is as it should be.
    pub token: TokenState,
    /// A digest of the token, if there is one.
    pub digest: Option<String>,
    /// Whether everything else about the Secret is as it should be.
    pub tidy: bool,
    /// When the token was issued.
    pub issued_at: Option<Timestamp>,
    /// When GitLab will stop accepting the token.
    pub expires_at: Option<Timestamp>,
    /// From when on GitLab makes no other in its place, if it was registered with such a deadline.
    pub rotation_deadline: Option<Timestamp>,
}

/// The token in our Secret, as compared with what we wrote there and what status says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// The one that GitLab gave last.
    Intact,
    /// Not there, or empty.
    Missing,
    /// Changed by somebody else.
    Edited,
    /// We wrote it, but it is not known to be the last one that GitLab gave: a Secret was put back
    /// from a backup, or a reset was begun whose outcome is not known.
    Unproven,
    /// GitLab no longer accepts it.
    Expired,
}

/// A project of `spec.projects`, as GitLab knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectSighting {
    /// Its number.
    Found(ProjectId),
    /// The credential cannot see it; here is what spec says.
    NotFound(String),
    /// There may be others that are selected: the list of them was not whole, or could not be read, of which
    /// these words tell.
    Unlisted(Option<String>),
}

/// What spec.scope names, compared with where the runner was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The same, as far as anybody can tell.
    Same,
    /// A path that does not lead there any more; here is where it is now.
    Moved(String),
    /// Another group or project.
    Other {
        /// What spec names.
        named: String,
        /// Where the runner lives.
        lives: String,
    },
}

/// The runner whose place this object's runner has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// Its number.
    pub known: Known,
    /// What GitLab shows of it.
    pub runner: Sighting<Runner>,
    /// Whether it was paused because another has its place.
    pub retired: bool,
    /// Until when its jobs are waited for, once it gets no others.
    pub until: Timestamp,
    /// Since when GitLab says that there is none.
    pub missing_since: Option<Timestamp>,
    /// What it runs.
    pub jobs: Jobs,
}

/// Everything that a decision may depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Observed {
    /// The runner.
    pub runner: Sighting<Runner>,
    /// Others with our mark that no runner process has contacted: an attempt whose answer was lost made
    /// them, and they showed up too late.
    pub twins: Vec<RunnerId>,
    /// The runner whose place this one has taken, until it is gone.
    pub predecessor: Option<Box<Predecessor>>,
    /// While an attempt to register has left no trace: until when `Absent` proves nothing.
    pub settles_at: Option<Timestamp>,
    /// Where it lives or should live, by number; `None` while its path cannot be looked up.
    pub scope: Option<Scope>,
    /// Whether spec still names that.
    pub naming: Naming,
    /// Whether the runner that spec says to take over can be, while that is not done.
    pub adoption: Option<Adoption>,
    /// Whether the runner was taken over, and not made by this object.
    pub taken_over: bool,
    /// The Secret under the name that spec asks for.
    pub secret: SecretSighting,
    /// Our Secrets under other names: those that spec asked for before, in no particular order.
    pub others: Vec<(String, StoredToken)>,
    /// What else is known of the token.
    pub token: TokenFacts,
    /// Until when a reset of the token that somebody else has begun may still come to its end.
    pub under_way: Option<Timestamp>,
    /// The further projects that spec asks for; `None` when it does not manage them.
    pub projects: Option<Vec<ProjectSighting>>,
    /// Those that GitLab has refused to assign or to unassign, with its words, while it is too early to
    /// ask again.
    pub refused_projects: Vec<(ProjectId, String)>,
    /// Which GitLab it is, where the credential may know that.
    pub release: Option<Release>,
    /// Whether it is known to be the Community Edition.
    pub community: bool,
    /// Whether the credential is an administrator's, whom GitLab spares some rules.
    pub admin: bool,
    /// Whether the credential may assign and unassign projects.
    pub can_assign: bool,
    /// Whether the credential may look for runners by their mark.
    pub can_search: bool,
    /// Whether GitLab has refused to take the runner away, as things still stand.
    pub refused: bool,
    /// Whether the object was changed after it was told that its runner may be somebody else's.
    pub answered: bool,
    /// Whether spec asks for other settings than the runner was registered with, where that is known.
    pub changed: Option<bool>,
    /// That too many of the connection's runners are lost at once, if they are.
    pub brake: Option<Brake>,
    /// What is known of the end of a runner whose object goes.
    pub goodbye: Goodbye,
}

impl Observed {
    /// What our Secrets hold, the one under the name that spec asks for first.
    pub fn stored(&self) -> impl Iterator<Item = &StoredToken> {
        let here = match &self.secret {
            SecretSighting::Ours(stored) => Some(stored),
            SecretSighting::Absent | SecretSighting::Foreign(_) => None,
        };
        let others = self.others.iter().map(|(_, stored)| stored);
        here.into_iter().chain(others)
    }

    /// Whether one of our Secrets is of that runner.
    pub fn keeps(&self, id: RunnerId) -> bool {
        self.stored()
            .any(|stored| stored.runner.as_ref().is_some_and(|known| known.id == id))
    }
}
