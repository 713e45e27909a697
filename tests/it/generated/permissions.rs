//! The page of what a credential needs, made from the one table, which every call has to be in.
use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use gitlab_runner_registrar::gitlab::permissions::{PERMISSIONS, Permission};

use super::{cell, code, current};

/// Authorised by a token in the body, a runner's or a registration token, so that they ask no permission of
/// the credential.
pub(super) const BY_THEIR_OWN: [(&str, &str); 3] = [
    ("DELETE", "/runners"),
    ("POST", "/runners"),
    ("POST", "/runners/verify"),
];

#[test]
fn the_list_of_permissions_is_current() {
    let mut page = "# Permissions\n\n\
        What the operator does with a connection's credential, and what the credential needs for it. \
        A classic token needs one of the scopes; a fine-grained one (GitLab 18.10 and later) the \
        permission, and it must hold it where the table says. What the token's owner may not do, no \
        token lets the operator do.\n\n\
        The least that registers and keeps runners is the scopes `create_runner`, `manage_runner` and \
        `read_api`, or the permissions `Runner: Create` for the user, and `Runner: Read`, \
        `Runner: Update` and `Runner: Delete` for the groups and projects of the runners (the \
        instance for its own). `Personal Access Token: Read` for the user lets the connection warn \
        before the token ends.\n\n\
        A group on GitLab.com, and an instance, can enforce fine-grained tokens: then a person's \
        classic token may register a runner there that it may not read. The operator looks first, and \
        registers nothing where it may not read. GitLab leaves out of lists what a fine-grained token \
        may not see, so a runner whose registration was not answered is never taken for absent with \
        such a token: somebody has to look.\n\n\
        | Feature | Classic scopes, one of | Permission | Where | Without it | Calls |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for permission in PERMISSIONS {
        let Permission {
            feature,
            calls,
            permission,
            boundary,
            scopes,
            without,
        } = permission;
        let calls: Vec<String> = calls
            .iter()
            .map(|(method, endpoint)| code(&format!("{method} {endpoint}")))
            .collect();
        let scopes: Vec<String> = scopes.iter().map(|scope| code(scope)).collect();
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            cell(feature),
            scopes.join(", "),
            code(permission),
            cell(boundary),
            cell(without),
            calls.join(", "),
        )
        .unwrap();
    }
    current(&[("docs/permissions.md".to_owned(), page)]);
}

/// Every endpoint that the client's source names is in the table, and the other way round.
#[test]
fn every_call_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gitlab");
    let mut named = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("permissions.rs") || path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let endpoints = code.split('"').skip(1).step_by(2).filter(|text| {
            let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '/' | ':' | '_');
            text.len() > 1
                && text.starts_with('/')
                && !text.ends_with('/')
                && text.chars().all(plain)
        });
        named.extend(endpoints.map(str::to_owned));
    }
    let listed: BTreeSet<String> = PERMISSIONS
        .iter()
        .flat_map(|permission| permission.calls)
        .chain(&BY_THEIR_OWN)
        .map(|(_, endpoint)| (*endpoint).to_owned())
        .collect();
    assert_eq!(named, listed);
}
