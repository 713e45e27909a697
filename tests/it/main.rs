//! One binary, one link step; every scenario is a module.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop there and then"
)]
mod chart;
mod client;
mod crash;
mod decisions;
mod deletion;
mod drift;
mod fields;
mod generated;
mod harness;
mod house;
mod idle;
mod layers;
mod lifecycle;
mod projects;
mod secrets;
mod shutdown;
mod status;
