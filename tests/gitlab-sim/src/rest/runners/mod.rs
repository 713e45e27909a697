//! `API::Ci::Runners`: what users do with runners (contract §3.1 to §3.13, §3.19).
pub(crate) mod assign;
pub(crate) mod edit;
pub(crate) mod jobs;
pub(crate) mod lists;
pub(crate) mod registration_token;
pub(crate) mod reset;
pub(crate) mod show;
