//! The REST API: from a request to a reply (contract §1, §3).
mod call;
mod coerce;
mod declare;
mod entity;
mod filter;
mod gateway;
mod instance;
mod machine;
mod malformed;
mod model;
mod page;
mod params;
mod peer;
mod refusal;
mod reply;
mod routes;
mod runners;
mod since;
mod tokens;
mod user_runners;

pub(crate) use entity::{iso, iso_or_null};
pub(crate) use filter::version_matches;
pub(crate) use params::query_params;
pub use peer::Peer;
pub(crate) use refusal::Refusal;
pub(crate) use reply::Reply;
