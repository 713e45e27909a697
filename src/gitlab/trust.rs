//! Whom a connection with certificates of its own trusts, and what to do where TLS fails.
use std::{error::Error as StdError, io, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError,
    RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use rustls_platform_verifier::Verifier;

use super::shown::ClientCertificate;

/// A byte order mark, which would hide the first line from whoever reads PEM.
const MARK: &[u8] = "\u{feff}".as_bytes();
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

type Cause = Box<dyn StdError + Send + Sync>;

/// Why there is nothing to trust by.
pub(super) enum TrustError {
    /// The bundle cannot be used.
    Bundle(Cause),
    /// The client certificate cannot be used.
    Shown(Cause),
    /// TLS cannot be set up.
    Setup(Cause),
}

/// TLS as reqwest sets it up by itself, trusting the bundle besides the system's authorities, and showing a
/// certificate where a client has to.
pub(super) fn config(
    bundle: Option<&[u8]>,
    shown: Option<&ClientCertificate>,
    provider: &Arc<CryptoProvider>,
) -> Result<ClientConfig, TrustError> {
    let tls = |error: rustls::Error| TrustError::Setup(Box::new(error));
    let trust: Arc<dyn ServerCertVerifier> = match bundle {
        Some(pem) => Arc::new(Trust::new(pem, provider)?),
        None => Arc::new(Verifier::new(provider.clone()).map_err(tls)?),
    };
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .map_err(tls)?
        .dangerous()
        .with_custom_certificate_verifier(trust);
    let mut config = match shown {
        None => config.with_no_client_auth(),
        Some(shown) => {
            let (chain, key) = shown.parsed().map_err(TrustError::Shown)?;
            let config = config.with_client_auth_cert(chain, key);
            config.map_err(|error| TrustError::Shown(Box::new(error)))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The bundle's certificates. One that cannot be used is named by its position.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let lines = pem.strip_prefix(MARK).unwrap_or(pem).split(|b| *b == b'\n');
    let lines: Vec<&[u8]> = lines.map(<[u8]>::trim_ascii).collect();
    let all = lines.iter().filter(|line| **line == BEGIN).count();
    let mut roots = RootCertStore::empty();
    let mut bundle = Vec::new();
    for der in CertificateDer::pem_slice_iter(&lines.join(&b'\n')) {
        let position = bundle.len() + 1;
        let broken = |why: String| Cause::from(format!("certificate {position} of {all}: {why}"));
        let der = der.map_err(|e| broken(e.to_string()))?;
        let added = roots.add(der.clone());
        added.map_err(|e| broken(e.to_string()))?;
        bundle.push(der);
    }
    if bundle.is_empty() {
        return Err("it holds no certificate".into());
    }
    Ok(bundle)
}

/// Trusts what an authority of the system or of the bundle has signed; and an authority's own
/// certificate when that is what a server shows and it is in the bundle, letter by letter. Such are
/// what `openssl req -x509` makes, and `webpki` takes none of them for a server's.
#[derive(Debug)]
struct Trust {
    all: Verifier,
    /// The bundle without the system's.
    own: Arc<WebPkiServerVerifier>,
    bundle: Vec<CertificateDer<'static>>,
}

impl Trust {
    fn new(pem: &[u8], provider: &Arc<CryptoProvider>) -> Result<Self, TrustError> {
        let bundle = certificates(pem).map_err(TrustError::Bundle)?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(bundle.iter().cloned());
        let own = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|e| TrustError::Setup(Box::new(e)))?;
        let all = Verifier::new_with_extra_roots(bundle.iter().cloned(), provider.clone());
        Ok(Self {
            all: all.map_err(|e| TrustError::Setup(Box::new(e)))?,
            own,
            bundle,
        })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = |own: &CertificateDer<'_>| own.as_ref() == end_entity.as_ref();
        if !self.bundle.iter().any(shown) {
            let all = &self.all;
            return all.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            );
        }
        let judged =
            self.own
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match judged {
            // WebPKI says so once it has found the certificate to be within its time, and before it
            // looks at the name.
            Err(error) if is_authority(&error) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.own.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.own.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.own.supported_verify_schemes()
    }
}

/// Whether a certificate was refused for being an authority's and no server's.
fn is_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error
    else {
        return false;
    };
    matches!(cause.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// What to do about an error of TLS; nothing where it is none.
pub fn tls_advice(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let error = tls_error(error)?;
    if let Some(advice) = refused_client(error) {
        return Some(advice);
    }
    if is_authority(error) {
        return Some(
            "GitLab shows an authority's own certificate, as openssl req -x509 makes it: put exactly \
             that one into what the connection's caBundleSecretRef or caBundleConfigMapRef names, or give GitLab \
             another",
        );
    }
    let stranger = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
    Some(if *error == stranger {
        "no authority that is trusted has signed GitLab's certificate: put that authority's into a \
         Secret or ConfigMap, and name it in the connection's caBundleSecretRef or caBundleConfigMapRef"
    } else {
        "check GitLab's certificate, the url's host, and what the connection's caBundleSecretRef or \
         caBundleConfigMapRef names"
    })
}

/// What to do where the other side does not take who we are.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other alerts are about other things, and there will be more of them"
)]
fn refused_client(error: &rustls::Error) -> Option<&'static str> {
    let rustls::Error::AlertReceived(alert) = error else {
        return None;
    };
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => Some(
            "GitLab, or what stands in front of it, asks for a client certificate: put one into a Secret, and \
             name it in the connection's clientCertificateSecretRef",
        ),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => Some(
            "GitLab, or what stands in front of it, does not take the client certificate: check what the \
             connection's clientCertificateSecretRef names",
        ),
        _ => None,
    }
}

fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        // An I/O error hides the one it wraps: its source is already that one's source.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
