//! The server as a value.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    AccessToken, Group, GroupId, Job, JobId, Manager, ManagerId, Mint, OrganizationId, Project,
    ProjectId, ReadOnly, Runner, RunnerId, Secret, Settings, TokenId, User, UserId, Version,
    Windows, moves::Redirects,
};

/// A GitLab server and everything in it.
///
/// Two of them with the same seed and the same history of requests, commands and times are equal,
/// down to the tokens.
#[derive(Clone, Debug)]
pub struct GitLab {
    pub(crate) settings: Settings,
    pub(crate) organizations: BTreeSet<OrganizationId>,
    /// Those that are not written to (contract §10).
    pub(crate) read_only_organizations: BTreeMap<OrganizationId, ReadOnly>,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) groups: BTreeMap<GroupId, Group>,
    pub(crate) projects: BTreeMap<ProjectId, Project>,
    /// Where projects were before they moved (contract §9.1).
    pub(crate) redirects: Redirects,
    pub(crate) access_tokens: BTreeMap<TokenId, AccessToken>,
    /// The instance's registration token.
    pub(crate) runners_token: Secret,
    pub(crate) runners: BTreeMap<RunnerId, Runner>,
    pub(crate) managers: BTreeMap<ManagerId, Manager>,
    pub(crate) jobs: BTreeMap<JobId, Job>,
    pub(crate) windows: Windows,
    pub(crate) mint: Mint,
    /// Ids given out so far, by kind; GitLab never reuses one.
    pub(crate) counters: BTreeMap<&'static str, u64>,
    /// Moments to go back to, by name.
    pub(crate) remembered: BTreeMap<String, Arc<GitLab>>,
    /// The address that the request under way is answered with (contract §1.8).
    pub(crate) external_url: String,
}

impl GitLab {
    /// A world without anybody in it.
    pub(crate) fn empty(settings: Settings, mut mint: Mint) -> Self {
        let runners_token = mint.token("GR1348941", 20);
        Self {
            settings,
            organizations: BTreeSet::from([OrganizationId(1)]),
            read_only_organizations: BTreeMap::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            projects: BTreeMap::new(),
            redirects: Redirects::new(),
            access_tokens: BTreeMap::new(),
            runners_token,
            runners: BTreeMap::new(),
            managers: BTreeMap::new(),
            jobs: BTreeMap::new(),
            windows: Windows::default(),
            mint,
            counters: BTreeMap::new(),
            remembered: BTreeMap::new(),
            external_url: "http://gitlab.example.com".to_owned(),
        }
    }

    /// Whether this is that release or a later one.
    pub fn since(&self, version: Version) -> bool {
        self.settings.since(version)
    }

    /// The next free id of a kind.
    pub(crate) fn next_id(&mut self, kind: &'static str) -> u64 {
        let counter = self.counters.entry(kind).or_insert(0);
        *counter += 1;
        *counter
    }

    /// Makes sure that an id which a seed chose is not given out again.
    pub(crate) fn reserve_id(&mut self, kind: &'static str, id: u64) {
        let counter = self.counters.entry(kind).or_insert(0);
        *counter = (*counter).max(id);
    }
}
