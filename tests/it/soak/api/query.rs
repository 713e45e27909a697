//! What the query of a request asks for.
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

/// The parameters of a request.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    given: BTreeMap<String, String>,
    /// Whether nothing but metadata is asked for.
    pub(crate) metadata_only: bool,
}

impl Query {
    pub(crate) fn of(query: &str, accept: &str) -> Self {
        let url = reqwest::Url::parse(&format!("https://kubernetes/?{query}")).unwrap();
        let pairs = url.query_pairs().into_owned();
        Self {
            given: pairs.collect(),
            metadata_only: accept.contains("as=PartialObjectMetadata"),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    fn is(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    pub(crate) fn watch(&self) -> bool {
        self.is("watch")
    }

    /// Whether a watch begins with what is there.
    pub(crate) fn initial_events(&self) -> bool {
        self.is("sendInitialEvents")
    }

    pub(crate) fn bookmarks(&self) -> bool {
        self.is("allowWatchBookmarks")
    }

    pub(crate) fn dry_run(&self) -> bool {
        self.get("dryRun") == Some("All")
    }

    pub(crate) fn revision(&self) -> u64 {
        self.get("resourceVersion")
            .and_then(|it| it.parse().ok())
            .unwrap_or_default()
    }

    /// How long a watch lasts.
    pub(crate) fn lasts(&self) -> Duration {
        let seconds = self.get("timeoutSeconds").and_then(|it| it.parse().ok());
        Duration::from_secs(seconds.unwrap_or(1800))
    }

    /// Whether an object is one of those that are asked for.
    pub(crate) fn selects(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        let labels = self.get("labelSelector").unwrap_or_default();
        let fields = self.get("fieldSelector").unwrap_or_default();
        let every = |selector: &str, fits: &dyn Fn(&str, &str) -> bool| {
            let terms = selector.split(',').filter(|term| !term.is_empty());
            terms
                .map(|term| term.split_once('=').unwrap_or((term, "")))
                .all(|(name, value)| {
                    assert!(
                        !name.contains(['!', ' ']),
                        "no such selector is served: {selector}"
                    );
                    fits(name, value.trim_start_matches('='))
                })
        };
        every(labels, &|name, value| metadata["labels"][name] == value)
            && every(fields, &|name, value| match name {
                "metadata.name" => metadata["name"] == value,
                other => panic!("no such field selector is served: {other}"),
            })
    }

    /// An object as it is asked for.
    pub(crate) fn shown(&self, object: &Value) -> Value {
        if !self.metadata_only {
            return object.clone();
        }
        json!({
            "apiVersion": "meta.k8s.io/v1",
            "kind": "PartialObjectMetadata",
            "metadata": object["metadata"],
        })
    }
}
