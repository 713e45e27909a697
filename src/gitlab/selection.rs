//! The projects of a group, by what they are about.
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::client::Client;
use super::error::Error;
use super::lists::encoded;
use super::model::{GroupId, ProjectId, ProjectRef};
use super::refusal::Refusal;
use super::request::Request;
use super::runners::segment;
use super::walk::{PAGE, Walk, is_a_page};

/// Which projects are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selection {
    /// The group that they live in.
    pub group: GroupName,
    /// Whether those of its subgroups are meant too.
    pub below: bool,
    /// Topics that each of them has.
    pub topics: Vec<String>,
    /// Whether archived ones are meant too.
    pub archived: bool,
}

/// A group by one of its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupName {
    /// Its number.
    Id(GroupId),
    /// Its full path.
    Path(String),
}

/// What a list of projects came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Those that are meant.
    pub projects: Vec<ProjectRef>,
    /// Whether the list was read to its end, and did not change meanwhile.
    pub complete: bool,
}

/// A project as lists of projects show it.
#[derive(Deserialize)]
struct Listed {
    id: ProjectId,
    #[serde(rename = "path_with_namespace")]
    path: String,
    #[serde(default)]
    topics: Option<Vec<String>>,
    /// What topics were called in GitLab 13.
    #[serde(default)]
    tag_list: Option<Vec<String>>,
    #[serde(default)]
    archived: bool,
    /// Since 18.0 for all (contract §9.3).
    #[serde(default)]
    marked_for_deletion_on: Option<IgnoredAny>,
}

impl Client {
    /// The projects of a group that are meant, page by page. Those that are scheduled for deletion are not
    /// among them (contract §9.3). A group that is not there, or that the credential may not see, is refused.
    pub async fn select(&self, selection: &Selection) -> Result<Selected, Error> {
        let mut seen: BTreeMap<ProjectId, Listed> = BTreeMap::new();
        let (mut page, mut complete) = (1, true);
        let (mut total, mut walk) = (None, Walk::default());
        loop {
            let path = address(selection, page).ok_or_else(nowhere)?;
            let request = Request::get("/groups/:id/projects", path);
            let given = self.send(request).await?.given()?;
            let rows: Vec<Listed> = given.json()?;
            is_a_page(rows.len())?;
            walk.goes_on(rows.len(), rows.iter().map(Listed::texts).sum())?;
            let (counted, next) = (given.number("x-total"), given.number("x-next-page"));
            // A project that goes between two pages lets another slip through.
            complete &= page == 1 || counted == total;
            total = counted;
            let moves = next.is_some_and(|next| next > page) && !rows.is_empty();
            seen.extend(rows.into_iter().map(|row| (row.id, row)));
            match next {
                Some(next) if moves => page = next,
                Some(_) => {
                    complete = false;
                    break;
                }
                None => break,
            }
        }
        let number = u64::try_from(seen.len()).unwrap_or(u64::MAX);
        complete &= total.is_none_or(|total| total == number);
        let mut projects = Vec::new();
        for row in seen.into_values() {
            match row.fits(selection) {
                Some(true) => projects.push(row.named()),
                Some(false) => {}
                None => complete = false,
            }
        }
        Ok(Selected { projects, complete })
    }

    /// Whether a project is meant, as far as it is shown: one that is not may be.
    pub async fn may_be_selected(
        &self,
        selection: &Selection,
        project: ProjectId,
    ) -> Result<bool, Error> {
        let group = match &selection.group {
            GroupName::Path(path) => Some(path.clone()),
            GroupName::Id(id) => self.group_path(*id).await?,
        };
        let request = Request::get("/projects/:id", format!("/projects/{project}"));
        let given = match self.send(request).await {
            Err(Error::Refused {
                status: 403 | 404, ..
            }) => return Ok(true),
            answer => answer?.given()?,
        };
        let row: Listed = given.json()?;
        let lives_there = group.is_none_or(|group| row.lives_in(&group, selection.below));
        Ok(lives_there && row.fits(selection).unwrap_or(true))
    }
}

impl Listed {
    /// Whether it is meant; `None` if that is not shown.
    fn fits(&self, selection: &Selection) -> Option<bool> {
        let leaves = self.marked_for_deletion_on.is_some()
            || self
                .path
                .ends_with(&format!("-deletion_scheduled-{}", self.id));
        if leaves || self.archived && !selection.archived {
            return Some(false);
        }
        if selection.topics.is_empty() {
            return Some(true);
        }
        let own = self.topics.as_ref().or(self.tag_list.as_ref())?;
        let own: Vec<String> = own.iter().map(|own| own.to_lowercase()).collect();
        let about = |topic: &String| own.contains(&topic.to_lowercase());
        Some(selection.topics.iter().all(about))
    }

    fn lives_in(&self, group: &str, below: bool) -> bool {
        let (above, _) = self.path.rsplit_once('/').unwrap_or_default();
        let above = above.to_ascii_lowercase();
        let group = group.to_ascii_lowercase();
        let rest = above.strip_prefix(&group);
        rest.is_some_and(|rest| rest.is_empty() || below && rest.starts_with('/'))
    }

    /// How long its texts are.
    fn texts(&self) -> usize {
        let topics = self.topics.iter().chain(&self.tag_list).flatten();
        self.path.len() + topics.map(String::len).sum::<usize>()
    }

    fn named(self) -> ProjectRef {
        ProjectRef {
            id: self.id,
            path: self.path,
        }
    }
}

/// The address of a page. GitLab filters by one topic; by the others we do.
fn address(selection: &Selection, page: u64) -> Option<String> {
    let Selection {
        group,
        below,
        topics,
        archived,
    } = selection;
    let group = match group {
        GroupName::Id(id) => id.to_string(),
        GroupName::Path(path) => segment(path)?,
    };
    // A comma would part two topics.
    let topic = topics.iter().find(|topic| !topic.contains(','));
    let text = |text: &str| Some(text.to_owned());
    let query = encoded([
        ("include_subgroups", Some(below.to_string())),
        ("with_shared", text("false")),
        ("order_by", text("id")),
        ("sort", text("asc")),
        ("per_page", Some(PAGE.to_string())),
        ("page", Some(page.to_string())),
        ("archived", text("false").filter(|_| !archived)),
        ("topic", topic.cloned()),
    ]);
    Some(format!("/groups/{group}/projects?{query}"))
}

/// Of a path that no group can have.
fn nowhere() -> Error {
    Error::Refused {
        status: 404,
        message: "no group has such a path".to_owned(),
        refusal: Refusal::GroupMissing,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn about(topics: &[&str]) -> Selection {
        Selection {
            group: GroupName::Id(GroupId(1)),
            below: true,
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            archived: false,
        }
    }

    #[test]
    fn a_topic_reaches_gitlab_as_it_is_written() {
        for (topics, asked) in [
            (&["C++"][..], Some("C%2B%2B")),
            (&["R&D"], Some("R%26D")),
            (&["a,b", "c d"], Some("c+d")),
            (&["a,b"], None),
        ] {
            let address = address(&about(topics), 1).unwrap();
            let told = address.split_once("&topic=").map(|(_, topic)| topic);
            assert_eq!(told, asked, "{address}");
        }
    }

    /// Contract §11: releases before 14 call topics something else, or show none.
    #[test]
    fn topics_that_are_not_shown_are_not_taken_for_none() {
        let fits = |more: serde_json::Value| {
            let mut row = json!({ "id": 7, "path_with_namespace": "a/b" });
            row.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let row: Listed = serde_json::from_value(row).unwrap();
            row.fits(&about(&["Ärger"]))
        };
        assert_eq!(fits(json!({})), None);
        assert_eq!(fits(json!({ "topics": [] })), Some(false));
        assert_eq!(fits(json!({ "topics": ["ärger", "x"] })), Some(true));
        assert_eq!(fits(json!({ "tag_list": ["ärger"] })), Some(true));
        assert_eq!(
            fits(json!({ "tag_list": [], "topics": ["ärger"] })),
            Some(true)
        );
        assert_eq!(fits(json!({ "archived": true })), Some(false));
    }
}
