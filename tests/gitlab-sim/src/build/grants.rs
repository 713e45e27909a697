//! What a fine-grained token is granted.
use std::collections::BTreeSet;

use serde::Deserialize;

use super::{ThingRef, Unbuildable};
use crate::state::{GitLab, Grant, GrantAccess, Permission};

/// One entry of a fine-grained token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// Which boundaries it covers.
    pub access: GrantAccess,
    /// What it permits there.
    pub permissions: BTreeSet<Permission>,
    /// The group of `selected_memberships`,
    pub group: Option<ThingRef>,
    /// or its project.
    pub project: Option<ThingRef>,
}

impl GitLab {
    pub(super) fn grant(&self, new: &NewGrant) -> Result<Grant, Unbuildable> {
        let NewGrant {
            access,
            permissions,
            group,
            project,
        } = new;
        let named = usize::from(group.is_some()) + usize::from(project.is_some());
        let wanted = usize::from(*access == GrantAccess::SelectedMemberships);
        if named != wanted {
            let text = "a grant has exactly one of `group` and `project` if its access is \
                        `selected_memberships`, and neither otherwise";
            return Err(Unbuildable::new(text));
        }
        let group = group.as_ref().map(|group| self.refer_group(group));
        let project = project.as_ref().map(|project| self.refer_project(project));
        Ok(Grant {
            access: *access,
            permissions: permissions.clone(),
            group: group.transpose()?,
            project: project.transpose()?,
        })
    }
}
