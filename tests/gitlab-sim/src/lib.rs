//! A stand-in for a GitLab server: the Runners API as it behaves on the wire.
//!
//! One state machine without sockets or clocks: [`GitLab::handle`] takes a request and the time
//! and gives the reply; [`GitLab::command`] changes the world from behind GitLab's back.
pub mod command;
pub mod graphql;
pub mod seed;

mod gitlab;

pub use command::{Command, CommandError};
pub use gitlab::{GitLab, Peer};
pub use seed::{Seed, SeedError};
