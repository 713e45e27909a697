//! What the processes of a runner are doing.
use std::collections::BTreeSet;

/// The jobs that a runner is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningJobs {
    /// So many, as far as the credential is shown them.
    Shown(u64),
    /// The credential is shown none, and the runner is at work all the same.
    Hidden,
}

/// What GraphQL shows of a runner's processes beside the runner; what it does not is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Insight {
    /// Whether it is running jobs.
    pub at_work: Option<bool>,
    /// The processes that have its token.
    pub managers: Option<Managers>,
}

/// The processes that have called with a runner's token (contract §2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Managers {
    /// How many GitLab knows, of which most may be gone: each start of a process may have made one.
    pub total: u64,
    /// How many have called within the last two hours, as far as they were among those that are shown.
    pub online: u64,
    /// The versions of those.
    pub versions: BTreeSet<String>,
    /// The platforms of those, such as `linux`.
    pub platforms: BTreeSet<String>,
}

impl Insight {
    /// The same, with what was known before where nobody has told anew.
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        Self {
            at_work: self.at_work.or(before.at_work),
            managers: self.managers.or_else(|| before.managers.clone()),
        }
    }
}
