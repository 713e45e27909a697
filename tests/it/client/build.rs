//! What can be wrong with a connection before anything is sent.
use std::{sync::Arc, time::Duration};

use gitlab_runner_registrar::gitlab::{
    BuildError, Client, ClientCertificate, Endpoint, ProxyCredentials,
};

use super::{CANARY, TOKEN, endpoint, unlimited};

fn refused(endpoint: &Endpoint, token: &str) -> BuildError {
    let error = Client::new(
        endpoint,
        Some(token.to_owned().into()),
        Arc::new(drop),
        unlimited(),
    )
    .unwrap_err();
    let all = format!("{error} {error:?}");
    assert!(!all.contains(CANARY), "{all}");
    error
}

#[test]
fn a_url_that_cannot_be_used_is_refused_with_a_sentence() {
    for (url, sentence) in [
        ("gitlab.example.com", "is not a URL"),
        ("", "is not a URL"),
        ("https://", "is not a URL"),
        (
            "ftp://gitlab.example.com",
            "must start with https:// or http://",
        ),
        (
            "https://user:canary@gitlab.example.com",
            "must not hold a user or password",
        ),
        (
            "https://:canary@gitlab.example.com",
            "must not hold a user or password",
        ),
        (
            "https://canary@gitlab.example.com",
            "must not hold a user or password",
        ),
        (
            "https://gitlab.example.com/?private_token=canary",
            "must not have a part after ? or #",
        ),
        (
            "https://gitlab.example.com/#canary",
            "must not have a part after ? or #",
        ),
        ("https://gitlab.example.com/api/v4/", "leave /api/v4 away"),
    ] {
        let error = refused(&endpoint(url), TOKEN);
        assert!(matches!(error, BuildError::Url(_)), "{url}");
        let said = error.to_string();
        assert!(
            said.starts_with("the GitLab URL ") && said.contains(sentence),
            "{url}: {said}"
        );
    }
}

#[test]
fn a_usable_connection_is_accepted() {
    for url in [
        "https://gitlab.example.com",
        "https://gitlab.example.com/",
        "http://127.0.0.1:8080",
        "https://example.com/gitlab//",
        "https://[::1]/",
    ] {
        let client = Client::new(
            &endpoint(url),
            Some(TOKEN.to_owned().into()),
            Arc::new(drop),
            unlimited(),
        );
        let shown = format!("{:?}", client.unwrap());
        assert!(
            shown.contains("/api/v4") && !shown.contains(CANARY),
            "{shown}"
        );
    }
}

#[test]
fn a_token_that_is_no_header_is_refused() {
    for token in ["", "canary\n", "canary\r\nevil: 1", "ca\0nary"] {
        let error = refused(&endpoint("https://gitlab.example.com"), token);
        assert!(matches!(error, BuildError::Token), "{token:?}");
    }
}

#[test]
fn a_ca_bundle_that_is_none_is_refused() {
    const BROKEN: &str = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    const A_KEY: &str = "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n";
    for pem in ["", "canary", BROKEN, NO_CERTIFICATE, A_KEY] {
        let ca_pem = Some(pem.as_bytes().to_vec());
        let error = refused(
            &Endpoint {
                ca_pem,
                ..endpoint("https://gitlab.example.com")
            },
            TOKEN,
        );
        assert!(matches!(error, BuildError::CaBundle(_)), "{pem}");
    }
}

#[test]
fn a_proxy_that_is_no_url_is_refused() {
    let proxy = Some("http://canary:canary@:0:x".to_owned());
    let error = refused(
        &Endpoint {
            proxy,
            ..endpoint("https://gitlab.example.com")
        },
        TOKEN,
    );
    assert!(matches!(error, BuildError::Proxy(_)));
}

#[test]
fn an_endpoint_shows_no_address() {
    let endpoint = Endpoint {
        url: "https://user:canary@gitlab.example.com".to_owned(),
        ca_pem: Some(b"canary".to_vec()),
        proxy: Some("http://user:canary@proxy.example.com".to_owned()),
        proxy_credentials: Some(ProxyCredentials {
            username: "me".to_owned(),
            password: "canary".to_owned().into(),
        }),
        client_certificate: Some(ClientCertificate {
            chain: b"canary".to_vec(),
            key: "canary".to_owned().into(),
        }),
        timeout: Duration::from_secs(1),
    };
    assert!(!format!("{endpoint:?}").contains(CANARY));
}
