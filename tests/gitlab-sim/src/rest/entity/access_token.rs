//! Access tokens about themselves (contract §3.22).
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{iso, iso_or_null};
use crate::state::{AccessToken, GitLab, facts};

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
    if let (true, Value::Object(fields)) = (described, &mut shown) {
        fields.insert("description".to_owned(), json!(token.description));
    }
    shown
}
