//! Every path there is, who may come in by it, and since when.
use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    call::{Answer, Call},
    instance, machine,
    params::Params,
    runners, tokens, user_runners,
};
use crate::state::{Era, Scope};

/// Who a path asks for (contract §1.1, §1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A user; beside `api`, and `read_api` for reading, this scope opens it.
    User(Option<Scope>),
    /// A user whose token has any scope at all.
    AnyScope,
    /// A user, or nobody.
    Anyone,
    /// A runner, by a token in the parameters; subject to the migration back-off (contract §1.3).
    Machine,
}

/// One endpoint.
pub(crate) struct Route {
    method: Method,
    pattern: &'static str,
    /// Who it asks for.
    pub(crate) class: Class,
    since: Era,
    /// What it does.
    pub(crate) run: fn(&mut Call<'_>) -> Answer,
}

const RUNNERS: Class = Class::User(Some(Scope::ManageRunner));

const fn route(
    method: Method,
    pattern: &'static str,
    class: Class,
    since: Era,
    run: fn(&mut Call<'_>) -> Answer,
) -> Route {
    Route {
        method,
        pattern,
        class,
        since,
        run,
    }
}

static ROUTES: &[Route] = {
    use Class::{AnyScope, Anyone, Machine};
    use Era::{V15, V17, V19};
    use runners::{assign, edit, jobs, lists, registration_token, reset, show};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PUT: Method = Method::PUT;
    const DELETE: Method = Method::DELETE;
    const READ_USER: Class = Class::User(Some(Scope::ReadUser));
    const SELF_ROTATE: Class = Class::User(Some(Scope::SelfRotate));
    const CREATE: Class = Class::User(Some(Scope::CreateRunner));
    &[
        route(GET, "/runners", RUNNERS, V15, lists::available),
        route(GET, "/runners/all", RUNNERS, V15, lists::all),
        route(
            GET,
            "/runners/router/discovery",
            Machine,
            V19,
            machine::discovery::discovery,
        ),
        route(POST, "/runners", Machine, V15, machine::register::register),
        route(DELETE, "/runners", Machine, V15, machine::delete::runner),
        route(
            DELETE,
            "/runners/managers",
            Machine,
            V17,
            machine::delete::manager,
        ),
        route(
            POST,
            "/runners/verify",
            Machine,
            V15,
            machine::verify::verify,
        ),
        route(
            POST,
            "/runners/reset_authentication_token",
            Machine,
            V15,
            machine::verify::reset_token,
        ),
        route(
            POST,
            "/runners/reset_registration_token",
            RUNNERS,
            V15,
            registration_token::of_instance,
        ),
        route(GET, "/runners/:id", RUNNERS, V15, show::details),
        route(PUT, "/runners/:id", RUNNERS, V15, edit::update),
        route(DELETE, "/runners/:id", RUNNERS, V15, edit::delete),
        route(GET, "/runners/:id/managers", RUNNERS, V17, show::managers),
        route(GET, "/runners/:id/projects", RUNNERS, V19, show::projects),
        route(GET, "/runners/:id/jobs", RUNNERS, V15, jobs::list),
        route(
            POST,
            "/runners/:id/reset_authentication_token",
            RUNNERS,
            V15,
            reset::authentication_token,
        ),
        route(
            GET,
            "/projects/:id/runners",
            RUNNERS,
            V15,
            lists::of_project,
        ),
        route(POST, "/projects/:id/runners", RUNNERS, V15, assign::assign),
        route(
            DELETE,
            "/projects/:id/runners/:runner_id",
            RUNNERS,
            V15,
            assign::unassign,
        ),
        route(
            POST,
            "/projects/:id/runners/reset_registration_token",
            RUNNERS,
            V15,
            registration_token::of_project,
        ),
        route(GET, "/groups/:id/runners", RUNNERS, V15, lists::of_group),
        route(
            POST,
            "/groups/:id/runners/reset_registration_token",
            RUNNERS,
            V15,
            registration_token::of_group,
        ),
        route(POST, "/user/runners", CREATE, V15, user_runners::create),
        route(
            GET,
            "/personal_access_tokens/self",
            AnyScope,
            V15,
            tokens::show,
        ),
        route(
            DELETE,
            "/personal_access_tokens/self",
            AnyScope,
            V15,
            tokens::revoke,
        ),
        route(
            POST,
            "/personal_access_tokens/self/rotate",
            SELF_ROTATE,
            V17,
            tokens::rotate,
        ),
        route(GET, "/version", READ_USER, V15, instance::metadata),
        route(GET, "/metadata", READ_USER, V15, instance::metadata),
        route(GET, "/user", READ_USER, V15, instance::user),
        route(GET, "/groups/:id", Anyone, V15, instance::group),
        route(GET, "/projects/:id", Anyone, V15, instance::project),
        route(POST, "/jobs/request", Machine, V15, machine::jobs::request),
        route(PUT, "/jobs/:id", Machine, V15, machine::report::update),
        route(
            Method::PATCH,
            "/jobs/:id/trace",
            Machine,
            V15,
            machine::report::trace,
        ),
    ]
};

/// The endpoint of a path below `/api/v4`, with the parameters of the path; `HEAD` goes where
/// `GET` goes. A method that a path does not have ends in the catch-all, like an unknown path.
pub(crate) fn find(method: &Method, path: &str, era: Era) -> Option<(&'static Route, Params)> {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    ROUTES
        .iter()
        .filter(|route| route.since <= era && route.method == *method)
        .find_map(|route| Some((route, matched(route.pattern, path)?)))
}

/// A path as Grape compares it: with single slashes, and none at the end.
pub(crate) fn squeezed(path: &str) -> String {
    let mut squeezed = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        squeezed.push('/');
        squeezed.push_str(part);
    }
    squeezed
}

fn matched(pattern: &str, path: &str) -> Option<Params> {
    let mut params = Params::new();
    let mut given = path.split('/');
    for expected in pattern.split('/') {
        let part = given.next()?;
        match expected.strip_prefix(':') {
            Some(name) => {
                let text = percent_decode_str(part).decode_utf8_lossy().into_owned();
                params.insert(name.to_owned(), Value::String(text));
            }
            None if expected == part => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(params)
}
