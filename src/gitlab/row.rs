//! What is seen of a runner among many.
use super::model::{Identity, ListedRunner, Runner, RunnerId};

/// What a sweep shows of one runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Just what `GET /runners/:id` shows, and what tells it from another of its number.
    Whole(Box<Runner>, Identity),
    /// Less than that: too little to judge drift by, and no word on its projects.
    Listed(ListedRunner),
}

impl Row {
    /// The runner's number.
    pub fn id(&self) -> RunnerId {
        match self {
            Self::Whole(runner, _) => runner.id,
            Self::Listed(listed) => listed.id,
        }
    }
}

impl Runner {
    /// The path of the group that it lives in, where GitLab shows that.
    pub fn group_path(&self) -> Option<&str> {
        let (_, path) = self.group_url.as_ref()?.split_once("/groups/")?;
        Some(path)
    }
}
