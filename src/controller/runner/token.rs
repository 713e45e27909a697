//! The steps that make, keep and move a token. Its Secret is written nowhere else, and given up only
//! when the runner is.
use jiff::Timestamp;
use kube::runtime::events::EventType;

use super::operation;
use super::pass::{Observation, Pass};
use super::stored::{entry_of, is_held};
use crate::api::conditions::ConditionType;
use crate::api::events::EventReason;
use crate::api::v1alpha1::OperationType;
use crate::clock;
use crate::controller::error::{Error, chain};
use crate::gitlab;
use crate::gitlab::model::{NewRunner, RunnerId, RunnerToken, Settings};
use crate::observe::{Connected, FRESH, may_read};
use crate::plan::{Intent, Outcome, Plan, ResetReason, Step, WantedSecret, intended, resolved};
use crate::secrets::{self, Entry};

/// How a runner's token begins, unless the instance has a prefix of its own (contract §3.20).
const USUAL_PREFIX: &str = "glrt-";

/// Records the attempt, creates the runner, keeps its token: each durable before the next.
pub(super) async fn register(pass: &mut Pass<'_>, new: &NewRunner) -> Result<(), Error> {
    let link = pass.link()?;
    rehearse(pass, &link).await?;
    may_read(&link, new.scope, clock::now()).await?;
    intend(pass, new).await?;
    pass.begins_anew();
    let mark = pass.mark();
    let text = new.settings.maintenance_note.clone().unwrap_or_default();
    let signed = NewRunner {
        settings: Settings {
            maintenance_note: Some(mark.sign(&text)),
            ..new.settings.clone()
        },
        ..new.clone()
    };
    let step = Step::Register(Box::new(signed.clone()));
    let made = pass.posted(&link, &signed).await;
    if matches!(made, Err(gitlab::Error::Refused { .. })) {
        // The place that had the path may be gone, and another may have it now.
        link.paths.forget();
    }
    let made = pass.audited_registration(&step, made, "register the runner")?;
    let (token, expires_at) = (made.token, made.token_expires_at);
    let given = signed.life.filter(|life| life.is_given(expires_at));
    let deadline = given.and_then(|life| life.rotation_deadline);
    let source = Source::Registration { deadline };
    let kept = keep(pass, &link, made.id, source, token, expires_at).await;
    if let Err(error) = kept {
        note_number(pass, made.id).await;
        return Err(error);
    }
    pass.settle(&link, made.id, &signed).await;
    let note = pass.is_registered(made.id);
    pass.emit(EventType::Normal, EventReason::Registered.name(), &note)
        .await;
    pass.registered = true;
    pass.tell_of_life(signed.life, expires_at).await;
    Ok(())
}

/// Writes the intent onto the very version of the object that was read: of two who try, one gets a
/// conflict and does not post.
async fn intend(pass: &mut Pass<'_>, new: &NewRunner) -> Result<(), Error> {
    let now = clock::now();
    // Nobody is to read of a runner that vanished that it is ready, however long this takes.
    let step = Step::Register(Box::new(new.clone()));
    let mut status = pass.next_status(&Outcome::Planned(Plan::Act(step)));
    let seen = pass.seen.as_ref().map(|seen| &seen.facts);
    let url = pass.link()?.url.clone();
    let secret_name = pass.secret_name();
    let intended = intended(&status, seen, &url, &secret_name, now);
    status.registration = Some(pass.noting_settings(intended));
    pass.follows(&mut status, &url, now);
    status.runner = None;
    // The next token is not known yet, and the last one is of no use to the next runner.
    status.token = None;
    status.operation = None;
    status.scope = Some(resolved(new.scope, &url));
    pass.publish(status).await
}

/// The token is lost with its answer, but the runner need not be: a credential that may not search
/// finds it by its number, and has its token reset. Whoever has changed or deleted the object
/// meanwhile has made this pass' copy of its status old; the next pass then knows the number from us.
async fn note_number(pass: &mut Pass<'_>, made: RunnerId) {
    if let Some(Intent { attempt, .. }) = pass.intent() {
        pass.record.memory.made(attempt, made);
    }
    let mut status = pass.status();
    if let Some(registration) = &mut status.registration {
        registration.runner_id = i64::try_from(made.0).ok();
    }
    if let Err(error) = pass.write(status).await {
        let why = chain(&error);
        tracing::warn!(runner = made.0, why, "number of a new runner not kept");
    }
}

/// Records the reset, has GitLab make a new token, keeps it: each durable before the next.
pub(super) async fn reset(
    pass: &mut Pass<'_>,
    id: RunnerId,
    why: ResetReason,
) -> Result<(), Error> {
    let link = pass.link()?;
    rehearse(pass, &link).await?;
    let step = Step::ResetToken(id, why);
    let begun = operation::begin(pass, &step, OperationType::ResetToken, id).await?;
    // Until it is replaced, a token that is due works.
    let about = if why.is_rotation() {
        ConditionType::Ready
    } else {
        ConditionType::TokenReady
    };
    let fresh = pass.changing()?.reset_token(id).await;
    let noted = operation::answered(pass, &begun, &fresh).await;
    let fresh = pass.audited(&step, fresh, "reset the runner's token", about)?;
    noted?;
    if why.is_rotation() && is_held(pass, id, &fresh.token) {
        operation::undone(pass, &begun).await?;
        return Err(Error::NotTaken(step.name().to_owned()));
    }
    let source = Source::Reset(begun.id().to_owned());
    let kept = keep(pass, &link, id, source, fresh.token, fresh.token_expires_at).await;
    if let Err(error) = kept {
        operation::reopen(pass, &begun).await;
        return Err(error);
    }
    let note = format!("new token for runner {id}: {}", why.words());
    let reason = if why.is_rotation() {
        EventReason::TokenRotated
    } else {
        EventReason::TokenReset
    };
    pass.emit(EventType::Normal, reason.name(), &note).await;
    Ok(())
}

/// What a token came from.
enum Source {
    /// The registration of its runner, with such a deadline for its replacement.
    Registration { deadline: Option<Timestamp> },
    /// The reset of that sign.
    Reset(String),
}

/// Keeps a token that exists nowhere else yet.
async fn keep(
    pass: &mut Pass<'_>,
    link: &Connected,
    runner: RunnerId,
    source: Source,
    token: RunnerToken,
    expires_at: Option<Timestamp>,
) -> Result<(), Error> {
    // Whoever registers by token knows that the runner's own is of the former kind.
    let unusual = !pass.registers_by_token() && !token.expose().starts_with(USUAL_PREFIX);
    let (operation, rotation_deadline) = match source {
        Source::Registration { deadline } => (None, deadline),
        // Any replacement ends it.
        Source::Reset(id) => (Some(id), None),
    };
    let entry = Entry {
        token,
        runner,
        gitlab_url: link.url.clone(),
        attempt: pass.attempt(),
        operation,
        issued_at: Some(clock::now()),
        expires_at,
        rotation_deadline,
    };
    put(pass, &entry).await?;
    if unusual {
        let reason = EventReason::UnusualTokenPrefix.name();
        let note = format!(
            "the token of runner {runner} begins with a prefix of this GitLab's own, so that gitlab-runner takes it for one of the former kind: its `unregister` would remove the runner from GitLab"
        );
        pass.emit(EventType::Warning, reason, &note).await;
    }
    Ok(())
}

/// Makes sure that a token could be kept before GitLab makes one: it is shown once, and a reset ends
/// the one before. Missing rights, a quota or a policy would otherwise cost a token at every try. What
/// was found holds for the namespace, for a minute or until a Secret cannot be written there.
async fn rehearse(pass: &Pass<'_>, link: &Connected) -> Result<(), Error> {
    let (want, seen) = place(pass)?;
    let entry = Entry {
        token: RunnerToken::new("rehearsal".to_owned()),
        runner: RunnerId(0),
        gitlab_url: link.url.clone(),
        attempt: pass.attempt(),
        operation: None,
        issued_at: Some(clock::now()),
        expires_at: None,
        rotation_deadline: None,
    };
    let (api, secret) = (pass.secrets(), seen.secret.as_ref());
    let rehearsal = secrets::rehearse(&api, secret, &pass.runner, want, &entry, clock::now());
    let where_ = (pass.namespace.clone(), secret.is_some());
    let rehearsed = &pass.ctx.rehearsed;
    let done = rehearsed.get(where_, (clock::now(), FRESH), |()| true, rehearsal);
    done.await.map_err(unwritten)
}

async fn put(pass: &mut Pass<'_>, entry: &Entry) -> Result<(), Error> {
    let (want, seen) = place(pass)?;
    let (api, secret) = (pass.secrets(), seen.secret.as_ref());
    let written = secrets::put(&api, secret, &pass.runner, want, entry, clock::now()).await;
    let written = written.map_err(|error| {
        pass.ctx.rehearsed.forget();
        unwritten(error)
    })?;
    pass.has_written(written);
    Ok(())
}

/// Where a token belongs, and what is there.
fn place<'a>(pass: &'a Pass<'_>) -> Result<(&'a WantedSecret, &'a Observation), Error> {
    match (&pass.want, &pass.seen) {
        (Some(want), Some(seen)) => Ok((&want.secret, seen)),
        (None, _) | (_, None) => Err(Error::Stale),
    }
}

fn unwritten(error: kube::Error) -> Error {
    Error::kube("write the Secret of the token", error)
}

/// Writes the token that we have once more, here or under the name that spec asks for now.
pub(super) async fn repair(pass: &mut Pass<'_>, id: RunnerId) -> Result<(), Error> {
    let entry = entry_of(pass, id).ok_or(Error::Stale)?;
    let gitlab_url = pass
        .link
        .as_ref()
        .map_or(entry.gitlab_url.clone(), |link| link.url.clone());
    put(
        pass,
        &Entry {
            gitlab_url,
            ..entry
        },
    )
    .await
}
