//! What a client shows of itself on the way, besides its access token.
use std::{error::Error as StdError, fmt};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use secrecy::{ExposeSecret, SecretString};

/// A certificate with its chain, and its private key, both in PEM.
#[derive(Clone)]
pub struct ClientCertificate {
    /// The certificate first.
    pub chain: Vec<u8>,
    /// Its key.
    pub key: SecretString,
}

/// What a proxy asks for.
#[derive(Clone)]
pub struct ProxyCredentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

impl ClientCertificate {
    /// Both as TLS takes them. What is wrong with them is told without repeating them.
    pub(super) fn parsed(
        &self,
    ) -> Result<
        (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
        Box<dyn StdError + Send + Sync>,
    > {
        let chain = CertificateDer::pem_slice_iter(&self.chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| format!("tls.crt: {error}"))?;
        if chain.is_empty() {
            return Err("tls.crt holds no certificate".into());
        }
        let key = PrivateKeyDer::from_pem_slice(self.key.expose_secret().as_bytes());
        // The error of a parser may quote what it has read.
        let key = key.map_err(|_| "tls.key holds no private key that can be read")?;
        Ok((chain, key))
    }
}

impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        let Self { chain, key } = self;
        *chain == other.chain && key.expose_secret() == other.key.expose_secret()
    }
}

impl Eq for ClientCertificate {}

impl PartialEq for ProxyCredentials {
    fn eq(&self, other: &Self) -> bool {
        let Self { username, password } = self;
        *username == other.username && password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for ProxyCredentials {}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

impl fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyCredentials").finish_non_exhaustive()
    }
}
