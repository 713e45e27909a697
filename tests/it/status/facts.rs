//! What status knows of the runner, its token and its attempt: kept where nobody looked.
use gitlab_runner_registrar::{
    api::{
        conditions::Reason,
        v1alpha1::{DriftPolicy, GitLabRunnerStatus, GivenUp, Registration},
    },
    gitlab::model::{Runner, RunnerId, Scope},
    plan::{
        Doubt, Observed, Outcome, Plan, SecretSighting, Sighting, TokenState, intended, resolved,
    },
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::decisions::given::{
    GROUP, SECRET, URL, but, nothing, now, of_projects, runner, seconds, seen, stored, stored_with,
    want,
};
use super::{Known, failure, rest};

fn with_runner(change: impl FnOnce(&mut Runner)) -> Observed {
    let mut runner = runner();
    change(&mut runner);
    but(|seen| seen.runner = Sighting::Present(runner))
}

fn status(seen: Observed) -> GitLabRunnerStatus {
    Known::new(want(), seen).first(&rest())
}

#[test]
fn a_runner_is_shown_as_gitlab_holds_it() {
    let status = status(seen());
    let shown = status.runner.unwrap();
    assert_eq!((shown.id, &*shown.type_), (7, "group_type"));
    assert_eq!((&*shown.gitlab_url, &*shown.status), (URL, "online"));
    assert_eq!((shown.paused, shown.online), (false, Some(true)));
    assert_eq!(shown.tags, ["linux"]);
    let page = "https://gitlab.example.com/groups/platform/-/runners/7";
    assert_eq!(shown.web_url.as_deref(), Some(page));
    assert_eq!(status.scope, Some(resolved(GROUP, URL)));
}

#[test]
fn its_page_is_shown_where_it_can_be_told() {
    let at = |scope, mut seen: Observed| {
        seen.scope = scope;
        status(seen).runner.unwrap().web_url
    };
    let page = |path: &str| Some(format!("{URL}{path}"));
    assert_eq!(at(Some(Scope::Instance), seen()), page("/admin/runners/7"));
    assert_eq!(
        status(of_projects(&[41], |_| {})).runner.unwrap().web_url,
        page("/platform/project-40/-/runners/7")
    );
    let hidden = of_projects(&[], |runner| runner.projects = None);
    assert_eq!(status(hidden).runner.unwrap().web_url, None);
    assert_eq!(at(Some(GROUP), with_runner(|r| r.group_url = None)), None);
    assert_eq!(at(None, seen()), None);
}

#[test]
fn what_was_not_looked_at_is_kept_and_what_is_gone_is_not() {
    let before = status(seen());
    let keeps = |known: &Known| known.after(&before, &failure(|_| {}), now());
    let unseen = keeps(&Known::unseen());
    assert_eq!(unseen.runner, before.runner);
    assert_eq!(
        (unseen.token, unseen.scope),
        (before.token.clone(), before.scope.clone())
    );
    for doubt in [
        Doubt::NotAsked(None),
        Doubt::Unsearchable,
        Doubt::Foreign(RunnerId(7)),
    ] {
        let unclear = Known::new(want(), but(|seen| seen.runner = Sighting::Unclear(doubt)));
        assert_eq!(keeps(&unclear).runner, before.runner, "{doubt:?}");
    }
    let gone = keeps(&Known::new(want(), nothing(|seen| seen.scope = None)));
    assert_eq!((gone.runner, gone.token), (None, None));
    assert_eq!(gone.scope, before.scope, "a number once found is kept");
    let projects = Known::new(want(), of_projects(&[41], |_| {})).first(&rest());
    let hidden = Known::new(want(), of_projects(&[41], |runner| runner.projects = None));
    let hidden = hidden.after(&projects, &rest(), now());
    assert_eq!(
        hidden.runner.unwrap().projects.len(),
        2,
        "a reply may leave projects out"
    );
}

/// `Synced` points to it, and stays as well.
#[test]
fn drift_that_was_told_stays_told_until_the_runner_is_seen_again() {
    let reported = |paused| {
        let mut want = want();
        want.settings.paused = Some(paused);
        want.drift = DriftPolicy::Report;
        want
    };
    let before = Known::new(reported(true), seen()).first(&rest());
    assert_eq!(before.drift.len(), 1);
    let unlooked = |want| Known {
        want,
        ..Known::unseen()
    };
    let unclear = Sighting::Unclear(Doubt::NotAsked(Some(RunnerId(7))));
    let unclear = but(|seen| seen.runner = unclear);
    let obstructed = |reason| Outcome::Obstructed(reason, "why".to_owned());
    for (why, known, how) in [
        (
            "a lost packet",
            unlooked(Some(reported(true))),
            failure(|_| {}),
        ),
        (
            "suspended",
            unlooked(Some(reported(true))),
            obstructed(Reason::Suspended),
        ),
        (
            "no spec that can be read",
            unlooked(None),
            obstructed(Reason::InvalidSpec),
        ),
        (
            "no connection",
            Known::new(reported(true), unclear),
            obstructed(Reason::ConnectionNotReady),
        ),
        (
            "on its way back",
            Known::new(reported(true), nothing(|_| {})),
            failure(|_| {}),
        ),
    ] {
        assert_eq!(
            known.after(&before, &how, now()).drift,
            before.drift,
            "{why}"
        );
    }
    let same_again = Known::new(reported(false), seen()).after(&before, &rest(), now());
    assert_eq!(same_again.drift, []);
    let mut corrected = reported(true);
    corrected.drift = DriftPolicy::Correct;
    let corrected = Known::new(corrected, seen()).after(&before, &rest(), now());
    assert_eq!(corrected.drift, []);
}

/// GitLab promises no order, and status holds 128 of them.
#[test]
fn of_many_projects_the_same_are_shown_each_time() {
    let many: Vec<u64> = (41..241).collect();
    let turned = |runner: &mut Runner| runner.projects.iter_mut().for_each(|all| all.reverse());
    let first = status(of_projects(&many, |_| {}));
    let ids: Vec<i64> = first
        .runner
        .iter()
        .flat_map(|runner| &runner.projects)
        .map(|project| project.id)
        .collect();
    assert_eq!(ids, (40..168).collect::<Vec<_>>());
    let next = Known::new(want(), of_projects(&many, turned));
    assert_eq!(next.after(&first, &rest(), now()), first);
}

/// Contacts come every few seconds, and must not become writes.
#[test]
fn a_contact_is_written_once_in_an_hour_or_with_something_else() {
    let at = |n: i64| now() + seconds(n);
    let contact = |n: i64| with_runner(|runner| runner.contacted_at = Some(at(n)));
    let shown = |status: &GitLabRunnerStatus| {
        status
            .runner
            .as_ref()
            .unwrap()
            .contacted_at
            .as_ref()
            .map(|time| time.0)
    };
    let first = status(contact(0));
    let next = |seen: Observed| Known::new(want(), seen).after(&first, &rest(), at(9999));
    assert_eq!(next(contact(3599)), first);
    assert_eq!(shown(&next(contact(3600))), Some(at(3600)));
    assert_eq!(
        shown(&next(contact(-3600))),
        Some(at(-3600)),
        "a clock that was set back"
    );
    let busy = with_runner(|runner| {
        runner.contacted_at = Some(at(10));
        runner.paused = true;
    });
    assert_eq!(
        shown(&next(busy)),
        Some(at(10)),
        "a write that is due anyway"
    );
    let never = with_runner(|runner| runner.contacted_at = None);
    assert_eq!(shown(&next(never)), None);
    let fraction: Timestamp = "2026-03-01T10:00:00.75Z".parse().unwrap();
    let fine = status(with_runner(|runner| runner.contacted_at = Some(fraction)));
    assert_eq!(shown(&fine), Some("2026-03-01T10:00:00Z".parse().unwrap()));
}

#[test]
fn the_secret_is_named_where_the_token_is() {
    let named = |seen: Observed| status(seen).token.map(|token| token.secret_name);
    let with = |secret: SecretSighting| {
        but(|seen| {
            seen.secret = secret;
            seen.others = vec![("former".to_owned(), stored())];
        })
    };
    assert_eq!(named(seen()).as_deref(), Some(SECRET));
    assert_eq!(
        named(with(SecretSighting::Absent)).as_deref(),
        Some("former")
    );
    assert_eq!(
        named(with(SecretSighting::Foreign(None))).as_deref(),
        Some("former")
    );
    assert_eq!(
        named(with(SecretSighting::Ours(stored()))).as_deref(),
        Some(SECRET)
    );
    let unproven = stored_with(|kept| kept.token = TokenState::Unproven);
    assert_eq!(
        named(with(SecretSighting::Ours(unproven))).as_deref(),
        Some("former"),
        "an old token is not the one that GitLab gave last"
    );
    assert_eq!(
        named(but(|seen| seen.secret = SecretSighting::Foreign(None))),
        None
    );
    let expiring = stored_with(|kept| kept.expires_at = Some(now()));
    let token = status(but(|seen| seen.secret = SecretSighting::Ours(expiring)))
        .token
        .unwrap();
    assert_eq!(token.expires_at, Some(Time(now())));
}

#[test]
fn an_attempt_is_kept_until_it_surely_made_nothing() {
    let attempted = attempts(None);
    let known = Known::new(want(), nothing(|_| {}));
    let lost = known.after(&attempted, &failure(|_| {}), now());
    assert_eq!(lost.registration, attempted.registration);
    let void = known.after(&attempted, &failure(|f| f.attempt_is_void = true), now());
    assert_eq!(void.registration, None);
    let settled = Known::new(want(), seen()).after(&attempted, &rest(), now());
    assert_eq!(
        settled.registration, attempted.registration,
        "it names the runner's mark"
    );
    let holds = Outcome::Planned(Plan::Hold(
        gitlab_runner_registrar::plan::Blocked::Settling(now()),
    ));
    assert_eq!(
        known.after(&attempted, &holds, now()).registration,
        attempted.registration
    );
}

/// An attempt and, before it, one that was given up.
fn attempts(given_up: Option<&str>) -> GitLabRunnerStatus {
    GitLabRunnerStatus {
        registration: Some(Registration {
            attempt: "a2".to_owned(),
            attempted_at: Time(now()),
            gitlab_url: Some(URL.to_owned()),
            secret_name: None,
            runner_id: None,
            settings_digest: None,
            given_up: given_up.map(|attempt| GivenUp {
                attempt: attempt.to_owned(),
                attempted_at: Time(now() - seconds(90)),
            }),
        }),
        ..GitLabRunnerStatus::default()
    }
}

#[test]
fn an_attempt_that_was_given_up_is_remembered_for_an_hour() {
    let known = Known::new(want(), seen());
    let before = attempts(Some("a1"));
    let an_hour_on = |less: i64| now() + seconds(3600 - 90 - less);
    let soon = known.after(&before, &rest(), an_hour_on(6));
    assert_eq!(soon.registration, before.registration);
    let later = known.after(&before, &rest(), an_hour_on(0));
    assert_eq!(later.registration, attempts(None).registration);
    // A refusal is certain, and leaves the one before it as unclear as it was.
    let refused = failure(|f| f.attempt_is_void = true);
    let void = known.after(&before, &refused, now()).registration.unwrap();
    assert_eq!((&*void.attempt, &void.given_up), ("a1", &None));
    assert_eq!(void.attempted_at, Time(now() - seconds(90)));
}

#[test]
fn a_new_attempt_gives_up_the_one_that_was_looked_for_in_vain() {
    let later = now() + seconds(70);
    let in_vain = nothing(|seen| seen.settles_at = Some(now() + seconds(60)));
    let rows = [
        (
            "the first",
            GitLabRunnerStatus::default(),
            nothing(|_| {}),
            None,
        ),
        (
            "no answer, no runner",
            attempts(None),
            in_vain.clone(),
            Some("a2"),
        ),
        ("and again", attempts(Some("a1")), in_vain, Some("a2")),
        (
            "its runner was known, and vanished",
            attempts(None),
            nothing(|_| {}),
            None,
        ),
        (
            "the one before is still open",
            attempts(Some("a1")),
            nothing(|_| {}),
            Some("a1"),
        ),
    ];
    for (why, before, seen, given_up) in rows {
        let new = intended(&before, Some(&seen), URL, SECRET, later);
        assert_eq!(new.attempted_at, Time(later), "{why}");
        let has = new.given_up.map(|given_up| given_up.attempt);
        assert_eq!(has.as_deref(), given_up, "{why}");
    }
}
