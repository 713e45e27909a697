//! Registration with a registration token.
use k8s_openapi::api::core::v1::Secret;

use super::pass::Pass;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::SecretKeyRef;
use crate::controller::error::{Error, chain};
use crate::gitlab;
use crate::gitlab::Refusal;
use crate::gitlab::model::{NewRunner, Registered, RegistrationToken, RunnerId, Scope};
use crate::observe::Connected;
use crate::plan::{Outcome, registration_token, resolved};
use crate::secrets;

impl Pass<'_> {
    /// Reads the registration token, where one is to be used; what a person has to put right first, if it
    /// is not there.
    pub(super) async fn read_registration_token(&mut self) -> Result<Option<Outcome>, Error> {
        let want = self.want.as_ref();
        let Some(place) = want.and_then(|want| want.registration_token.clone()) else {
            self.registration_token = None;
            return Ok(None);
        };
        let secret = self.secrets().get_opt(&place.name).await;
        let secret = secret
            .map_err(|error| Error::kube("read the Secret of the registration token", error))?;
        match read(secret.as_ref(), &place) {
            Ok(token) => {
                self.registration_token = Some(token);
                Ok(None)
            }
            Err(message) => {
                let reason = Reason::RegistrationTokenMissing;
                Ok(Some(Outcome::Obstructed(reason, message)))
            }
        }
    }

    /// What a refusal may hang on besides the object and its connection.
    pub(super) fn registration_digest(&self) -> Option<String> {
        let token = self.registration_token.as_ref()?;
        Some(secrets::digest(token.expose()))
    }

    /// What to do about a registration that was refused, where GitLab's words do not say it.
    pub(super) fn registration_advice(&self, error: &gitlab::Error) -> Option<String> {
        let place = self
            .want
            .as_ref()
            .and_then(|want| want.registration_token.as_ref());
        match (error.refusal()?, place) {
            (Refusal::RegistrationTokenUnknown, Some(SecretKeyRef { name, key })) => Some(format!(
                "GitLab does not know the registration token in Secret {name}, key {key}, or an administrator has switched off that kind of them: put the present one there"
            )),
            (Refusal::RegistrationDisallowed, _) => Some(
                "registration by token is switched off there, for the instance or for the top-level group, whatever the token: set spec.registration.method to User, which takes GitLab 15.11, or let an administrator allow it".to_owned(),
            ),
            (Refusal::NoSuchRegistration, None) => Some(
                "GitLab before 15.11 registers no runners like that: set spec.registration.method to RegistrationToken, with a tokenSecretRef".to_owned(),
            ),
            (Refusal::TokenLife, _) => Some(
                "that is the end that spec.registration.expiresIn asks for, or the time of spec.registration.rotationDeadline: write another, or take both out of spec".to_owned(),
            ),
            _ => None,
        }
    }

    /// Asks GitLab for a new runner.
    pub(super) async fn posted(
        &self,
        link: &Connected,
        new: &NewRunner,
    ) -> Result<Registered, gitlab::Error> {
        let client = link.client.leaving(&self.trail);
        match &self.registration_token {
            Some(token) => client.register_by_token(new, token).await,
            None => client.register(new).await,
        }
    }

    /// Whether spec asks for a registration by token.
    pub(super) fn registers_by_token(&self) -> bool {
        let want = self.want.as_ref();
        want.is_some_and(|want| want.registration_token.is_some())
    }

    /// What is known of a runner that was just registered. A registration token alone decides where its
    /// runner goes: where that is elsewhere than spec.scope says, status tells so, and whoever looks next
    /// compares the two.
    pub(super) async fn settle(&mut self, link: &Connected, id: RunnerId, asked: &NewRunner) {
        if self.registration_token.is_none() {
            self.assume(asked, id);
            return;
        }
        let Some(place) = home(link, id).await.filter(|place| *place != asked.scope) else {
            return;
        };
        let mut status = self.status();
        status.scope = Some(resolved(place, &link.url));
        if let Err(error) = self.write(status).await {
            let why = chain(&error);
            tracing::warn!(runner = id.0, why, "place of a new runner not kept");
        }
    }
}

/// Where a new runner is at home, as far as GitLab tells.
async fn home(link: &Connected, id: RunnerId) -> Option<Scope> {
    let runner = link.client.runner(id).await.ok()??;
    match &*runner.runner_type {
        "instance_type" => Some(Scope::Instance),
        "project_type" => {
            let project = runner.projects.as_ref()?.first()?;
            Some(Scope::Project(project.id))
        }
        _ => {
            let group = link.client.group_id(runner.group_path()?).await.ok()??;
            Some(Scope::Group(group))
        }
    }
}

/// The registration token in a Secret, or what is wrong with it.
fn read(secret: Option<&Secret>, place: &SecretKeyRef) -> Result<RegistrationToken, String> {
    let SecretKeyRef { name, key } = place;
    let secret = secret.ok_or_else(|| {
        format!("there is no Secret {name} in this namespace, which spec.registration.tokenSecretRef names")
    })?;
    let bytes = secret.data.as_ref().and_then(|data| data.get(key));
    let bytes = bytes.ok_or_else(|| format!("Secret {name} has no key {key}"))?;
    match registration_token(&bytes.0) {
        Ok("") => Err(format!("Secret {name}, key {key} is empty")),
        Ok(token) => Ok(RegistrationToken::new(token.to_owned())),
        Err(why) => Err(format!("Secret {name}, key {key}: {why}")),
    }
}
