//! Lists that tell of ever more: whoever writes a connection decides who answers.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use gitlab_runner_registrar::gitlab::{
    Contact, Error, GroupId, GroupName, Scope, Selection, Transport, Way,
};
use serde_json::{Value, json};

use super::exchange::{client, run};

/// Has another page after each, with so many rows that nobody has seen, each with a text of that length.
struct Endless {
    rows: u64,
    text: usize,
    told: AtomicU64,
}

impl Endless {
    fn new(rows: u64, text: usize) -> Arc<Self> {
        Arc::new(Self {
            rows,
            text,
            told: AtomicU64::new(0),
        })
    }

    fn row(&self) -> Value {
        let id = self.told.fetch_add(1, Ordering::Relaxed) + 1;
        let text = "x".repeat(self.text);
        json!({ "id": id, "description": text, "path_with_namespace": text, "online": null })
    }
}

impl Transport for Endless {
    fn send(&self, request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, Error>> {
        let page = request.url().query_pairs().find(|(name, _)| name == "page");
        let page: u64 = page.map_or(1, |(_, page)| page.parse().unwrap());
        let body = if request.url().path().ends_with("/graphql") {
            let cursor = self.told.fetch_add(1, Ordering::Relaxed).to_string();
            json!({ "data": { "runners": { "count": u64::MAX, "nodes": [],
                "pageInfo": { "hasNextPage": true, "endCursor": cursor } } } })
        } else {
            (0..self.rows).map(|_| self.row()).collect()
        };
        let mut response = http::Response::new(body.to_string());
        let next = http::HeaderValue::from(page + 1);
        response.headers_mut().insert("x-next-page", next);
        Box::pin(async move { Ok(reqwest::Response::from(response)) })
    }
}

fn is_left(ended: Result<impl std::fmt::Debug, Error>, why: &str) {
    let Err(Error::NotGitLab { message, .. }) = ended else {
        panic!("{ended:?}");
    };
    assert!(message.contains(why), "{message}");
}

fn projects() -> Selection {
    Selection {
        group: GroupName::Id(GroupId(31)),
        below: true,
        topics: Vec::new(),
        archived: false,
    }
}

#[test]
fn a_list_without_an_end_is_left_before_it_fills_the_memory() {
    const LONGER: &str = "longer than any of GitLab's";
    run(async {
        // Each page is empty, and another comes.
        let empty = client(Endless::new(0, 0));
        let swept = empty.sweep(Scope::Instance, None, Way::GraphQl, drop);
        is_left(swept.await, LONGER);
        let client = client(Endless::new(100, 15_000));
        let ours = |_: &str| true;
        let found = client.find(Scope::Instance, None, Contact::Any, ours);
        is_left(found.await, LONGER);
        is_left(client.select(&projects()).await, LONGER);
    });
}

#[test]
fn a_page_of_more_than_was_asked_for_is_nobodys() {
    const MORE: &str = "more rows on a page than were asked for";
    run(async {
        let client = client(Endless::new(101, 0));
        let ours = |_: &str| true;
        is_left(
            client.find(Scope::Instance, None, Contact::Any, ours).await,
            MORE,
        );
        is_left(
            client.sweep(Scope::Instance, None, Way::Rest, drop).await,
            MORE,
        );
        is_left(client.select(&projects()).await, MORE);
    });
}
