//! Every path there is, who may come in by it, and since when.
use http::Method;

use super::{
    call::{Answer, Call},
    group_projects, instance, machine, runners, tokens, user_runners,
};
use crate::state::{Scope, Version, facts};

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
    pub(super) method: Method,
    pub(super) pattern: &'static str,
    /// Who it asks for.
    pub(crate) class: Class,
    pub(super) since: Version,
    /// What it does.
    pub(crate) run: fn(&mut Call<'_>) -> Answer,
}

const RUNNERS: Class = Class::User(Some(Scope::ManageRunner));

const fn route(
    method: Method,
    pattern: &'static str,
    class: Class,
    since: Version,
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

pub(super) static ROUTES: &[Route] = {
    use Class::{AnyScope, Anyone, Machine};
    use facts::ALWAYS;
    use runners::{assign, edit, jobs, lists, registration_token, reset, show};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PUT: Method = Method::PUT;
    const DELETE: Method = Method::DELETE;
    const READ_USER: Class = Class::User(Some(Scope::ReadUser));
    const SELF_ROTATE: Class = Class::User(Some(Scope::SelfRotate));
    const CREATE: Class = Class::User(Some(Scope::CreateRunner));
    &[
        route(GET, "/runners", RUNNERS, ALWAYS, lists::available),
        route(GET, "/runners/all", RUNNERS, ALWAYS, lists::all),
        route(
            GET,
            "/runners/router/discovery",
            Machine,
            facts::ROUTER_DISCOVERY,
            machine::discovery::discovery,
        ),
        route(
            POST,
            "/runners",
            Machine,
            ALWAYS,
            machine::register::register,
        ),
        route(DELETE, "/runners", Machine, ALWAYS, machine::delete::runner),
        route(
            DELETE,
            "/runners/managers",
            Machine,
            facts::MANAGER_DELETION,
            machine::delete::manager,
        ),
        route(
            POST,
            "/runners/verify",
            Machine,
            ALWAYS,
            machine::verify::verify,
        ),
        route(
            POST,
            "/runners/reset_authentication_token",
            Machine,
            facts::AUTHENTICATION_TOKEN_RESET,
            machine::verify::reset_token,
        ),
        route(
            POST,
            "/runners/reset_registration_token",
            RUNNERS,
            facts::REGISTRATION_TOKEN_RESET,
            registration_token::of_instance,
        ),
        route(GET, "/runners/:id", RUNNERS, ALWAYS, show::details),
        route(PUT, "/runners/:id", RUNNERS, ALWAYS, edit::update),
        route(DELETE, "/runners/:id", RUNNERS, ALWAYS, edit::delete),
        route(
            GET,
            "/runners/:id/managers",
            RUNNERS,
            facts::MANAGERS,
            show::managers,
        ),
        route(
            GET,
            "/runners/:id/projects",
            RUNNERS,
            facts::INCLUDE_PROJECTS,
            show::projects,
        ),
        route(GET, "/runners/:id/jobs", RUNNERS, ALWAYS, jobs::list),
        route(
            POST,
            "/runners/:id/reset_authentication_token",
            RUNNERS,
            facts::AUTHENTICATION_TOKEN_RESET,
            reset::authentication_token,
        ),
        route(
            GET,
            "/projects/:id/runners",
            RUNNERS,
            ALWAYS,
            lists::of_project,
        ),
        route(
            POST,
            "/projects/:id/runners",
            RUNNERS,
            ALWAYS,
            assign::assign,
        ),
        route(
            DELETE,
            "/projects/:id/runners/:runner_id",
            RUNNERS,
            ALWAYS,
            assign::unassign,
        ),
        route(
            POST,
            "/projects/:id/runners/reset_registration_token",
            RUNNERS,
            facts::REGISTRATION_TOKEN_RESET,
            registration_token::of_project,
        ),
        route(GET, "/groups/:id/runners", RUNNERS, ALWAYS, lists::of_group),
        route(
            POST,
            "/groups/:id/runners/reset_registration_token",
            RUNNERS,
            facts::REGISTRATION_TOKEN_RESET,
            registration_token::of_group,
        ),
        route(
            POST,
            "/user/runners",
            CREATE,
            facts::USER_RUNNERS,
            user_runners::create,
        ),
        route(
            GET,
            "/personal_access_tokens/self",
            AnyScope,
            facts::TOKEN_SELF,
            tokens::show,
        ),
        route(
            DELETE,
            "/personal_access_tokens/self",
            AnyScope,
            facts::TOKEN_SELF,
            tokens::revoke,
        ),
        route(
            POST,
            "/personal_access_tokens/self/rotate",
            SELF_ROTATE,
            facts::TOKEN_ROTATION,
            tokens::rotate,
        ),
        route(GET, "/version", READ_USER, ALWAYS, instance::version),
        route(
            GET,
            "/metadata",
            READ_USER,
            facts::METADATA,
            instance::metadata,
        ),
        route(GET, "/user", READ_USER, ALWAYS, instance::user),
        route(GET, "/groups/:id", Anyone, ALWAYS, instance::group),
        route(
            GET,
            "/groups/:id/projects",
            Anyone,
            ALWAYS,
            group_projects::list,
        ),
        route(GET, "/projects/:id", Anyone, ALWAYS, instance::project),
        route(
            POST,
            "/jobs/request",
            Machine,
            ALWAYS,
            machine::jobs::request,
        ),
        route(PUT, "/jobs/:id", Machine, ALWAYS, machine::report::update),
        route(
            Method::PATCH,
            "/jobs/:id/trace",
            Machine,
            ALWAYS,
            machine::report::trace,
        ),
    ]
};
