//! What can be chosen when a stand-in is started.
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::tls::{Identity, TlsError};
use crate::{Seed, SeedError, Version};

/// What can be chosen when a stand-in is started; the default is plain HTTP on two free loopback
/// ports, with the wall clock.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where GitLab answers; port 0 is a free one.
    pub listen: SocketAddr,
    /// Where the control port answers; port 0 is a free one.
    pub control: SocketAddr,
    /// HTTPS with a certificate of the stand-in's own, for `localhost`, `127.0.0.1`, `::1`, `gitlab`
    /// and `gitlab.example.com`.
    pub tls: bool,
    /// Clients have to show a certificate ([`Server::client_identity`](crate::Server::client_identity));
    /// implies `tls`. Nobody has one of an authority that was kept in a folder.
    pub client_certificates: bool,
    /// Keeps authority and certificate in this folder and uses them again; implies `tls`.
    pub tls_dir: Option<PathBuf>,
    /// The relative URL root, such as `/gitlab`, which GitLab itself never gets to see.
    pub root: String,
    /// Which GitLab to behave like, instead of what the seed says, that of a reset too.
    pub version: Option<Version>,
    /// The clock stands still at this moment.
    pub frozen_at: Option<Timestamp>,
    /// How many requests the log remembers.
    pub log_capacity: usize,
}

impl Default for Options {
    fn default() -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: free,
            control: free,
            tls: false,
            client_certificates: false,
            tls_dir: None,
            root: String::new(),
            version: None,
            frozen_at: None,
            log_capacity: 100_000,
        }
    }
}

impl Options {
    pub(super) fn identity(&self) -> Result<Option<Identity>, TlsError> {
        match &self.tls_dir {
            Some(folder) => Identity::kept_in(folder).map(Some),
            None => (self.tls || self.client_certificates)
                .then(Identity::make)
                .transpose(),
        }
    }

    /// The root as paths are compared with it: without a slash at the end.
    pub(super) fn checked_root(&self) -> Result<String, StartError> {
        let root = self.root.trim_end_matches('/');
        if root.is_empty() || root.starts_with('/') {
            Ok(root.to_owned())
        } else {
            Err(StartError::Root(self.root.clone()))
        }
    }
}

/// Why a stand-in could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The seed makes no world.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// No certificate.
    #[error("setting up TLS")]
    Tls(#[from] TlsError),
    /// The relative URL root is not a path.
    #[error("the relative URL root must start with a slash: {0:?}")]
    Root(String),
    /// An address cannot be had.
    #[error("listening on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The system does not tell which port it chose.
    #[error("asking for the own address")]
    Address(#[source] io::Error),
}

/// What a world can be started from.
pub trait IntoSeed {
    /// The seed itself.
    fn into_seed(self) -> Result<Seed, SeedError>;
}

impl IntoSeed for Seed {
    fn into_seed(self) -> Result<Seed, SeedError> {
        Ok(self)
    }
}

impl IntoSeed for &str {
    fn into_seed(self) -> Result<Seed, SeedError> {
        Seed::from_yaml(self)
    }
}
