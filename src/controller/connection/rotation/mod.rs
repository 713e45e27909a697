//! Replaces the token of a connection before it ends: announces it, asks for it, and stores the new one.
mod ask;
mod audit;
mod keeper;
mod recorded;
mod store;

pub(super) use ask::ask;
pub use keeper::run as keep_new_tokens;
pub(super) use store::keep;

use std::time::Duration;

use jiff::SignedDuration;
use kube::Api;

use super::finding::{Finding, broken, conclude};
use super::view::Connection;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::{ConnectionStatus, CredentialReplacement};
use crate::clock;
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::controller::connection_check::{ConnectionCheck, Inputs};
use crate::controller::error::chain;
use crate::plan::{
    Account, CredentialFacts, CredentialStep, Fingerprint, Keepable, NotReplaced, Replacing,
    Trouble, credential_step, is_left_behind, not_sent, with_replacement,
};
use crate::secrets;

/// How much longer than a request a replacement is announced before GitLab is asked.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// How long the answer to a question is waited for on which nothing depends but when GitLab is asked.
const BRIEF: Duration = Duration::from_secs(10);

/// How soon to come back at the earliest.
const LEAST: Duration = Duration::from_secs(1);

/// For how long a replacement is announced: until then a request of another process has come to its end
/// which began before that process heard of it, through whichever connection.
fn settles<K: Connection>(connection: &K, ctx: &Context, digest: &str) -> SignedDuration {
    let own: Option<SignedDuration> = connection.spec().timeout.parse().ok();
    let own = own.unwrap_or(SignedDuration::from_mins(1));
    let longest = ctx.connections.longest_timeout(digest);
    longest.map_or(own, |longest| longest.max(own)) + MARGIN
}

fn record<K: Connection>(connection: &K) -> Option<&CredentialReplacement> {
    connection.status()?.credential_rotation.as_ref()
}

/// What is to be said of a token that may not be sent.
pub(super) fn withheld<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    inputs: &Inputs,
    known: Option<&ConnectionCheck>,
) -> Option<Finding> {
    let digest = inputs.fingerprint().digest;
    if !ctx.gates.of(&digest).is_shut() {
        return None;
    }
    let asking = ctx.gates.is_asking(&digest);
    let own = record(connection)
        .filter(|record| record.digest == digest)
        .cloned();
    let other = || ctx.gates.elsewhere(key, &digest).map(|(_, record)| record);
    let record = own.or_else(other);
    let (process, now) = (&ctx.gates.process, clock::now());
    let settles = settles(connection, ctx, &digest);
    let trouble = not_sent(
        record.as_ref(),
        asking,
        process,
        settles,
        &inputs.place,
        now,
    );
    // It is over in a moment, and of two processes the other one tells.
    match known.filter(|known| trouble.reason == Reason::Pending && known.trouble.is_none()) {
        Some(known) => Some(conclude(ctx, key, known)),
        None => Some(broken(ctx, key, None, trouble)),
    }
}

/// How soon to come back, where the next step is due before anything else.
pub(super) fn sooner(wait: Duration, step: Option<&CredentialStep>) -> Duration {
    let Some(CredentialStep::Settle(until)) = step else {
        return wait;
    };
    let left = Duration::try_from(until.duration_since(clock::now())).unwrap_or_default();
    left.clamp(LEAST, wait.max(LEAST))
}

/// What is to be done about the token, as spec asks. `None` where nothing is known of it.
pub(super) async fn step<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    account: Option<&Account>,
) -> Option<CredentialStep> {
    let spec = connection.spec().credential_rotation.as_ref()?;
    let (process, now) = (&*ctx.gates.process, clock::now());
    let record = record(connection);
    let Some(account) = account else {
        // Its gate is shut until somebody goes on with it, for other connections with that token too.
        let left = record.is_some_and(|record| {
            let settles = settles(connection, ctx, &record.digest);
            is_left_behind(record, process, settles, now)
        });
        return left.then_some(CredentialStep::Announce);
    };
    let held = ctx.connections.held(key)?;
    let record = record.filter(|record| record.digest == held.digest);
    let Ok(before_expiry) = spec.before_expiry.parse() else {
        let why = "spec.credentialRotation.beforeExpiry is no duration such as 168h";
        return Some(CredentialStep::Blocked(why.to_owned()));
    };
    let other = ctx.gates.elsewhere(key, &held.digest);
    let first = other.filter(|(other, _)| record.is_none() || other < key);
    let mut facts = CredentialFacts {
        before_expiry,
        account,
        digest: &held.digest,
        record,
        process,
        settles: settles(connection, ctx, &held.digest),
        also_in: ctx.connections.also_in(key, &held.digest),
        left_to: first.map(|(other, _)| other.to_string()),
        keepable: Keepable::Unasked,
        now,
    };
    let mut step = credential_step(&facts);
    if step == CredentialStep::Rehearse {
        facts.keepable = keepable(connection, ctx, &held).await;
        step = credential_step(&facts);
    }
    let begins = matches!(step, CredentialStep::Announce | CredentialStep::Ask(_));
    // What is begun now might be cut off; the next process goes on.
    Some(if begins && ctx.stop.is_cancelled() {
        CredentialStep::Settle(now)
    } else {
        step
    })
}

/// Whether the new token could be stored: the API server is asked about the very change.
async fn keepable<K: Connection>(connection: &K, ctx: &Context, held: &Fingerprint) -> Keepable {
    let reference = &connection.spec().credentials_secret_ref;
    let namespace = connection.secrets_namespace(&ctx.options.operator_namespace);
    let api = Api::namespaced(ctx.kube.clone(), &namespace);
    let no = |error: &kube::Error| {
        if !is_judgement(error) {
            return Keepable::Unasked;
        }
        Keepable::No(format!(
            "the Secret {} in namespace {namespace} could not be written: {}; the operator's Role needs get and \
             patch on Secrets there, and an admission policy may refuse too",
            reference.name,
            chain(error)
        ))
    };
    let secret = match api.get(&reference.name).await {
        Ok(secret) => secret,
        Err(error) => return no(&error),
    };
    if let Some(why) = secrets::unfit(&secret) {
        return Keepable::No(why);
    }
    if secrets::held(&secret, &reference.key).as_ref() != Some(&held.digest) {
        // It has just changed, and is looked at anew.
        return Keepable::Unasked;
    }
    let rehearsal = "rehearsal".to_owned().into();
    let put = secrets::put_credential(&api, &secret, &reference.key, &rehearsal, true);
    match put.await {
        Ok(()) => Keepable::Yes,
        Err(error) => no(&error),
    }
}

/// Whether the API server has judged a request. That it could not just then says nothing of the next one.
fn is_judgement(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status)
        if status.code < 500 && !matches!(status.code, 409 | 429))
}

/// The status with what is to be said of the replacement of the token.
pub(super) fn told<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    status: ConnectionStatus,
    step: Option<&CredentialStep>,
) -> ConnectionStatus {
    let previous = connection.status().cloned().unwrap_or_default();
    let held = ctx.connections.held(key);
    let record = previous.credential_rotation.as_ref();
    let record = record.filter(|record| record.process == ctx.gates.process);
    let answer = record.and_then(|record| {
        // What was written and not begun, since the answer to that write was lost, is not waited for.
        let lost = record.asked_at.is_some() && !ctx.fresh_tokens.has_begun(&record.digest);
        let answer = ctx.fresh_tokens.answer(key, &record.digest);
        answer.or(lost.then_some(NotReplaced::Unasked))
    });
    let known = Replacing {
        wanted: connection.spec().credential_rotation.is_some(),
        held: held.as_ref(),
        not_replaced: answer.as_ref(),
        step,
        process: &ctx.gates.process,
    };
    with_replacement(status, &previous, &known, clock::now())
}

/// What is wrong with a connection whose new token is not stored yet.
fn unstored(secret: &str, namespace: &str, why: &str) -> Trouble {
    Trouble::new(
        Reason::RotationUnstored,
        format!(
            "GitLab has made a new token, and the operator holds it in memory and could not write it into the \
             Secret {secret} in namespace {namespace}: {why}. It tries on; do not restart it before"
        ),
    )
}
