//! What the status of a connection says of the replacement of its token.
use gitlab_runner_registrar::{
    api::{
        conditions::{ConditionType, Reason, find},
        v1alpha1::{ConnectionStatus, CredentialReplacement},
    },
    plan::{
        CredentialStep, Fingerprint, NotReplaced, Replacing, asking, connection_notices,
        connection_status, is_left_behind, not_sent, put_off, with_replacement,
    },
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::credential_rotation::{HELD, OTHER, SETTLES, announced, asked, ending, refused};
use super::given::{URL, now};

const PLACE: &str = "Secret gitlab in namespace ci, key token";

fn held(digest: &str) -> Fingerprint {
    Fingerprint {
        digest: digest.to_owned(),
        gitlab_url: URL.to_owned(),
    }
}

fn with(record: Option<CredentialReplacement>) -> ConnectionStatus {
    let status = connection_status(
        &ConnectionStatus::default(),
        Some(1),
        Some(&ending()),
        None,
        now(),
    );
    ConnectionStatus {
        credential_rotation: record,
        ..status
    }
}

/// What the record becomes, and which tokens are not sent again.
fn after(
    record: Option<CredentialReplacement>,
    holds: &str,
    answer: Option<&NotReplaced>,
    step: Option<&CredentialStep>,
) -> (Option<CredentialReplacement>, Vec<String>) {
    let (before, holds) = (with(record), held(holds));
    let known = Replacing {
        wanted: true,
        held: Some(&holds),
        not_replaced: answer,
        step,
        process: "us",
    };
    let status = with_replacement(before.clone(), &before, &known, now());
    let ended = status.refused_tokens.into_iter().map(|it| it.digest);
    (status.credential_rotation, ended.collect())
}

#[test]
fn what_must_not_be_repeated_is_in_status_before_it_is_done() {
    let announce = CredentialStep::Announce;
    let (record, ended) = after(None, HELD, None, Some(&announce));
    assert_eq!((record, ended.len()), (Some(announced("us", 0)), 0));
    let ask = CredentialStep::Ask(None);
    let asked_now = CredentialReplacement {
        asked_at: Some(Time(now())),
        ..announced("us", 40)
    };
    let record = after(Some(announced("us", 40)), HELD, None, Some(&ask)).0;
    assert_eq!(
        record,
        Some(announced("us", 40)),
        "nobody is kept from sending the token yet"
    );
    let before = with(record);
    let status = asking(&before, now()).unwrap();
    assert_eq!(status.credential_rotation, Some(asked_now));
    assert_eq!(status.conditions, before.conditions);
    assert_eq!(asking(&with(None), now()), None, "it was never announced");
    let record = put_off(&status, now()).unwrap().credential_rotation;
    assert_eq!(record, Some(announced("us", 0)));
    assert_eq!(put_off(&with(None), now()), None);
    // Whatever is to be done and whatever is not known, what was asked stays.
    for step in [None, Some(&CredentialStep::Endless), Some(&announce)] {
        let record = after(Some(asked("us", 9)), HELD, None, step).0;
        assert_eq!(record, Some(asked("us", 9)));
    }
}

#[test]
fn an_announcement_ends_with_its_reason_and_a_refusal_is_kept() {
    let planned = CredentialStep::Planned(now());
    let rows = [
        (announced("them", 9), None, Some(announced("them", 9))),
        (announced("us", 9), Some(&planned), None),
        (refused(9), Some(&planned), Some(refused(9))),
    ];
    for (before, step, expected) in rows {
        let record = after(Some(before.clone()), HELD, None, step).0;
        assert_eq!(record, expected, "{before:?} {step:?}");
    }
}

#[test]
fn another_token_in_the_secret_ends_it_and_a_certain_no_opens_the_way() {
    let ended = after(Some(asked("them", 9)), OTHER, None, None);
    assert_eq!(ended, (None, vec![HELD.to_owned()]));
    let unasked = after(Some(announced("us", 9)), OTHER, None, None);
    assert_eq!(unasked, (None, Vec::new()));
    let no = NotReplaced::Refused("no".to_owned());
    let (record, ended) = after(Some(asked("us", 9)), HELD, Some(&no), None);
    let record = record.unwrap();
    let told = (record.asked_at, record.refusal.as_deref(), ended.len());
    assert_eq!(told, (None, Some("no"), 0));
    let record = after(
        Some(asked("us", 9)),
        HELD,
        Some(&NotReplaced::Unasked),
        None,
    )
    .0;
    assert_eq!(record, Some(announced("us", 0)));
}

#[test]
fn the_condition_says_when_the_token_is_replaced_or_why_it_cannot_be() {
    let told = |before: &ConnectionStatus, step: Option<CredentialStep>| {
        let known = Replacing {
            wanted: true,
            step: step.as_ref(),
            ..Replacing::default()
        };
        let fresh = with(None);
        let status = with_replacement(fresh, before, &known, now());
        let condition = find(&status.conditions, ConditionType::CredentialsExpiring).cloned();
        (
            status,
            condition.map(|it| (it.status, it.reason, it.message)),
        )
    };
    let at: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let (planned, condition) = told(&with(None), Some(CredentialStep::Planned(at)));
    let (truth, reason, message) = condition.unwrap();
    assert_eq!(
        (&*truth, &*reason),
        ("False", Reason::RotationPlanned.name())
    );
    assert!(
        message.ends_with("on 2026-03-04, and is replaced at 2026-03-02T00:00:00Z"),
        "{message}"
    );
    assert!(connection_notices(&planned, &planned).is_empty());
    let (blocked, condition) = told(&planned, Some(CredentialStep::Blocked("why".to_owned())));
    let (truth, reason, message) = condition.unwrap();
    assert_eq!(
        (&*truth, &*reason),
        ("True", Reason::RotationBlocked.name())
    );
    assert!(
        message.ends_with("and the operator cannot replace it: why"),
        "{message}"
    );
    let notices = connection_notices(&planned, &blocked);
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(told(&planned, Some(CredentialStep::Endless)).1, None);
    let kept = told(&blocked, None).1.unwrap();
    assert_eq!(
        kept.1,
        Reason::RotationBlocked.name(),
        "an outage changes nothing"
    );
    // Without the field all is as it was.
    let status = with_replacement(with(None), &with(None), &Replacing::default(), now());
    assert_eq!(status, with(None));
}

#[test]
fn a_token_that_may_have_ended_is_not_sent_and_a_person_is_told() {
    let told = |record: Option<&CredentialReplacement>, asking: bool| {
        let trouble = not_sent(record, asking, "us", SETTLES, PLACE, now());
        assert!(trouble.message.contains(PLACE), "{}", trouble.message);
        trouble.reason
    };
    assert_eq!(told(Some(&asked("us", 1)), true), Reason::Pending);
    assert_eq!(told(Some(&asked("us", 1)), false), Reason::RotationUnclear);
    assert_eq!(told(Some(&asked("them", 69)), false), Reason::Pending);
    assert_eq!(
        told(Some(&asked("them", 70)), false),
        Reason::RotationUnclear
    );
    assert_eq!(told(Some(&announced("them", 1)), false), Reason::Pending);
    assert_eq!(told(None, false), Reason::CredentialReplaced);
    for (record, left) in [
        (announced("us", 999), false),
        (announced("them", 69), false),
        (announced("them", 70), true),
        (asked("them", 999), false),
        (refused(999), false),
    ] {
        assert_eq!(
            is_left_behind(&record, "us", SETTLES, now()),
            left,
            "{record:?}"
        );
    }
}
