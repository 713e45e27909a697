//! Access tokens about themselves (contract §3.22).
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{iso, iso_or_null};
use crate::state::{AccessToken, GitLab, Grant, Scope, facts};

/// Everything but the string.
pub(crate) fn access_token(gitlab: &GitLab, token: &AccessToken, now: Timestamp) -> Value {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
    let mut shown = json!({
        "id": token.id,
        "name": token.name,
        "revoked": token.revoked,
        "created_at": iso(token.created_at),
        "scopes": scopes,
        "user_id": token.user,
        "last_used_at": iso_or_null(token.last_used_at),
        "active": token.is_active(now),
        "expires_at": token.expires_at.map(|date| date.to_string()),
    });
    let described = gitlab.since(facts::TOKEN_DESCRIPTION);
    if let Value::Object(fields) = &mut shown {
        if described {
            fields.insert("description".to_owned(), json!(token.description));
        }
        if gitlab.since(facts::GRANULAR_TOKENS) {
            let granular = token.scopes == [Scope::Granular];
            fields.insert("granular".to_owned(), json!(granular));
            if granular {
                fields.insert("granular_scopes".to_owned(), granular_scopes(&token.grants));
            }
        }
    }
    shown
}

/// What a fine-grained token is granted (contract §8.1).
pub(crate) fn granular_scopes(grants: &[Grant]) -> Value {
    let shown = grants.iter().map(|grant| {
        let mut fields = json!({ "access": grant.access, "permissions": grant.permissions });
        if let Value::Object(fields) = &mut fields {
            if let Some(id) = grant.group {
                fields.insert("group_id".to_owned(), json!(id));
            }
            if let Some(id) = grant.project {
                fields.insert("project_id".to_owned(), json!(id));
            }
        }
        fields
    });
    shown.collect()
}
