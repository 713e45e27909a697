//! The four lists of runners, page by page, with their filters (contract §3.1, §3.2, §3.10, §3.11).
use reqwest::Url;
use serde::Deserialize;

use super::client::Client;
use super::error::Error;
use super::model::{GroupId, ProjectId, RunnerId, Scope};
use super::request::Request;
use super::walk::{PAGE, is_a_page};

/// A list of runners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Those of the groups and projects that the caller may administer (contract §3.1).
    Available,
    /// All of the instance, for administrators (contract §3.2).
    All,
    /// Those that serve a group (contract §3.11).
    Group(GroupId),
    /// Those that serve a project (contract §3.10).
    Project(ProjectId),
}

/// Which runners of a list are asked for: those that satisfy all of this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `instance_type`, `group_type` or `project_type`.
    pub runner_type: Option<&'static str>,
    /// GitLab's word (contract §1.7), such as `stale`.
    pub status: Option<&'static str>,
    /// Whether GitLab withholds new jobs from them.
    pub paused: Option<bool>,
    /// They have all of these.
    pub tags: Vec<String>,
    /// One of their runner processes has a version that begins so, in whole parts.
    pub version_prefix: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// The numbers, ascending.
    pub runners: Vec<RunnerId>,
    /// How many there are on all pages, if GitLab has counted them.
    pub total: Option<u64>,
    /// The number of the next page, if there is one.
    pub next: Option<u64>,
}

#[derive(Deserialize)]
struct Item {
    id: RunnerId,
}

impl From<Scope> for List {
    /// The list that shows the runners at home in a scope.
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Instance => Self::All,
            Scope::Group(id) => Self::Group(id),
            Scope::Project(id) => Self::Project(id),
        }
    }
}

impl List {
    /// The endpoint, and the path of this very list.
    pub(super) fn endpoint(self) -> (&'static str, String) {
        match self {
            Self::Available => ("/runners", "/runners".to_owned()),
            Self::All => ("/runners/all", "/runners/all".to_owned()),
            Self::Group(id) => ("/groups/:id/runners", format!("/groups/{id}/runners")),
            Self::Project(id) => ("/projects/:id/runners", format!("/projects/{id}/runners")),
        }
    }
}

impl Client {
    /// One page of a list, the first by the number 1.
    pub async fn list(&self, list: List, filter: &Filter, number: u64) -> Result<ListPage, Error> {
        let (endpoint, path) = list.endpoint();
        let path = format!("{path}?{}", query(filter, number));
        let given = self.send(Request::get(endpoint, path)).await?.given()?;
        let items = given.json::<Vec<Item>>()?;
        is_a_page(items.len())?;
        // Somebody in between may have taken the header away. An empty page is the end in any case.
        let next = if given.headers().contains_key("x-next-page") {
            given.number("x-next-page")
        } else {
            (items.len() == PAGE).then(|| number.saturating_add(1))
        };
        let mut runners: Vec<RunnerId> = items.into_iter().map(|item| item.id).collect();
        // One with several processes of that version is listed once for each of them.
        runners.sort_unstable();
        runners.dedup();
        Ok(ListPage {
            runners,
            total: given.number("x-total"),
            // A number that does not grow would send us round in circles.
            next: next.filter(|next| *next > number),
        })
    }
}

fn query(filter: &Filter, number: u64) -> String {
    let Filter {
        runner_type,
        status,
        paused,
        tags,
        version_prefix,
    } = filter;
    let tags = (!tags.is_empty()).then(|| tags.join(","));
    let pairs = [
        ("type", runner_type.map(str::to_owned)),
        ("status", status.map(str::to_owned)),
        ("paused", paused.map(|paused| paused.to_string())),
        ("tag_list", tags),
        ("version_prefix", version_prefix.clone()),
        ("per_page", Some(PAGE.to_string())),
        ("page", Some(number.to_string())),
    ];
    encoded(pairs)
}

/// The query of an address, of those that have a value.
pub(super) fn encoded<const N: usize>(pairs: [(&str, Option<String>); N]) -> String {
    // Any address will do: the query is taken out of it again.
    let Ok(mut url) = Url::parse("https://gitlab") else {
        return String::new();
    };
    for (name, value) in pairs {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_query() {
        let nothing = Filter::default();
        assert_eq!(query(&nothing, 1), "per_page=100&page=1");
        let all = Filter {
            runner_type: Some("group_type"),
            status: Some("stale"),
            paused: Some(false),
            tags: vec!["a b".to_owned(), "c&d".to_owned()],
            version_prefix: Some("16.1".to_owned()),
        };
        assert_eq!(
            query(&all, 7),
            "type=group_type&status=stale&paused=false&tag_list=a+b%2Cc%26d&version_prefix=16.1\
             &per_page=100&page=7"
        );
    }
}
