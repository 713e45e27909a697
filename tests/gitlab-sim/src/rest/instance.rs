//! The instance and its namespaces, read: contract §3.23, §3.24, and what turns a path into an id.
use serde_json::{Value, json};

use super::{
    call::{Answer, Call},
    entity,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{Role, Secret, facts};

/// `/version`, which showed only two fields before `/metadata` took its place.
pub(crate) fn version(call: &mut Call<'_>) -> Answer {
    if call.gitlab.since(facts::VERSION_IS_METADATA) {
        return metadata(call);
    }
    let settings = &call.gitlab.settings;
    Ok(Reply::ok(json!({
        "version": settings.shown_version(),
        "revision": settings.version.revision(),
    })))
}

/// `/metadata`.
#[expect(clippy::unnecessary_wraps, reason = "every endpoint has this shape")]
pub(crate) fn metadata(call: &mut Call<'_>) -> Answer {
    let settings = &call.gitlab.settings;
    Ok(Reply::ok(json!({
        "version": settings.shown_version(),
        "revision": settings.version.revision(),
        "kas": { "enabled": false, "externalUrl": null, "version": null },
        "enterprise": settings.enterprise,
    })))
}

/// `/user`.
pub(crate) fn user(call: &mut Call<'_>) -> Answer {
    let caller = call.caller()?;
    Ok(Reply::ok(entity::user(call.gitlab, &caller)))
}

/// `/groups/:id`, by number or encoded path.
pub(crate) fn group(call: &mut Call<'_>) -> Answer {
    limit(call, "group_api", call.gitlab.settings.group_api_limit)?;
    let group = call.group()?;
    let mut shown = entity::group(call.gitlab, &group);
    let caller = call.caller.as_ref();
    if caller.is_some_and(|who| call.gitlab.has_group_role(who, group.id, Role::Owner)) {
        show_registration_token(call, &group.runners_token, &mut shown);
    }
    Ok(Reply::ok(shown))
}

/// `/projects/:id`, by number or encoded path.
pub(crate) fn project(call: &mut Call<'_>) -> Answer {
    limit(call, "project_api", call.gitlab.settings.project_api_limit)?;
    let project = call.project()?;
    let mut shown = entity::project(call.gitlab, &project);
    let caller = call.caller.as_ref();
    let maintains = |who| {
        call.gitlab
            .has_project_role(who, &project, Role::Maintainer)
    };
    if caller.is_some_and(maintains) {
        show_registration_token(call, &project.runners_token, &mut shown);
    }
    Ok(Reply::ok(shown))
}

/// Contract §11: to those who administer the place, where runners were made with it alone.
fn show_registration_token(call: &Call<'_>, token: &Secret, shown: &mut Value) {
    let readable = !call.gitlab.since(facts::USER_RUNNERS);
    if let (true, Value::Object(fields)) = (readable, shown) {
        fields.insert("runners_token".to_owned(), json!(token.expose()));
    }
}

/// Contract §1.9: per user, and per address where there is none.
fn limit(call: &mut Call<'_>, name: &'static str, requests: u64) -> Result<(), Refusal> {
    if !call.gitlab.since(facts::PLACES_LIMITS) {
        return Ok(());
    }
    let whom = match &call.caller {
        Some(caller) => caller.user.id.to_string(),
        None => call.address().to_string(),
    };
    call.limit(name, &whom, requests)
}
