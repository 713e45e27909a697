//! GraphQL reads, rule by rule (contract §5).
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

#[path = "../shared/covers.rs"]
mod covers;
mod door;
mod entry_points;
mod fields;
mod language;
mod limits;
mod lists;
mod mistakes;
mod rights;
mod world;
