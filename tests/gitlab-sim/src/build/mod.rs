//! People, places and things as a seed or a command describes them, and how they enter the world.
mod change;
mod grants;
mod groups;
mod jobs;
mod moves;
mod people;
mod places;
mod projects;
mod refer;
mod runners;

pub use change::Change;
pub use grants::NewGrant;
pub use groups::{GroupSettings, NewGroup};
pub use jobs::NewJob;
pub use people::{NewToken, NewUser};
pub use projects::{NewProject, ProjectSettings};
pub use refer::{PlaceRef, RunnerRef, ThingRef};
pub use runners::{NewManager, RunnerEdit, SeedRunner};

/// Why something cannot enter the world: a sentence for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unbuildable(pub(crate) String);

impl Unbuildable {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}
