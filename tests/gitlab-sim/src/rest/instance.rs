//! The instance and its namespaces, read: contract §3.23, §3.24, and what turns a path into an id.
use serde_json::json;

use super::{
    call::{Answer, Call},
    entity,
    reply::Reply,
};
use crate::state::facts;

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
    let group = call.group()?;
    Ok(Reply::ok(entity::group(call.gitlab, &group)))
}

/// `/projects/:id`, by number or encoded path.
pub(crate) fn project(call: &mut Call<'_>) -> Answer {
    let project = call.project()?;
    Ok(Reply::ok(entity::project(call.gitlab, &project)))
}
