//! Stories: the operator as a child process, a real API server on one side of it and the stand-in
//! for GitLab on the other.
//!
//! Each story has a namespace, a `ServiceAccount` with just the chart's grants, and a GitLab of its
//! own, so that any number of them can be told at once. All share one control plane, unless they
//! are about to break it. Whoever looks for something that takes its time says what and for how
//! long ([`until`]); nobody sleeps.
mod blocks;
mod canaries;
mod cluster;
mod command;
mod gitlab;
mod manifest;
mod operator;
mod page;
mod pages;
mod plot;
mod rights;
mod stage;
mod story;
mod wait;

pub(crate) use blocks::Page;
pub(crate) use canaries::Canaries;
pub(crate) use cluster::{condition, number, says, shown, text_of};
pub(crate) use command::Tool;
pub(crate) use gitlab::{GitLab, token};
pub(crate) use manifest::{
    Manifest, cluster_connection, config_map, connection, namespace, runner, secret,
};
pub(crate) use operator::{Cast, Operator, program};
pub(crate) use pages::manifests;
pub(crate) use plot::{Plot, story};
pub(crate) use rights::{ACCOUNT, Mode};
pub(crate) use stage::{Stage, repository};
pub(crate) use story::Story;
pub(crate) use wait::{PATIENCE, until, within};
