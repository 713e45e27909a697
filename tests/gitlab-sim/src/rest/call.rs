//! One request on its way through an endpoint.
use std::{cell::RefCell, net::IpAddr};

use bytes::Bytes;
use http::{Method, Request, header::IF_UNMODIFIED_SINCE};
use jiff::Timestamp;

use super::{
    declare::{Declared, Param, Rule, declared},
    params::Params,
    peer::peer,
    read_only,
    refusal::Refusal,
    reply::Reply,
    since,
};
use crate::state::{
    Caller, GitLab, Group, OrganizationId, Project, Runner, RunnerId, Throttle, facts,
};

/// What an endpoint comes to.
pub(crate) type Answer = Result<Reply, Refusal>;

/// Everything an endpoint needs.
pub(crate) struct Call<'a> {
    pub(crate) gitlab: &'a mut GitLab,
    pub(crate) request: &'a Request<Bytes>,
    /// Query, body and path parameters.
    pub(crate) params: Params,
    /// Those of them that were declared, as they were read: what `Link` repeats (contract §1.8).
    pub(crate) coerced: RefCell<Params>,
    /// Who asks, where the endpoint's class authenticates users.
    pub(crate) caller: Option<Caller>,
    pub(crate) now: Timestamp,
}

impl Call<'_> {
    /// The user who asks.
    pub(crate) fn caller(&self) -> Result<Caller, Refusal> {
        self.caller.clone().ok_or_else(Refusal::unauthorized)
    }

    /// The declared parameters.
    pub(crate) fn declared(
        &self,
        params: &[Param],
        rules: &[Rule<'_>],
    ) -> Result<Declared, Refusal> {
        let declared = declared(&self.params, params, rules)?;
        self.coerced.borrow_mut().extend(declared.values().clone());
        Ok(declared)
    }

    /// Every parameter of the request, as it was read where it was declared.
    pub(crate) fn params_as_read(&self) -> Params {
        let mut params = self.params.clone();
        params.extend(self.coerced.borrow().clone());
        params
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// Where the request comes from.
    pub(crate) fn address(&self) -> IpAddr {
        peer(self.request)
    }

    /// Counts a request against one of the application's limits per minute; 0 is none.
    pub(crate) fn limit(
        &mut self,
        name: &'static str,
        whom: &str,
        requests: u64,
    ) -> Result<(), Refusal> {
        let a_minute = Throttle {
            requests,
            period: 60,
        };
        if requests == 0 {
            return Ok(());
        }
        let window = self.gitlab.windows.count(name, whom, a_minute, self.now);
        if window.is_exceeded() {
            let told = self.gitlab.since(facts::LIMIT_RETRY_AFTER);
            return Err(Refusal::too_many(told.then_some(window.period)));
        }
        Ok(())
    }

    /// A path parameter that may be a full path.
    fn path_param(&self, name: &str) -> &str {
        self.params
            .get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// The project of the path, if the caller can see it: contract §1.3, 404. By the path that it
    /// had before it moved, it is told where it is (contract §9.1).
    pub(crate) fn project(&self) -> Result<Project, Refusal> {
        let path = self.path_param("id");
        let visible = |project: Option<&Project>| {
            project
                .filter(|project| self.gitlab.can_read_project(self.caller.as_ref(), project))
                .cloned()
        };
        let found = visible(self.gitlab.find_project(path));
        if let (None, Some(moved)) = (&found, visible(self.gitlab.find_moved_project(path))) {
            return Err(self.moved(&moved));
        }
        let project = found.ok_or_else(|| Refusal::not_found("Project"))?;
        self.check_organization(project.organization)?;
        Ok(project)
    }

    fn moved(&self, project: &Project) -> Refusal {
        if self.request.method() != Method::GET {
            let text = "Non GET methods are not allowed for moved projects";
            return Refusal::message(405, text);
        }
        let below = self.request.uri().path().split("/projects/").nth(1);
        let below = below.and_then(|rest| rest.split_once('/'));
        let below = below.map_or_else(String::new, |(_, rest)| format!("/{rest}"));
        let query = self.request.uri().query();
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        let base = &self.gitlab.external_url;
        let url = format!("{base}/api/v4/projects/{}{below}{query}", project.id);
        let text = format!("This resource has been moved permanently to {url}.");
        Refusal(Box::new(Reply::text(301, text).with("location", url)))
    }

    fn check_organization(&self, organization: OrganizationId) -> Result<(), Refusal> {
        read_only::check_organization(self.gitlab, self.request.method(), organization)
    }

    /// The project of the path, if the caller may read its runners; this is asked before the
    /// parameters are looked at (contract §3.10, §3.12, §3.13).
    pub(crate) fn project_with_runners(&self) -> Result<Project, Refusal> {
        let (caller, project) = (self.caller()?, self.project()?);
        if self.gitlab.can_read_project_runners(&caller, &project) {
            Ok(project)
        } else {
            Err(Refusal::forbidden())
        }
    }

    /// The group of the path, if the caller can see it.
    pub(crate) fn group(&self) -> Result<Group, Refusal> {
        let group = self
            .gitlab
            .find_group(self.path_param("id"))
            .filter(|group| self.gitlab.can_read_group(self.caller.as_ref(), group))
            .cloned()
            .ok_or_else(|| Refusal::not_found("Group"))?;
        self.check_organization(group.organization)?;
        Ok(group)
    }

    /// A runner by number; the text of the refusal depends on the release (contract §1.3, 404).
    pub(crate) fn runner(&self, id: u64) -> Result<Runner, Refusal> {
        self.gitlab
            .runners
            .get(&RunnerId(id))
            .cloned()
            .ok_or_else(|| {
                if self.gitlab.since(facts::RUNNER_NOT_FOUND) {
                    Refusal::not_found("Runner")
                } else {
                    Refusal::record_not_found()
                }
            })
    }

    /// Contract §3.7: refuses when the record changed after the given date, be it by a fraction of
    /// a second; an unreadable date is ignored.
    pub(crate) fn check_unmodified_since(&self, updated_at: Timestamp) -> Result<(), Refusal> {
        let since = self
            .header(IF_UNMODIFIED_SINCE.as_str())
            .and_then(since::moment);
        if since.is_some_and(|since| updated_at > since) {
            return Err(Refusal::message(412, "412 Precondition Failed"));
        }
        Ok(())
    }
}
