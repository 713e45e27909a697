//! The steps that take a runner out of GitLab, and what was kept of it out of Kubernetes or leave it
//! there.
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::runtime::events::EventType;

use super::{
    link,
    pass::{Pass, Seen},
    token::kept,
};
use crate::api::conditions::ConditionType;
use crate::api::events::EventReason;
use crate::api::v1alpha1::Removal;
use crate::clock;
use crate::controller::error::{Error, chain};
use crate::gitlab;
use crate::gitlab::model::RunnerId;
use crate::plan::{Kept, Step};
use crate::secrets;

pub(super) async fn unregister(pass: &Pass<'_>, step: &Step, id: RunnerId) -> Result<(), Error> {
    let done = pass.link()?.client.unregister(id).await;
    pass.settle(step, done, "remove the runner", ConditionType::Ready)?;
    let twins = pass.seen.as_ref().map(|seen| &seen.facts.twins);
    let note = if twins.is_some_and(|twins| twins.contains(&id)) {
        format!("removed runner {id} from GitLab: a lost answer had left it behind")
    } else {
        format!("removed runner {id} from GitLab")
    };
    pass.tell(EventType::Normal, EventReason::RunnerRemoved.name(), &note)
        .await;
    Ok(())
}

/// Whoever holds a runner's token may remove it, so a credential that is lost or not enough does not
/// leave it behind. With the runner goes all that GitLab would tell of it: a later request is refused,
/// as is one with a token that was reset. So the attempt is recorded before, and only after one whose
/// outcome is not known does a refusal mean that the runner is gone; not while a credential has just
/// shown that it is there.
pub(super) async fn unregister_by_token(
    pass: &mut Pass<'_>,
    step: &Step,
    id: RunnerId,
) -> Result<(), Error> {
    let entry = kept(pass, id).ok_or(Error::Stale)?;
    let url = pass
        .link
        .as_ref()
        .map_or(&entry.gitlab_url, |link| &link.url);
    let client = link::anonymous(pass, url)?;
    let open = begin(pass, id).await? && pass.link.is_none();
    let done = client.unregister_by_token(&entry.token).await;
    let refused = done.as_ref().is_err_and(is_unknown_token);
    if open && refused {
        let note = format!(
            "runner {id} is taken for removed: GitLab no longer knows its token, after a request to remove it whose answer was lost"
        );
        pass.tell(EventType::Warning, EventReason::RunnerRemoved.name(), &note)
            .await;
        return Ok(());
    }
    let doing = match (refused, pass.link.is_some()) {
        (true, true) => {
            "remove the runner with the connection's credential, which is not enough, nor by the runner's own token, which GitLab does not know; give the connection one that may, or set deletionPolicy to Orphan"
        }
        (true, false) => {
            "remove the runner by its own token, which GitLab does not know; if the runner is gone, set deletionPolicy to Orphan"
        }
        (false, _) => "remove the runner by its own token",
    };
    let unknown = done.as_ref().is_err_and(gitlab::Error::may_have_acted);
    let settled = pass.settle(step, done, doing, ConditionType::Ready);
    if settled.is_err() && !unknown && !open {
        record(pass, None).await?;
    }
    settled?;
    let note = format!("removed runner {id} from GitLab by its own token");
    pass.tell(EventType::Normal, EventReason::RunnerRemoved.name(), &note)
        .await;
    Ok(())
}

/// Whether GitLab does not know the token, or no longer takes it (contract §3.15).
fn is_unknown_token(error: &gitlab::Error) -> bool {
    error.refusal() == Some(&gitlab::Refusal::Forbidden)
}

/// Records that an attempt begins. Tells whether one was under way already.
async fn begin(pass: &mut Pass<'_>, id: RunnerId) -> Result<bool, Error> {
    let open = pass.status().removal;
    let open = open.is_some_and(|removal| u64::try_from(removal.runner_id) == Ok(id.0));
    if !open {
        record(pass, Some(id)).await?;
    }
    Ok(open)
}

async fn record(pass: &mut Pass<'_>, id: Option<RunnerId>) -> Result<(), Error> {
    let mut status = pass.status();
    status.removal = id.map(|id| Removal {
        runner_id: i64::try_from(id.0).unwrap_or(i64::MAX),
        attempted_at: Time(clock::now()),
    });
    pass.write(status).await
}

/// Deletes the Secret that a token has left for another.
pub(super) async fn discard(pass: &Pass<'_>) -> Result<(), Error> {
    let former = pass.seen.as_ref().and_then(|seen| seen.former.as_ref());
    let Some(former) = former else {
        return Ok(());
    };
    let gone = secrets::discard(&pass.secrets(), former).await;
    gone.map_err(|error| Error::kube("delete the Secret that the token has left", error))
}

/// Deletes what was kept of a runner that is gone. The garbage collector would do so too, but perhaps
/// not before somebody makes the object anew, whose Secret it would then seem to be in the way of.
pub(super) async fn clear(pass: &Pass<'_>) {
    for secret in ours(pass).into_iter().flatten() {
        if let Err(error) = secrets::discard(&pass.secrets(), secret).await {
            let why = chain(&error);
            tracing::debug!(why, "Secret left to the garbage collector");
        }
    }
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

/// Our Secrets: under the name that spec asks for, and under the former one.
fn ours<'a>(pass: &'a Pass<'_>) -> Result<impl Iterator<Item = &'a Secret>, Error> {
    let Some(Seen {
        facts,
        secret,
        former,
    }) = &pass.seen
    else {
        return Err(Error::Stale);
    };
    let here = secret
        .as_ref()
        .filter(|_| matches!(facts.secret, Kept::Ours(_)));
    Ok(here.into_iter().chain(former))
}
