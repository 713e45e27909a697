//! From a path to its endpoint, as Grape's router goes (contract §1.4).
use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    params::Params,
    routes::{ROUTES, Route},
};
use crate::state::Version;

/// The endpoint of a path below `/api/v4`, with the parameters of the path; `HEAD` goes where
/// `GET` goes. A method that a path does not have ends in the catch-all, like an unknown path.
pub(crate) fn find(method: &Method, path: &str, version: Version) -> Option<Match> {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    ROUTES
        .iter()
        .filter(|route| version >= route.since && route.method == *method)
        .find_map(|route| matched(route, path))
}

/// The methods of a known path, as `Allow` lists them.
pub(crate) fn allowed(path: &str, version: Version) -> Option<String> {
    let known = ROUTES
        .iter()
        .filter(|route| version >= route.since && matched(route, path).is_some());
    let mut methods: Vec<&str> = known.map(|route| route.method.as_str()).collect();
    if methods.is_empty() {
        return None;
    }
    methods.insert(0, "OPTIONS");
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    Some(methods.join(", "))
}

/// A path as Grape compares it: with single slashes, and none at the end.
pub(crate) fn squeezed(path: &str) -> String {
    let mut squeezed = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        squeezed.push('/');
        squeezed.push_str(part);
    }
    squeezed
}

/// A path that was found.
pub(crate) struct Match {
    pub(crate) route: &'static Route,
    /// The parameters of the path.
    pub(crate) params: Params,
    /// What stands behind a dot in the last part.
    pub(crate) extension: Option<String>,
}

/// Groups and projects have dots in their paths, so that their parts of a path may have some too.
/// Any other last part may have one, and what follows it is a format and no part of the name.
fn matched(route: &'static Route, path: &str) -> Option<Match> {
    let mut params = Params::new();
    let mut extension = None;
    let keeps_dots = |expected: &str| {
        let of_place =
            route.pattern.starts_with("/projects/") || route.pattern.starts_with("/groups/");
        of_place && expected == ":id"
    };
    let mut given = path.split('/').peekable();
    for expected in route.pattern.split('/') {
        let mut part = given.next()?;
        if given.peek().is_none()
            && !keeps_dots(expected)
            && let Some((name, format)) = part.split_once('.')
        {
            part = name;
            extension = Some(format.to_owned());
        }
        match expected.strip_prefix(':') {
            Some(_) if part.contains('.') && !keeps_dots(expected) => return None,
            Some(_) if part.is_empty() => return None,
            Some(name) => {
                let text = percent_decode_str(part).decode_utf8_lossy().into_owned();
                params.insert(name.to_owned(), Value::String(text));
            }
            None if expected == part => {}
            None => return None,
        }
    }
    let well_formed = |format: &String| !format.is_empty() && !format.contains('.');
    let ends = given.next().is_none() && extension.as_ref().is_none_or(well_formed);
    ends.then_some(Match {
        route,
        params,
        extension,
    })
}
