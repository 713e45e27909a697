//! The doors of the stand-in over real sockets: HTTP, TLS, faults, clock, log, control port, program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
#![allow(
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod control;
mod faults;
mod http;
mod program;
mod tls;
mod wire;
