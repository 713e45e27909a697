//! Spec, checked and normalised; or the complaint that its author can act upon.
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::diff::normalised;
use super::first_token::FirstToken;
use super::pausing::{Pausing, pausing};
use super::quoted::quoted;
use super::rotation::Rotation;
use super::takeover::WantedAdoption;
use crate::api::v1alpha1::{
    AccessLevel, DeletionPolicy, DriftPolicy, ExtraKey, GitLabRunner, GitLabRunnerSpec,
    ProjectSelector, SecretKeyRef, Target, TokenSecret,
};
use crate::gitlab::model::{self, Settings};

/// What should be the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desired {
    /// The runner should exist like this.
    Exists(Box<Wanted>),
    /// The object is going away, and the runner with it, or not.
    Gone(DeletionPolicy),
}

/// What the runner should be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The settings that are managed; the note is without our mark.
    pub settings: Settings,
    /// What the description is at registration when it is not managed: `<namespace>/<name>`.
    pub first_description: String,
    /// The further projects, when they are managed.
    pub projects: Option<Vec<Target>>,
    /// Which projects besides, when some are selected.
    pub selector: Option<ProjectSelector>,
    /// The Secret for the token.
    pub secret: WantedSecret,
    /// When the token is replaced.
    pub rotation: Rotation,
    /// How long the first token lives.
    pub first_token: FirstToken,
    /// What becomes of the windows in which it is paused, if there are any; the settings follow them.
    pub pausing: Option<Pausing>,
    /// Whether to change GitLab back.
    pub drift: DriftPolicy,
    /// Whether a runner that a changed url took out of reach may be left behind.
    pub deletion: DeletionPolicy,
    /// The runner to take over instead of registering one.
    pub adopt: Option<WantedAdoption>,
    /// Where the registration token is, if one is to be used.
    pub registration_token: Option<SecretKeyRef>,
}

impl Wanted {
    /// Whether anything is said of the projects that the runner is assigned to.
    pub fn manages_projects(&self) -> bool {
        self.projects.is_some() || self.selector.is_some()
    }
}

/// What the Secret should be like, apart from what the operator itself puts there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSecret {
    /// Its name.
    pub name: String,
    /// Labels it must carry.
    pub labels: BTreeMap<String, String>,
    /// Annotations it must carry.
    pub annotations: BTreeMap<String, String>,
    /// The configuration of gitlab-runner that it is to hold.
    pub config: Option<WantedConfig>,
}

/// What a configuration of gitlab-runner is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedConfig {
    /// The template, if it is not ours.
    pub template: Option<String>,
    /// What the runner is described as, which a template may name.
    pub description: String,
}

/// Why a spec cannot be carried out, as a sentence that says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint(pub String);

const UNTAGGED: &str = "tags can not be empty when runner is not allowed to pick untagged jobs: add a tag, or set runUntagged to true";

/// Reads a spec. The API server has refused most of what is wrong by then (see the CEL rules); what
/// is checked here again protects objects that were stored before a rule existed.
pub fn desired(
    runner: &GitLabRunner,
    namespace: &str,
    name: &str,
    now: Timestamp,
) -> Result<Wanted, Complaint> {
    // Destructured without `..`: a new field must be given a meaning here.
    let GitLabRunnerSpec {
        connection_ref: _,
        scope: _,
        description,
        tags,
        run_untagged,
        paused,
        pause_windows,
        locked,
        access_level,
        maximum_timeout,
        maintenance_note,
        projects,
        adopt,
        project_selector,
        registration,
        token_secret,
        token_rotation,
        deletion_policy,
        drain: _,
        lost_credentials: _,
        drift_policy,
        suspend: _,
    } = &runner.spec;
    let tags = tags.as_ref().map(|tags| normalised(tags));
    if *run_untagged == Some(false) && tags.as_ref().is_none_or(BTreeSet::is_empty) {
        return Err(Complaint(UNTAGGED.to_owned()));
    }
    let windows = pause_windows.as_deref().unwrap_or_default();
    let pausing = pausing(windows, now).map_err(Complaint)?;
    let first_description = format!("{namespace}/{name}");
    let described = description.as_ref().unwrap_or(&first_description);
    let registration = registration.clone().unwrap_or_default();
    let secret = wanted_secret(token_secret.clone().unwrap_or_default(), name, described);
    Ok(Wanted {
        settings: Settings {
            description: description.clone(),
            tags,
            run_untagged: *run_untagged,
            paused: paused_by(*paused, pausing),
            locked: *locked,
            access_level: access_level.map(served),
            maximum_timeout: maximum_timeout.as_deref().map(timeout).transpose()?,
            maintenance_note: maintenance_note
                .as_deref()
                .map(|note| note.trim_end().to_owned()),
        },
        first_description,
        projects: projects.clone(),
        selector: project_selector.clone(),
        secret,
        rotation: Rotation::wanted(token_rotation.as_ref()).map_err(Complaint)?,
        first_token: FirstToken::wanted(&registration).map_err(Complaint)?,
        pausing,
        drift: *drift_policy,
        deletion: *deletion_policy,
        adopt: adopt.as_ref().and_then(WantedAdoption::of),
        registration_token: registration.token_secret_ref,
    })
}

fn served(level: AccessLevel) -> model::AccessLevel {
    match level {
        AccessLevel::NotProtected => model::AccessLevel::NotProtected,
        AccessLevel::RefProtected => model::AccessLevel::RefProtected,
    }
}

fn wanted_secret(secret: TokenSecret, object: &str, description: &str) -> WantedSecret {
    let TokenSecret {
        name,
        labels,
        annotations,
        extra_keys,
        config_template,
    } = secret;
    let mut keys = extra_keys.into_iter().flatten();
    WantedSecret {
        name: name.unwrap_or_else(|| format!("{object}-runner-token")),
        labels: labels.unwrap_or_default(),
        annotations: annotations.unwrap_or_default(),
        config: keys
            .any(|key| key == ExtraKey::ConfigToml)
            .then(|| WantedConfig {
                template: config_template,
                description: description.to_owned(),
            }),
    }
}

/// A window goes before what is said for good, which else counts. Without windows nobody need have said.
fn paused_by(paused: Option<bool>, pausing: Option<Pausing>) -> Option<bool> {
    match pausing {
        Some(pausing) => Some(pausing.window_open || paused == Some(true)),
        None => paused,
    }
}

/// `0s` is no limit; anything else is at least ten minutes (contract §1.5).
fn timeout(text: &str) -> Result<Option<u32>, Complaint> {
    let complaint = || {
        Complaint(format!(
            "maximumTimeout {} must be a duration of at least 10m such as 1h30m, or 0s for no limit",
            quoted(text)
        ))
    };
    let duration: SignedDuration = text.parse().map_err(|_| complaint())?;
    match u32::try_from(duration.as_secs()).map_err(|_| complaint())? {
        0 => Ok(None),
        seconds if seconds >= 600 => Ok(Some(seconds)),
        _ => Err(complaint()),
    }
}
