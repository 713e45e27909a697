//! The runner that is registered to take the place of one whose token is due.
use jiff::Timestamp;

use super::alike::{over, settings_of};
use super::assignment::assigns;
use super::desired::Wanted;
use super::observed::{Observed, Sighting};
use super::succession::former;
use crate::api::v1alpha1::{DriftPolicy, RotationOverlap};
use crate::gitlab::model::{NewRunner, Release, Runner, Scope, Settings};

/// The runner that is registered to take this one's place; `None` where a new token for the same runner is
/// all that can be: nobody uses the runner, it was taken over by its number, the credential could not find
/// what a lost answer leaves behind, or assignments that spec does not name would be lost.
pub(super) fn successor(
    want: &Wanted,
    runner: &Runner,
    seen: &Observed,
    now: Timestamp,
) -> Option<NewRunner> {
    let user = seen.release.is_none_or(|it| it >= Release::USER);
    let registers = user || want.registration_token.is_some();
    let asked = registers && want.rotation.overlap == RotationOverlap::Twin;
    let free = want.adopt.is_none() && former(seen).is_none() && seen.can_search;
    let scope = seen
        .scope
        .filter(|_| asked && free && runner.online.is_some())?;
    let corrects = want.drift == DriftPolicy::Correct;
    let alone = runner.projects.as_ref().is_some_and(|all| all.len() <= 1);
    let project = matches!(scope, Scope::Project(_));
    let assigned = corrects && seen.can_assign && want.manages_projects();
    if project && !alone && !assigned {
        return None;
    }
    let settings = if corrects {
        over(settings_of(runner, project), want.settings.clone())
    } else {
        settings_of(runner, project)
    };
    Some(want.new_runner(scope, unlocked(want, seen, settings), now))
}

/// What a runner is registered with: as spec says, and where that is silent like the one whose place it is to
/// take, if one is there.
pub(super) fn first_settings(want: &Wanted, scope: Scope, seen: &Observed) -> Settings {
    let old = match former(seen).map(|before| &before.runner) {
        Some(Sighting::Present(old)) => settings_of(old, matches!(scope, Scope::Project(_))),
        Some(Sighting::Absent | Sighting::Unclear(_)) | None => Settings::default(),
    };
    // It was paused for its end, which says nothing of its successor.
    let old = Settings {
        paused: old
            .paused
            .filter(|_| !former(seen).is_some_and(|before| before.retired)),
        ..old
    };
    let mut settings = over(old, want.settings.clone());
    settings
        .description
        .get_or_insert_with(|| want.first_description.clone());
    unlocked(want, seen, settings)
}

/// A runner is locked after it was assigned to its projects, if it can be.
fn unlocked(want: &Wanted, seen: &Observed, settings: Settings) -> Settings {
    let assigned = assigns(want) && seen.can_assign;
    Settings {
        locked: settings.locked.filter(|_| !assigned),
        ..settings
    }
}
