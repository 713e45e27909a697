//! One binary, one link step; every scenario is a module.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop there and then"
)]
mod client;
mod decisions;
mod generated;
mod harness;
mod house;
mod layers;
mod lifecycle;
