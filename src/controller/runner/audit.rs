//! One line in the log for each change of a runner: who, where, what, what was before, and how it ended.
use kube::Resource;

use super::pass::Pass;
use crate::api::conditions::ConditionType;
use crate::api::v1alpha1::GitLabRunner;
use crate::controller::audit::{Ended, TARGET, ended};
use crate::controller::error::{Error, chain};
use crate::gitlab;
use crate::gitlab::Refusal;
use crate::gitlab::model::{NewRunner, Registered, RunnerId, Scope, Settings};
use crate::plan::{Adoption, Difference, Sighting, Step, differences};

/// What to do about a token that GitLab does not replace any more.
fn late_advice(error: &gitlab::Error) -> Option<String> {
    (error.refusal() == Some(&Refusal::RotationDeadline)).then(|| {
        "the deadline that the runner was registered with is over, so that its token ends as it is: set \
         spec.tokenRotation.overlap to Twin, or delete this object and make it anew"
            .to_owned()
    })
}

impl Pass<'_> {
    /// Turns what came of a call into what a pass says of it, and logs it. Steps hold no tokens.
    pub(super) fn audited<T>(
        &self,
        step: &Step,
        result: Result<T, gitlab::Error>,
        doing: &'static str,
        about: ConditionType,
    ) -> Result<T, Error> {
        self.log_change(step, step.runner(), result.as_ref().err(), doing);
        result.map_err(|source| Error::Act {
            doing,
            about,
            advice: late_advice(&source).or_else(|| self.role_advice(step, &source)),
            source,
        })
    }

    /// The same of a registration, whose runner has a number only then.
    pub(super) fn audited_registration(
        &self,
        step: &Step,
        made: Result<Registered, gitlab::Error>,
        doing: &'static str,
    ) -> Result<Registered, Error> {
        let runner = made.as_ref().ok().map(|made| made.id);
        self.log_change(step, runner, made.as_ref().err(), doing);
        made.map_err(|source| Error::Act {
            doing,
            about: ConditionType::Registered,
            advice: self
                .registration_advice(&source)
                .or_else(|| self.role_advice(step, &source)),
            source,
        })
    }

    /// Which role a step takes where the runner is at home, when GitLab says just that the user has no
    /// right to it (contract §1.4).
    fn role_advice(&self, step: &Step, error: &gitlab::Error) -> Option<String> {
        let forbidden = error.status() == Some(403)
            && matches!(error.refusal(), Some(Refusal::Forbidden | Refusal::Other));
        if !forbidden || step.project().is_some() || matches!(step, Step::UnregisterByToken(_)) {
            return None;
        }
        let owner = self.link.as_ref().and_then(|link| link.username.as_ref());
        let owner = match owner {
            Some(name) => format!("is that of {name}"),
            None => "does not tell whose it is".to_owned(),
        };
        let scope = &self.runner.spec.scope;
        let takes = if scope.instance.is_some() {
            "an administrator of the instance".to_owned()
        } else if scope.group.is_some() {
            format!("the role Owner in {}", self.names().scope)
        } else {
            format!("the role Maintainer or Owner in {}", self.names().scope)
        };
        Some(format!(
            "this takes {takes}, and the connection's token {owner}: give that user the role, or the connection a token of a user who has it"
        ))
    }

    fn log_change(
        &self,
        step: &Step,
        runner: Option<RunnerId>,
        failure: Option<&gitlab::Error>,
        doing: &'static str,
    ) {
        if failure.is_none() {
            self.ctx.metrics.mutated(step.name());
        }
        let message = match failure {
            None => step.done().to_owned(),
            Some(_) => format!("could not {doing}"),
        };
        let Ended {
            outcome,
            request,
            status,
            request_id,
        } = ended(self.trail.take(), failure);
        let Detail {
            scope,
            project,
            why,
            rows,
        } = self.detail(step);
        let changed = |field: &str| {
            let row = rows.iter().find(|row| row.field == field)?;
            Some(format!("{} → {}", row.actual, row.desired))
        };
        tracing::info!(
            target: TARGET,
            kind = &*GitLabRunner::kind(&()),
            namespace = self.namespace,
            name = self.name,
            generation = self.runner.metadata.generation,
            gitlab = self.link.as_ref().map(|link| link.url.as_str()),
            runner = runner.map(|id| id.0),
            step = step.name(),
            outcome,
            request,
            status,
            request_id,
            term = self.ctx.term.number(),
            scope,
            project,
            why,
            changed.description = changed("description"),
            changed.tags = changed("tags"),
            changed.run_untagged = changed("runUntagged"),
            changed.paused = changed("paused"),
            changed.locked = changed("locked"),
            changed.access_level = changed("accessLevel"),
            changed.maximum_timeout = changed("maximumTimeout"),
            changed.maintenance_note = changed("maintenanceNote"),
            failure = failure.map(|error| chain(error)),
            "{message}"
        );
    }

    /// What else there is to say of a step.
    fn detail(&self, step: &Step) -> Detail {
        let mut detail = Detail::default();
        match step {
            Step::Register(new) => {
                let NewRunner { scope, .. } = &**new;
                detail.scope = Some(match scope {
                    Scope::Instance => "instance".to_owned(),
                    Scope::Group(id) => format!("group {id}"),
                    Scope::Project(id) => format!("project {id}"),
                });
            }
            Step::Edit(id, edit) | Step::Adopt(id, Some(edit)) => {
                detail.rows = self.rows(*id, edit);
            }
            Step::Assign(_, project) | Step::Unassign(_, project) => {
                detail.project = Some(project.0);
            }
            Step::ResetToken(_, why) | Step::Discard(_, why) => detail.why = Some(why.words()),
            Step::Adopt(_, None)
            | Step::RepairSecret(_)
            | Step::DeleteSecret(_)
            | Step::Unregister(_)
            | Step::UnregisterByToken(_)
            | Step::ReleaseSecret => {}
        }
        detail
    }

    /// What an edit changes, with what GitLab held before.
    fn rows(&self, id: RunnerId, edit: &Settings) -> Vec<Difference> {
        if let Some(before) = self.predecessor_seen(id) {
            return differences(before, edit);
        }
        let facts = self.seen.as_ref().map(|seen| &seen.facts);
        if let Some(Adoption::Fits(runner)) = facts.and_then(|facts| facts.adoption.as_ref()) {
            return differences(runner, edit);
        }
        match self.seen.as_ref().map(|seen| &seen.facts.runner) {
            Some(Sighting::Present(runner)) => differences(runner, edit),
            Some(Sighting::Absent | Sighting::Unclear(_)) | None => Vec::new(),
        }
    }

    /// The same in a sentence.
    pub(super) fn changes(&self, id: RunnerId, edit: &Settings) -> String {
        let rows: Vec<String> = self
            .rows(id, edit)
            .iter()
            .map(ToString::to_string)
            .collect();
        rows.join("; ")
    }
}

/// What a line says of a step besides its name and the runner.
#[derive(Default)]
struct Detail {
    /// Where a runner is registered.
    scope: Option<String>,
    /// The project that it is assigned to, or taken from.
    project: Option<u64>,
    /// Why a token is replaced.
    why: Option<&'static str>,
    /// What an edit changes.
    rows: Vec<Difference>,
}
