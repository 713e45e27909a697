//! Kubeconfig files, and clients made from them.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;

/// Who talks to which API server.
pub(crate) struct Access<'a> {
    pub(crate) server: &'a str,
    pub(crate) certificate_authority: &'a Path,
    pub(crate) user: &'a str,
    pub(crate) token: &'a str,
    pub(crate) namespace: &'a str,
}

/// Writes a kubeconfig that only its owner may read.
pub(crate) fn write(path: &Path, access: &Access<'_>) -> Result<()> {
    let content = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "control-plane",
            "cluster": {
                "server": access.server,
                "certificate-authority": access.certificate_authority,
            },
        }],
        "users": [{"name": access.user, "user": {"token": access.token}}],
        "contexts": [{
            "name": "control-plane",
            "context": {
                "cluster": "control-plane",
                "user": access.user,
                "namespace": access.namespace,
            },
        }],
        "current-context": "control-plane",
    });
    private_file(path, serde_saphyr::to_string(&content)?.as_bytes())
}

/// Writes a file that holds a secret.
pub(crate) fn private_file(path: &Path, content: &[u8]) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A client for that file. It retries nothing by itself: a test wants to see the first answer, and
/// kube's own retries would block for minutes.
///
/// # Errors
///
/// When the file is no kubeconfig.
pub async fn client(path: &Path) -> Result<kube::Client> {
    // More than one TLS provider may be linked into a test, and then rustls refuses to choose. It
    // is no error that somebody else has chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = Kubeconfig::read_from(path)?;
    let mut config =
        kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    // The server is on this machine, whatever proxy there may be for others.
    config.proxy_url = None;
    kube::Client::try_from(config).context("cannot make a client")
}
