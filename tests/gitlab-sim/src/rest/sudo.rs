//! Acting as somebody else: contract §1.2. It is never ignored.
use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::{params::Params, refusal::Refusal};
use crate::state::{Caller, GitLab, Scope, User};

/// Whom a request wants to act as; the parameter comes before the header.
fn asked(request: &Request<Bytes>, params: &Params) -> Option<String> {
    let header = request.headers().get("sudo");
    let header = || {
        header
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    match params.get("sudo") {
        Some(Value::String(name)) => Some(name.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => header(),
    }
}

/// The caller as whom a request is carried out: an administrator may act as anybody, with a token
/// that has the scope.
pub(super) fn switch(
    gitlab: &GitLab,
    request: &Request<Bytes>,
    params: &Params,
    caller: Caller,
) -> Result<Caller, Refusal> {
    let Some(wanted) = asked(request, params) else {
        return Ok(caller);
    };
    if !caller.admin {
        return Err(Refusal::forbidden_because("Must be admin to use sudo"));
    }
    if gitlab.is_granular(&caller) {
        let text = "Fine-grained token must have sudo enabled to use sudo";
        return Err(Refusal::forbidden_because(text));
    }
    if !caller.token.scopes.contains(&Scope::Sudo) {
        return Err(Refusal::insufficient_scope(&[Scope::Sudo]));
    }
    let is_wanted = |user: &&User| match wanted.parse::<u64>() {
        Ok(id) => user.id.0 == id,
        Err(_) => user.username.eq_ignore_ascii_case(&wanted),
    };
    let user = gitlab.users.values().find(is_wanted);
    let user =
        user.ok_or_else(|| Refusal::not_found(&format!("User with ID or username '{wanted}'")))?;
    Ok(Caller {
        admin: gitlab.has_admin_rights(user, &caller.token),
        user: user.clone(),
        token: caller.token,
    })
}
