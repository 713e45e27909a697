#![doc = include_str!("../ARCHITECTURE.md")]

pub mod api;
pub mod backoff;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod controller;
pub mod gitlab;
pub mod http;
pub mod metrics;
pub mod observe;
pub mod plan;
pub mod run;
pub mod secrets;
pub mod telemetry;
