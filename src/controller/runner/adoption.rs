//! The step that takes a runner over, and what it hangs on.
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::runtime::events::EventType;

use super::{link, pass::Pass};
use crate::api::conditions::ConditionType;
use crate::api::events::EventReason;
use crate::api::v1alpha1::{Adoption as Adopted, DeletionPolicy, OperationType, ResetToken};
use crate::clock;
use crate::controller::error::{Error, chain};
use crate::controller::on_request;
use crate::gitlab::model::{Note, Runner, RunnerId, Settings};
use crate::observe::{Connected, Subject};
use crate::plan::{
    Adoption, Known, Mark, Outcome, Plan, Sighting, Step, Wanted, WantedAdoption, adopted, begun,
    diff, differences,
};
use crate::secrets::Heir;

impl Pass<'_> {
    /// The runner that is to be taken over, if that is not done.
    pub(super) fn to_adopt(&self, want: &Wanted) -> Option<WantedAdoption> {
        let status = self.runner.status.as_ref();
        let is_done = |adopt: &WantedAdoption| adopted(status, adopt.runner, &self.uid);
        want.adopt.filter(|adopt| !is_done(adopt))
    }

    /// Whether a Secret of an earlier object of this name comes with the runner that this one takes over,
    /// or has taken over.
    pub(super) async fn inherits(
        &self,
        secret: &Secret,
        want: Option<&Wanted>,
    ) -> Result<bool, Error> {
        let Some(runner) = self.takes_over(want) else {
            return Ok(false);
        };
        let heir = Heir {
            object: &self.runner,
            runner,
        };
        // One that was given up with its runner is not taken up again by an object that goes.
        let owner = heir.inherits(secret);
        let Some(owner) = owner.filter(|owner| want.is_some() || !owner.is_empty()) else {
            return Ok(false);
        };
        let living = self.uids_in(Some(&self.namespace)).await;
        let living = living.map_err(|error| Error::kube("list the GitLabRunners", error))?;
        Ok(!living.contains(&owner))
    }

    /// The runner of spec.adopt; of an object that goes, only once that was taken over.
    fn takes_over(&self, want: Option<&Wanted>) -> Option<Known> {
        let status = self.runner.status.as_ref();
        let seen = status.and_then(|status| status.runner.as_ref());
        let seen = seen.map(|runner| runner.gitlab_url.clone());
        let gitlab_url = self.link.as_ref().map(|link| link.url.clone()).or(seen)?;
        let id = if let Some(want) = want {
            want.adopt?.runner
        } else {
            let adoption = status?.adoption.as_ref()?;
            let id = RunnerId(u64::try_from(adoption.runner_id).ok()?);
            adopted(status, id, &self.uid).then_some(id)?
        };
        Some(Known { id, gitlab_url })
    }
}

/// Takes a runner over: the mark first, since it tells whose the runner is; then its number in status,
/// from which on it is kept like any other. Whoever dies in between finds the mark.
pub(super) async fn adopt(
    pass: &mut Pass<'_>,
    step: &Step,
    id: RunnerId,
    edit: Option<&Settings>,
) -> Result<(), Error> {
    let adoption = pass
        .seen
        .as_ref()
        .and_then(|seen| seen.facts.adoption.clone());
    let (Some(Adoption::Fits(runner)), Some(want)) = (adoption, pass.want.clone()) else {
        return Err(Error::Stale);
    };
    let told = differs(pass, &want, &runner);
    let runner = match edit {
        None => *runner,
        Some(edit) => {
            let done = pass.changing()?.edit(id, edit).await;
            let doing = "write this object's mark to the runner that is to be taken over";
            let shown = pass.audited(step, done, doing, ConditionType::Registered)?;
            marked(shown, *runner, edit)
        }
    };
    let note = format!("took over runner {id}{told}");
    pass.emit(EventType::Normal, EventReason::Adopted.name(), &note)
        .await;
    record(pass, &want, step, runner).await
}

/// What is about to be changed, or will only be told: the end of a sentence. The mark goes without saying.
fn differs(pass: &Pass<'_>, want: &Wanted, runner: &Runner) -> String {
    let mut edit = diff(runner, &want.settings, &pass.mark()).unwrap_or_default();
    if want.settings.maintenance_note.is_none() {
        edit.maintenance_note = None;
    }
    let rows = differences(runner, &edit);
    if rows.is_empty() {
        return ", which is as declared".to_owned();
    }
    let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    format!(", which differs: {}", rows.join("; "))
}

/// The runner with its new mark.
fn marked(shown: Option<Runner>, before: Runner, edit: &Settings) -> Runner {
    match shown {
        Some(shown) => shown.after(&before),
        None => Runner {
            maintenance_note: Note::Shown(edit.maintenance_note.clone()),
            ..before
        },
    }
}

/// Writes down that the runner is this object's. Whoever wants a new token in any case has the reset of
/// one begun with it, so that no crash forgets it.
async fn record(
    pass: &mut Pass<'_>,
    want: &Wanted,
    step: &Step,
    runner: Runner,
) -> Result<(), Error> {
    let now = clock::now();
    let id = runner.id;
    if let Some(seen) = &mut pass.seen {
        seen.facts.adoption = None;
        seen.facts.runner = Sighting::Present(runner);
    }
    let mut status = pass.next_status(&Outcome::Planned(Plan::Act(step.clone())));
    status.adoption = Some(Adopted {
        runner_id: i64::try_from(id.0).unwrap_or(i64::MAX),
        adopted_at: Time(now),
        object_uid: pass.uid.clone(),
    });
    // Whoever wants a new token besides says so by resetToken; the annotation may have come from a backup.
    let asked = on_request::rotation(&pass.runner);
    status.last_handled_rotate_at = asked.or(status.last_handled_rotate_at);
    // An operation of the object that had the runner before is nobody's any more.
    status.operation = None;
    if want
        .adopt
        .is_some_and(|adopt| adopt.reset == ResetToken::Always)
    {
        let reset = begun(OperationType::ResetToken, id, Some(pass.secret_name()), now);
        // Nobody else has begun it, so that there is nothing to wait for.
        pass.record.memory.ended(&reset.id);
        status.operation = Some(reset);
    }
    pass.publish(status).await
}

/// Takes this object's mark off a runner that it has taken over and leaves behind: it is as it was then, and
/// another object may take it over. If that cannot be, the mark stays, which is told in the log.
pub(super) async fn hand_back(pass: &Pass<'_>) {
    let Some(adoption) = pass
        .runner
        .status
        .as_ref()
        .and_then(|it| it.adoption.as_ref())
    else {
        return;
    };
    let leaves =
        pass.runner.spec.deletion_policy == DeletionPolicy::Orphan && pass.brake().is_none();
    let (Ok(id), true) = (u64::try_from(adoption.runner_id), leaves) else {
        return;
    };
    let link::Link::Usable(link) = link::for_deletion(pass.ctx, &pass.runner, &pass.namespace)
    else {
        return;
    };
    if let Err(error) = unmark(pass, &link, RunnerId(id)).await {
        let why = chain(&error);
        tracing::warn!(
            runner = id,
            why,
            "mark not taken off a runner that is left behind"
        );
    }
}

async fn unmark(pass: &Pass<'_>, link: &Connected, id: RunnerId) -> Result<(), Error> {
    let runner = link.client.runner(id).await;
    let runner = runner.map_err(|source| Error::from(Subject::Runner.failed(source)))?;
    let Some(runner) = runner else {
        return Ok(());
    };
    let note = &runner.maintenance_note;
    let (text, mark) = Mark::split(note.text().unwrap_or_default());
    if !note.is_writable() || mark.is_none_or(|mark| mark.uid != pass.uid) {
        return Ok(());
    }
    let edit = Settings {
        maintenance_note: Some(text.to_owned()),
        ..Settings::default()
    };
    let done = link.client.leaving(&pass.trail).edit(id, &edit).await;
    let step = Step::Edit(id, Box::new(edit));
    let doing = "take this object's mark off the runner";
    pass.audited(&step, done, doing, ConditionType::Ready)
        .map(drop)
}
