//! What the world looks like before the first request.
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    build::{NewGroup, NewJob, NewProject, NewToken, NewUser, SeedRunner, Unbuildable},
    state::{GitLab, Mint, Scope, Secret, Settings, Version},
};

/// A world as a YAML file describes it; things are made in the order of these fields.
///
/// The default is one administrator, `root`, with the token [`Seed::ROOT_TOKEN`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    /// From what every made-up token follows.
    pub random_seed: u64,
    /// The instance's settings.
    pub settings: Settings,
    /// The instance's registration token; omitted, one is made up.
    pub runners_token: Option<Secret>,
    /// People; omitted, `root`.
    pub users: Vec<NewUser>,
    /// Groups, those above before those below.
    pub groups: Vec<NewGroup>,
    /// Projects.
    pub projects: Vec<NewProject>,
    /// Access tokens of groups and projects, and of users who are listed above.
    pub tokens: Vec<NewToken>,
    /// Runners.
    pub runners: Vec<SeedRunner>,
    /// Jobs that wait.
    pub jobs: Vec<NewJob>,
}

impl Default for Seed {
    fn default() -> Self {
        let token = NewToken {
            name: Some("root".to_owned()),
            token: Some(Secret::new(Self::ROOT_TOKEN)),
            scopes: vec![Scope::Api, Scope::AdminMode],
            ..NewToken::default()
        };
        let root = NewUser {
            username: "root".to_owned(),
            name: Some("Administrator".to_owned()),
            email: Some("admin@example.com".to_owned()),
            admin: true,
            tokens: vec![token],
            ..NewUser::default()
        };
        Self {
            random_seed: 0,
            settings: Settings::default(),
            runners_token: None,
            users: vec![root],
            groups: Vec::new(),
            projects: Vec::new(),
            tokens: Vec::new(),
            runners: Vec::new(),
            jobs: Vec::new(),
        }
    }
}

/// Why a seed cannot become a world: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SeedError(pub String);

impl Seed {
    /// The access token of `root` in the default world; scopes `api` and `admin_mode`.
    pub const ROOT_TOKEN: &'static str = "glpat-RootRootRootRootRoot";

    /// Reads a seed from YAML.
    ///
    /// # Errors
    /// What does not parse, with its place, and names of fields that do not exist.
    pub fn from_yaml(text: &str) -> Result<Self, SeedError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(text).map_err(|error| SeedError(error.to_string()))
    }

    /// The same world in another release, if one is given.
    pub(crate) fn in_version(mut self, version: Option<Version>) -> Self {
        self.settings.version = version.unwrap_or(self.settings.version);
        self
    }
}

impl GitLab {
    /// Builds the world that a seed describes.
    ///
    /// # Errors
    /// References to what is not there, and what is there twice.
    pub fn new(seed: Seed, now: Timestamp) -> Result<Self, SeedError> {
        let mut world = Self::empty(seed.settings, Mint::new(seed.random_seed));
        if let Some(token) = seed.runners_token {
            world.runners_token = token;
        }
        add(&mut world, "users", seed.users, |world, new| {
            world.add_user(new, now)
        })?;
        add(&mut world, "groups", seed.groups, |world, new| {
            world.add_group(new, now)
        })?;
        add(&mut world, "projects", seed.projects, |world, new| {
            world.add_project(new, now)
        })?;
        add(&mut world, "tokens", seed.tokens, |world, new| {
            world.add_token(new, now)
        })?;
        add(&mut world, "runners", seed.runners, |world, new| {
            world.add_runner(new, now)
        })?;
        add(&mut world, "jobs", seed.jobs, |world, new| {
            world.add_job(new, now)
        })?;
        Ok(world)
    }
}

fn add<T, Id>(
    world: &mut GitLab,
    field: &str,
    things: Vec<T>,
    mut enter: impl FnMut(&mut GitLab, T) -> Result<Id, Unbuildable>,
) -> Result<(), SeedError> {
    for (index, thing) in things.into_iter().enumerate() {
        enter(world, thing)
            .map_err(|Unbuildable(text)| SeedError(format!("{field}[{index}]: {text}")))?;
    }
    Ok(())
}
