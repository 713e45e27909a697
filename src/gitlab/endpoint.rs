//! Where a GitLab instance is, checked once, and the HTTP client that goes there.
use std::{error::Error as StdError, fmt, time::Duration};

use reqwest::{NoProxy, Proxy, Url, redirect, retry};
use rustls::crypto::CryptoProvider;
use secrecy::ExposeSecret;

use super::shown::{ClientCertificate, ProxyCredentials};
use super::trust::{self, TrustError};

/// A hung connect should not eat the whole time a call may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Where a GitLab instance is and how to get there.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Address of the web interface, such as `https://gitlab.example.com` or, below a relative
    /// URL root, `https://example.com/gitlab`.
    pub url: String,
    /// Certificates in PEM that are trusted in addition to the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// What is shown where a client has to show a certificate.
    pub client_certificate: Option<ClientCertificate>,
    /// Proxy for every request, such as `http://proxy.example.com:3128`; hosts in `NO_PROXY` are
    /// reached directly. When absent, the usual environment variables decide.
    pub proxy: Option<String>,
    /// What that proxy asks for.
    pub proxy_credentials: Option<ProxyCredentials>,
    /// How long one call may take in all, its reply included.
    pub timeout: Duration,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url: _,
            ca_pem,
            client_certificate,
            proxy,
            proxy_credentials,
            timeout,
        } = self;
        // URLs may carry passwords, and this is printed before they have been checked.
        f.debug_struct("Endpoint")
            .field("has_ca_pem", &ca_pem.is_some())
            .field("client_certificate", client_certificate)
            .field("has_proxy", &proxy.is_some())
            .field("proxy_credentials", proxy_credentials)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

/// Why no client could be made. Each message is a sentence for the person who typed the setting,
/// and repeats nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The address cannot be used.
    #[error("the GitLab URL {0}")]
    Url(&'static str),
    /// The CA bundle cannot be used.
    #[error("the CA bundle cannot be used; it must be one or more certificates in PEM")]
    CaBundle(#[source] Box<dyn StdError + Send + Sync>),
    /// The client certificate cannot be used.
    #[error(
        "the client certificate cannot be used; tls.crt must hold the certificate and its chain, and \
         tls.key its private key, both in PEM, and they must belong together"
    )]
    ClientCertificate(#[source] Box<dyn StdError + Send + Sync>),
    /// The proxy address cannot be used.
    #[error("the proxy URL cannot be used; write it like http://proxy.example.com:3128")]
    Proxy(#[source] Box<dyn StdError + Send + Sync>),
    /// The token cannot be sent.
    #[error(
        "the access token is empty or contains a line break or another character that cannot be \
         sent in a header; store it without them"
    )]
    Token,
    /// TLS cannot be set up, for instance because the image carries no CA certificates.
    #[error("TLS cannot be set up in this process; check its CA certificates")]
    Tls(#[source] Box<dyn StdError + Send + Sync>),
}

impl Endpoint {
    /// The address of the REST API, without a slash at the end.
    pub(super) fn api(&self) -> Result<String, BuildError> {
        let url = Url::parse(&self.url).map_err(|_| {
            BuildError::Url("is not a URL; write it like https://gitlab.example.com")
        })?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(BuildError::Url("must start with https:// or http://"));
        }
        if !url.has_host() {
            return Err(BuildError::Url(
                "has no host; write it like https://gitlab.example.com",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BuildError::Url(
                "must not hold a user or password; the token goes in a Secret",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BuildError::Url("must not have a part after ? or #"));
        }
        let base = url.as_str().trim_end_matches('/');
        if base.ends_with("/api/v4") {
            return Err(BuildError::Url(
                "must be GitLab's own address; leave /api/v4 away",
            ));
        }
        Ok(format!("{base}/api/v4"))
    }

    /// Whether that address is asked without TLS. It goes by the scheme that the client goes by, which is not
    /// always how the address begins.
    pub fn is_in_the_clear(url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| url.scheme() == "http")
    }

    /// The address as every way of writing it comes to.
    pub fn address(&self) -> Option<String> {
        self.api().ok()
    }

    /// The host in the address.
    pub fn host(&self) -> Option<String> {
        let url = Url::parse(&self.url).ok()?;
        url.host_str().map(str::to_owned)
    }

    /// The HTTP client that goes there.
    pub(super) fn connect(&self) -> Result<reqwest::Client, BuildError> {
        let Some(provider) = CryptoProvider::get_default() else {
            // reqwest would panic, and a panic stops the whole process.
            return Err(BuildError::Tls("no TLS provider has been installed".into()));
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!(
                env!("CARGO_PKG_NAME"),
                "/",
                env!("CARGO_PKG_VERSION")
            ))
            .connect_timeout(CONNECT.min(self.timeout))
            .timeout(self.timeout)
            // A redirect would carry the token to wherever the other side points.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false);
        let (ca_pem, shown) = (self.ca_pem.as_deref(), self.client_certificate.as_ref());
        if ca_pem.is_some() || shown.is_some() {
            let config = trust::config(ca_pem, shown, provider).map_err(|error| match error {
                TrustError::Bundle(cause) => BuildError::CaBundle(cause),
                TrustError::Shown(cause) => BuildError::ClientCertificate(cause),
                TrustError::Setup(cause) => BuildError::Tls(cause),
            });
            builder = builder.tls_backend_preconfigured(config?);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(self.through(proxy)?);
        }
        builder
            .build()
            .map_err(|e| BuildError::Tls(Box::new(e.without_url())))
    }

    fn through(&self, proxy: &str) -> Result<Proxy, BuildError> {
        let mut proxy =
            Proxy::all(proxy).map_err(|e| BuildError::Proxy(Box::new(e.without_url())))?;
        if let Some(ProxyCredentials { username, password }) = &self.proxy_credentials {
            proxy = proxy.basic_auth(username, password.expose_secret());
        }
        Ok(proxy.no_proxy(NoProxy::from_env()))
    }
}
