//! The brain: what is wanted, what was seen and the time, turned into the next step.
use jiff::Timestamp;

use super::{
    adoption::adopt,
    assignment::{assignment, before_removal, lost_owner, unassignable, unassigned_first},
    brake::is_held_up,
    desired::{Desired, Wanted},
    diff::{diff, possible},
    drain,
    mark::Mark,
    observed::{Doubt, Naming, Observed, SecretSighting, Sighting, StoredToken, TokenState},
    releases::{discard, lack},
    renewal::{conflict, is_superseded, renewal, template},
    step::{Blocked, Plan, ResetReason, Step},
    succession::{goes_first, reinstate, retire},
    successor::first_settings,
    unseen::unseen,
};
use crate::api::v1alpha1::{DeletionPolicy, DriftPolicy};
use crate::gitlab::model::{Runner, RunnerId};

/// Chooses the next step. `mark` is what a note is signed with that has lost its mark.
pub fn decide(desired: &Desired, seen: &Observed, mark: &Mark, now: Timestamp) -> Plan {
    let plan = choose(desired, seen, mark, now);
    match seen.brake {
        Some(brake) if is_held_up(brake, desired, seen, &plan) => Plan::Hold(Blocked::Brake(brake)),
        Some(_) | None => plan,
    }
}

fn choose(desired: &Desired, seen: &Observed, mark: &Mark, now: Timestamp) -> Plan {
    let settling = seen.settles_at.filter(|at| *at > now);
    if let (Desired::Exists(_), Naming::Other { named, lives }) = (desired, &seen.naming) {
        let (named, lives) = (named.clone(), lives.clone());
        return Plan::Hold(Blocked::ScopeElsewhere { named, lives });
    }
    match desired {
        Desired::Gone(DeletionPolicy::Orphan) => drain::release(seen),
        Desired::Gone(DeletionPolicy::Delete) => finalize(seen, settling, now),
        Desired::Exists(want) => match &seen.runner {
            _ if let Some(lack) = lack(want, seen) => Plan::Hold(Blocked::Unsupported(lack)),
            _ if let Some(adoption) = &seen.adoption => adopt(adoption, seen, mark),
            Sighting::Absent => match settling {
                Some(until) => Plan::Hold(Blocked::Settling(until)),
                None => register(want, seen, now),
            },
            Sighting::Unclear(Doubt::Foreign(_) | Doubt::Elsewhere)
                if want.deletion == DeletionPolicy::Orphan =>
            {
                register(want, seen, now)
            }
            // It may well be this object's, so that a policy from before is no answer.
            Sighting::Unclear(Doubt::Unmarked(_))
                if want.deletion == DeletionPolicy::Orphan && seen.answered =>
            {
                register(want, seen, now)
            }
            Sighting::Unclear(Doubt::Unseen(id)) => {
                unseen(want, *id, keep_token(want, *id, seen), seen, now)
            }
            Sighting::Unclear(doubt) => Plan::Hold(Blocked::Unclear(*doubt)),
            Sighting::Present(runner) => maintain(want, runner, seen, mark, now),
        },
    }
}

fn register(want: &Wanted, seen: &Observed, now: Timestamp) -> Plan {
    // Without a place for the token a registration would lose it.
    if let SecretSighting::Foreign(made_for) = &seen.secret {
        return Plan::Hold(Blocked::SecretConflict(made_for.clone()));
    }
    let Some(scope) = seen.scope else {
        return Plan::Hold(Blocked::ScopeUnknown);
    };
    let new = want.new_runner(scope, first_settings(want, scope, seen), now);
    Plan::Act(Step::Register(Box::new(new)))
}

/// The runner exists: first a token that works, then the right settings, then the projects, and a new
/// token if it is time for one. Twins go before all that, since once the number is kept nobody looks for
/// a mark any more.
fn maintain(want: &Wanted, runner: &Runner, seen: &Observed, mark: &Mark, now: Timestamp) -> Plan {
    let twin = seen.twins.first().map(|twin| Step::Unregister(*twin));
    if let Some(step) = twin.or_else(|| reinstate(want, runner, seen)) {
        return Plan::Act(step);
    }
    match (keep_token(want, runner.id, seen), seen.under_way) {
        (Some(Step::ResetToken(..)), _) if want.leaves_token_of(runner.id) => {}
        (Some(Step::ResetToken(id, why)), _) if !seen.can_reset() => {
            return discard(want, runner, seen, Step::Discard(id, why));
        }
        (Some(Step::ResetToken(..)), Some(until)) if until > now => {
            return Plan::Hold(Blocked::UnderWay(until));
        }
        (Some(step), _) => return Plan::Act(step),
        (None, _) => {}
    }
    // A new token that is refused is to keep nothing else from being done.
    let plan = settings_and_projects(want, runner, seen, mark);
    let rests = plan == Plan::Rest;
    let renewal = renewal(want, runner, seen, now, rests);
    match (
        plan,
        renewal.or_else(|| retire(want, runner, seen, now).filter(|_| rests)),
    ) {
        (Plan::Rest | Plan::Hold(_), Some(step)) => Plan::Act(step),
        (Plan::Rest, None) => conflict(seen)
            .or_else(|| template(seen))
            .map_or(Plan::Rest, Plan::Hold),
        (plan @ Plan::Act(_), _) | (plan @ Plan::Hold(_), None) => plan,
    }
}

fn settings_and_projects(want: &Wanted, runner: &Runner, seen: &Observed, mark: &Mark) -> Plan {
    if want.drift == DriftPolicy::Report {
        return Plan::Rest;
    }
    let assignment = assignment(runner, seen);
    let mut settings = want.settings.clone();
    // A locked runner is neither assigned nor, lately, unassigned (contract §3.12, §3.13), unless by
    // an administrator; so the lock is opened first and closed when all is done.
    if settings.locked == Some(true) && assignment.is_some() && !seen.admin {
        settings.locked = Some(false);
    }
    let edit = diff(runner, &settings, mark).and_then(|edit| possible(runner, edit));
    if let Some(edit) = edit {
        return Plan::Act(Step::Edit(runner.id, Box::new(edit)));
    }
    if let Some(step) = assignment {
        return Plan::Act(step);
    }
    unassignable(want, runner, seen).map_or(Plan::Rest, |unassignable| {
        Plan::Hold(Blocked::Projects(unassignable))
    })
}

/// What must be done about the Secret, if anything. The runner's token moves along to the name that
/// spec asks for, and our other Secrets go one by one.
fn keep_token(want: &Wanted, id: RunnerId, seen: &Observed) -> Option<Step> {
    let elsewhere = || {
        seen.others
            .iter()
            .any(|(_, kept)| replaced(id, kept).is_none())
    };
    let why = match &seen.secret {
        SecretSighting::Foreign(_) => return None,
        SecretSighting::Absent => ResetReason::Missing,
        SecretSighting::Ours(here) => match replaced(id, here) {
            // Whoever renews the token has the one that works.
            Some(ResetReason::Expired) if want.rotation.is_left_to_runners() => return None,
            Some(why) => why,
            None if is_superseded(want, &seen.token) => {
                return Some(Step::ResetToken(id, ResetReason::Superseded));
            }
            None if !here.tidy => return Some(Step::RepairSecret(id)),
            None => {
                let name = seen.others.iter().map(|(name, _)| name).min()?;
                return Some(Step::DeleteSecret(name.clone()));
            }
        },
    };
    Some(if elsewhere() {
        Step::RepairSecret(id)
    } else {
        Step::ResetToken(id, why)
    })
}

/// Why a Secret does not hold this runner's token, if it does not.
fn replaced(id: RunnerId, stored: &StoredToken) -> Option<ResetReason> {
    let StoredToken {
        runner,
        attempt: _,
        operation: _,
        token,
        digest: _,
        tidy: _,
        issued_at: _,
        expires_at: _,
        rotation_deadline: _,
    } = stored;
    match token {
        TokenState::Missing => Some(ResetReason::Missing),
        TokenState::Edited => Some(ResetReason::Edited),
        TokenState::Unproven => Some(ResetReason::Unproven),
        TokenState::Expired => Some(ResetReason::Expired),
        TokenState::Intact => {
            let same = runner.as_ref().is_some_and(|known| known.id == id);
            (!same).then_some(ResetReason::Foreign)
        }
    }
}

/// The object goes and the runner with it.
fn finalize(seen: &Observed, settling: Option<Timestamp>, now: Timestamp) -> Plan {
    match &seen.runner {
        Sighting::Absent | Sighting::Unclear(Doubt::NotAsked(_))
            if let Some(plan) = goes_first(seen, now) =>
        {
            plan
        }
        Sighting::Absent => settling.map_or(Plan::Rest, |at| Plan::Hold(Blocked::Settling(at))),
        Sighting::Unclear(Doubt::NotAsked(id)) => by_token(*id, seen, now),
        // Twins carry our mark, and nobody looks for one once the object is gone.
        Sighting::Unclear(Doubt::Unreadable(_) | Doubt::Hidden(_)) | Sighting::Present(_)
            if let Some(twin) = seen.twins.first() =>
        {
            Plan::Act(Step::Unregister(*twin))
        }
        Sighting::Unclear(doubt)
            if let Some(id) = doubt.out_of_sight().filter(|id| holds(*id, seen)) =>
        {
            Plan::Act(Step::UnregisterByToken(id))
        }
        Sighting::Unclear(doubt) => Plan::Hold(Blocked::Unclear(*doubt)),
        Sighting::Present(runner) => drain::before_removal(runner, seen, now)
            .or_else(|| goes_first(seen, now))
            .unwrap_or_else(|| Plan::Act(removal(runner, seen))),
    }
}

/// How a runner that is there is taken away. Its own token removes it whatever the credential may not
/// do, and however many projects it has, of which GitLab need not show all (contract §3.15).
fn removal(runner: &Runner, seen: &Observed) -> Step {
    let before = before_removal(runner, seen);
    let barred = before.is_some() && !seen.can_assign || !seen.admin && lost_owner(runner, seen);
    if holds(runner.id, seen) && (barred || seen.refused) {
        return Step::UnregisterByToken(runner.id);
    }
    // Without the token GitLab may judge: whether such a credential is an administrator's is not known.
    unassigned_first(runner, seen, Step::Unregister(runner.id))
}

/// No credential can be used, but whoever holds the runner's token may delete it (contract §3.15), unless
/// GitLab has refused that token as well. Then whoever says what is to become of such a runner is obeyed.
fn by_token(id: Option<RunnerId>, seen: &Observed, now: Timestamp) -> Plan {
    let refused = seen.refused && seen.goodbye.orphaned_at.is_some();
    match id {
        Some(id) if holds(id, seen) && !refused => Plan::Act(Step::UnregisterByToken(id)),
        Some(_) | None if drain::is_given_up(seen, now) => drain::release(seen),
        Some(_) | None => Plan::Hold(Blocked::Undeletable(seen.goodbye.orphaned_at)),
    }
}

/// Whether we hold this runner's token. One that is kept of another runner, one that vanished, says
/// nothing of this one.
fn holds(id: RunnerId, seen: &Observed) -> bool {
    seen.stored().any(|stored| replaced(id, stored).is_none())
}
