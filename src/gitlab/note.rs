//! What GitLab does not always show of a runner.

/// The maintenance note of a runner, which REST shows and takes since 16.10 only (contract §2.2).
/// A text is `None` when it is empty, or when the caller may not change the runner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Note {
    /// As REST shows it.
    Shown(Option<String>),
    /// As GraphQL shows it, of a GitLab that lets nobody change it by its API.
    Fixed(Option<String>),
    /// REST does not show it, and GraphQL does not answer this credential.
    #[default]
    Unseen,
}

impl Note {
    /// The text, empty where there is none; `None` when it is not known.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Shown(text) | Self::Fixed(text) => Some(text.as_deref().unwrap_or_default()),
            Self::Unseen => None,
        }
    }

    /// Whether an edit can change it.
    pub fn is_writable(&self) -> bool {
        match self {
            Self::Shown(_) => true,
            Self::Fixed(_) | Self::Unseen => false,
        }
    }
}

/// What tells a runner from another that has its number after a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The first characters of its token after prefix and marker (contract §3.20).
    pub short_sha: Option<String>,
}
