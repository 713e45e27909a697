//! The credential about itself (contract §3.22).
use jiff::civil::Date;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::Error;
use super::gate::{Alone, Gate};
use super::model::AccessToken;
use super::request::Request;

/// What a credential was replaced by: the only time that the new token is shown.
#[derive(Debug, Deserialize)]
pub struct FreshCredential {
    /// The new token. The one before has ended.
    pub token: SecretString,
    /// GitLab refuses the new token from this date on; `None` is never.
    #[serde(default)]
    pub expires_at: Option<Date>,
}

impl Client {
    /// The same, which shares a gate with every other client that has the same credential.
    #[must_use]
    pub fn behind(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// The gate that all of its requests pass which carry the credential.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Describes the client's own access token, whatever its scopes.
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        let path = "/personal_access_tokens/self";
        self.send(Request::get(path, path.to_owned()))
            .await?
            .given()?
            .json()
    }

    /// Whether GitLab takes the token just now, for whoever is alone at the gate: a connection that has died
    /// unseen shows by this, and not by what must not be repeated.
    pub async fn is_accepted(&self, _alone: &Alone) -> Result<(), Error> {
        let path = "/personal_access_tokens/self";
        let answer = self.send_alone(Request::get(path, path.to_owned())).await?;
        answer.given().map(drop)
    }

    /// Replaces the client's own access token, which ends at once; the new one lives until `expires_at`,
    /// or as long as GitLab likes. When the answer is lost, so is the new token, and the one before may
    /// never be sent again. Whoever calls this is alone at the gate.
    pub async fn rotate(
        &self,
        _alone: &Alone,
        expires_at: Option<Date>,
    ) -> Result<FreshCredential, Error> {
        #[derive(Serialize)]
        struct Body {
            #[serde(skip_serializing_if = "Option::is_none")]
            expires_at: Option<Date>,
        }
        let path = "/personal_access_tokens/self/rotate";
        let request = Request::post(path, path.to_owned()).json(&Body { expires_at })?;
        self.send_alone(request).await?.given()?.json()
    }
}
