//! Access tokens about themselves: contract §3.22.
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    call::{Answer, Call},
    declare::{Kind, optional},
    entity,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{AccessToken, TokenId, TokenKind, facts};

/// Any scope will do.
pub(crate) fn show(call: &mut Call<'_>) -> Answer {
    let caller = call.caller()?;
    if caller.token.kind != TokenKind::Personal {
        let text = "This endpoint requires token type to be a personal access token";
        return Err(Refusal::bad_request(text));
    }
    let token = call
        .gitlab
        .access_tokens
        .get(&caller.token.id)
        .unwrap_or(&caller.token);
    Ok(Reply::ok(entity::access_token(
        call.gitlab,
        token,
        call.now,
    )))
}

/// 204; used again, the token revokes its family (contract §1.10).
pub(crate) fn revoke(call: &mut Call<'_>) -> Answer {
    let caller = call.caller()?;
    if caller.token.kind != TokenKind::Personal {
        let text = "This endpoint requires token type to be a personal access token";
        return Err(Refusal::bad_request(text));
    }
    if let Some(token) = call.gitlab.access_tokens.get_mut(&caller.token.id) {
        token.revoked = true;
    }
    Ok(Reply::no_content())
}

/// 200 with the new token; the old one is revoked in the same moment.
pub(crate) fn rotate(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&[optional("expires_at", Kind::Date)], &[])?;
    let caller = call.caller()?;
    if caller.token.kind != TokenKind::Personal {
        return Err(Refusal::message(405, "405 Method Not Allowed"));
    }
    let gitlab = &*call.gitlab;
    let enforced = gitlab.knows_granular() && gitlab.settings.granular_tokens_enforced;
    if enforced && gitlab.is_classic_of_human(&caller) {
        let text = "Rotation of legacy personal access tokens is disabled. Use a fine-grained \
                    token instead.";
        return Err(Refusal::bad_request(text));
    }
    let asked = given
        .text("expires_at")
        .and_then(|text| text.parse::<Date>().ok());
    let expires_at = expiry(call, asked)?;
    let token = AccessToken {
        id: TokenId(call.gitlab.next_id("token")),
        token: call.gitlab.mint.token("glpat-", 20),
        expires_at,
        revoked: false,
        created_at: call.now,
        last_used_at: None,
        ..caller.token.clone()
    };
    if let Some(old) = call.gitlab.access_tokens.get_mut(&caller.token.id) {
        old.revoked = true;
    }
    let mut shown = entity::access_token(call.gitlab, &token, call.now);
    if let Value::Object(fields) = &mut shown {
        fields.insert("token".to_owned(), json!(token.token.expose()));
    }
    call.gitlab.access_tokens.insert(token.id, token);
    Ok(Reply::ok(shown))
}

/// Without a date the new token lives a week; since NEW only where tokens must expire at all.
fn expiry(call: &Call<'_>, asked: Option<Date>) -> Result<Option<Date>, Refusal> {
    let settings = &call.gitlab.settings;
    let today = date(call.now);
    let latest = today.saturating_add(365.days());
    let must_expire = !settings.since(facts::ROTATION_WITHOUT_END)
        || settings.require_personal_access_token_expiry;
    match asked {
        Some(date) if date <= today => {
            Err(Refusal::bad_request("Expiration date can't be in the past"))
        }
        Some(date) if must_expire && date > latest => Err(Refusal::bad_request(&format!(
            "Expiration date must be before {latest}"
        ))),
        Some(date) => Ok(Some(date)),
        None => Ok(must_expire.then(|| today.saturating_add(7.days()))),
    }
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
