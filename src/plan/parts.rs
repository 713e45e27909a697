//! What each part of being ready says, from the facts alone.
use super::{
    adoption::not_kept,
    assignment::unassignable,
    diff::{diff, differences, possible, project_difference},
    explain::explain,
    observed::{Doubt, Naming, Observed, SecretSighting, Sighting, StoredToken, TokenState},
    outcome::Facts,
    renewal::{is_superseded, left_to_runners},
    step::Blocked,
    unseen::not_visible,
};
use crate::api::conditions::{Reason, Truth};
use crate::api::v1alpha1::DriftPolicy;
use crate::gitlab::model::{Note, Runner};

pub(super) fn registered(facts: &Facts<'_>, seen: &Observed) -> Option<(Truth, Reason, String)> {
    Some(match &seen.runner {
        Sighting::Present(runner) => (
            Truth::True,
            Reason::Succeeded,
            format!("runner {}", runner.id) + &moved(seen).unwrap_or_default(),
        ),
        Sighting::Absent => {
            let message = if facts.leaving {
                "there is no runner in GitLab any more"
            } else {
                "there is no runner in GitLab yet"
            };
            (Truth::False, Reason::Progressing, message.to_owned())
        }
        Sighting::Unclear(Doubt::Unseen(id)) if !facts.leaving => (
            Truth::True,
            Reason::Succeeded,
            format!("runner {id}, at which the connection's credential may not look"),
        ),
        Sighting::Unclear(Doubt::NotAsked(_)) => return None,
        Sighting::Unclear(doubt @ Doubt::Vanished { .. }) => {
            let (reason, message) = explain(&Blocked::Unclear(*doubt), facts);
            (Truth::False, reason, message)
        }
        Sighting::Unclear(doubt) => {
            let (reason, message) = explain(&Blocked::Unclear(*doubt), facts);
            (Truth::Unknown, reason, message)
        }
    })
}

pub(super) fn token_ready(facts: &Facts<'_>, seen: &Observed) -> Option<(Truth, Reason, String)> {
    let want = facts.want?;
    let name = &want.secret.name;
    Some(match &seen.secret {
        SecretSighting::Ours(stored)
            if let Some(message) = left_to_runners(want, stored, &seen.token) =>
        {
            (Truth::False, Reason::RenewedByRunner, message)
        }
        SecretSighting::Ours(stored)
            if is_of(seen, stored) && !is_superseded(want, &seen.token) =>
        {
            (Truth::True, Reason::Succeeded, format!("Secret {name}"))
        }
        SecretSighting::Foreign(made_for) => {
            let (reason, message) = explain(&Blocked::SecretConflict(made_for.clone()), facts);
            (Truth::False, reason, message)
        }
        SecretSighting::Ours(_) | SecretSighting::Absent
            if let Some(runner) = present(seen).filter(|it| want.leaves_token_of(it.id)) =>
        {
            (
                Truth::False,
                Reason::TokenNotKept,
                not_kept(name, runner.id),
            )
        }
        SecretSighting::Ours(_) | SecretSighting::Absent => (
            Truth::False,
            Reason::Progressing,
            format!("Secret {name} does not hold the runner's token"),
        ),
    })
}

pub(super) fn synced(facts: &Facts<'_>, seen: &Observed) -> Option<(Truth, Reason, String)> {
    if let (Some(_), Sighting::Unclear(Doubt::Unseen(id))) = (facts.want, &seen.runner) {
        return Some((Truth::Unknown, Reason::NotVisible, not_visible(*id)));
    }
    let (want, runner) = (facts.want?, present(seen)?);
    let edit = diff(runner, &want.settings, facts.mark).unwrap_or_default();
    let rows = differences(runner, &edit);
    let fields: Vec<&str> = rows.iter().map(|row| row.field).collect();
    let possible = possible(runner, edit).is_some();
    Some(match (fields.is_empty(), want.drift) {
        (true, _) if want.settings.maintenance_note.is_some() && runner.maintenance_note == Note::Unseen => (
            Truth::Unknown,
            Reason::Unsupported,
            "GitLab before 16.10 shows maintenanceNote by GraphQL only, which does not answer this credential: give it read_api or api, or take maintenanceNote out of spec".to_owned(),
        ),
        (true, _) => (Truth::True, Reason::Succeeded, String::new()),
        (false, DriftPolicy::Correct) if !possible => (
            Truth::False,
            Reason::Unsupported,
            "GitLab before 16.10 takes maintenanceNote at registration only: change it in GitLab's own pages, or take it out of spec".to_owned(),
        ),
        (false, DriftPolicy::Report) => (
            Truth::False,
            Reason::Drifted,
            format!("GitLab differs in {}; see status.drift", fields.join(", ")),
        ),
        (false, DriftPolicy::Correct) => (
            Truth::False,
            Reason::Progressing,
            format!("changing {}", fields.join(", ")),
        ),
    })
}

pub(super) fn projects_assigned(
    facts: &Facts<'_>,
    seen: &Observed,
) -> Option<(Truth, Reason, String)> {
    let (want, runner) = (facts.want?, present(seen)?);
    if let Some(unassignable) = unassignable(want, runner, seen) {
        let (reason, message) = explain(&Blocked::Projects(unassignable), facts);
        return Some((Truth::False, reason, message));
    }
    Some(match (project_difference(runner, seen), want.drift) {
        (None, _) => (Truth::True, Reason::Succeeded, String::new()),
        (Some(_), DriftPolicy::Report) => (
            Truth::False,
            Reason::Drifted,
            "GitLab differs in projects; see status.drift".to_owned(),
        ),
        (Some(_), DriftPolicy::Correct) => (
            Truth::False,
            Reason::Progressing,
            "changing projects".to_owned(),
        ),
    })
}

/// Where the place of the runner has moved to, as the end of a sentence.
pub(super) fn moved(seen: &Observed) -> Option<String> {
    match &seen.naming {
        Naming::Moved(now) => Some(format!(
            "; it lives in {now}, to which the path in spec.scope no longer leads"
        )),
        Naming::Same | Naming::Other { .. } => None,
    }
}

pub(super) fn present(seen: &Observed) -> Option<&Runner> {
    match &seen.runner {
        Sighting::Present(runner) => Some(runner),
        Sighting::Absent | Sighting::Unclear(_) => None,
    }
}

/// Whether a Secret holds the token of the runner that was seen, if one was.
pub(super) fn is_of(seen: &Observed, stored: &StoredToken) -> bool {
    let its = stored.runner.as_ref().map(|known| known.id);
    let other = present(seen).is_some_and(|runner| its != Some(runner.id));
    stored.token == TokenState::Intact && !other
}
