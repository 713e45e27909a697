//! Registration with a registration token, GitLab's way before 15.11 (contract §3.14, §3.19).
use std::env::consts::{ARCH, OS};

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::Error;
use super::in_description::{folded, is_needed};
use super::model::{NewRunner, Registered, RegistrationToken, Scope, Settings};
use super::refusal::Refusal;
use super::request::Request;
use super::wire::Edit;

/// What is told of whoever registers. GitLab before 15.11 keeps all of it on the runner, and later ones
/// the name.
#[derive(Serialize)]
struct Info {
    name: &'static str,
    version: &'static str,
    platform: &'static str,
    architecture: &'static str,
}

const INFO: Info = Info {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    platform: OS,
    architecture: ARCH,
};

#[derive(Serialize)]
struct Body<'a> {
    token: &'a str,
    info: Info,
    #[serde(flatten)]
    settings: Edit<'a>,
}

#[derive(Deserialize)]
struct Fresh {
    token: RegistrationToken,
}

impl Client {
    /// Registers a runner where its registration token says (contract §3.14); the client's own
    /// credential is not sent. Repeating it makes another runner, and the token is shown this once: after
    /// [`Error::Lost`], [`find`](Client::find) first. Refused by name are
    /// [`Refusal::RegistrationTokenUnknown`] and [`Refusal::RegistrationDisallowed`].
    pub async fn register_by_token(
        &self,
        new: &NewRunner,
        token: &RegistrationToken,
    ) -> Result<Registered, Error> {
        let release = self.release();
        let settings: Settings = if is_needed(release) {
            folded(&new.settings)
        } else {
            new.settings.clone()
        };
        let body = Body {
            token: token.expose(),
            info: INFO,
            settings: Edit::of(&settings, release),
        };
        let request = Request::post("/runners", "/runners".to_owned());
        let request = request.authorised_by(token.expose()).json(&body)?;
        let answer = self.send(request).await.map_err(of_registration);
        answer?.given()?.json()
    }

    /// Makes a new registration token (contract §3.19); the one before stops working at once.
    pub async fn reset_registration_token(&self, scope: Scope) -> Result<RegistrationToken, Error> {
        let (endpoint, path) = match scope {
            Scope::Instance => (
                "/runners/reset_registration_token",
                "/runners/reset_registration_token".to_owned(),
            ),
            Scope::Group(id) => (
                "/groups/:id/runners/reset_registration_token",
                format!("/groups/{id}/runners/reset_registration_token"),
            ),
            Scope::Project(id) => (
                "/projects/:id/runners/reset_registration_token",
                format!("/projects/{id}/runners/reset_registration_token"),
            ),
        };
        let given = self.send(Request::post(endpoint, path)).await?.given()?;
        given.json::<Fresh>().map(|Fresh { token }| token)
    }
}

/// What a refusal says of a registration token.
fn of_registration(error: Error) -> Error {
    let refusal = match (error.status(), error.refusal()) {
        (Some(403), Some(Refusal::Forbidden | Refusal::Other)) => Refusal::RegistrationTokenUnknown,
        (Some(410), Some(_)) => Refusal::RegistrationDisallowed,
        _ => return of_way(error),
    };
    instead(error, refusal)
}

/// What it means that there is no such endpoint where runners are registered.
pub(super) fn of_way(error: Error) -> Error {
    match error.refusal() {
        Some(Refusal::NoSuchEndpoint) => instead(error, Refusal::NoSuchRegistration),
        _ => error,
    }
}

fn instead(error: Error, refusal: Refusal) -> Error {
    if let Error::Refused {
        status, message, ..
    } = error
    {
        return Error::Refused {
            status,
            message,
            refusal,
        };
    }
    error
}
