//! The steps that make, keep and move a token. Its Secret is written nowhere else, and given up only
//! when the runner is.
use kube::runtime::events::EventType;

use super::pass::{Pass, Seen};
use crate::api::conditions::ConditionType;
use crate::api::events::EventReason;
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::error::{Error, chain};
use crate::gitlab::model::{NewRunner, RunnerId, RunnerToken, Settings};
use crate::plan::{Intent, Kept, Outcome, Plan, Step, WantedSecret, Why, intended, resolved};
use crate::secrets::{self, Entry};

/// Records the attempt, creates the runner, keeps its token: each durable before the next.
pub(super) async fn register(pass: &mut Pass<'_>, new: &NewRunner) -> Result<(), Error> {
    let link = pass.link()?;
    rehearse(pass, &link).await?;
    intend(pass, new).await?;
    let mark = pass.mark();
    let text = new.settings.maintenance_note.clone().unwrap_or_default();
    let signed = NewRunner {
        scope: new.scope,
        settings: Settings {
            maintenance_note: Some(mark.sign(&text)),
            ..new.settings.clone()
        },
    };
    let step = Step::Register(Box::new(signed.clone()));
    let about = ConditionType::Registered;
    let made = link.client.register(&signed).await;
    let made = pass.settle(&step, made, "register the runner", about)?;
    let kept = keep(pass, &link, made.id, made.token, made.token_expires_at).await;
    if let Err(error) = kept {
        note_number(pass, made.id).await;
        return Err(error);
    }
    let note = format!("registered runner {}", made.id);
    pass.tell(EventType::Normal, EventReason::Registered.name(), &note)
        .await;
    Ok(())
}

/// Writes the intent onto the very version of the object that was read: of two who try, one gets a
/// conflict and does not post.
async fn intend(pass: &mut Pass<'_>, new: &NewRunner) -> Result<(), Error> {
    let now = clock::now();
    // Nobody is to read of a runner that vanished that it is ready, however long this takes.
    let step = Step::Register(Box::new(new.clone()));
    let mut status = pass.projected(&Outcome::Planned(Plan::Act(step)));
    let seen = pass.seen.as_ref().map(|seen| &seen.facts);
    let url = pass.link()?.url.clone();
    status.registration = Some(intended(&status, seen, &url, now));
    status.runner = None;
    status.scope = Some(resolved(new.scope, &url));
    pass.publish(status).await
}

/// The token is lost with its answer, but the runner need not be: a credential that may not search
/// finds it by its number, and has its token reset. Whoever has changed or deleted the object
/// meanwhile has made this pass' copy of its status old; the next pass then knows the number from us.
async fn note_number(pass: &mut Pass<'_>, made: RunnerId) {
    if let Some(Intent { attempt, .. }) = pass.intent() {
        pass.ctx.memory.made(&pass.uid, attempt, made);
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

pub(super) async fn renew(pass: &mut Pass<'_>, id: RunnerId, why: Why) -> Result<(), Error> {
    let link = pass.link()?;
    rehearse(pass, &link).await?;
    let step = Step::Renew(id, why);
    let about = ConditionType::TokenReady;
    let fresh = link.client.reset_token(id).await;
    let fresh = pass.settle(&step, fresh, "reset the runner's token", about)?;
    keep(pass, &link, id, fresh.token, fresh.token_expires_at).await?;
    let why = match why {
        Why::Missing => "the Secret held none",
        Why::Edited => "the one in the Secret was changed",
        Why::Foreign => "the one in the Secret was another runner's",
    };
    let note = format!("new token for runner {id}: {why}");
    pass.tell(EventType::Normal, EventReason::TokenReset.name(), &note)
        .await;
    Ok(())
}

/// Keeps a token that exists nowhere else yet.
async fn keep(
    pass: &Pass<'_>,
    link: &Connected,
    runner: RunnerId,
    token: RunnerToken,
    expires_at: Option<jiff::Timestamp>,
) -> Result<(), Error> {
    let entry = Entry {
        token,
        runner,
        gitlab_url: link.url.clone(),
        attempt: pass.attempt(),
        issued_at: Some(clock::now()),
        expires_at,
    };
    put(pass, &entry).await
}

/// Makes sure that a token could be kept before GitLab makes one: it is shown once, and a reset ends
/// the one before. Missing rights, a quota or a policy would otherwise cost a token at every try.
async fn rehearse(pass: &Pass<'_>, link: &Connected) -> Result<(), Error> {
    let (want, seen) = place(pass)?;
    let entry = Entry {
        token: RunnerToken::new("rehearsal".to_owned()),
        runner: RunnerId(0),
        gitlab_url: link.url.clone(),
        attempt: pass.attempt(),
        issued_at: Some(clock::now()),
        expires_at: None,
    };
    let (api, secret) = (pass.secrets(), seen.secret.as_ref());
    secrets::rehearse(&api, secret, &pass.runner, want, &entry)
        .await
        .map_err(unwritten)
}

async fn put(pass: &Pass<'_>, entry: &Entry) -> Result<(), Error> {
    let (want, seen) = place(pass)?;
    let (api, secret) = (pass.secrets(), seen.secret.as_ref());
    secrets::put(&api, secret, &pass.runner, want, entry)
        .await
        .map_err(unwritten)
}

/// Where a token belongs, and what is there.
fn place<'a>(pass: &'a Pass<'_>) -> Result<(&'a WantedSecret, &'a Seen), Error> {
    match (&pass.want, &pass.seen) {
        (Some(want), Some(seen)) => Ok((&want.secret, seen)),
        (None, _) | (_, None) => Err(Error::Stale),
    }
}

fn unwritten(error: kube::Error) -> Error {
    Error::kube("write the Secret of the token", error)
}

/// What the Secret holds of this runner, here or under its former name, if the token is as we wrote
/// it.
pub(super) fn kept(pass: &Pass<'_>, id: RunnerId) -> Option<Entry> {
    let Seen {
        facts,
        secret,
        former,
    } = pass.seen.as_ref()?;
    let here = match (&facts.secret, secret) {
        (Kept::Ours(keeping), Some(secret)) => secrets::entry(secret, keeping),
        _ => None,
    };
    let there = || {
        let (_, keeping) = facts.former.as_ref()?;
        secrets::entry(former.as_ref()?, keeping)
    };
    let its = |entry: &Entry| entry.runner == id;
    here.filter(its).or_else(|| there().filter(its))
}

/// Writes the token that we have once more, here or under the name that spec asks for now.
pub(super) async fn mend(pass: &Pass<'_>, id: RunnerId) -> Result<(), Error> {
    let entry = kept(pass, id).ok_or(Error::Stale)?;
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
