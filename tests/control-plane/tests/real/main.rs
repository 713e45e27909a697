//! The control plane for real: this needs its programs, and builds them if they are not there.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod audit;
mod build;
mod leftovers;
mod node;
mod outage;
