//! One page of runners by GraphQL (contract §5).
use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::error::Error;
use super::graphql::foreign;
use super::model::Scope;
use super::refusal::Refusal;
use super::request::Request;
use super::row::Row;
use super::sweep_row::{Node, View, fields};
use super::sweep_size::Complexity;
use super::verdict;
use super::walk::is_a_page;

/// What is asked for.
pub(super) struct Asked<'a> {
    pub(super) scope: Scope,
    pub(super) path: &'a str,
    pub(super) size: u32,
    pub(super) after: Option<&'a str>,
    /// Whether to ask what its processes do.
    pub(super) insight: bool,
}

/// What came of it.
pub(super) enum Told {
    Page(Page),
    /// A smaller page may pass.
    TooComplex(Error),
    /// Less of each runner may be shown.
    WithoutAField(Error),
    Refused(Error),
}

pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// Whether something of it could not be read.
    pub(super) has_holes: bool,
    /// The cursor of the next page.
    pub(super) next: Option<String>,
    /// Of all pages together, those included that the credential is not shown.
    pub(super) count: Option<u64>,
    pub(super) complexity: Option<Complexity>,
}

#[derive(Deserialize)]
struct Reply {
    data: Option<Data>,
    errors: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    query_complexity: Option<Complexity>,
    metadata: Option<Metadata>,
    place: Option<Place>,
    runners: Option<List>,
}

#[derive(Deserialize)]
struct Metadata {
    version: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    id: String,
    runners: Option<List>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    count: Option<u64>,
    nodes: Vec<Option<Node>>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl Client {
    pub(super) async fn query_page(&self, asked: &Asked<'_>) -> Result<Told, Error> {
        let given = self.send(Request::query(&query(asked))?).await?.given()?;
        let Reply { data, errors } = given.json()?;
        let Some(data) = data else {
            let errors = errors.ok_or_else(foreign)?;
            return Ok(if verdict::is_too_complex(&errors) {
                Told::TooComplex(not_shown())
            } else if verdict::is_without_a_field(&errors) {
                Told::WithoutAField(not_shown())
            } else {
                Told::Refused(not_shown())
            });
        };
        let failed = errors.is_some();
        let list = match (gid(asked.scope), data.place) {
            (None, _) => data.runners,
            (Some(gid), Some(place)) if place.id == gid => place.runners,
            (Some(_), None) if failed => None,
            // Whoever asks by an old path may meet another place there (contract §9.1).
            (Some(_), _) => {
                let message = "GraphQL shows no such group or project at that path";
                return Ok(Told::Refused(refused(Refusal::Missing, message)));
            }
        };
        let Some(List {
            count,
            nodes,
            page_info,
        }) = list
        else {
            return Ok(Told::Refused(not_shown()));
        };
        let version = data.metadata.map(|it| it.version.unwrap_or_default());
        let view = View::new(asked.scope, version.as_deref());
        let asked_for = nodes.len();
        is_a_page(asked_for)?;
        let rows: Vec<Row> = nodes
            .into_iter()
            .flatten()
            .filter_map(|node| view.row(node))
            .collect();
        Ok(Told::Page(Page {
            has_holes: failed || rows.len() < asked_for,
            rows,
            next: page_info
                .has_next_page
                .then(|| page_info.end_cursor.unwrap_or_default()),
            count,
            complexity: data.query_complexity,
        }))
    }
}

/// A query that GraphQL has answered, and not with what was asked for.
fn refused(refusal: Refusal, message: &str) -> Error {
    Error::Refused {
        status: 200,
        message: message.to_owned(),
        refusal,
    }
}

fn not_shown() -> Error {
    let message = "GraphQL does not show this credential the list of runners";
    refused(Refusal::NoGraphQl, message)
}

/// GraphQL's name for a group or project, whose number is in it.
fn gid(scope: Scope) -> Option<String> {
    match scope {
        Scope::Instance => None,
        Scope::Group(id) => Some(format!("gid://gitlab/Group/{id}")),
        Scope::Project(id) => Some(format!("gid://gitlab/Project/{id}")),
    }
}

/// Oldest first: what is registered meanwhile comes at the end, and is not missed.
fn query(asked: &Asked<'_>) -> String {
    let Asked {
        scope,
        path,
        size,
        after,
        insight,
    } = asked;
    let kind = scope.runner_type().to_uppercase();
    let direct = match scope {
        Scope::Group(_) => "membership: DIRECT, ",
        Scope::Instance | Scope::Project(_) => "",
    };
    let after = after.map(|cursor| format!(", after: {}", quoted(cursor)));
    let list = format!(
        "runners({direct}type: {kind}, sort: CREATED_ASC, first: {size}{}) \
         {{ count nodes {{ {} }} pageInfo {{ hasNextPage endCursor }} }}",
        after.unwrap_or_default(),
        fields(*scope, *insight)
    );
    let path = quoted(path);
    let list = match scope {
        Scope::Instance => list,
        Scope::Group(_) => format!("place: group(fullPath: {path}) {{ id {list} }}"),
        Scope::Project(_) => format!("place: project(fullPath: {path}) {{ id {list} }}"),
    };
    format!("{{ queryComplexity {{ score limit }} metadata {{ version }} {list} }}")
}

/// A string in JSON is one in GraphQL too.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
