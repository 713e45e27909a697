//! What a check finds of a GitLab and of the token for it.
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::access::Session;
use crate::api::v1alpha1::start_of_day;
use crate::clock;
use crate::connect::ask;
use crate::gitlab::permissions::PERMISSIONS;
use crate::plan::{Account, too_small};

/// A removal in GitLab is refused when the runner has changed after the time that we tell, so that the
/// two clocks must not be far apart.
const CLOCKS_AGREE: SignedDuration = SignedDuration::from_secs(30);

/// How long before a token's end it is pointed out.
const EXPIRES_SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What one check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    Ok,
    Warning,
    Problem,
}

/// One thing that was checked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) check: &'static str,
    pub(super) result: Outcome,
    pub(super) message: String,
}

#[derive(Default)]
pub(super) struct Rows(pub(super) Vec<Row>);

impl Rows {
    pub(super) fn add(&mut self, check: &'static str, result: Outcome, message: impl Into<String>) {
        self.0.push(Row {
            check,
            result,
            message: message.into(),
        });
    }
}

/// Whether GitLab answers, and what it says of the token and of the time.
pub(super) async fn of_gitlab(session: &Session, rows: &mut Rows) {
    let account = match ask(&session.client).await {
        Ok(account) => account,
        Err(error) => {
            let told = session.told(&error).to_string();
            return rows.add("gitlab", Outcome::Problem, told);
        }
    };
    let url = &session.endpoint.url;
    match &account.metadata {
        Some(metadata) => {
            let edition = match metadata.enterprise {
                Some(true) => ", Enterprise Edition",
                Some(false) => ", Community Edition",
                None => "",
            };
            let message = format!("{url} is GitLab {}{edition}", metadata.version);
            rows.add("gitlab", Outcome::Ok, message);
        }
        None => rows.add(
            "gitlab",
            Outcome::Ok,
            format!("{url} answers; this token may not ask for the version"),
        ),
    }
    of_token(&account, rows);
    of_scopes(&account, rows);
    match session.client.server_time().await {
        Ok(Some(there)) => of_clocks(clock::now(), there, rows),
        Ok(None) | Err(_) => {
            rows.add(
                "clock",
                Outcome::Warning,
                "GitLab does not say what time it is",
            );
        }
    }
}

fn of_token(account: &Account, rows: &mut Rows) {
    let Some(token) = &account.token else {
        let message = "it does not tell its name, scopes and end";
        return rows.add("token", Outcome::Warning, message);
    };
    let owner = account
        .username
        .as_deref()
        .map(|name| format!(" of {name}"));
    let owner = owner.unwrap_or_default();
    let admin = match account.admin {
        Some(true) => ", an administrator",
        Some(false) => "",
        None => ", whose user it may not ask about",
    };
    let name = &token.name;
    match token.expires_at {
        None => rows.add(
            "token",
            Outcome::Ok,
            format!("{name:?}{owner}{admin}; it has no end"),
        ),
        Some(date) => {
            let left = start_of_day(date).map(|end| end.duration_since(clock::now()));
            let soon = left.is_some_and(|left| left < EXPIRES_SOON);
            let result = if soon { Outcome::Warning } else { Outcome::Ok };
            let message = format!("{name:?}{owner}{admin}; it stops working on {date}");
            rows.add("token", result, message);
        }
    }
}

/// What the operator does, and whether the token's scopes let it.
fn of_scopes(account: &Account, rows: &mut Rows) {
    if let Some(trouble) = too_small(account) {
        return rows.add("scopes", Outcome::Problem, trouble.message);
    }
    if account.can().granular {
        let lacks = account.lacks.join("; ");
        let message = format!(
            "a fine-grained token, of which GitLab alone knows what it may: see docs/permissions.md {lacks}"
        );
        return rows.add("scopes", Outcome::Ok, message.trim_end().to_owned());
    }
    let Some(token) = &account.token else {
        return;
    };
    let opens = |scopes: &[&str]| {
        scopes
            .iter()
            .any(|scope| *scope == "any" || token.scopes.contains(*scope))
    };
    let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
    rows.add("scopes", Outcome::Ok, scopes.join(", "));
    for permission in PERMISSIONS.iter().filter(|one| !opens(one.scopes)) {
        let message = format!("not: {}; {}", permission.feature, permission.without);
        rows.add("scopes", Outcome::Warning, message);
    }
}

fn of_clocks(here: Timestamp, there: Timestamp, rows: &mut Rows) {
    let apart = here.duration_since(there);
    let seconds = apart.as_secs().abs();
    if apart.abs() <= CLOCKS_AGREE {
        let message = format!(
            "GitLab's clock and this one agree to within {}s",
            seconds + 1
        );
        return rows.add("clock", Outcome::Ok, message);
    }
    let message = format!(
        "this clock and GitLab's differ by {seconds}s: set both by NTP, since the operator tells GitLab when it has \
         seen a runner before it has that removed"
    );
    rows.add("clock", Outcome::Problem, message);
}
