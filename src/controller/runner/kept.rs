//! Which other objects are there, and whether one of them keeps a runner already.
use std::collections::BTreeSet;

use kube::{Api, ResourceExt, api::ListParams};

use super::pass::Pass;
use crate::api::v1alpha1::GitLabRunner;
use crate::controller::error::{Error, is_api_status};
use crate::gitlab::model::RunnerId;
use crate::plan::WantedAdoption;

impl Pass<'_> {
    /// The uids of the objects that are there, for whoever may take a runner from one that is not. They
    /// are asked for anew then: right after a start the caches need not know them all.
    pub(super) async fn living(
        &self,
        adopt: Option<WantedAdoption>,
    ) -> Result<BTreeSet<String>, Error> {
        let caches = self.ctx.caches.iter();
        let Some(adopt) = adopt else {
            return Ok(BTreeSet::new());
        };
        if !adopt.force {
            return Ok(caches.flat_map(|caches| caches.runners.uids()).collect());
        }
        let mut living = BTreeSet::new();
        for caches in caches {
            match self.uids_in(caches.namespace.as_deref()).await {
                Ok(uids) => living.extend(uids),
                // Nobody serves a namespace that was deleted, whose objects the watch has seen go. Else we
                // were forbidden to look, and they are there still.
                Err(error) if is_api_status(&error, 403) && caches.namespace.is_some() => {
                    living.extend(caches.runners.uids());
                }
                Err(error) => return Err(Error::kube("list the GitLabRunners", error)),
            }
        }
        Ok(living)
    }

    pub(super) async fn uids_in(&self, namespace: Option<&str>) -> kube::Result<Vec<String>> {
        let kube = self.ctx.kube.clone();
        let api: Api<GitLabRunner> = match namespace {
            Some(namespace) => Api::namespaced(kube, namespace),
            None => Api::all(kube),
        };
        let list = api.list_metadata(&ListParams::default()).await?;
        let uids = list.items.into_iter().filter_map(|it| it.metadata.uid);
        Ok(uids.collect())
    }

    /// Whether the status of another object names this runner. Older releases of GitLab show no marks, so
    /// that those alone do not tell.
    pub(super) fn is_kept_by_another(&self, id: RunnerId) -> bool {
        let url = self.link.as_ref().map(|link| link.url.as_str());
        let names = |runner: &GitLabRunner| {
            let status = runner.status.as_ref();
            let known = status.and_then(|status| status.runner.as_ref());
            let known = known.map(|known| (known.id, &*known.gitlab_url));
            let before = status.and_then(|status| status.predecessor.as_ref());
            let before = before.map(|before| (before.id, &*before.gitlab_url));
            let mut kept = [known, before].into_iter().flatten();
            let same = kept.any(|(kept, at)| u64::try_from(kept) == Ok(id.0) && Some(at) == url);
            same && runner.uid().as_deref() != Some(&*self.uid)
        };
        self.ctx.caches.iter().any(|caches| {
            let objects = caches.runners.store.state();
            let mut runners = objects.iter().filter_map(|object| object.0.as_ref().ok());
            runners.any(names)
        })
    }
}
