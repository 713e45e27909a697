//! The server as a value.
use std::net::IpAddr;

use bytes::Bytes;
use jiff::Timestamp;

use crate::{Command, CommandError, Seed, SeedError};

/// The address of the client; an extension of the request. Without it, 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// A GitLab server and everything in it.
#[derive(Clone, Debug, Default)]
pub struct GitLab {}

impl GitLab {
    /// Builds the world that a seed describes.
    pub fn new(_seed: Seed, _now: Timestamp) -> Result<Self, SeedError> {
        Ok(Self {})
    }

    /// Answers one request.
    pub fn handle(
        &mut self,
        _request: &http::Request<Bytes>,
        _now: Timestamp,
    ) -> http::Response<Bytes> {
        http::Response::new(Bytes::new())
    }

    /// Changes the world, or reads it back.
    pub fn command(
        &mut self,
        _command: Command,
        _now: Timestamp,
    ) -> Result<serde_json::Value, CommandError> {
        Ok(serde_json::Value::Null)
    }
}
