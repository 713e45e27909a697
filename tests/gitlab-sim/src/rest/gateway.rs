//! The way in: throttles, routing, parameters, credentials, and only then the endpoint.
use std::cell::RefCell;

use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::Timestamp;

use super::{
    call::{Answer, Call},
    granular, malformed,
    params::{self, Params, query_params},
    paths, read_only,
    refusal::Refusal,
    reply::Reply,
    routes::Class,
    sudo,
    throttle::with_window,
};
use crate::{
    ExternalUrl,
    auth::{self, Gate},
    graphql,
    state::{AccessToken, Caller, GitLab, OrganizationId, Scope, facts},
};

impl GitLab {
    /// Answers one request, without sockets and without a clock.
    ///
    /// The client's address is the extension [`Peer`](crate::Peer), the address it came in by the
    /// extension [`ExternalUrl`]; both may be missing.
    pub fn handle(&mut self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        self.external_url = external_url(self, request);
        if malformed::is_malformed(request) {
            let Refusal(reply) = Refusal::malformed();
            return reply.into_http(request.method() == Method::HEAD);
        }
        self.delete_overdue(now);
        if let Some(reply) = self
            .local_path(request)
            .and_then(|path| read_only::refusal(self, request, path.trim_end_matches('/')))
        {
            return reply.into_http(false);
        }
        let window = self.count_request(request, now);
        if let Some(window) = window.as_ref().filter(|window| window.is_exceeded()) {
            let text = format!("{}\n", self.settings.rate_limiting_response_text);
            let reply = Reply::text(429, text).with("retry-after", window.wait);
            return with_window(reply, window).into_http(request.method() == Method::HEAD);
        }
        let mut response = if self.local_path(request) == Some("/api/graphql") {
            graphql::handle(self, request, now)
        } else {
            let reply = self.route(request, now).unwrap_or_else(Reply::from);
            reply.into_http(request.method() == Method::HEAD)
        };
        // GitLab.com tells how one stands on every reply (contract §1.9).
        if let (true, Some(window)) = (self.settings.rate_limit_headers, &window) {
            let headers = with_window(Reply::no_content(), window).headers;
            response.headers_mut().extend(headers);
        }
        response
    }

    /// The path below the instance's root.
    fn local_path<'a>(&self, request: &'a Request<Bytes>) -> Option<&'a str> {
        let root = self.settings.root();
        request.uri().path().strip_prefix(root)
    }

    fn route(&mut self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let path = self.local_path(request).ok_or_else(Refusal::no_route)?;
        let path = &paths::squeezed(path);
        if path == "/api/v3" || path.starts_with("/api/v3/") {
            let text = "API V3 is no longer supported. Use API V4 instead.";
            return Err(Refusal::error(410, text));
        }
        let path = path.strip_prefix("/api/v4").ok_or_else(Refusal::no_route)?;
        if request.method() == Method::OPTIONS {
            let methods =
                paths::allowed(path, self.settings.version).ok_or_else(Refusal::no_route)?;
            return Ok(Reply::no_content().with("allow", methods));
        }
        let found = paths::find(request.method(), path, self.settings.version)
            .ok_or_else(Refusal::no_route)?;
        let route = found.route;
        let knows_text = route.class == Class::Machine;
        check_format(request, found.extension.as_deref(), knows_text)?;
        // Grape reads the body before it asks who sends it.
        let mut params = params::parse(request, knows_text)?;
        if malformed::has_null_byte(&params) {
            return Err(Refusal::malformed());
        }
        params.extend(found.params);
        let caller = self
            .admit(route.class, request, &params, now)?
            .map(|caller| sudo::switch(self, request, &params, caller))
            .transpose()?;
        if let Some(caller) = &caller {
            granular::check(self, caller, route, &params)?;
            // Whoever calls is set within an organisation, and here everybody is in the first.
            read_only::check_organization(self, request.method(), OrganizationId(1))?;
        }
        let mut call = Call {
            gitlab: self,
            request,
            params,
            coerced: RefCell::default(),
            caller,
            now,
        };
        (route.run)(&mut call)
    }

    /// Lets the caller in, or not: contract §1.1, §1.2.
    fn admit(
        &mut self,
        class: Class,
        request: &Request<Bytes>,
        params: &Params,
        now: Timestamp,
    ) -> Result<Option<Caller>, Refusal> {
        if class == Class::Machine {
            return self.check_migrations().map(|()| None);
        }
        let credential = auth::credential(request, params);
        let Some(credential) = credential else {
            return if class == Class::Anyone {
                Ok(None)
            } else {
                Err(Refusal::unauthorized())
            };
        };
        let reads = request.method() == Method::GET || request.method() == Method::HEAD;
        // `manage_runner` came with 17.x; before, a token that has it has nothing.
        let known =
            |scope: &Scope| *scope != Scope::ManageRunner || self.since(facts::MANAGE_RUNNER);
        let extra = match class {
            Class::User(extra) => extra.filter(known),
            Class::AnyScope | Class::Anyone | Class::Machine => None,
        };
        let opens = extra.filter(|scope| scope_opens(*scope, request, params));
        let knows_granular = self.knows_granular();
        let admits = |token: &AccessToken| {
            let has = |scope| token.scopes.contains(&scope);
            // A fine-grained token is judged by its permissions, once it is known whose it is.
            class == Class::AnyScope
                || (knows_granular && has(Scope::Granular))
                || has(Scope::Api)
                || (reads && has(Scope::ReadApi))
                || opens.is_some_and(has)
        };
        let named: Vec<Scope> = extra
            .into_iter()
            .chain([Scope::Api, Scope::ReadApi])
            .collect();
        self.authenticate(
            &credential,
            &Gate {
                admits: &admits,
                named: &named,
            },
            now,
        )
        .map(Some)
    }

    /// Contract §1.3, 429: runners are told to wait while the database is migrated.
    fn check_migrations(&self) -> Result<(), Refusal> {
        if self.settings.database_migrations_running {
            let text = "Executing database migrations. Please retry later.";
            let Refusal(reply) = Refusal::message(429, text);
            return Err(Refusal(Box::new(reply.with("retry-after", 60))));
        }
        Ok(())
    }
}

/// The parameter `format` of the query is refused unless it is one that the class can write; a
/// format that the path names comes before it, and one that nobody knows is no word at all. Which
/// formats a client accepts is not looked at (contract §1.3, 406).
fn check_format(
    request: &Request<Bytes>,
    extension: Option<&str>,
    knows_text: bool,
) -> Result<(), Refusal> {
    let known = |format: &str| format == "json" || (knows_text && format == "txt");
    if extension.is_some_and(known) {
        return Ok(());
    }
    match query_params(request.uri())
        .get("format")
        .and_then(serde_json::Value::as_str)
    {
        Some(format) if !known(format) => {
            let text = format!("The requested format '{format}' is not supported.");
            Err(Refusal::error(406, text))
        }
        Some(_) | None => Ok(()),
    }
}

/// Where a scope beside `api` and `read_api` opens its class: contract §1.2.
fn scope_opens(scope: Scope, request: &Request<Bytes>, params: &Params) -> bool {
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    if scope == Scope::ManageRunner {
        params.contains_key("id") && request.uri().path().starts_with("/api/v4/runners/")
    } else {
        reads || scope != Scope::ReadUser
    }
}

/// The configured external host with the request's own scheme (contract §1.8), and the root.
fn external_url(gitlab: &GitLab, request: &Request<Bytes>) -> String {
    let root = gitlab.settings.root();
    let host = external_host(gitlab, request);
    format!("{}{}", host.strip_suffix(root).unwrap_or(&host), root)
}

fn external_host(gitlab: &GitLab, request: &Request<Bytes>) -> String {
    let seen = request
        .extensions()
        .get::<ExternalUrl>()
        .map(|url| url.0.clone());
    match (&gitlab.settings.external_url, seen) {
        (Some(configured), Some(seen)) => {
            let scheme = seen.split_once("://").map_or("http", |(scheme, _)| scheme);
            let host = configured
                .split_once("://")
                .map_or(configured.as_str(), |(_, host)| host);
            format!("{scheme}://{}", host.trim_end_matches('/'))
        }
        (Some(configured), None) => configured.trim_end_matches('/').to_owned(),
        (None, Some(seen)) => seen,
        (None, None) => "http://gitlab.example.com".to_owned(),
    }
}
