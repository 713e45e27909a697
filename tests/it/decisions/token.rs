//! The token of a runner that is there: kept, mended, moved or replaced.
use gitlab_runner_registrar::{
    api::v1alpha1::DriftPolicy,
    gitlab::model::RunnerId,
    plan::{Blocked, Observed, Plan, ResetReason, SecretSighting, Step, StoredToken, TokenState},
};

use super::given::{RUNNER, but, exists, known, now, seconds, stored, stored_with};
use super::{act, hold};

fn renew(why: ResetReason) -> Plan {
    act(Step::ResetToken(RUNNER, why))
}

fn kept(change: impl FnOnce(&mut StoredToken)) -> Observed {
    but(|seen| seen.secret = SecretSighting::Ours(stored_with(change)))
}

fn moved(here: SecretSighting, former: StoredToken) -> Observed {
    but(|seen| {
        seen.secret = here;
        seen.others = vec![("former".to_owned(), former)];
    })
}

#[test]
fn a_token_is_replaced_only_when_it_is_not_the_runners() {
    hold(vec![
        (
            "no Secret",
            exists(|_| {}),
            but(|seen| seen.secret = SecretSighting::Absent),
            renew(ResetReason::Missing),
        ),
        (
            "an emptied Secret",
            exists(|_| {}),
            kept(|kept| kept.token = TokenState::Missing),
            renew(ResetReason::Missing),
        ),
        (
            "an edited token",
            exists(|_| {}),
            kept(|kept| kept.token = TokenState::Edited),
            renew(ResetReason::Edited),
        ),
        (
            "the token of another runner",
            exists(|_| {}),
            kept(|kept| kept.runner = Some(known(RunnerId(8)))),
            renew(ResetReason::Foreign),
        ),
        (
            "a token of nobody knows which runner",
            exists(|_| {}),
            kept(|kept| kept.runner = None),
            renew(ResetReason::Foreign),
        ),
        (
            "an edited token of another runner",
            exists(|_| {}),
            kept(|kept| {
                kept.runner = Some(known(RunnerId(8)));
                kept.token = TokenState::Edited;
            }),
            renew(ResetReason::Edited),
        ),
        (
            "under Report a token heals too: it is no setting",
            exists(|want| want.drift = DriftPolicy::Report),
            kept(|kept| kept.token = TokenState::Missing),
            renew(ResetReason::Missing),
        ),
        (
            "an untidy Secret keeps its token",
            exists(|_| {}),
            kept(|kept| kept.tidy = false),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "a replaced token makes it tidy anyway",
            exists(|_| {}),
            kept(|kept| {
                kept.tidy = false;
                kept.token = TokenState::Missing;
            }),
            renew(ResetReason::Missing),
        ),
        (
            "a token that is not known to be the last one",
            exists(|_| {}),
            kept(|kept| kept.token = TokenState::Unproven),
            renew(ResetReason::Unproven),
        ),
        (
            "a token that has expired",
            exists(|_| {}),
            kept(|kept| kept.token = TokenState::Expired),
            renew(ResetReason::Expired),
        ),
        (
            "while somebody else's reset may still come to its end it is waited for",
            exists(|_| {}),
            but(|seen| {
                seen.secret = SecretSighting::Absent;
                seen.under_way = Some(now() + seconds(1));
            }),
            Plan::Hold(Blocked::UnderWay(now() + seconds(1))),
        ),
        (
            "and no longer than that",
            exists(|_| {}),
            but(|seen| {
                seen.secret = SecretSighting::Absent;
                seen.under_way = Some(now());
            }),
            renew(ResetReason::Missing),
        ),
        (
            "another attempt is no reason, nor are times",
            exists(|_| {}),
            kept(|kept| {
                kept.attempt = None;
                kept.issued_at = None;
                kept.expires_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
            }),
            Plan::Rest,
        ),
    ]);
}

#[test]
fn a_token_moves_along_when_its_secret_gets_another_name() {
    let ours = || SecretSighting::Ours(stored());
    let emptied = || stored_with(|kept| kept.token = TokenState::Missing);
    hold(vec![
        (
            "it is written under the new name",
            exists(|_| {}),
            moved(SecretSighting::Absent, stored()),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "then the former Secret goes",
            exists(|_| {}),
            moved(ours(), stored()),
            act(Step::DeleteSecret("former".to_owned())),
        ),
        (
            "whatever that holds",
            exists(|_| {}),
            moved(ours(), emptied()),
            act(Step::DeleteSecret("former".to_owned())),
        ),
        (
            "but not before the new one is as it should be",
            exists(|_| {}),
            moved(
                SecretSighting::Ours(stored_with(|kept| kept.tidy = false)),
                stored(),
            ),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "a former token that is not right is not moved",
            exists(|_| {}),
            moved(SecretSighting::Absent, emptied()),
            renew(ResetReason::Missing),
        ),
        (
            "nor is that of another runner",
            exists(|_| {}),
            moved(
                SecretSighting::Absent,
                stored_with(|kept| kept.runner = Some(known(RunnerId(8)))),
            ),
            renew(ResetReason::Missing),
        ),
        (
            "of several the right one is moved",
            exists(|_| {}),
            but(|seen| {
                seen.secret = SecretSighting::Absent;
                seen.others = vec![
                    ("earlier".to_owned(), emptied()),
                    ("former".to_owned(), stored()),
                ];
            }),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "it is written over an old one that was put back under the new name",
            exists(|_| {}),
            moved(
                SecretSighting::Ours(stored_with(|kept| kept.token = TokenState::Unproven)),
                stored(),
            ),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "and the others go one by one",
            exists(|_| {}),
            but(|seen| {
                seen.others = vec![
                    ("former".to_owned(), stored()),
                    ("earlier".to_owned(), emptied()),
                ];
            }),
            act(Step::DeleteSecret("earlier".to_owned())),
        ),
        (
            "under Report it moves too",
            exists(|want| want.drift = DriftPolicy::Report),
            moved(SecretSighting::Absent, stored()),
            act(Step::RepairSecret(RUNNER)),
        ),
    ]);
}
