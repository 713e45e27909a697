//! What is told of a connection that GitLab has not accepted: what is wrong, where, and the way out.
use std::error::Error as StdError;

use crate::api::conditions::Reason;
use crate::chain::chain;
use crate::gitlab;
use crate::gitlab::{Endpoint, Refusal};
use crate::plan::{Trouble, refused_for_good};

/// What to do about a proxy that does not let us through.
const PROXY_ADVICE: &str = "the proxy asks for credentials: put user name and password into a Secret, and name it in \
     spec.proxyCredentialsSecretRef";

/// What an error says of the connection. `credential` names the Secret and the key of the token.
pub fn trouble(error: &gitlab::Error, endpoint: &Endpoint, credential: &str) -> Trouble {
    let (told, url) = (chain(error), &endpoint.url);
    match error {
        gitlab::Error::Refused {
            status: 401,
            refusal,
            ..
        } => unauthorized(refusal, &told, url, credential),
        gitlab::Error::Refused { status: 403, .. } => Trouble::new(
            Reason::CredentialForbidden,
            format!("the owner of the token in {credential} may not use the API: {told}"),
        ),
        gitlab::Error::NotGitLab { status: 407, .. } if endpoint.proxy.is_some() => {
            Trouble::new(Reason::Unreachable, format!("{told}; {PROXY_ADVICE}"))
        }
        gitlab::Error::Refused {
            status, message, ..
        }
        | gitlab::Error::NotGitLab { status, message } => Trouble::new(
            Reason::NotGitLab,
            format!(
                "what answers at {url} is not GitLab's API: status {status}, {message}; check that spec.url is GitLab's own address, with its relative root if it has one, and what stands between here and GitLab"
            ),
        ),
        gitlab::Error::Retired | gitlab::Error::NotLeading => Trouble::new(Reason::Pending, told),
        gitlab::Error::Throttled { .. } | gitlab::Error::HeldBack { .. } => {
            Trouble::new(Reason::GitLabThrottled, told)
        }
        gitlab::Error::Unsent(cause) => unsent(cause.as_ref(), endpoint),
        gitlab::Error::Lost(cause) => match gitlab::tls_advice(cause.as_ref()) {
            // In TLS 1.3 a client that is not taken hears of it where it waits for an answer.
            Some(advice) => Trouble::new(
                Reason::TlsFailed,
                format!("{told}; asked at {url}; {advice}"),
            ),
            None => Trouble::new(Reason::Unreachable, format!("{told}; asked at {url}")),
        },
        gitlab::Error::ReadOnly { .. } => {
            Trouble::new(Reason::Unreachable, format!("{told}; asked at {url}"))
        }
    }
}

/// GitLab takes no such token.
fn unauthorized(refusal: &Refusal, told: &str, url: &str, credential: &str) -> Trouble {
    if *refusal == Refusal::TokenRevoked {
        return refused_for_good(Reason::CredentialRevoked, credential);
    }
    if *refusal == Refusal::TokenExpired {
        return refused_for_good(Reason::CredentialExpired, credential);
    }
    let message = format!(
        "the token in {credential} is not known to GitLab at {url}: {told}; put a personal, group or project access token of that GitLab there"
    );
    Trouble::new(Reason::CredentialInvalid, message)
}

/// Nothing has come as far as GitLab.
fn unsent(cause: &(dyn StdError + 'static), endpoint: &Endpoint) -> Trouble {
    let Endpoint { url, proxy, .. } = endpoint;
    let through = proxy.as_ref().map(|proxy| format!(" through {proxy}"));
    let through = through.unwrap_or_default();
    if let Some(why) = gitlab::unresolved(cause) {
        let host = endpoint.host().unwrap_or_else(|| url.clone());
        let proxy = proxy.as_ref().map(|proxy| format!(", or that of {proxy},"));
        let proxy = proxy.unwrap_or_default();
        return Trouble::new(
            Reason::Unreachable,
            format!(
                "the host {host}{proxy} cannot be found ({why}): check spec.url, and the DNS of the cluster"
            ),
        );
    }
    let what = format!("could not reach GitLab at {url}{through}: {}", chain(cause));
    // The error that says so is nobody's to name but hyper's.
    if proxy.is_some() && what.contains("proxy authorization required") {
        return Trouble::new(Reason::Unreachable, format!("{what}; {PROXY_ADVICE}"));
    }
    match gitlab::tls_advice(cause) {
        Some(advice) => Trouble::new(Reason::TlsFailed, format!("{what}; {advice}")),
        None => Trouble::new(Reason::Unreachable, what),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CREDENTIAL: &str = "Secret gitlab in namespace ci, key token";

    fn told(error: &gitlab::Error) -> Trouble {
        let endpoint = Endpoint {
            url: "https://gitlab.example.com".to_owned(),
            ca_pem: None,
            proxy: None,
            proxy_credentials: None,
            client_certificate: None,
            timeout: Duration::from_secs(1),
        };
        trouble(error, &endpoint, CREDENTIAL)
    }

    fn refused(status: u16, message: &str, refusal: Refusal) -> gitlab::Error {
        gitlab::Error::Refused {
            status,
            message: message.to_owned(),
            refusal,
        }
    }

    #[test]
    fn each_names_the_object_the_cause_and_the_way_out() {
        let url = "https://gitlab.example.com";
        let rows: [(gitlab::Error, Reason, &[&str]); 6] = [
            (
                refused(401, "401 Unauthorized", Refusal::TokenUnknown),
                Reason::CredentialInvalid,
                &[CREDENTIAL, "not known to GitLab", "put a personal"],
            ),
            (
                refused(401, "Token was revoked", Refusal::TokenRevoked),
                Reason::CredentialRevoked,
                &[CREDENTIAL, "revoked", "put another"],
            ),
            (
                refused(
                    403,
                    "403 Forbidden - Your account is blocked",
                    Refusal::Other,
                ),
                Reason::CredentialForbidden,
                &[CREDENTIAL, "Your account is blocked"],
            ),
            (
                refused(404, "404 Not Found", Refusal::NoSuchEndpoint),
                Reason::NotGitLab,
                &[
                    "what answers at https://gitlab.example.com is not GitLab's API",
                    "status 404, 404 Not Found",
                    "check that spec.url",
                ],
            ),
            (
                gitlab::Error::NotGitLab {
                    status: 200,
                    message: "a web page".to_owned(),
                },
                Reason::NotGitLab,
                &[url, "a web page", "check that spec.url"],
            ),
            (
                gitlab::Error::Unsent("no route to host".into()),
                Reason::Unreachable,
                &["could not reach GitLab at https://gitlab.example.com: no route to host"],
            ),
        ];
        for (error, reason, parts) in rows {
            let Trouble {
                reason: told,
                message,
            } = told(&error);
            assert_eq!(told, reason, "{message}");
            for part in parts {
                assert!(message.contains(part), "{part:?} is not in {message:?}");
            }
        }
    }
}
