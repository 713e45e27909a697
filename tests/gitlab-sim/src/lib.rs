//! A stand-in for a GitLab server: the Runners API as it behaves on the wire.
//!
//! One state machine without sockets or clocks: [`GitLab::handle`] takes a request and the time
//! and gives the reply; [`GitLab::command`] changes the world from behind GitLab's back.
//!
//! The rooms, each of which knows only those above it: `state` is the world and the rules that
//! hold without any request; `build` is how people, places and things enter it, from a [`Seed`] or
//! a [`Command`]; `auth` turns a credential into a caller; `rest` and `graphql` answer; `server`
//! is the door to sockets, with `control`, `faults` and `log` beside it.
pub mod build;
pub mod clock;
pub mod command;
pub mod faults;
pub mod graphql;
pub mod log;
pub mod seed;
pub mod server;
pub mod tls;

mod auth;
mod control;
mod external;
mod redact;
mod rest;
mod state;

pub use command::{Command, CommandError};
pub use external::ExternalUrl;
pub use faults::{Fault, FaultId, Rule};
pub use log::{End, Filter, Recorded};
pub use rest::Peer;
pub use seed::{Seed, SeedError};
pub use server::{Options, Server};
pub use state::{
    AccessLevel, CreationState, GitLab, GrantAccess, GroupId, JobId, JobStatus, ManagerId,
    OrganizationId, Permission, ProjectId, ReadOnly, Registrar, Role, RunnerId, RunnerType, Scope,
    Secret, Settings, Throttle, TokenId, TokenKind, UserId, UserState, Version, Visibility,
};

/// The Rust example of the README is run as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
