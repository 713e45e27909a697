//! What the status of a connection says of the instance and the credential.
use gitlab_runner_registrar::{
    api::{
        conditions::{ConditionType, Reason, find},
        v1alpha1::ConnectionStatus,
    },
    plan::{
        Account, Acknowledged, Degraded, Level, Losses, Trouble, connection_notices,
        connection_status, with_degraded,
    },
};
use jiff::{Timestamp, civil::date};
use serde_json::{Value, json};

use super::credential::account;
use super::given::{now, seconds};

fn status(
    previous: &ConnectionStatus,
    account: Option<&Account>,
    trouble: Option<Reason>,
    at: Timestamp,
) -> ConnectionStatus {
    let trouble = trouble.map(|reason| Trouble::new(reason, "why"));
    connection_status(previous, Some(3), account, trouble.as_ref(), at)
}

/// The conditions in short: type, value and reason.
fn told(status: &ConnectionStatus) -> Vec<String> {
    let conditions = status.conditions.iter();
    conditions
        .map(|c| format!("{}={} {}", c.type_, c.status, c.reason))
        .collect()
}

/// A sentence, what GitLab said, what is wrong, and the conditions.
type Row<'a> = (
    &'static str,
    Option<&'a Account>,
    Option<Reason>,
    &'static [&'static str],
);

#[test]
fn the_status_of_a_connection_says_what_is_wrong_and_whose_turn_it_is() {
    let fine = account(&["api"]);
    let none = ConnectionStatus::default();
    let rows: [Row<'_>; 6] = [
        (
            "not looked at yet, it is neither well nor ill",
            None,
            Some(Reason::Pending),
            &[
                "Ready=Unknown Pending",
                "Reconciling=True Pending",
                "CredentialsValid=Unknown Pending",
            ],
        ),
        (
            "what the API server refuses says nothing of the token, and is tried again",
            None,
            Some(Reason::KubernetesError),
            &[
                "Ready=False KubernetesError",
                "Reconciling=True KubernetesError",
                "CredentialsValid=Unknown KubernetesError",
            ],
        ),
        (
            "well",
            Some(&fine),
            None,
            &["Ready=True Succeeded", "CredentialsValid=True Accepted"],
        ),
        (
            "a revoked token is the user's turn",
            None,
            Some(Reason::CredentialRevoked),
            &[
                "Ready=False CredentialRevoked",
                "Stalled=True CredentialRevoked",
                "CredentialsValid=False CredentialRevoked",
            ],
        ),
        (
            "an outage is ours, and says nothing of the token",
            None,
            Some(Reason::Unreachable),
            &[
                "Ready=False Unreachable",
                "Reconciling=True Unreachable",
                "CredentialsValid=Unknown Unreachable",
            ],
        ),
        (
            "a missing Secret is the credential's trouble, and may be on its way",
            None,
            Some(Reason::SecretNotFound),
            &[
                "Ready=False SecretNotFound",
                "Reconciling=True SecretNotFound",
                "CredentialsValid=False SecretNotFound",
            ],
        ),
    ];
    for (sentence, account, trouble, expected) in rows {
        let status = status(&none, account, trouble, now());
        assert_eq!(told(&status), expected, "{sentence}");
        assert_eq!(status.observed_generation, Some(3));
        let of_generation = |c: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition| {
            c.observed_generation == Some(3)
        };
        assert!(status.conditions.iter().all(of_generation));
    }
}

#[test]
fn every_trouble_of_a_credential_is_told_as_such() {
    let about_it = [
        Reason::CredentialInvalid,
        Reason::CredentialExpired,
        Reason::CredentialRevoked,
        Reason::CredentialForbidden,
        Reason::CredentialReplaced,
        Reason::RotationUnclear,
        Reason::ScopeTooSmall,
        Reason::SecretNotFound,
        Reason::SecretKeyMissing,
    ];
    for reason in Reason::ALL {
        let status = status(&ConnectionStatus::default(), None, Some(*reason), now());
        let valid = find(&status.conditions, ConditionType::CredentialsValid).unwrap();
        let expected = if about_it.contains(reason) {
            "False"
        } else {
            "Unknown"
        };
        assert_eq!(valid.status, expected, "{reason:?}");
    }
}

#[test]
fn a_connection_says_what_it_opens_and_keeps_what_it_knew() {
    let first = status(
        &ConnectionStatus::default(),
        Some(&account(&["api"])),
        None,
        now(),
    );
    assert_eq!(
        first.can,
        ["register", "manage", "assign", "list", "graphql", "rotate"]
    );
    assert_eq!(first.credential.as_ref().unwrap().scopes, ["api"]);
    let later = now() + seconds(3600);
    let again = status(&first, Some(&account(&["api"])), None, later);
    assert_eq!(again, first, "an unchanged world makes no write");
    let lost = status(&first, None, Some(Reason::Unreachable), later);
    assert_eq!(
        lost.gitlab, first.gitlab,
        "an outage does not erase the version"
    );
    let ready = |status: &ConnectionStatus| {
        let ready = find(&status.conditions, ConditionType::Ready).unwrap();
        ready.last_transition_time.0
    };
    assert_eq!((ready(&first), ready(&lost)), (now(), later));
}

#[test]
fn the_end_of_a_token_is_told_seven_days_before() {
    // now() is noon of the first of March; a token stops at the first moment of its date.
    for (end, told) in [
        (date(2026, 3, 2), true),
        (date(2026, 3, 8), true),
        (date(2026, 3, 9), false),
        (date(2026, 2, 1), true),
    ] {
        let mut account = account(&["api"]);
        account.token.as_mut().unwrap().expires_at = Some(end);
        let status = status(&ConnectionStatus::default(), Some(&account), None, now());
        let expiring = find(&status.conditions, ConditionType::CredentialsExpiring);
        assert_eq!(expiring.is_some(), told, "{end}");
        assert!(expiring.is_none_or(|c| c.message.contains(&end.to_string())));
        let shown = status
            .credential
            .and_then(|credential| credential.expires_at);
        let start_of_day = format!("{end}T00:00:00Z");
        assert_eq!(shown.unwrap().0.to_string(), start_of_day);
    }
}

#[test]
fn a_status_that_has_only_the_date_of_a_tokens_end_is_read() {
    let read = |end: Value| {
        let status = json!({ "credential": { "name": "registrar", "expiresAt": end } });
        let status: ConnectionStatus = serde_json::from_value(status).unwrap();
        status
            .credential
            .unwrap()
            .expires_at
            .map(|end| end.0.to_string())
    };
    let midnight = Some("2026-03-08T00:00:00Z".to_owned());
    assert_eq!(read(json!("2026-03-08")), midnight);
    assert_eq!(read(json!("2026-03-08T00:00:00Z")), midnight);
    for no_time in [json!("soon"), json!(""), json!(null)] {
        assert_eq!(read(no_time), None);
    }
}

#[test]
fn a_connection_tells_of_each_trouble_of_its_end_and_of_each_expiry_once() {
    let at_end = |end| {
        let mut account = account(&["api"]);
        account.token.as_mut().unwrap().expires_at = Some(end);
        account
    };
    let none = ConnectionStatus::default();
    let told = |before: &ConnectionStatus, after: &ConnectionStatus| -> Vec<(&str, bool)> {
        let notices = connection_notices(before, after).into_iter();
        notices
            .map(|notice| (notice.reason, notice.level == Level::Warning))
            .collect()
    };
    let week = at_end(date(2026, 3, 8));
    let fine = status(&none, Some(&week), None, now());
    let first = [("Connected", false), ("ExpiresSoon", true)];
    assert_eq!(told(&none, &fine), first);
    assert_eq!(told(&fine, &fine), []);
    let hours = |hours: i64| now() + seconds(hours * 3600);
    // Each day it is the same; on the last it is told once more.
    let later = status(&fine, Some(&week), None, hours(24));
    assert_eq!(told(&fine, &later), []);
    let last = status(&later, Some(&week), None, hours(24 * 6));
    assert_eq!(told(&later, &last), [("ExpiresSoon", true)]);
    assert_eq!(
        told(&last, &status(&last, Some(&week), None, hours(24 * 6 + 1))),
        []
    );
    // So is another date.
    let other = status(&last, Some(&at_end(date(2026, 3, 9))), None, hours(24 * 6));
    assert_eq!(told(&last, &other), [("ExpiresSoon", true)]);
    let gone = status(&last, None, Some(Reason::SecretNotFound), hours(24 * 6));
    assert_eq!(told(&last, &gone), [("SecretNotFound", true)]);
    let empty = status(&gone, None, Some(Reason::SecretKeyMissing), hours(24 * 6));
    assert_eq!(told(&gone, &empty), [("SecretKeyMissing", true)]);
    let long = at_end(date(2027, 3, 9));
    let again = status(&empty, Some(&long), None, hours(24 * 6));
    assert_eq!(told(&empty, &again), [("Connected", false)]);
}

#[test]
fn lost_runners_are_told_beside_what_the_connection_says_of_itself() {
    let (fine, none) = (account(&["api"]), ConnectionStatus::default());
    let status = |previous: &ConnectionStatus, degraded| {
        let status = connection_status(previous, Some(3), Some(&fine), None, now());
        with_degraded(status, previous, degraded, now())
    };
    let losses = |lost| Losses { lost, of: 30 };
    let notices = |before: &ConnectionStatus, after: &ConnectionStatus| {
        let notices = connection_notices(before, after).into_iter();
        let notices = notices.map(|notice| (notice.level, notice.reason));
        notices.collect::<Vec<_>>()
    };
    let well = status(&none, None);
    let lost = status(&well, Some(Degraded::Lost(losses(11), Acknowledged::No)));
    let ready = ["Ready=True Succeeded", "CredentialsValid=True Accepted"];
    let told_lost = [ready.as_slice(), &["Degraded=True RunnersLost"]].concat();
    assert_eq!(told(&lost), told_lost);
    let message = &find(&lost.conditions, ConditionType::Degraded)
        .unwrap()
        .message;
    assert!(
        message.starts_with("11 of 30 runners are gone"),
        "{message}"
    );
    assert!(
        message.ends_with(r#"gitlab-registrar.dev/acknowledge-loss: "11""#),
        "{message}"
    );
    assert_eq!(notices(&well, &lost), [(Level::Warning, "RunnersLost")]);
    // More of them are no news, and are in the message.
    let more = status(
        &lost,
        Some(Degraded::Lost(losses(12), Acknowledged::Before)),
    );
    assert_ne!(more, lost);
    assert_eq!(notices(&lost, &more), []);
    let back = status(&more, None);
    assert_eq!(
        (told(&back), notices(&more, &back)),
        (
            ready.map(str::to_owned).to_vec(),
            vec![(Level::Normal, "RunnersBack")]
        )
    );
    // A list that is not gone by holds nothing up, so that nothing is to be told when it is well again.
    let unlisted = status(&well, Some(Degraded::Unlisted(losses(20))));
    assert_eq!(
        notices(&well, &unlisted),
        [(Level::Warning, "ListIncomplete")]
    );
    assert_eq!(notices(&unlisted, &back), []);
}
