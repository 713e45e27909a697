//! HTTPS with an authority of the stand-in's own.
use std::sync::Arc;

use gitlab_sim::{Fault, Options, Rule, Seed, Server};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::wire::{Answer, bytes_of, connect, request};

fn connector(trusted: Option<&str>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    if let Some(authority) = trusted {
        roots
            .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
            .unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn start() -> Server {
    let options = Options {
        tls: true,
        ..Options::default()
    };
    Server::start(Seed::default(), options).await.unwrap()
}

#[tokio::test]
async fn who_trusts_the_authority_is_served_under_every_loopback_name() {
    let sim = start().await;
    assert!(sim.url().starts_with("https://127.0.0.1:"));
    for name in ["localhost", "127.0.0.1", "::1"] {
        let connector = connector(sim.ca_pem());
        let stream = connector
            .connect(
                ServerName::try_from(name).unwrap(),
                connect(sim.url()).await,
            )
            .await
            .unwrap();
        let answer = Answer::parse(&bytes_of(stream, &request("GET", "/api/v4/version", "")).await);
        assert_eq!(answer.status, 401);
    }
}

#[tokio::test]
async fn who_does_not_trust_it_or_expects_somebody_else_gets_nowhere() {
    let sim = start().await;
    for (trusted, name) in [(None, "localhost"), (sim.ca_pem(), "elsewhere.example")] {
        let connected = connector(trusted)
            .connect(
                ServerName::try_from(name).unwrap(),
                connect(sim.url()).await,
            )
            .await;
        assert!(connected.is_err());
    }
    assert_eq!(sim.requests(), []);
}

#[tokio::test]
async fn a_cut_is_a_cut_under_tls_too() {
    let sim = start().await;
    sim.fault(Rule::always(Fault::Drop)).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector(sim.ca_pem())
        .connect(name, connect(sim.url()).await)
        .await
        .unwrap();
    assert_eq!(
        bytes_of(stream, &request("GET", "/api/v4/version", "")).await,
        b""
    );
}

#[tokio::test]
async fn a_folder_keeps_the_authority() {
    let folder = std::env::temp_dir().join(format!("gitlab-sim-tls-{}", std::process::id()));
    let start = async || {
        let options = Options {
            tls_dir: Some(folder.clone()),
            ..Options::default()
        };
        Server::start(Seed::default(), options).await.unwrap()
    };
    let first = start().await.ca_pem().unwrap().to_owned();
    assert_eq!(
        std::fs::read_to_string(folder.join("ca.pem")).unwrap(),
        first
    );
    assert_eq!(start().await.ca_pem(), Some(first.as_str()));
    std::fs::remove_dir_all(&folder).unwrap();
}
