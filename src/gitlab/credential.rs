//! What a client presents itself with.
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::BuildError;

pub(super) struct Credential {
    /// Marked sensitive: kept out of `Debug` output and of HTTP/2's header table.
    pub(super) header: HeaderValue,
    /// The same once more, to find it in what GitLab says.
    pub(super) token: SecretString,
}

impl Credential {
    pub(super) fn new(token: SecretString) -> Result<Self, BuildError> {
        let mut header =
            HeaderValue::from_str(token.expose_secret()).map_err(|_| BuildError::Token)?;
        if header.is_empty() {
            return Err(BuildError::Token);
        }
        header.set_sensitive(true);
        Ok(Self { header, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_is_marked_for_everybody_who_handles_it() {
        let credential = Credential::new("glpat-canary".to_owned().into()).unwrap();
        assert!(credential.header.is_sensitive());
        assert!(!format!("{:?}", credential.header).contains("canary"));
    }
}
