//! When the operator replaces its own token.
use gitlab_runner_registrar::{
    api::v1alpha1::CredentialReplacement,
    plan::{Account, CredentialFacts, CredentialStep, Keepable, credential_step, patience},
};
use jiff::{SignedDuration, civil::date};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::credential::account;
use super::given::{now, seconds};

pub(super) const HELD: &str = "0123456789abcdef";
pub(super) const OTHER: &str = "fedcba9876543210";
pub(super) const SETTLES: SignedDuration = SignedDuration::from_secs(35);

/// A token of 100 days, that ends at the start of the fourth of March: in two and a half days.
pub(super) fn ending() -> Account {
    let mut account = account(&["api"]);
    let token = account.token.as_mut().unwrap();
    token.expires_at = Some(date(2026, 3, 4));
    token.created_at = Some("2025-11-24T08:00:00Z".parse().unwrap());
    account
}

fn facts(account: &Account) -> CredentialFacts<'_> {
    CredentialFacts {
        before_expiry: SignedDuration::from_hours(168),
        account,
        digest: HELD,
        record: None,
        process: "us",
        settles: SETTLES,
        also_in: None,
        left_to: None,
        keepable: Keepable::Unasked,
        now: now(),
    }
}

pub(super) fn announced(by: &str, ago: i64) -> CredentialReplacement {
    CredentialReplacement {
        digest: HELD.to_owned(),
        process: by.to_owned(),
        announced_at: Time(now() - seconds(ago)),
        asked_at: None,
        refused_at: None,
        refusal: None,
    }
}

pub(super) fn asked(by: &str, ago: i64) -> CredentialReplacement {
    CredentialReplacement {
        asked_at: Some(Time(now() - seconds(ago))),
        ..announced(by, ago + 40)
    }
}

pub(super) fn refused(ago: i64) -> CredentialReplacement {
    CredentialReplacement {
        refused_at: Some(Time(now() - seconds(ago))),
        refusal: Some("GitLab said 403: no".to_owned()),
        ..announced("us", ago + 40)
    }
}

fn blocked(step: &CredentialStep, part: &str) -> bool {
    matches!(step, CredentialStep::Blocked(why) if why.contains(part))
}

#[test]
fn a_token_is_replaced_in_time_and_never_before_half_of_its_life_is_over() {
    let at = |text: &str| CredentialStep::Planned(text.parse().unwrap());
    let rows = [
        (
            "ends soon",
            "2025-11-24",
            date(2026, 3, 4),
            168,
            CredentialStep::Rehearse,
        ),
        (
            "ends later",
            "2025-11-24",
            date(2026, 3, 20),
            168,
            at("2026-03-13T00:00:00Z"),
        ),
        (
            "earlier, as asked for",
            "2025-11-24",
            date(2026, 3, 20),
            480,
            CredentialStep::Rehearse,
        ),
        // GitLab gave it a week: at half of that, however much earlier spec wants it.
        (
            "a short life",
            "2026-03-01",
            date(2026, 3, 8),
            168,
            at("2026-03-04T12:00:00Z"),
        ),
        (
            "a short life, half over",
            "2026-02-25",
            date(2026, 3, 4),
            168,
            CredentialStep::Rehearse,
        ),
    ];
    for (sentence, made, end, hours, expected) in rows {
        let mut account = ending();
        let token = account.token.as_mut().unwrap();
        token.expires_at = Some(end);
        token.created_at = Some(format!("{made}T00:00:00Z").parse().unwrap());
        let facts = CredentialFacts {
            before_expiry: SignedDuration::from_hours(hours),
            ..facts(&account)
        };
        assert_eq!(credential_step(&facts), expected, "{sentence}");
    }
    let mut endless = ending();
    endless.token.as_mut().unwrap().expires_at = None;
    assert_eq!(credential_step(&facts(&endless)), CredentialStep::Endless);
}

#[test]
fn what_keeps_a_token_from_being_replaced_is_told_before_it_is_due() {
    let mut later = ending();
    later.token.as_mut().unwrap().expires_at = Some(date(2026, 12, 1));
    let mut narrow = later.clone();
    narrow.token.as_mut().unwrap().scopes = ["create_runner".to_owned()].into();
    assert!(blocked(
        &credential_step(&facts(&narrow)),
        "api or self_rotate"
    ));
    let mut old = later.clone();
    old.metadata.as_mut().unwrap().version = "16.9.2-ee".to_owned();
    assert!(blocked(&credential_step(&facts(&old)), "16.10 or newer"));
    old.metadata.as_mut().unwrap().version = "16.10.0".to_owned();
    assert!(matches!(
        credential_step(&facts(&old)),
        CredentialStep::Planned(_)
    ));
    let mut silent = later.clone();
    silent.token = None;
    assert!(blocked(
        &credential_step(&facts(&silent)),
        "does not tell when it ends"
    ));
    let elsewhere = CredentialFacts {
        also_in: Some("Secret b in namespace ci, key t".to_owned()),
        ..facts(&later)
    };
    assert!(blocked(
        &credential_step(&elsewhere),
        "Secret b in namespace ci, key t holds the same"
    ));
    // Self_rotate will do, and of a fine-grained token GitLab alone knows.
    for scope in ["self_rotate", "granular"] {
        let mut may = ending();
        may.token.as_mut().unwrap().scopes = [scope.to_owned()].into();
        assert_eq!(
            credential_step(&facts(&may)),
            CredentialStep::Rehearse,
            "{scope}"
        );
    }
}

#[test]
fn it_is_announced_first_and_asked_for_once() {
    let account = ending();
    let end = Some(date(2026, 6, 9));
    let yes = Keepable::Yes;
    let no = Keepable::No("it is immutable".to_owned());
    let settle =
        |ago: i64, times: i32| CredentialStep::Settle(now() - seconds(ago) + SETTLES * times);
    let rows = [
        (
            "nothing is begun that could not be kept",
            None,
            no.clone(),
            CredentialStep::Blocked("it is immutable".to_owned()),
        ),
        ("announced", None, yes.clone(), CredentialStep::Announce),
        (
            "waits for others to hear of it",
            Some(announced("us", 10)),
            yes.clone(),
            settle(10, 1),
        ),
        (
            "looks once more whether it can be kept",
            Some(announced("us", 40)),
            Keepable::Unasked,
            CredentialStep::Rehearse,
        ),
        (
            "is not asked for when that has changed",
            Some(announced("us", 40)),
            no,
            CredentialStep::Blocked("it is immutable".to_owned()),
        ),
        (
            "asked for, with the same life",
            Some(announced("us", 40)),
            yes.clone(),
            CredentialStep::Ask(end),
        ),
        (
            "left to who has announced it",
            Some(announced("them", 40)),
            yes.clone(),
            settle(40, 2),
        ),
        (
            "taken over when they are gone",
            Some(announced("them", 80)),
            yes.clone(),
            CredentialStep::Announce,
        ),
        (
            "not asked for again",
            Some(asked("us", 999_999)),
            yes.clone(),
            CredentialStep::Settle(now()),
        ),
        (
            "asked for anew six hours after a refusal",
            Some(refused(6 * 3600)),
            yes.clone(),
            CredentialStep::Announce,
        ),
    ];
    for (sentence, record, keepable, expected) in rows {
        let facts = CredentialFacts {
            record: record.as_ref(),
            keepable,
            ..facts(&account)
        };
        assert_eq!(credential_step(&facts), expected, "{sentence}");
    }
    let soon = refused(6 * 3600 - 1);
    let facts_soon = CredentialFacts {
        record: Some(&soon),
        keepable: yes.clone(),
        ..facts(&account)
    };
    assert!(blocked(
        &credential_step(&facts_soon),
        "GitLab said 403: no"
    ));
    // What is known of another token says nothing of this one.
    let of_another = CredentialReplacement {
        digest: OTHER.to_owned(),
        ..soon
    };
    let facts_of_another = CredentialFacts {
        record: Some(&of_another),
        keepable: yes,
        ..facts(&account)
    };
    assert_eq!(credential_step(&facts_of_another), CredentialStep::Announce);
    let left = CredentialFacts {
        left_to: Some("GitLabConnection a".to_owned()),
        ..facts(&account)
    };
    assert_eq!(
        credential_step(&left),
        CredentialStep::LeftTo("GitLabConnection a".to_owned())
    );
}

/// One request that hangs must not keep all others waiting for its whole timeout, unless the token is lost
/// otherwise.
#[test]
fn who_wants_to_be_alone_is_patient_only_near_the_end() {
    let account = ending();
    let end: jiff::Timestamp = "2026-03-04T00:00:00Z".parse().unwrap();
    let day = SignedDuration::from_hours(24);
    let brief = SignedDuration::from_secs(10);
    assert_eq!(patience(&account, SETTLES, end - day), brief);
    assert_eq!(patience(&account, SETTLES, end - day + seconds(1)), SETTLES);
}
