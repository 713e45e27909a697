//! What groups and projects have in common.
use std::collections::BTreeMap;

use super::{ThingRef, Unbuildable};
use crate::state::{GitLab, Role, UserId};

impl GitLab {
    pub(super) fn check_path_free(&self, path: &str) -> Result<(), Unbuildable> {
        if path.is_empty() || path.starts_with('/') || path.ends_with('/') {
            return Err(Unbuildable::new(format!("`{path}` is not a full path")));
        }
        if path.parse::<u64>().is_ok() {
            return Err(Unbuildable::new(format!(
                "`{path}`: a path is not a number"
            )));
        }
        // Users have their namespaces beside the top-level groups.
        let mut users = self.users.values();
        if self.find_group(path).is_some()
            || self.find_project(path).is_some()
            || users.any(|user| user.username.eq_ignore_ascii_case(path))
        {
            return Err(Unbuildable::new(format!("there is a `{path}` already")));
        }
        Ok(())
    }

    pub(super) fn members(
        &self,
        by_name: &BTreeMap<String, Role>,
    ) -> Result<BTreeMap<UserId, Role>, Unbuildable> {
        by_name
            .iter()
            .map(|(name, role)| Ok((self.refer_user(&ThingRef::Name(name.clone()))?, *role)))
            .collect()
    }
}

/// Changes what is given, and leaves the rest.
pub(super) fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}
