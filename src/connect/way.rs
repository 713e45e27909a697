//! What a connection shows on the way to GitLab: a client certificate, and what a proxy asks for.
use secrecy::SecretString;

use super::sources::{Sources, Unread};
use crate::api::conditions::Reason;
use crate::api::v1alpha1::SecretRef;
use crate::gitlab::{ClientCertificate, ProxyCredentials};
use crate::plan::{Trouble, trimmed};

impl Sources {
    /// Reads the client certificate, if there is to be one; or says what is missing.
    pub(super) async fn client_certificate(
        &self,
        reference: Option<&SecretRef>,
    ) -> Result<Result<Option<ClientCertificate>, Trouble>, Unread> {
        let Some(SecretRef { name }) = reference else {
            return Ok(Ok(None));
        };
        let pair = self.pair(name, ["tls.crt", "tls.key"]).await?;
        let named =
            |Trouble { message, .. }| Trouble::new(Reason::ClientCertificateNotFound, message);
        Ok(pair.map_err(named).and_then(|[chain, key]| {
            let Ok(key) = String::from_utf8(key) else {
                let message = format!("{}: its key tls.key is no text", self.secret_named(name));
                return Err(Trouble::new(Reason::ClientCertificateInvalid, message));
            };
            let key = SecretString::from(key);
            Ok(Some(ClientCertificate { chain, key }))
        }))
    }

    /// Reads what the proxy asks for, if it asks for anything; or says what is missing.
    pub(super) async fn proxy_credentials(
        &self,
        reference: Option<&SecretRef>,
    ) -> Result<Result<Option<ProxyCredentials>, Trouble>, Unread> {
        let Some(SecretRef { name }) = reference else {
            return Ok(Ok(None));
        };
        let pair = self.pair(name, ["username", "password"]).await?;
        let not_found = |message: String| Trouble::new(Reason::ProxyCredentialsNotFound, message);
        let pair = pair.map_err(|Trouble { message, .. }| not_found(message));
        Ok(pair.and_then(|pair| {
            let [Ok(username), Ok(password)] = pair.map(String::from_utf8) else {
                let place = self.secret_named(name);
                return Err(not_found(format!(
                    "{place}: user name and password are no text"
                )));
            };
            Ok(Some(ProxyCredentials {
                username: trimmed(&username).to_owned(),
                // A line break at the end is from a file, and no proxy would take it.
                password: password.trim_end_matches(['\r', '\n']).to_owned().into(),
            }))
        }))
    }

    /// Two keys of one Secret.
    async fn pair(
        &self,
        name: &str,
        [first, second]: [&str; 2],
    ) -> Result<Result<[Vec<u8>; 2], Trouble>, Unread> {
        let data = self.secret(name).await?;
        Ok(data.and_then(|mut data| {
            let first = self.taken(&mut data, name, first)?;
            Ok([first, self.taken(&mut data, name, second)?])
        }))
    }
}
