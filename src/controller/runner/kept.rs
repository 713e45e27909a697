//! Whether another object keeps a runner already, as far as the caches know.
use kube::ResourceExt;

use super::pass::Pass;
use crate::api::v1alpha1::GitLabRunner;
use crate::gitlab::model::RunnerId;

impl Pass<'_> {
    /// Whether the status of another object names this runner. Older releases of GitLab show no marks, so
    /// that those alone do not tell.
    pub(super) fn is_kept_by_another(&self, id: RunnerId) -> bool {
        let url = self.link.as_ref().map(|link| link.url.as_str());
        let names = |runner: &GitLabRunner| {
            let known = runner.status.as_ref()?.runner.as_ref()?;
            let same =
                u64::try_from(known.id) == Ok(id.0) && Some(known.gitlab_url.as_str()) == url;
            (same && runner.uid().as_deref() != Some(&*self.uid)).then_some(())
        };
        self.ctx.caches.iter().any(|caches| {
            let objects = caches.runners.store.state();
            let mut runners = objects.iter().filter_map(|object| object.0.as_ref().ok());
            runners.any(|runner| names(runner).is_some())
        })
    }
}
