//! The steps that take a runner out of GitLab, and what was kept of it out of Kubernetes or leave it
//! there.
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::{ResourceExt, runtime::events::EventType};

use super::{
    link, operation,
    pass::{Observation, Pass},
    stored::entry_of,
};
use crate::api::conditions::ConditionType;
use crate::api::events::EventReason;
use crate::api::v1alpha1::OperationType;
use crate::controller::error::{Error, is_api_status};
use crate::gitlab;
use crate::gitlab::model::RunnerId;
use crate::plan::{Doubt, Jobs, ResetReason, SecretSighting, Sighting, Step};
use crate::secrets;

/// Removes a runner. One that was `seen` by an earlier pass only is not removed if it has changed since;
/// tells whether it is gone.
pub(super) async fn unregister(
    pass: &Pass<'_>,
    step: &Step,
    id: RunnerId,
    seen: Option<Timestamp>,
) -> Result<bool, Error> {
    let client = pass.changing()?;
    pass.record.memory.removes(id);
    let done = match seen {
        Some(at) => client.unregister_unmodified(id, at).await,
        None => client.unregister(id).await.map(|()| true),
    };
    if matches!(done, Ok(false)) {
        return Ok(false);
    }
    pass.audited(step, done, "remove the runner", ConditionType::Ready)?;
    let twins = pass.seen.as_ref().map(|seen| &seen.facts.twins);
    let note = if pass.predecessor_seen(id).is_some() {
        pass.record.memory.remove(id);
        format!("removed runner {id} from GitLab, whose place another has taken")
    } else if twins.is_some_and(|twins| twins.contains(&id)) {
        format!("removed runner {id} from GitLab: a lost answer had left it behind")
    } else {
        pass.record.memory.remove(id);
        let ran = still_running(pass);
        format!("removed runner {id} from GitLab{ran}")
    };
    pass.emit(EventType::Normal, EventReason::RunnerRemoved.name(), &note)
        .await;
    Ok(true)
}

/// What the runner was running when the time was over for which its jobs are waited for, as the end of a
/// sentence.
fn still_running(pass: &Pass<'_>) -> String {
    let drain = pass.seen.as_ref();
    let drain = drain.and_then(|seen| seen.facts.goodbye.drain.as_ref());
    let over = drain.is_some_and(|drain| drain.jobs == Jobs::Unasked);
    let told = pass.runner.status.as_ref().filter(|_| over);
    match told.and_then(|status| status.drain.as_ref()?.running_jobs) {
        Some(number) if number > 0 => {
            format!(", though it was running {number} jobs when the time of spec.drain was over")
        }
        Some(_) | None => String::new(),
    }
}

/// Removes a runner whose token is lost where GitLab makes no new one (contract §11): another is
/// registered then.
pub(super) async fn discard(
    pass: &Pass<'_>,
    step: &Step,
    id: RunnerId,
    why: ResetReason,
) -> Result<(), Error> {
    pass.record.memory.removes(id);
    let done = pass.changing()?.unregister(id).await;
    let doing = "remove the runner, whose token is lost and cannot be replaced in this GitLab";
    pass.audited(step, done, doing, ConditionType::TokenReady)?;
    pass.record.memory.remove(id);
    let note = format!(
        "removed runner {id} from GitLab, which makes no new token for one that is there before 15.0: {}. Another runner is registered",
        why.words()
    );
    let reason = EventReason::RunnerReplaced.name();
    pass.emit(EventType::Warning, reason, &note).await;
    Ok(())
}

/// Whoever holds a runner's token may remove it, so a credential that is lost or not enough does not
/// leave it behind. With the runner goes all that GitLab would tell of it: a later request is refused,
/// as is one with a token that was reset. So the attempt is recorded before, and what came of it after;
/// and a refusal means that the runner is gone only after one whose outcome is not known, or where GitLab
/// has just said the same to a fine-grained credential; not while a credential has shown that it is there.
pub(super) async fn unregister_by_token(
    pass: &mut Pass<'_>,
    step: &Step,
    id: RunnerId,
) -> Result<(), Error> {
    let entry = entry_of(pass, id).ok_or(Error::Stale)?;
    let url = pass
        .link
        .as_ref()
        .map_or(&entry.gitlab_url, |link| &link.url);
    let client = link::anonymous(pass, url)?.leaving(&pass.trail);
    let begun = operation::begin(pass, step, OperationType::RemoveByToken, id).await?;
    let doubted = is_hidden(pass, id) || begun.again() && pass.link.is_none();
    let answer = client.unregister_by_token(&entry.token).await;
    let refused = answer.as_ref().is_err_and(is_unknown_token);
    let noted = operation::answered(pass, &begun, &answer).await;
    let doing = why_not(refused, pass.link.is_some());
    let settled = pass.audited(step, answer, doing, ConditionType::Ready);
    if doubted && refused {
        let note = format!(
            "runner {id} is taken for removed: GitLab knows neither its token, nor the runner where it was asked for that"
        );
        pass.emit(EventType::Warning, EventReason::RunnerRemoved.name(), &note)
            .await;
        return operation::done(pass, &begun).await;
    }
    settled?;
    noted?;
    let note = format!("removed runner {id} from GitLab by its own token");
    pass.emit(EventType::Normal, EventReason::RunnerRemoved.name(), &note)
        .await;
    operation::done(pass, &begun).await
}

/// What could not be done, and what to do about it.
fn why_not(unknown_token: bool, with_credential: bool) -> &'static str {
    match (unknown_token, with_credential) {
        (true, true) => {
            "remove the runner with the connection's credential, which is not enough, nor by the runner's own token, which GitLab does not know; give the connection one that may, or set deletionPolicy to Orphan"
        }
        (true, false) => {
            "remove the runner by its own token, which GitLab does not know; if the runner is gone, set deletionPolicy to Orphan"
        }
        (false, _) => "remove the runner by its own token",
    }
}

/// Whether GitLab has said that there is no such runner to a credential that it may be hidden from.
fn is_hidden(pass: &Pass<'_>, id: RunnerId) -> bool {
    let seen = pass.seen.as_ref().map(|seen| &seen.facts.runner);
    seen == Some(&Sighting::Unclear(Doubt::Hidden(id)))
}

/// Whether GitLab does not know the token, or no longer takes it (contract §3.15).
fn is_unknown_token(error: &gitlab::Error) -> bool {
    error.refusal() == Some(&gitlab::Refusal::Forbidden)
}

/// Deletes our Secret of that name, whose token has moved.
pub(super) async fn delete_secret(pass: &Pass<'_>, name: &str) -> Result<(), Error> {
    let others = pass.seen.iter().flat_map(|seen| &seen.others);
    for secret in others.filter(|secret| secret.name_any() == name) {
        secrets::delete(&pass.secrets(), secret)
            .await
            .map_err(|error| Error::kube("delete a Secret that the token has left", error))?;
        pass.ctx.owned.forget(&pass.namespace, &pass.uid, name);
    }
    Ok(())
}

/// Deletes what was kept of a runner that was removed. Without its Secret nothing but GitLab tells that it
/// is gone, and where that is not certain it is written down before: to a fine-grained token GitLab says
/// the same of a runner that it may not see, and without a connection it is not asked. Where it is certain,
/// whoever goes on after a crash, wherever that was between here and the removal of our finalizer, is told
/// by a 404 that nothing is left to do. What keeps the object from going after this may take long, and the
/// connection may go meanwhile, so that it is written down then; see [`held_back`](super::held_back).
pub(super) async fn finish(pass: &mut Pass<'_>) -> Result<(), Error> {
    let Some(id) = pass.record.memory.removed() else {
        return clear(pass).await;
    };
    if !link::tells_what_is_gone(pass) {
        operation::removed(pass, id).await?;
    }
    let cleared = clear(pass).await;
    if cleared.is_err() {
        operation::removed(pass, id).await?;
    }
    cleared
}

/// Deletes what was kept of a runner that is gone. Nobody else does: see [`secrets`].
async fn clear(pass: &Pass<'_>) -> Result<(), Error> {
    for secret in ours(pass)? {
        match secrets::delete(&pass.secrets(), secret).await {
            Err(error) if !is_api_status(&error, 404) => {
                let doing = "delete the Secret of the token of a runner that is gone, without which the object cannot go: allow the operator to delete it, or delete it yourself";
                return Err(Error::kube(doing, error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Leaves the token behind for the runner's processes, since the runner stays.
pub(super) async fn release(pass: &Pass<'_>) -> Result<(), Error> {
    for secret in ours(pass)? {
        secrets::release(&pass.secrets(), secret, &pass.runner)
            .await
            .map_err(|error| Error::kube("release the Secret of the token", error))?;
    }
    Ok(())
}

/// Our Secrets: under the name that spec asks for, and under others.
fn ours<'a>(pass: &'a Pass<'_>) -> Result<impl Iterator<Item = &'a Secret>, Error> {
    let Some(Observation {
        facts,
        secret,
        others,
    }) = &pass.seen
    else {
        return Err(Error::Stale);
    };
    let here = secret
        .as_ref()
        .filter(|_| matches!(facts.secret, SecretSighting::Ours(_)));
    Ok(here.into_iter().chain(others))
}
