//! Each message that waits for a person names the object, the cause and the way out.
use gitlab_runner_registrar::{
    gitlab::model::RunnerId,
    plan::{Blocked, Doubt, Draining, Jobs, Observed, Outcome, Plan, SecretSighting, Sighting},
};

use super::super::decisions::given::{URL, but, known, nothing, now, seconds, want};
use super::Known;

/// What Ready says while that is waited for.
fn said(why: Blocked, seen: Observed) -> String {
    let status = Known::new(want(), seen).first(&Outcome::Planned(Plan::Hold(why)));
    status.conditions[0].message.clone()
}

fn not_asked(id: Option<RunnerId>) -> Observed {
    but(|seen| seen.runner = Sighting::Unclear(Doubt::NotAsked(id)))
}

#[test]
fn who_waits_for_a_person_says_for_what() {
    let made_for = || Some(known(RunnerId(8)));
    let foreign = |made_for| but(|seen| seen.secret = SecretSighting::Foreign(made_for));
    let runner = Some(RunnerId(7));
    let unreadable = Doubt::Unreadable(RunnerId(7));
    let until = || now() + seconds(30);
    let draining = |jobs| {
        Blocked::Draining(Draining {
            since: now(),
            until: until(),
            jobs,
        })
    };
    let rows: [(Blocked, Observed, &[&str]); 11] = [
        (
            Blocked::SecretConflict(None),
            foreign(None),
            &[
                "the Secret token-secret is not this object's",
                "its owner is Job seed",
                "Choose another spec.tokenSecret.name, or delete that Secret",
            ],
        ),
        (
            Blocked::SecretConflict(made_for()),
            foreign(made_for()),
            &[
                "the Secret token-secret was made for runner 8 at",
                URL,
                "its owner is Job seed",
                "set spec.adopt to {runnerId: 8, force: true}",
                "choose another spec.tokenSecret.name; or give that runner up",
            ],
        ),
        (
            Blocked::ScopeUnknown,
            nothing(|seen| seen.scope = None),
            &[
                "GitLab knows no group platform/tools",
                "credential cannot see it",
                "correct spec.scope.group.path, or let the credential's user see the group",
            ],
        ),
        (
            Blocked::Undeletable(None),
            not_asked(runner),
            &[
                "runner 7 is still in GitLab",
                "there is no GitLabConnection gitlab",
                "Repair the connection, or set spec.deletionPolicy to Orphan",
            ],
        ),
        (
            Blocked::Undeletable(Some(until())),
            not_asked(runner),
            &["At 2026-03-01T12:00:30Z it is left in GitLab; repair the connection before"],
        ),
        (
            draining(Jobs::Running(1)),
            but(|_| {}),
            &["its runner is paused, and 1 running job is waited for until 2026-03-01T12:00:30Z"],
        ),
        (
            draining(Jobs::Running(2)),
            but(|_| {}),
            &["2 running jobs are waited for"],
        ),
        (
            draining(Jobs::Hidden),
            but(|_| {}),
            &["jobs that the connection's credential is not shown are waited for"],
        ),
        (
            draining(Jobs::Unreadable(
                "403 Forbidden - No access granted".to_owned(),
            )),
            but(|_| {}),
            &[
                "does not let the connection's credential see the jobs",
                "(403 Forbidden - No access granted)",
                "it is removed at 2026-03-01T12:00:30Z",
                "take spec.drain out",
            ],
        ),
        (
            Blocked::Undeletable(None),
            not_asked(None),
            &["a runner that an attempt to register has made may be in GitLab"],
        ),
        (
            Blocked::Unclear(unreadable),
            but(|seen| seen.runner = Sighting::Unclear(unreadable)),
            &[
                "forbids the connection's credential to read runner 7",
                "give the connection a credential that may, or set spec.deletionPolicy to Orphan",
            ],
        ),
    ];
    for (why, seen, parts) in rows {
        let told = said(why, seen);
        for part in parts {
            assert!(told.contains(part), "{part:?} is not in {told:?}");
        }
    }
}

/// A part says the same as the summary about what it is about.
#[test]
fn the_part_names_the_same_secret() {
    let conflict = but(|seen| seen.secret = SecretSighting::Foreign(None));
    let status = Known::new(want(), conflict).first(&super::rest());
    let part = status.conditions.iter().find(|c| c.type_ == "TokenReady");
    let said = &part.unwrap().message;
    assert!(said.contains("the Secret token-secret"), "{said}");
}
