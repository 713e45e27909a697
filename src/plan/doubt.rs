//! Why something is unclear.
use jiff::Timestamp;

use crate::gitlab::model::RunnerId;

/// Why we could not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// An attempt to register got no answer, and the credential may not search.
    Unsearchable,
    /// An attempt to register got no answer, and there are more runners that nobody has contacted
    /// than are looked through.
    Crowded,
    /// An attempt to register got no answer, and the path of its scope is not known to GitLab, so
    /// there is no list to search.
    Unplaced,
    /// The list that shows whether there is such a runner is about to be read anew, for all who look for
    /// theirs.
    Unswept,
    /// The runner of that number is not known to be this object's: it carries another's mark, or the
    /// number is only what a Secret says.
    Foreign(RunnerId),
    /// The runner of that number has lost this object's mark, and nothing else shows that it is still
    /// the same: after a restore of GitLab it may be anybody's.
    Unmarked(RunnerId),
    /// GitLab says that there is no runner of that number, and it has not said so twice yet, with some
    /// time in between.
    Vanished {
        /// Its number.
        id: RunnerId,
        /// When a second look will settle it.
        until: Timestamp,
    },
    /// An attempt to register got no answer from another GitLab than the connection leads to now.
    Elsewhere,
    /// GitLab forbids the credential to read the runner of this number.
    Unreadable(RunnerId),
    /// The object goes, and GitLab says what it tells a fine-grained token of a runner that is gone, and
    /// of one that the token may not see.
    Hidden(RunnerId),
    /// The credential may register runners and look at none: here is the number of the one it has made.
    Unseen(RunnerId),
    /// The runner of this number is to be taken over, and that is not done yet.
    Unadopted(RunnerId),
    /// We did not look, because there is no usable connection: not for the runner of this number,
    /// or not for one whose number was lost.
    NotAsked(Option<RunnerId>),
}

impl Doubt {
    /// The runner that is there as far as anybody knows, at which the credential may not look.
    pub(super) fn out_of_sight(self) -> Option<RunnerId> {
        match self {
            Self::Unreadable(id) | Self::Hidden(id) | Self::Unseen(id) => Some(id),
            Self::Unsearchable
            | Self::Crowded
            | Self::Unplaced
            | Self::Unswept
            | Self::Foreign(_)
            | Self::Unmarked(_)
            | Self::Vanished { .. }
            | Self::Elsewhere
            | Self::Unadopted(_)
            | Self::NotAsked(_) => None,
        }
    }
}
