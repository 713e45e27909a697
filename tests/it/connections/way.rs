//! What a connection shows on the way: a client certificate to GitLab, a password to a proxy.
use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use gitlab_sim::tls::ClientIdentity;
use serde_json::json;

use crate::harness::{
    GitLab, Manifest, condition, connection, runner, secret, shown, story, token, until,
};
use crate::proxies::{PASSWORD, Proxy};

/// The Secret `client` with a certificate and its key.
fn certificate(of: &ClientIdentity) -> Manifest {
    let chain = secret("client").holding("tls.crt", &of.certificate);
    chain.holding("tls.key", &of.key)
}

/// A connection `gitlab` that trusts that GitLab's authority.
fn trusting(gitlab: &GitLab) -> [Manifest; 3] {
    let bundle = json!({ "name": "authority", "key": "ca" });
    [
        secret("gitlab-credential").holding("pat", token::ADMIN),
        secret("authority").holding("ca", gitlab.ca_pem().unwrap()),
        connection("gitlab", gitlab.url()).with("caBundleSecretRef", bundle),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_shown_and_changed_while_the_operator_runs() {
    story("way-certificate")
        .tell(async |story| {
            let gitlab = GitLab::with_client_certificates().await;
            let [credential, authority, plain] = trusting(&gitlab);
            for manifest in [&credential, &authority, &plain] {
                story.apply(manifest).await;
            }
            let says = async |reason: &str, words: &str| {
                let message = until(words, async || {
                    let told: Option<GitLabConnection> = story.get("gitlab").await;
                    let ready = condition(&told, "Ready");
                    let ready = ready.filter(|ready| ready.reason == reason);
                    let message = ready.map(|ready| ready.message);
                    let fitting = message.filter(|message| message.contains(words));
                    fitting.ok_or_else(|| shown(&told))
                })
                .await;
                assert!(!message.contains("BEGIN"), "{message}");
            };
            says("TlsFailed", "clientCertificateSecretRef").await;
            let showing = plain.with("clientCertificateSecretRef", json!({ "name": "client" }));
            story.apply(&showing).await;
            says("ClientCertificateNotFound", "there is no Secret client").await;
            let ours = gitlab.client_identity().unwrap();
            let half = secret("client").holding("tls.crt", &ours.certificate);
            story.apply(&half).await;
            says("ClientCertificateNotFound", "has no key tls.key").await;
            story.apply(&half.holding("tls.key", "no key")).await;
            says(
                "ClientCertificateInvalid",
                "Secret client in namespace way-certificate",
            )
            .await;
            let strangers = GitLab::with_client_certificates().await;
            let strangers = strangers.client_identity().unwrap();
            let mixed = ClientIdentity {
                certificate: ours.certificate.clone(),
                key: strangers.key.clone(),
            };
            story.apply(&certificate(&mixed)).await;
            says("ClientCertificateInvalid", "KeyMismatch").await;
            // Somebody else's is not let in.
            story.apply(&certificate(strangers)).await;
            says("TlsFailed", "does not take the client certificate").await;
            story.apply(&certificate(ours)).await;
            story.is_connected("gitlab").await;
            story.apply(&runner("smew")).await;
            story.is_ready("smew").await;
            // A runner's own token goes the same way.
            story
                .kubectl(&["delete", "secret", "gitlab-credential"])
                .await;
            story
                .connection_says("gitlab", "Ready", "False", "SecretNotFound")
                .await;
            story.delete(&runner("smew")).await;
            story.is_gone(&runner("smew")).await;
            assert_eq!(gitlab.runners().len(), 0);
            let log = story.operator().log();
            assert!(!log.contains("PRIVATE KEY"), "a key is told");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_gets_the_credentials_of_its_secret() {
    let proxy = Proxy::start().await;
    story("way-proxy")
        .tell(async |story| {
            let gitlab = GitLab::with_tls().await;
            let [credential, authority, plain] = trusting(&gitlab);
            let address = proxy.url().replace(&format!("me:{PASSWORD}@"), "");
            let through = plain.with("proxyUrl", address);
            for manifest in [&credential, &authority, &through] {
                story.apply(manifest).await;
            }
            let told = story.connection_says("gitlab", "Ready", "False", "Unreachable");
            let message = condition(&told.await, "Ready").unwrap().message;
            assert!(message.contains("proxyCredentialsSecretRef"), "{message}");
            let known = through.with("proxyCredentialsSecretRef", json!({ "name": "proxy" }));
            story.apply(&known).await;
            story
                .connection_says("gitlab", "Ready", "False", "ProxyCredentialsNotFound")
                .await;
            let name = secret("proxy").holding("username", "me");
            story.apply(&name).await;
            until("it says which key", async || {
                let told: Option<GitLabConnection> = story.get("gitlab").await;
                let has = shown(&told).contains("has no key password");
                if has { Ok(()) } else { Err(shown(&told)) }
            })
            .await;
            story
                .apply(&name.holding("password", &format!("{PASSWORD}\n")))
                .await;
            story.is_connected("gitlab").await;
            assert!(proxy.tunnels() > 0);
            story.apply(&runner("smew")).await;
            story.is_ready("smew").await;
            assert!(!story.operator().log().contains("bWU6Y2FuYXJ5"));
        })
        .await;
}
