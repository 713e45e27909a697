//! What is known of the end of a runner whose object goes.
use jiff::Timestamp;

/// What is known of the end of a runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goodbye {
    /// What is waited for before it is removed, if anything is to be.
    pub drain: Option<Draining>,
    /// When it is left behind if nobody can remove it before, if that is asked for.
    pub orphaned_at: Option<Timestamp>,
}

/// A wait for the jobs of a runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draining {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What it runs.
    pub jobs: Jobs,
}

/// The jobs that a runner runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jobs {
    /// GitLab was not asked.
    Unasked,
    /// So many.
    Running(u64),
    /// The credential is shown none, and GitLab says that the runner is at work.
    Hidden,
    /// The credential may not see them, for which GitLab has these words.
    Unreadable(String),
}
