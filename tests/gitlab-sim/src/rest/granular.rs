//! What a fine-grained token needs for each call, and how it is refused: contract §8.
use http::Method;
use serde_json::Value;

use super::{params::Params, refusal::Refusal, routes::Route};
use crate::state::{Boundary, Caller, GitLab, Permission, RunnerId};

/// Where a call's permission is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    User,
    Instance,
    /// Where the runner of the path is at home.
    Runner,
    /// The group of the path.
    Group,
    /// The project of the path.
    Project,
}

/// The permission of a call and where it is asked for; nothing for a call that no such token can
/// make.
fn needed(method: &Method, pattern: &str) -> Option<(Permission, Place)> {
    use Permission::{
        AssignRunner, CreateRunner, DeleteRunner, ReadGroup, ReadMetadata, ReadPersonalAccessToken,
        ReadProject, ReadRunner, ReadUser, ResetRunnerRegistrationToken, RotatePersonalAccessToken,
        UpdateRunner,
    };
    Some(match (method.as_str(), pattern) {
        ("GET", "/personal_access_tokens/self") => (ReadPersonalAccessToken, Place::User),
        ("POST", "/personal_access_tokens/self/rotate") => (RotatePersonalAccessToken, Place::User),
        ("GET", "/user") => (ReadUser, Place::User),
        ("GET", "/version" | "/metadata") => (ReadMetadata, Place::Instance),
        ("GET", "/runners") => (ReadRunner, Place::User),
        ("GET", "/runners/all") => (ReadRunner, Place::Instance),
        (
            "GET",
            "/runners/:id"
            | "/runners/:id/managers"
            | "/runners/:id/jobs"
            | "/runners/:id/projects",
        ) => (ReadRunner, Place::Runner),
        ("PUT", "/runners/:id") | ("POST", "/runners/:id/reset_authentication_token") => {
            (UpdateRunner, Place::Runner)
        }
        ("DELETE", "/runners/:id") => (DeleteRunner, Place::Runner),
        ("GET", "/groups/:id/runners") => (ReadRunner, Place::Group),
        ("GET", "/projects/:id/runners") => (ReadRunner, Place::Project),
        ("POST", "/projects/:id/runners") | ("DELETE", "/projects/:id/runners/:runner_id") => {
            (AssignRunner, Place::Project)
        }
        ("POST", "/user/runners") => (CreateRunner, Place::User),
        ("POST", "/runners/reset_registration_token") => {
            (ResetRunnerRegistrationToken, Place::Instance)
        }
        ("POST", "/groups/:id/runners/reset_registration_token") => {
            (ResetRunnerRegistrationToken, Place::Group)
        }
        ("POST", "/projects/:id/runners/reset_registration_token") => {
            (ResetRunnerRegistrationToken, Place::Project)
        }
        ("GET", "/groups/:id") => (ReadGroup, Place::Group),
        ("GET", "/groups/:id/projects") => (ReadProject, Place::Group),
        ("GET", "/projects/:id") => (ReadProject, Place::Project),
        _ => return None,
    })
}

/// Refuses a caller whose token does not permit the call; this belongs to the authentication, so
/// that neither parameters nor roles have been looked at.
pub(super) fn check(
    gitlab: &GitLab,
    caller: &Caller,
    route: &Route,
    params: &Params,
) -> Result<(), Refusal> {
    let granular = gitlab.is_granular(caller);
    if granular && !caller.user.granular_tokens {
        let text = "Access denied: Fine-grained personal access tokens are not yet supported.";
        return Err(refused(text));
    }
    let Some((permission, place)) = needed(&route.method, route.pattern) else {
        let text = "Access denied: This operation doesn't support fine-grained personal access \
                    tokens.";
        return if granular { Err(refused(text)) } else { Ok(()) };
    };
    let Some(boundary) = boundary(gitlab, caller, place, params) else {
        return if granular {
            Err(Refusal::message(404, "404 Not Found"))
        } else {
            Ok(())
        };
    };
    if gitlab.token_permits(caller, permission, boundary) {
        return Ok(());
    }
    Err(refused(&format!(
        "Access denied: This operation requires a fine-grained personal access token with the \
         following {} permissions: [{}].",
        boundary.word(),
        permission.title()
    )))
}

fn refused(description: &str) -> Refusal {
    Refusal::insufficient_granular_scope(description)
}

/// Nothing when it is not there, or the caller may not know of it.
fn boundary(gitlab: &GitLab, caller: &Caller, place: Place, params: &Params) -> Option<Boundary> {
    let id = params.get("id").and_then(Value::as_str).unwrap_or_default();
    let boundary = match place {
        Place::User => Boundary::User,
        Place::Instance => Boundary::Instance,
        Place::Group => Boundary::Group(gitlab.find_group(id)?.id),
        Place::Project => {
            let found = gitlab.find_project(id);
            Boundary::Project(found.or_else(|| gitlab.find_moved_project(id))?.id)
        }
        Place::Runner => {
            let runner = gitlab.runners.get(&RunnerId(id.parse().ok()?))?;
            runner.home()?
        }
    };
    gitlab.knows_of(caller, boundary).then_some(boundary)
}
