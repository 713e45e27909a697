//! Users (contract §3.24).
use serde_json::{Value, json};

use super::iso;
use crate::state::{Caller, GitLab, User, UserState, facts};

/// How a user is named inside other things.
pub(crate) fn basic_user(gitlab: &GitLab, user: &User) -> Value {
    let mut shown = json!({
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "state": state(user.state),
        "locked": false,
        "avatar_url": null,
        "web_url": format!("{}/{}", gitlab.external_url, user.username),
    });
    if let (true, Value::Object(fields)) = (gitlab.since(facts::CREATED_IN_LISTS), &mut shown) {
        fields.insert("public_email".to_owned(), Value::Null);
    }
    shown
}

fn state(state: UserState) -> &'static str {
    match state {
        UserState::Active | UserState::TermsNotAccepted => "active",
        UserState::Blocked => "blocked",
        UserState::Deactivated => "deactivated",
    }
}

/// `GET /user`: `is_admin` is shown to administrators only.
pub(crate) fn user(gitlab: &GitLab, caller: &Caller) -> Value {
    let user = &caller.user;
    let mut shown = basic_user(gitlab, user);
    let more = json!({
        "created_at": iso(user.created_at),
        "bot": user.bot,
        "email": user.email,
        "commit_email": user.email,
        "confirmed_at": iso(user.created_at),
        "two_factor_enabled": false,
        "external": user.external,
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut shown, more) {
        fields.extend(more);
        if caller.admin {
            fields.insert("is_admin".to_owned(), json!(true));
            if gitlab.settings.enterprise {
                fields.insert("is_auditor".to_owned(), json!(user.auditor));
            }
        }
    }
    shown
}
