//! Which runners the objects of a cluster claim: by the marks that name their uids, and by the numbers that
//! they name themselves. An object that was restored from a backup has another uid than its runner's mark.
use std::collections::BTreeSet;

use anyhow::Context as _;
use reqwest::Url;

use super::documents::{Document, in_cluster};
use super::kubernetes::Kubernetes;
use crate::gitlab::RunnerId;
use crate::plan::Mark;

/// What the objects of all namespaces say.
#[derive(Debug, Default)]
pub(super) struct Claims {
    uids: BTreeSet<String>,
    numbers: BTreeSet<RunnerId>,
}

impl Claims {
    /// Reads the objects of all namespaces: those that a mark names must not be missed.
    pub(super) async fn read(kubernetes: &Kubernetes, gitlab_url: &str) -> anyhow::Result<Self> {
        let all = in_cluster(kubernetes, true).await;
        let all = all.context(
            "orphans can only be told where the GitLabRunners of all namespaces may be listed",
        )?;
        Ok(Self::of(&all, gitlab_url))
    }

    fn of(objects: &[Document], gitlab_url: &str) -> Self {
        let mut claims = Self::default();
        for object in objects {
            claims.uids.extend(object.uid.clone());
            let held = object.held.as_ref();
            let elsewhere = held.is_some_and(|(_, url)| !is_same(url, gitlab_url));
            if elsewhere {
                continue;
            }
            // Until it holds a runner, nobody knows in which GitLab the number is meant.
            let numbers = object.adopts.into_iter().chain(held.map(|(id, _)| *id));
            claims.numbers.extend(numbers.map(RunnerId));
        }
        claims
    }

    /// Whether the object that the mark names lives here.
    pub(super) fn has_object_of(&self, mark: &Mark) -> bool {
        self.uids.contains(&mark.uid)
    }

    /// Whether any object here has this runner or takes it over.
    pub(super) fn claim(&self, id: RunnerId, mark: &Mark) -> bool {
        self.has_object_of(mark) || self.numbers.contains(&id)
    }
}

/// Whether two addresses are of one GitLab, however they are spelled.
fn is_same(one: &str, other: &str) -> bool {
    let parsed = |url: &str| Url::parse(url.trim_end_matches('/')).ok();
    match (parsed(one), parsed(other)) {
        (Some(one), Some(other)) => one == other,
        (_, _) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_claims_what_it_holds_and_what_it_takes_over_in_this_gitlab() {
        let here = "https://gitlab.example.com";
        let object = |adopts: Option<u64>, held: Option<(u64, &str)>| Document {
            key: "ci/linux".to_owned(),
            namespace: None,
            name: "linux".to_owned(),
            adopts,
            uid: Some("123e4567".to_owned()),
            held: held.map(|(id, url)| (id, url.to_owned())),
            runner: Err("it does not have the shape of its kind".to_owned()),
        };
        let objects = [
            object(Some(1), None),
            object(None, Some((2, "https://GitLab.example.com:443/"))),
            object(Some(3), Some((4, "https://other.example.com"))),
        ];
        let claims = Claims::of(&objects, here);
        let mark = |uid: &str| Mark {
            cluster: "c".to_owned(),
            uid: uid.to_owned(),
            attempt: "19a".to_owned(),
        };
        let gone = mark("89ab");
        let claimed = [1, 2, 3, 4].map(|id| claims.claim(RunnerId(id), &gone));
        assert_eq!(claimed, [true, true, false, false]);
        assert!(claims.claim(RunnerId(3), &mark("123e4567")));
    }
}
