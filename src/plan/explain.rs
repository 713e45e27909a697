//! Why we wait, in words.
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    adoption::unadoptable,
    goodbye::{Draining, Jobs},
    observed::{Doubt, Known, Observed, Sighting},
    outcome::{Facts, Named},
    step::{Blocked, Unassignable},
    unseen::{out_of_reach, unremovable},
};
use crate::api::conditions::Reason;

/// Why we wait, as a reason and a sentence.
pub(super) fn explain(blocked: &Blocked, facts: &Facts<'_>) -> (Reason, String) {
    match blocked {
        Blocked::Unclear(doubt) => unclear(doubt),
        Blocked::Settling(until) => (
            Reason::RegistrationUnclear,
            format!(
                "the answer to a registration was lost; the runner is looked for until {until:.0}, then registered anew"
            ),
        ),
        Blocked::ScopeUnknown => (Reason::ScopeNotFound, scope_unknown(facts.named)),
        Blocked::ScopeElsewhere { named, lives } => (
            Reason::ScopeChanged,
            format!(
                "spec.scope names {named}, but the runner was registered for {lives}: nothing is written until it names that again"
            ),
        ),
        Blocked::OutOfReach(id, undone) => (Reason::NotVisible, out_of_reach(*id, *undone)),
        Blocked::Unsupported(lack) => (Reason::Unsupported, lack.told()),
        Blocked::Unadoptable(id, why) => (
            Reason::AdoptionRefused,
            unadoptable(*id, *why, &facts.named.scope),
        ),
        Blocked::UnderWay(until) => (
            Reason::Progressing,
            format!("a reset of the runner's token was begun, and is waited for until {until:.0}"),
        ),
        Blocked::SecretConflict(made_for) => (
            Reason::SecretConflict,
            secret_conflict(facts.named, made_for.as_ref()),
        ),
        Blocked::Template(why) => (
            Reason::TemplateInvalid,
            format!(
                "spec.tokenSecret.configTemplate makes no config.toml that gitlab-runner takes: {why}. The one in the Secret stays as it is, but for the token"
            ),
        ),
        Blocked::Projects(unassignable) => projects(unassignable),
        Blocked::Undeletable(until) => (
            Reason::DeletionBlocked,
            undeletable(facts.named, facts.seen, *until),
        ),
        Blocked::Draining(draining) => drained(draining),
        Blocked::Brake(brake) => (Reason::RunnersLost, brake.told()),
    }
}

fn scope_unknown(Named { scope, .. }: &Named) -> String {
    let field = scope.split(' ').next().unwrap_or_default();
    format!(
        "GitLab knows no {scope}, or the connection's credential cannot see it: correct spec.scope.{field}.path, or let the credential's user see the {field}"
    )
}

/// Whose the Secret is that has the name of ours, and the two ways out.
fn secret_conflict(named: &Named, made_for: Option<&Known>) -> String {
    let Named {
        secret, secret_of, ..
    } = named;
    match made_for {
        None => format!(
            "the Secret {secret} is not this object's{secret_of}; it is left alone. Choose another spec.tokenSecret.name, or delete that Secret if nobody needs it"
        ),
        Some(Known { id, gitlab_url }) => format!(
            "the Secret {secret} was made for runner {id} at {gitlab_url} by another object, such as an earlier one of this name{secret_of}; it is left alone. If that object is gone, take the runner over with its Secret: set spec.adopt to {{runnerId: {id}, force: true}}. If not, choose another spec.tokenSecret.name; or give that runner up: remove it in GitLab, and then delete the Secret. To delete the Secret alone would leave the runner behind"
        ),
    }
}

/// What is waited for before the runner is removed.
fn drained(Draining { until, jobs, .. }: &Draining) -> (Reason, String) {
    let counted = |what: &str| {
        format!("the object goes; its runner is paused, and {what} for until {until:.0}")
    };
    match jobs {
        Jobs::Running(1) => (Reason::Draining, counted("1 running job is waited")),
        Jobs::Running(number) => {
            let what = format!("{number} running jobs are waited");
            (Reason::Draining, counted(&what))
        }
        Jobs::Unasked => (Reason::Draining, counted("its jobs are waited")),
        Jobs::Hidden => (
            Reason::Draining,
            counted("jobs that the connection's credential is not shown are waited"),
        ),
        Jobs::Unreadable(words) => (
            Reason::JobsUnreadable,
            format!(
                "the object goes; GitLab does not let the connection's credential see the jobs of its runner ({words}), so that it is removed at {until:.0}, whatever it runs then. Give the connection a credential that may, or take spec.drain out to remove the runner at once"
            ),
        ),
    }
}

fn undeletable(
    Named { barred, .. }: &Named,
    seen: Option<&Observed>,
    until: Option<Timestamp>,
) -> String {
    let number = seen.and_then(|seen| match &seen.runner {
        Sighting::Unclear(Doubt::NotAsked(id)) => *id,
        Sighting::Present(runner) => Some(runner.id),
        Sighting::Absent | Sighting::Unclear(_) => None,
    });
    let runner = match number {
        Some(id) => format!("runner {id} is still in GitLab"),
        None => "a runner that an attempt to register has made may be in GitLab".to_owned(),
    };
    let barred = barred.as_deref().unwrap_or("the connection cannot be used");
    let then = match until {
        Some(until) => format!("At {until:.0} it is left in GitLab; repair the connection before"),
        None => "Repair the connection, or set spec.deletionPolicy to Orphan to leave the runner in GitLab".to_owned(),
    };
    let token = if seen.is_some_and(|seen| seen.refused) {
        "GitLab does not take the runner's own token"
    } else {
        "no Secret of this object holds the runner's own token"
    };
    format!("{runner}: {barred}, and {token}. {then}")
}

/// What nothing can be done about among the further projects. Those that GitLab refuses in the same
/// words are named together.
fn projects(unassignable: &Unassignable) -> (Reason, String) {
    let Unassignable {
        unknown,
        unlisted,
        refused,
    } = unassignable;
    let mut by_words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, words) in refused {
        by_words.entry(words).or_default().push(name);
    }
    let mut sentences: Vec<String> = by_words
        .into_iter()
        .map(|(words, names)| format!("{}: {words}", names.join(", ")))
        .collect();
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        sentences.push(format!(
            "GitLab knows no project {names}, or the credential cannot see it"
        ));
    }
    sentences.extend(unlisted.iter().cloned());
    let reason = if refused.is_empty() && unknown.is_empty() {
        Reason::ProjectsUnlisted
    } else if refused.is_empty() {
        Reason::ProjectNotFound
    } else {
        Reason::ProjectRefused
    };
    (reason, sentences.join("; "))
}

/// Why it cannot be told whether the runner exists.
fn unclear(doubt: &Doubt) -> (Reason, String) {
    match doubt {
        Doubt::Unsearchable => (
            Reason::RegistrationUnclear,
            "the answer to a registration was lost, and the credential may not search for the runner: give it read_api or api, or look for this object's uid in the maintenance notes yourself; deletionPolicy Orphan lets a deletion go on".to_owned(),
        ),
        Doubt::Unswept => (
            Reason::RegistrationUnclear,
            "the list of runners is about to be read, to see whether there is one of this object".to_owned(),
        ),
        Doubt::Foreign(id) => (
            Reason::RunnerForeign,
            format!(
                "runner {id} is not there, or does not carry this object's mark, in the GitLab that the connection leads to now; it is left alone. If it is the runner of an earlier object that is gone, as after a restore of the cluster, take it over: set spec.adopt to {{runnerId: {id}, force: true}}"
            ),
        ),
        Doubt::Unmarked(id) => (
            Reason::RunnerForeign,
            format!(
                "runner {id} no longer carries this object's mark at the end of its maintenance note, as after a restore of GitLab, when the number may be somebody else's; it is left alone. If it is this object's runner, put back the mark that status.runner.mark shows; if not, set deletionPolicy to Orphan"
            ),
        ),
        Doubt::Vanished { id, until } => (
            Reason::RunnerMissing,
            format!("GitLab says that there is no runner {id}; it is asked again at {until:.0}, and only then is another registered"),
        ),
        Doubt::Crowded => (
            Reason::RegistrationUnclear,
            "the answer to a registration was lost, and what was found may not be all: more runners of this description were never contacted than are looked through, or the credential is a fine-grained token, from which lists keep what it may not see. Remove runners that nobody needs, or look for this object's uid in the maintenance notes yourself; deletionPolicy Orphan lets a deletion go on".to_owned(),
        ),
        Doubt::Unplaced => (
            Reason::RegistrationUnclear,
            "the answer to a registration was lost, and its runner cannot be looked for: GitLab does not know the path of spec.scope, or the credential cannot see it; deletionPolicy Orphan lets a deletion go on".to_owned(),
        ),
        Doubt::Elsewhere => (
            Reason::RegistrationUnclear,
            "the answer to a registration was lost, and the connection leads to another GitLab now: point it back, or set deletionPolicy to Orphan to leave behind what may be there".to_owned(),
        ),
        Doubt::Unreadable(id) => (
            Reason::DeletionBlocked,
            format!(
                "GitLab forbids the connection's credential to read runner {id}, and no Secret of this object holds the runner's own token: give the connection a credential that may, or set spec.deletionPolicy to Orphan to leave the runner in GitLab"
            ),
        ),
        Doubt::Hidden(id) => (
            Reason::DeletionBlocked,
            format!(
                "GitLab says that there is no runner {id}, which it also says to a fine-grained token that may not see the runner, and the runner's own token is not in the Secret: look for the runner in GitLab and remove it there, then set deletionPolicy to Orphan"
            ),
        ),
        Doubt::Unseen(id) => (Reason::DeletionBlocked, unremovable(*id)),
        Doubt::Unadopted(id) => (
            Reason::Progressing,
            format!("runner {id} is about to be taken over"),
        ),
        Doubt::NotAsked(_) => {
            (Reason::ConnectionNotReady, "GitLab was not asked".to_owned())
        }
    }
}
