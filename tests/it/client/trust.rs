//! Whom the client trusts: whoever an authority of its bundle vouches for, and a server that shows
//! just a certificate of the bundle.
use std::{error::Error as StdError, fs, path::PathBuf, sync::Arc};

use gitlab_runner_registrar::gitlab::{BuildError, Client, Endpoint, Error, tls_advice};
use gitlab_sim::{Options, Server};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::{TOKEN, client, endpoint, told, unlimited};

const HERE: &str = "127.0.0.1";

/// A certificate that vouches for itself, as `openssl req -x509` makes it.
struct Own {
    pem: String,
    key: KeyPair,
    params: CertificateParams,
}

fn own(host: &str, authority: bool, until: i32) -> Own {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "gitlab");
    params.not_after = date_time_ymd(until, 1, 1);
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    Own { pem, key, params }
}

/// A GitLab that shows this.
async fn showing(name: &str, chain: &str, key: &KeyPair) -> Server {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("trust-{name}"));
    fs::create_dir_all(&folder).unwrap();
    let key = key.serialize_pem();
    for (file, text) in [("ca.pem", chain), ("tls.crt", chain), ("tls.key", &key)] {
        fs::write(folder.join(file), text).unwrap();
    }
    let seed =
        format!("users: [{{ username: root, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}]");
    let options = Options {
        tls_dir: Some(folder),
        ..Options::default()
    };
    Server::start(seed.as_str(), options).await.unwrap()
}

async fn asks(sim: &Server, bundle: Option<&str>) -> Result<(), String> {
    let port = sim.url().rsplit_once(':').unwrap().1;
    let endpoint = Endpoint {
        ca_pem: bundle.map(|pem| pem.as_bytes().to_vec()),
        ..endpoint(&format!("https://{HERE}:{port}"))
    };
    match client(&endpoint).access_token().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let Error::Unsent(cause) = &error else {
                panic!("{error:?}");
            };
            let advice = tls_advice(cause.as_ref()).unwrap();
            Err(format!("{}; {advice}", told(&error)))
        }
    }
}

#[tokio::test]
async fn an_authority_that_serves_by_itself_is_trusted_if_it_is_in_the_bundle() {
    let shown = own(HERE, true, 2999);
    let other = own(HERE, true, 2999);
    let sim = showing("own", &shown.pem, &shown.key).await;
    let both = other.pem.clone() + &shown.pem;
    for bundle in [&shown.pem, &both] {
        asks(&sim, Some(bundle)).await.unwrap();
    }
    // The same names and the same subject, and another key.
    let told = asks(&sim, Some(&other.pem)).await.unwrap_err();
    assert!(
        told.contains("exactly that one into what the connection's caBundleSecretRef"),
        "{told}"
    );
    let told = asks(&sim, None).await.unwrap_err();
    assert!(told.contains("as openssl req -x509 makes it"), "{told}");
    assert_eq!(sim.requests().len(), 2);
}

#[tokio::test]
async fn no_name_and_no_date_is_forgiven_for_being_in_the_bundle() {
    for (name, host, until, why) in [
        ("name", "gitlab.example.com", 2999, "not valid for name"),
        ("date", HERE, 2001, "expired"),
    ] {
        for authority in [true, false] {
            let shown = own(host, authority, until);
            let sim = showing(&format!("{name}-{authority}"), &shown.pem, &shown.key).await;
            let told = asks(&sim, Some(&shown.pem)).await.unwrap_err();
            assert!(told.contains(why), "{name}: {told}");
            assert!(sim.requests().is_empty());
        }
    }
}

#[tokio::test]
async fn what_an_authority_of_the_bundle_has_signed_is_trusted() {
    let authority = own("an authority", true, 2999);
    let issuer = Issuer::new(authority.params, authority.key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![HERE.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap().pem();
    let sim = showing("leaf", &leaf, &key).await;
    let marked = format!("\u{feff}{}", authority.pem);
    let indented = authority.pem.replace('\n', "\r\n    ");
    for bundle in [&authority.pem, &marked, &indented] {
        asks(&sim, Some(bundle)).await.unwrap();
    }
    let told = asks(&sim, None).await.unwrap_err();
    assert!(told.contains("no authority that is trusted"), "{told}");
    // One that needs no authority, being no authority itself.
    let plain = own(HERE, false, 2999);
    let sim = showing("plain", &plain.pem, &plain.key).await;
    asks(&sim, Some(&plain.pem)).await.unwrap();
}

#[test]
fn a_bundles_bad_certificate_is_named_by_its_position() {
    let good = own(HERE, true, 2999).pem;
    let bad = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    let unreadable = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    for (pem, which) in [
        (format!("{good}{bad}{good}"), "certificate 2 of 3: "),
        (
            format!("{good}# a comment\n{good}{unreadable}"),
            "certificate 3 of 3: ",
        ),
        (bad.to_owned(), "certificate 1 of 1: "),
    ] {
        let endpoint = Endpoint {
            ca_pem: Some(pem.into_bytes()),
            ..endpoint("https://gitlab.example.com")
        };
        let error = Client::new(&endpoint, None, Arc::new(drop), unlimited()).unwrap_err();
        assert!(matches!(error, BuildError::CaBundle(_)));
        let cause = error.source().unwrap().to_string();
        assert!(cause.starts_with(which), "{cause}");
    }
}
