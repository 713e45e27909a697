//! `API::Ci::Runner`: what runners themselves call, with a token in the body (contract §3.14 to
//! §3.18, §3.21, §3.25). None of it looks at `PRIVATE-TOKEN`.
pub(crate) mod delete;
pub(crate) mod discovery;
pub(crate) mod jobs;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod verify;

mod info;
mod limit;
