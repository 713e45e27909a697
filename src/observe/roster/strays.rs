//! Runners that carry marks of objects which do not know them.
use std::collections::HashMap;

use crate::gitlab::model::RunnerId;

/// The runners with marks of our objects that those objects do not know, by the uid.
#[derive(Debug, Default)]
pub(super) struct Strays {
    pub(super) by_uid: HashMap<String, Vec<RunnerId>>,
    /// Whether there are runners whose notes could not be read.
    pub(super) unread: bool,
}

impl Strays {
    pub(super) fn insert(&mut self, uid: String, id: RunnerId) {
        self.by_uid.entry(uid).or_default().push(id);
    }

    pub(super) fn has_unread(&mut self) {
        self.unread = true;
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = RunnerId> {
        self.by_uid.values().flatten().copied()
    }
}
