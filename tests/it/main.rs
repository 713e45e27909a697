//! One binary, one link step; every scenario is a module.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop there and then"
)]
#![expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]

mod adoption;
mod audit;
mod bench;
mod breaker;
mod broken_off;
mod budget;
mod canary;
mod chaos;
mod chart;
mod client;
mod cluster_mode;
mod config_toml;
mod connections;
mod convergence;
mod crash;
mod decisions;
mod deletion;
mod drift;
mod elsewhere;
mod fields;
mod fleet;
mod fuzz;
mod generated;
mod goodbye;
mod harness;
mod house;
mod identity;
mod idle;
mod insight;
mod isolation;
mod layers;
mod leader_election;
mod lifecycle;
mod malformed;
mod manager;
mod metrics;
mod on_request;
mod pausing;
mod projects;
mod proxies;
mod refusals;
mod registration;
mod restart;
mod roster;
mod rotation;
mod scope;
mod secrets;
mod selector;
mod shutdown;
mod soak;
mod start;
mod status;
mod tokens;
mod unasked;
mod validation;
mod versions;
mod waiters;
