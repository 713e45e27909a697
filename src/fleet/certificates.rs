//! Certificates that a caller brings along in files.
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use secrecy::SecretString;

use crate::gitlab::ClientCertificate;

/// Whom to trust, and what to show, where no connection says so.
#[derive(Clone, Debug, Args)]
pub(super) struct Certificates {
    /// File with PEM certificates to trust besides the system's, with --gitlab-url
    #[arg(long, value_name = "FILE", env = "CI_SERVER_TLS_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// File with the certificate, in PEM, that is shown where a client has to, with --gitlab-url
    #[arg(
        long,
        value_name = "FILE",
        env = "CI_SERVER_TLS_CERT_FILE",
        requires = "client_key"
    )]
    client_certificate: Option<PathBuf>,
    /// File with the private key of that certificate, in PEM
    #[arg(long, value_name = "FILE", env = "CI_SERVER_TLS_KEY_FILE")]
    client_key: Option<PathBuf>,
}

impl Certificates {
    /// What is trusted besides the system's.
    pub(super) fn authorities(&self) -> anyhow::Result<Option<Vec<u8>>> {
        read(self.ca_file.as_ref(), "--ca-file")
    }

    /// The certificate that is shown to GitLab, if there is one.
    pub(super) fn shown(&self) -> anyhow::Result<Option<ClientCertificate>> {
        let chain = read(self.client_certificate.as_ref(), "--client-certificate")?;
        let key = read(self.client_key.as_ref(), "--client-key")?;
        let Some((chain, key)) = chain.zip(key) else {
            return Ok(None);
        };
        let key = String::from_utf8(key).map_err(|_| anyhow!("--client-key is no PEM"))?;
        let key = SecretString::from(key);
        Ok(Some(ClientCertificate { chain, key }))
    }
}

fn read(file: Option<&PathBuf>, flag: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(file) = file else {
        return Ok(None);
    };
    let read = std::fs::read(file);
    read.map(Some)
        .with_context(|| format!("cannot read {flag} {}", file.display()))
}
