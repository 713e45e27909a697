//! One function per step; the only code that writes to GitLab or to the token's Secret.
use std::sync::Arc;

use kube::runtime::events::EventType;

use super::pass::{Pass, Seen};
use crate::api::conditions::ConditionType;
use crate::api::v1alpha1::Registration;
use crate::controller::connections::Connected;
use crate::controller::error::Error;
use crate::controller::report;
use crate::gitlab;
use crate::gitlab::model::{NewRunner, RunnerId, RunnerToken, Settings};
use crate::plan::{Difference, Kept, Sighting, Step, Why, differences};
use crate::secrets::{self, Entry};

/// What is left to do after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Look again.
    Look,
    /// Nothing: the runner is gone, and there is no credential to look again with.
    Gone,
}

/// A step's name, for labels and log lines.
pub(super) fn name(step: &Step) -> &'static str {
    match step {
        Step::Register(_) => "register",
        Step::Renew(..) => "reset_token",
        Step::Mend(_) => "mend_secret",
        Step::Discard(_) => "discard_secret",
        Step::Edit(..) => "edit",
        Step::Assign(..) => "assign",
        Step::Unassign(..) => "unassign",
        Step::Unregister(_) => "unregister",
        Step::UnregisterByToken(_) => "unregister_by_token",
        Step::Release => "release_secret",
    }
}

/// Takes a step.
pub(super) async fn act(pass: &mut Pass<'_>, step: &Step) -> Result<After, Error> {
    // Whatever comes of it, what we remember of the runner is out of date.
    pass.ctx.memory.forget(&pass.uid);
    match step {
        Step::Register(new) => register(pass, new).await?,
        Step::Renew(id, why) => renew(pass, *id, *why).await?,
        Step::Mend(_) => mend(pass).await?,
        Step::Discard(_) => discard(pass).await?,
        Step::Edit(id, edit) => self::edit(pass, *id, edit).await?,
        Step::Assign(id, project) => {
            let link = link(pass)?;
            let done = link.client.assign(*project, *id).await;
            let about = ConditionType::ProjectsAssigned;
            settle(pass, step, done, "assign the runner to a project", about)?;
            let note = format!("assigned runner {id} to project {project}");
            pass.tell(EventType::Normal, "ProjectAssigned", &note).await;
        }
        Step::Unassign(id, project) => {
            let link = link(pass)?;
            let done = link.client.unassign(*project, *id).await;
            let about = ConditionType::ProjectsAssigned;
            settle(
                pass,
                step,
                done,
                "unassign the runner from a project",
                about,
            )?;
            let note = format!("unassigned runner {id} from project {project}");
            pass.tell(EventType::Normal, "ProjectUnassigned", &note)
                .await;
        }
        Step::Unregister(id) => {
            let link = link(pass)?;
            let done = link.client.unregister(*id).await;
            settle(pass, step, done, "remove the runner", ConditionType::Ready)?;
            let note = format!("removed runner {id} from GitLab");
            pass.tell(EventType::Normal, "RunnerRemoved", &note).await;
        }
        Step::UnregisterByToken(id) => {
            unregister_by_token(pass, step, *id).await?;
            return Ok(After::Gone);
        }
        Step::Release => release(pass).await?,
    }
    Ok(After::Look)
}

fn link(pass: &Pass<'_>) -> Result<Arc<Connected>, Error> {
    // A decision to act in GitLab is made only from what a link has shown.
    pass.link.clone().ok_or(Error::Stale)
}

/// Turns what came of a call into what a pass says of it, and leaves an audit line.
fn settle<T>(
    pass: &Pass<'_>,
    step: &Step,
    result: Result<T, gitlab::Error>,
    doing: &'static str,
    about: ConditionType,
) -> Result<T, Error> {
    report::audit(
        pass.ctx,
        &pass.namespace,
        &pass.name,
        name(step),
        step,
        result.as_ref().err(),
    );
    result.map_err(|source| Error::Act {
        doing,
        about,
        source,
    })
}

/// Records the attempt, creates the runner, keeps its token: each durable before the next.
async fn register(pass: &mut Pass<'_>, new: &NewRunner) -> Result<(), Error> {
    let link = link(pass)?;
    announce_loss(pass).await;
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
    let made = settle(pass, &step, made, "register the runner", about)?;
    keep(pass, &link, made.id, made.token, made.token_expires_at).await?;
    let note = format!("registered runner {}", made.id);
    pass.tell(EventType::Normal, "Registered", &note).await;
    Ok(())
}

/// Writes the intent onto the very version of the object that was read: of two who try, one gets a
/// conflict and does not post.
async fn intend(pass: &mut Pass<'_>, new: &NewRunner) -> Result<(), Error> {
    let now = pass.now();
    let mut status = pass.status();
    status.registration = Some(Registration {
        attempt: format!("{:x}", now.as_millisecond()),
        attempted_at: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(now),
    });
    status.runner = None;
    status.scope = Some(crate::plan::resolved(new.scope));
    pass.write(status).await
}

async fn announce_loss(pass: &Pass<'_>) {
    if let Some(known) = pass.recorded() {
        let note = format!(
            "runner {} is gone from GitLab and is registered anew",
            known.id
        );
        pass.tell(EventType::Warning, "RunnerVanished", &note).await;
    }
}

async fn renew(pass: &mut Pass<'_>, id: RunnerId, why: Why) -> Result<(), Error> {
    let link = link(pass)?;
    let step = Step::Renew(id, why);
    let about = ConditionType::TokenReady;
    let fresh = link.client.reset_token(id).await;
    let fresh = settle(pass, &step, fresh, "reset the runner's token", about)?;
    keep(pass, &link, id, fresh.token, fresh.token_expires_at).await?;
    let why = match why {
        Why::Missing => "the Secret held none",
        Why::Edited => "the one in the Secret was changed",
        Why::Foreign => "the one in the Secret was another runner's",
    };
    let note = format!("new token for runner {id}: {why}");
    pass.tell(EventType::Normal, "TokenReset", &note).await;
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
        issued_at: Some(pass.now()),
        expires_at,
    };
    put(pass, &entry).await
}

async fn put(pass: &Pass<'_>, entry: &Entry) -> Result<(), Error> {
    let (Some(want), Some(seen)) = (&pass.want, &pass.seen) else {
        return Err(Error::Stale);
    };
    let (api, runner) = (pass.secrets(), &pass.runner);
    secrets::put(&api, seen.secret.as_ref(), runner, &want.secret, entry)
        .await
        .map_err(|error| Error::kube("write the Secret of the token", error))
}

/// Writes the token that we have once more, here or under the name that spec asks for now.
async fn mend(pass: &Pass<'_>) -> Result<(), Error> {
    let Some(Seen {
        facts,
        secret,
        former,
    }) = &pass.seen
    else {
        return Err(Error::Stale);
    };
    let here = match (&facts.secret, secret) {
        (Kept::Ours(keeping), Some(secret)) => secrets::entry(secret, keeping),
        _ => None,
    };
    let there = match (&facts.former, former) {
        (Some((_, keeping)), Some(secret)) => secrets::entry(secret, keeping),
        _ => None,
    };
    let Some(entry) = here.or(there) else {
        return Err(Error::Stale);
    };
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

async fn discard(pass: &Pass<'_>) -> Result<(), Error> {
    let Some(former) = pass.seen.as_ref().and_then(|seen| seen.former.as_ref()) else {
        return Ok(());
    };
    let gone = secrets::discard(&pass.secrets(), former).await;
    gone.map_err(|error| Error::kube("delete the Secret that the token has left", error))
}

async fn edit(pass: &Pass<'_>, id: RunnerId, edit: &Settings) -> Result<(), Error> {
    let link = link(pass)?;
    let step = Step::Edit(id, Box::new(edit.clone()));
    let done = link.client.edit(id, edit).await;
    settle(
        pass,
        &step,
        done,
        "change the runner",
        ConditionType::Synced,
    )?;
    let rows = pass
        .seen
        .as_ref()
        .map_or(Vec::new(), |seen| match &seen.facts.runner {
            Sighting::Present(runner) => differences(runner, edit),
            Sighting::Absent | Sighting::Unclear(_) => Vec::new(),
        });
    let observed = pass
        .runner
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    let (reason, verb) = if observed == pass.runner.metadata.generation {
        ("DriftCorrected", "corrected")
    } else {
        ("Updated", "changed")
    };
    let words = rows.iter().map(words).collect::<Vec<_>>().join("; ");
    pass.tell(EventType::Normal, reason, &format!("{verb} {words}"))
        .await;
    Ok(())
}

fn words(difference: &Difference) -> String {
    let Difference {
        field,
        desired,
        actual,
    } = difference;
    format!("{field} from {actual:?} to {desired:?}")
}

/// Whoever holds a runner's token may remove it, so a lost credential does not leave it behind.
async fn unregister_by_token(pass: &Pass<'_>, step: &Step, id: RunnerId) -> Result<(), Error> {
    let Some(Seen {
        facts,
        secret,
        former,
    }) = &pass.seen
    else {
        return Err(Error::Stale);
    };
    let entry = match (&facts.secret, secret, &facts.former, former) {
        (Kept::Ours(keeping), Some(secret), ..) | (_, _, Some((_, keeping)), Some(secret)) => {
            secrets::entry(secret, keeping)
        }
        _ => None,
    };
    let Some(entry) = entry else {
        return Err(Error::Stale);
    };
    let client = super::link::anonymous(pass, &entry.gitlab_url)?;
    let done = client.unregister_by_token(&entry.token).await;
    settle(
        pass,
        step,
        done,
        "remove the runner by its own token",
        ConditionType::Ready,
    )?;
    let note =
        format!("removed runner {id} from GitLab by its own token: no credential could be used");
    pass.tell(EventType::Normal, "RunnerRemoved", &note).await;
    Ok(())
}

/// Leaves the token behind for the runner's processes, since the runner stays.
async fn release(pass: &Pass<'_>) -> Result<(), Error> {
    let Some(Seen {
        facts,
        secret,
        former,
    }) = &pass.seen
    else {
        return Err(Error::Stale);
    };
    let api = pass.secrets();
    let ours = matches!(facts.secret, Kept::Ours(_))
        .then_some(secret.as_ref())
        .flatten();
    for secret in ours.into_iter().chain(former) {
        secrets::release(&api, secret, &pass.runner)
            .await
            .map_err(|error| Error::kube("release the Secret of the token", error))?;
    }
    pass.tell(
        EventType::Normal,
        "Orphaned",
        "the runner stays in GitLab, and its token in the Secret",
    )
    .await;
    Ok(())
}
