//! A certificate authority of the stand-in's own, and a certificate for loopback names.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SigningKey,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

/// The names and addresses that the certificate is for.
const NAMES: [&str; 5] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "gitlab",
    "gitlab.example.com",
];

/// Why no TLS could be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate could be made.
    #[error("making a certificate")]
    Make(#[from] rcgen::Error),
    /// rustls refused key or certificate.
    #[error("using the certificate")]
    Use(#[from] rustls::Error),
    /// Clients cannot be asked for certificates.
    #[error("asking clients for certificates")]
    Ask(#[from] VerifierBuilderError),
    /// A file of the TLS folder could not be read as PEM.
    #[error("reading a PEM file")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// The TLS folder could not be read or written.
    #[error("{}", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        source: io::Error,
    },
}

/// What a server shows, and what its clients have to trust; all PEM.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) ca: String,
    chain: String,
    key: String,
    /// What a client shows that is let in, where one has to show something. It is kept in no folder.
    pub(crate) client: Option<ClientIdentity>,
}

/// A certificate of a client's, and its key; PEM.
#[derive(Clone, Debug)]
pub struct ClientIdentity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Identity {
    /// A fresh authority and a certificate by it.
    pub(crate) fn make() -> Result<Self, TlsError> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::default();
        ca.distinguished_name
            .push(DnType::CommonName, "gitlab-sim CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_pem = ca.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
        leaf.distinguished_name
            .push(DnType::CommonName, "gitlab-sim");
        // Strict clients, such as Python's since 3.13, want all three.
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let chain = leaf.signed_by(&key, &issuer)?.pem();
        Ok(Self {
            ca: ca_pem,
            chain,
            key: key.serialize_pem(),
            client: Some(ClientIdentity::by(&issuer)?),
        })
    }

    /// What lies in a folder (`ca.pem`, `tls.crt`, `tls.key`), or a fresh one that is then put there,
    /// so that clients need to learn the authority only once.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self, TlsError> {
        let [ca, chain, key] = ["ca.pem", "tls.crt", "tls.key"].map(|name| folder.join(name));
        if [&ca, &chain, &key].into_iter().all(|path| path.is_file()) {
            return Ok(Self {
                ca: read(&ca)?,
                chain: read(&chain)?,
                key: read(&key)?,
                client: None,
            });
        }
        let made = Self::make()?;
        fs::create_dir_all(folder).map_err(|source| TlsError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        for (path, text) in [(&ca, &made.ca), (&chain, &made.chain), (&key, &made.key)] {
            write(path, text)?;
        }
        Ok(made)
    }

    /// The server's side of TLS, HTTP/1.1 only; names its crypto provider instead of relying on the
    /// process's default, which nobody may have set, or somebody else may have set otherwise.
    ///
    /// `asks` is whether a client has to show a certificate of the same authority.
    pub(crate) fn config(&self, asks: bool) -> Result<Arc<ServerConfig>, TlsError> {
        let chain =
            CertificateDer::pem_slice_iter(self.chain.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?;
        let config = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(self.ca.as_bytes())?)?;
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            config.with_client_cert_verifier(verifier)
        } else {
            config.with_no_client_auth()
        };
        let mut config = config.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ClientIdentity {
    fn by<S: SigningKey>(issuer: &Issuer<'_, S>) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut leaf = CertificateParams::default();
        leaf.distinguished_name
            .push(DnType::CommonName, "a client of gitlab-sim");
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Self {
            certificate: leaf.signed_by(&key, issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|source| TlsError::Folder {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), TlsError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| TlsError::Folder {
            path: path.to_owned(),
            source,
        })
}
