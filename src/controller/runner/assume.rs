//! What is known of a runner without asking for it once more: GitLab's answer to an edit shows it whole,
//! and one that was just registered is as was asked.
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::pass::Pass;
use crate::api::v1alpha1::{GitLabRunner, Target};
use crate::clock;
use crate::gitlab::model::{NewRunner, ProjectId, ProjectRef, Runner, RunnerId, Scope};
use crate::observe::Connected;
use crate::plan::{Desired, Naming, Plan, Sighting, Step, diff};

impl Pass<'_> {
    /// Takes the answer to an edit for a look, where it shows what this pass has seen before.
    pub(super) fn shown_after_edit(&mut self, id: RunnerId, shown: Option<Runner>) {
        let before = self.seen.as_ref().map(|seen| &seen.facts.runner);
        let (Some(Sighting::Present(before)), Some(link)) = (before, &self.link) else {
            return;
        };
        if let Some(shown) = shown.filter(|shown| shown.id == id && before.id == id) {
            let memory = &self.record.memory;
            memory.keep(&link.roster, &shown.after(before), clock::now());
        }
    }

    /// Takes the answer to an assignment for a look, where the project's path is known: else hundreds of
    /// projects cost hundreds of looks.
    pub(super) fn shown_with(&self, id: RunnerId, project: ProjectId) {
        let before = self.seen.as_ref().map(|seen| &seen.facts.runner);
        let path = self.selected.iter().find(|selected| selected.id == project);
        let (Some(Sighting::Present(before)), Some(link), Some(path)) = (before, &self.link, path)
        else {
            return;
        };
        if before.id == id && before.projects.is_some() {
            let mut runner = before.clone();
            runner.projects.get_or_insert_default().push(path.clone());
            let memory = &self.record.memory;
            memory.keep(&link.roster, &runner, clock::now());
        }
    }

    /// Takes a runner that was just registered for what was asked, where its answer leaves no more than
    /// that open. It is looked at in the course of the first resync, and before anything is done to it,
    /// since this pass has not seen it; see [`Pass::rests_on_more`].
    pub(super) fn assume(&mut self, new: &NewRunner, id: RunnerId) {
        let Some(link) = self.link.clone() else {
            return;
        };
        if let Some(runner) = self.assumed(&link, new, id) {
            let memory = &self.record.memory;
            memory.assume(&link.roster, &runner, clock::now());
            self.remembered = None;
        }
    }

    /// Further projects are assigned to what was seen. An attempt that was given up may have left a twin
    /// behind, which is looked for together with the runner. Before 16.10 GitLab need not show the note.
    /// A place that has moved is not where its path says.
    fn assumed(&self, link: &Connected, new: &NewRunner, id: RunnerId) -> Option<Runner> {
        let projects = self.want.as_ref()?.manages_projects();
        let twins = self.intent()?.given_up.is_some();
        let notes = link.shows_notes.load(Ordering::Relaxed);
        let here = self.seen.as_ref()?.facts.naming == Naming::Same;
        if projects || twins || !notes || !here {
            return None;
        }
        at_home(&self.runner, link, new, new.assumed(id)?)
    }

    /// Whether a step may be taken by what is known. What is done to a runner must rest on what this very
    /// pass has seen, but for its removal: GitLab refuses that where the runner has changed since it was
    /// seen, and another that has its number after a restore was made later. A fine-grained token is not
    /// told enough of a runner that is not there; and while many are lost at once, one that is gone must not
    /// be taken for one that was removed.
    pub(super) fn may_take(&self, step: &Step) -> bool {
        if self.remembered != Some(true) || !step.is_in_gitlab() {
            return true;
        }
        let runner = self.seen.as_ref().map(|seen| &seen.facts.runner);
        let classic = self.link.as_ref().is_some_and(|link| !link.can.granular);
        match (step, runner) {
            (Step::Unregister(id), Some(Sighting::Present(runner))) => {
                let seen_before = self.seen_before().is_some();
                classic && runner.id == *id && seen_before && self.brake().is_none()
            }
            _ => false,
        }
    }

    /// When the runner was seen, if that was in an earlier pass.
    pub(super) fn seen_before(&self) -> Option<Timestamp> {
        let age = self.record.memory.age(clock::now());
        let age = age.filter(|_| self.remembered == Some(true))?;
        clock::now().checked_sub(age).ok()
    }

    /// Whether a plan rests on more than an assumption: it must not be what tells of a difference, or
    /// holds anything up.
    pub(super) fn rests_on_more(&self, desired: &Desired, plan: &Plan) -> bool {
        if self.remembered != Some(true) || !self.record.memory.is_assumed() {
            return true;
        }
        let runner = self.seen.as_ref().map(|seen| &seen.facts.runner);
        match (desired, plan, runner) {
            (Desired::Exists(want), Plan::Rest, Some(Sighting::Present(runner))) => {
                diff(runner, &want.settings, &self.mark()).is_none()
            }
            (_, Plan::Act(step), _) => self.may_take(step),
            (_, Plan::Rest | Plan::Hold(_), _) => false,
        }
    }
}

/// The runner with the address of its place, which is known where spec names that by its path.
fn at_home(
    object: &GitLabRunner,
    link: &Connected,
    new: &NewRunner,
    runner: Runner,
) -> Option<Runner> {
    let scope = &object.spec.scope;
    let path = |target: &Option<Target>| target.as_ref()?.path.clone();
    Some(match new.scope {
        Scope::Instance => runner,
        Scope::Group(_) => Runner {
            group_url: Some(format!("{}/groups/{}", link.url, path(&scope.group)?)),
            ..runner
        },
        Scope::Project(id) => {
            let path = path(&scope.project)?;
            Runner {
                projects: Some(vec![ProjectRef { id, path }]),
                ..runner
            }
        }
    })
}
