//! What an administrator can set, and what a test needs to set.
use serde::{Deserialize, Serialize};

use super::{facts, version::Version};

/// Which kinds of registration token are known at all (contract §3.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registrar {
    /// Those of groups.
    Group,
    /// Those of projects.
    Project,
}

/// How an organisation keeps from being written to (contract §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadOnly {
    /// 503, with the advice to come back.
    ForATime,
    /// 403.
    ForGood,
}

/// A fixed window in which so many requests are let through (contract §1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// How many requests.
    pub requests: u64,
    /// In how many seconds.
    #[serde(default = "a_minute")]
    pub period: i64,
}

fn a_minute() -> i64 {
    60
}

/// The instance's settings; each has GitLab's default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in GitLab"
)]
pub struct Settings {
    /// Which GitLab this is.
    pub version: Version,
    /// Whether it is the Enterprise Edition; switches §3.20's expiry rules and §3.9's deadline.
    pub enterprise: bool,
    /// The configured external address, which `Link` headers and `web_url`s show (contract §1.8);
    /// omitted, it is the one the request came in by.
    pub external_url: Option<String>,
    /// The path below which the instance is served, such as `/gitlab`; omitted, it is the root.
    /// A token's `manage_runner` then opens nothing (contract §1.2).
    pub relative_url_root: Option<String>,
    /// Whether administrators need the scope `admin_mode` (contract §1.2).
    pub admin_mode: bool,
    /// Whether registration tokens work; omitted, they do before 17.0 (contract §6).
    pub allow_runner_registration_token: Option<bool>,
    /// Which kinds of registration token are known.
    pub valid_runner_registrars: Vec<Registrar>,
    /// Seconds after which tokens of instance runners expire (contract §4).
    pub runner_token_expiration_interval: Option<i64>,
    /// The same for group runners.
    pub group_runner_token_expiration_interval: Option<i64>,
    /// The same for project runners.
    pub project_runner_token_expiration_interval: Option<i64>,
    /// How many recent runners a project may have (contract §4).
    pub ci_registered_project_runners: u64,
    /// How many recent runners a group may have.
    pub ci_registered_group_runners: u64,
    /// What a GraphQL query of somebody who has signed in may cost (contract §5.4).
    pub graphql_max_complexity: u64,
    /// Above how many rows a list is no longer counted (contract §1.8).
    pub count_limit: usize,
    /// Whether new access tokens must expire (contract §1.10).
    pub require_personal_access_token_expiry: bool,
    /// Per user; off by default (contract §1.9).
    pub throttle_authenticated: Option<Throttle>,
    /// Per address, of requests without a user; off by default.
    pub throttle_unauthenticated: Option<Throttle>,
    /// Whether `RateLimit-*` headers come with every reply, as on GitLab.com.
    pub rate_limit_headers: bool,
    /// What a throttled client reads.
    pub rate_limiting_response_text: String,
    /// Requests for jobs per minute and runner token since 18.5; 0 is no limit (contract §1.9).
    pub runner_jobs_request_api_limit: u64,
    /// The same of `PATCH /jobs/:id/trace`, per job token.
    pub runner_jobs_patch_trace_api_limit: u64,
    /// The same of `PUT /jobs/:id`, per job token.
    pub runner_jobs_endpoints_api_limit: u64,
    /// Whether runners are told to wait for a database migration (contract §1.3, 429).
    pub database_migrations_running: bool,
    /// Whether `~17.9..18.0` refuse orphaned runners with 403 instead of 422 (contract §1.3).
    pub reject_orphaned_runners: bool,
    /// Whether the instance is in maintenance mode and does not write (contract §10).
    pub maintenance_mode: bool,
    /// Whether the database is read-only, as on a Geo secondary that passes no writes on.
    pub database_read_only: bool,
    /// Days from the marking of a group or project to its deletion (contract §9.3).
    pub deletion_adjourned_period: u16,
    /// What stands before the `glrt-` of a new token, with a hyphen between; none, and `gl`, is
    /// nothing (contract §3.20).
    pub instance_token_prefix: Option<String>,
    /// Whether the whole instance wants fine-grained tokens, so that humans can rotate no classic
    /// ones (contract §8.3).
    pub granular_tokens_enforced: bool,
    /// `GET /groups/:id` per minute and user since 18.1; 0 is no limit (contract §1.9).
    pub group_api_limit: u64,
    /// The same of `GET /projects/:id`.
    pub project_api_limit: u64,
    /// Where the job router is; omitted, there is none (contract §3.21).
    pub job_router_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: Version::default(),
            enterprise: true,
            external_url: None,
            relative_url_root: None,
            admin_mode: false,
            allow_runner_registration_token: None,
            valid_runner_registrars: vec![Registrar::Group, Registrar::Project],
            runner_token_expiration_interval: None,
            group_runner_token_expiration_interval: None,
            project_runner_token_expiration_interval: None,
            ci_registered_project_runners: 1000,
            ci_registered_group_runners: 1000,
            graphql_max_complexity: 250,
            count_limit: 10_000,
            require_personal_access_token_expiry: true,
            throttle_authenticated: None,
            throttle_unauthenticated: None,
            rate_limit_headers: false,
            rate_limiting_response_text: "Retry later".to_owned(),
            runner_jobs_request_api_limit: 2000,
            runner_jobs_patch_trace_api_limit: 200,
            runner_jobs_endpoints_api_limit: 200,
            database_migrations_running: false,
            reject_orphaned_runners: true,
            maintenance_mode: false,
            database_read_only: false,
            deletion_adjourned_period: 30,
            instance_token_prefix: None,
            granular_tokens_enforced: false,
            group_api_limit: 400,
            project_api_limit: 400,
            job_router_url: None,
        }
    }
}

impl Settings {
    /// Whether this is that release or a later one.
    pub fn since(&self, version: Version) -> bool {
        self.version >= version
    }

    /// The version as GitLab tells it: the Community Edition has no suffix.
    pub(crate) fn shown_version(&self) -> &'static str {
        let full = self.version.full();
        if self.enterprise {
            full
        } else {
            full.trim_end_matches("-ee")
        }
    }

    /// Whether something that came with one release, and went with another, is there.
    pub(crate) fn between(&self, came: Version, went: Version) -> bool {
        self.since(came) && !self.since(went)
    }

    /// The path below which the instance is served, without a slash at its end.
    pub(crate) fn root(&self) -> &str {
        self.relative_url_root
            .as_deref()
            .unwrap_or_default()
            .trim_end_matches('/')
    }

    /// What stands before `glrt-`, with its hyphen.
    pub(crate) fn token_prefix(&self) -> String {
        let prefix = self.instance_token_prefix.as_deref();
        match prefix.filter(|prefix| !prefix.is_empty() && *prefix != "gl") {
            Some(prefix) if self.since(facts::INSTANCE_PREFIX) => format!("{prefix}-"),
            Some(_) | None => String::new(),
        }
    }

    /// Whether others than administrators may have runners of this kind (contract §3.14, §3.20).
    pub(crate) fn lets_register(&self, kind: Registrar) -> bool {
        self.valid_runner_registrars.contains(&kind)
    }

    /// Whether registration tokens work: always before 16.0, off by default since 17.0.
    pub fn registration_tokens_allowed(&self) -> bool {
        let off = self.since(facts::REGISTRATION_OFF);
        !self.since(facts::REGISTRATION_SWITCH)
            || self.allow_runner_registration_token.unwrap_or(!off)
    }
}
