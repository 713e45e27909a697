//! Where groups and projects move to.
use super::{ThingRef, Unbuildable};
use crate::state::GitLab;

impl GitLab {
    /// Renames or transfers a project: `to` is its new full path.
    pub(crate) fn rename_project(&mut self, which: &ThingRef, to: &str) -> Result<(), Unbuildable> {
        let id = self.refer_project(which)?;
        let (namespace, path) = self.namespace_of(to)?;
        // A change of letter case takes nobody's path.
        if self.find_project(to).is_none_or(|own| own.id != id) {
            self.check_path_free(to)?;
        }
        self.move_project(id, namespace, &path);
        Ok(())
    }

    /// The same of a group, with all below it.
    pub(crate) fn rename_group(&mut self, which: &ThingRef, to: &str) -> Result<(), Unbuildable> {
        let id = self.refer_group(which)?;
        if self.find_group(to).is_none_or(|own| own.id != id) {
            self.check_path_free(to)?;
        }
        let (parent, path) = match to.rsplit_once('/') {
            Some((above, path)) => {
                let above = ThingRef::Name(above.to_owned());
                (Some(self.refer_group(&above)?), path)
            }
            None => (None, to),
        };
        if parent.is_some_and(|parent| self.is_within(parent, id)) {
            return Err(Unbuildable::new("a group cannot move below itself"));
        }
        self.move_group(id, parent, path);
        Ok(())
    }
}
