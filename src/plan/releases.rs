//! What GitLab of a release cannot do of what spec asks for.
use super::{
    assignment::unassigned_first,
    desired::Wanted,
    lack::Lack,
    observed::{Observed, Sighting},
    step::{Blocked, Plan, Step},
};
use crate::api::v1alpha1::{DeletionPolicy, ResetToken, RotationOverlap};
use crate::gitlab::model::{Metadata, Release, Runner};

/// The longest description where the mark stands in it too, in characters.
const LONGEST_DESCRIPTION: usize = 896;

impl Observed {
    /// Whether GitLab makes a new token for a runner that is there.
    pub(super) fn can_reset(&self) -> bool {
        self.release
            .is_none_or(|release| release >= Release::RESETS)
    }
}

/// How a runner goes whose token is lost, so that another can be registered. One that was not made here, that is
/// to stay, or whose place no other can take, waits for a person.
pub(super) fn discard(want: &Wanted, runner: &Runner, seen: &Observed, step: Step) -> Plan {
    let ours = !seen.taken_over && want.adopt.is_none();
    let again = want.registration_token.is_some() && want.deletion == DeletionPolicy::Delete;
    match seen.release {
        Some(release) if !(ours && again) => Plan::Hold(Blocked::Unsupported(Lack {
            field: "a token that is lost",
            release,
            since: Release::RESETS,
            enterprise: false,
            instead: "put the runner's token back into the Secret, or delete this object and make it anew",
        })),
        Some(_) | None => Plan::Act(unassigned_first(runner, seen, step)),
    }
}

/// Which GitLab it is, as far as that says what it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The release, where it is known.
    pub release: Option<Release>,
    /// Whether it is known to be the Community Edition.
    pub community: bool,
}

impl Version {
    /// As far as it says so itself.
    pub fn told(metadata: Option<&Metadata>) -> Self {
        Self {
            release: metadata.and_then(Metadata::release),
            community: metadata.is_some_and(|it| it.enterprise == Some(false)),
        }
    }
}

/// What spec asks for in vain, where that is known.
pub(super) fn lack(want: &Wanted, seen: &Observed) -> Option<Lack> {
    let version = Version {
        release: seen.release,
        community: seen.community,
    };
    let absent = seen.runner == Sighting::Absent;
    lacking(want, version, absent, seen.token.requested)
}

/// The same, of a runner that is there or `absent`, and of whose token a new one is `requested` or not.
pub fn lacking(want: &Wanted, version: Version, absent: bool, requested: bool) -> Option<Lack> {
    let release = version.release?;
    let description = want.settings.description.as_deref().unwrap_or_default();
    let too_long = description.chars().count() > LONGEST_DESCRIPTION;
    let adopts = want.adopt.filter(|adopt| adopt.reset != ResetToken::Never);
    // A successor has a token of its own.
    let in_place = want.rotation.overlap == RotationOverlap::None;
    let rows = [
        (
            want.registration_token.is_none() && absent,
            "registration.method User",
            Release::USER,
            "set spec.registration.method to RegistrationToken, with a tokenSecretRef",
        ),
        (
            want.settings.maintenance_note.is_some(),
            "maintenanceNote",
            Release::PAUSED,
            "take it out of spec",
        ),
        (
            too_long,
            "description of more than 896 characters",
            Release::PAUSED,
            "shorten it, since the operator's mark stands in it too",
        ),
        (
            in_place && want.rotation.every.is_some(),
            "tokenRotation.every",
            Release::RESETS,
            "take it out of spec, or set tokenRotation.overlap to Twin",
        ),
        (
            in_place && requested,
            "the annotation gitlab-registrar.dev/rotate-at",
            Release::RESETS,
            "take it away, or set tokenRotation.overlap to Twin",
        ),
        (
            adopts.is_some(),
            "adopt.resetToken IfMissing or Always",
            Release::RESETS,
            "set it to Never",
        ),
    ];
    let lacking = rows
        .into_iter()
        .find(|(asked, _, since, _)| *asked && release < *since);
    let lacking = lacking.map(|(_, field, since, instead)| Lack {
        field,
        release,
        since,
        enterprise: false,
        instead,
    });
    let registers = absent || !in_place && want.adopt.is_none();
    lacking.or_else(|| lacks_life(want, version.community, registers, release))
}

/// An end of the first token is asked for at registration alone, that of a successor included, and every other
/// GitLab ignores what it is asked for without a word.
fn lacks_life(want: &Wanted, community: bool, registers: bool, release: Release) -> Option<Lack> {
    let asked = want.first_token.expires_in.is_some() && registers;
    let lacking = release < Release::TOKEN_LIFE || community;
    (asked && lacking).then_some(Lack {
        field: "registration.expiresIn",
        release,
        since: Release::TOKEN_LIFE,
        enterprise: true,
        instead: "take it out of spec, and rotationDeadline with it",
    })
}
