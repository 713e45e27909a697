//! Paths of groups and projects, urls of connections, and what is asked for because of them.
use gitlab_runner_registrar::gitlab::{Endpoint, GroupName, Selection};
use reqwest::Url;

use super::driver::Target;
use super::exchange::{ROOT, Replies, client, endpoint, read, run};

pub(super) const TARGET: Target = Target {
    name: "addresses",
    runs: 1200,
    words: &[
        "/",
        "..",
        ".",
        "%2e",
        "%2F",
        "?",
        "#",
        "\\",
        "\t",
        "\n",
        "@",
        ":",
        "//",
        "https://",
        "http://",
        "HTTP://",
        "/api/v4",
        "user:pass@",
        "[::1]",
        "xn--",
        "..;/",
        "&",
        "é",
    ],
    check,
};

/// The first line is an url, and the rest a path.
fn check(input: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(input);
    let (url, path) = text.split_once('\n').unwrap_or((&text, ""));
    let url = address(url)?;
    let here = named(path)?;
    Ok(format!("{url} {here}"))
}

/// An address that is taken leads to one host, by https unless it is known not to.
fn address(typed: &str) -> Result<String, String> {
    let Some(api) = endpoint(typed).address() else {
        return Ok("no address".to_owned());
    };
    let url = Url::parse(&api).map_err(|error| format!("{api}: {error}"))?;
    let plain = url.username().is_empty() && url.password().is_none();
    let whole = url.query().is_none() && url.fragment().is_none() && url.has_host();
    if !plain || !whole || !url.path().ends_with("/api/v4") {
        return Err(format!("{typed:?} is taken for {api}"));
    }
    if (url.scheme() == "http") != Endpoint::is_in_the_clear(typed) {
        return Err(format!("{typed:?} is asked by {} unnoticed", url.scheme()));
    }
    let host = endpoint(typed).host();
    if host.as_deref() != url.host_str() {
        return Err(format!(
            "{typed:?} is said to lead to {host:?} and leads to {api}"
        ));
    }
    // However it is written, it is the same address.
    let again = api.strip_suffix("/api/v4").unwrap_or_default();
    match endpoint(again).address() {
        Some(same) if same == api => Ok("an address".to_owned()),
        other => Err(format!("{typed:?} is {api}, and that is {other:?}")),
    }
}

/// Whoever names a group or project asks for just that, or for nothing.
fn named(path: &str) -> Result<String, String> {
    let (_, replies) = read(b"call 404\n\n{\"message\":\"404 Group Not Found\"}").unwrap();
    let way = Replies::new(replies);
    let client = client(way.clone());
    let selection = Selection {
        group: GroupName::Path(path.to_owned()),
        below: true,
        topics: vec![path.to_owned()],
        archived: false,
    };
    run(async {
        let _ = client.group_id(path).await;
        let _ = client.project_id(path).await;
        let _ = client.select(&selection).await;
    });
    let asked = way.asked();
    for one in &asked {
        let shown = one.url.as_str();
        let below = one.url.path().strip_prefix("/root/api/v4/");
        let segments: Vec<&str> = below.unwrap_or_default().split('/').collect();
        let (["groups" | "projects", name] | ["groups", name, "projects"]) = *segments else {
            return Err(format!("{path:?} asks for {shown}"));
        };
        let meant = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        if !shown.starts_with(ROOT) || meant != path || one.url.fragment().is_some() {
            return Err(format!("{path:?} asks for {shown}"));
        }
    }
    Ok(format!("{} requests", asked.len()))
}
