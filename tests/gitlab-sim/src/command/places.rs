//! Commands about where things are, and whether they are there at all.
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::CommandError;
use crate::{
    build::{PlaceRef, RunnerRef},
    state::{GitLab, Kept, OrganizationId, ReadOnly, facts},
};

/// A backup that is restored.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// What the moment is called.
    pub name: String,
    /// Runners that stay as they are now.
    #[serde(default)]
    pub keep_runners: Vec<RunnerRef>,
    /// Whether the numbers that were given out since stay used.
    #[serde(default)]
    pub keep_sequences: bool,
}

impl GitLab {
    /// Marks a group or project for deletion, or takes that back.
    pub(super) fn mark(
        &mut self,
        place: &PlaceRef,
        now: Option<Timestamp>,
    ) -> Result<(), CommandError> {
        if !self.since(facts::DELETION_SCHEDULED) {
            let text = "before 18.0 nothing is scheduled for deletion";
            return Err(CommandError(text.to_owned()));
        }
        match (&place.group, &place.project) {
            (Some(group), None) => self.mark_group(self.refer_group(group)?, now),
            (None, Some(project)) => self.mark_project(self.refer_project(project)?, now),
            (Some(_), Some(_)) | (None, None) => {
                let text = "name exactly one of `group` and `project`";
                return Err(CommandError(text.to_owned()));
            }
        }
        Ok(())
    }

    pub(super) fn remember_as(&mut self, name: &str) -> Value {
        self.remember(name);
        Value::Null
    }

    pub(super) fn close(
        &mut self,
        organization: OrganizationId,
        read_only: Option<ReadOnly>,
    ) -> Result<(), CommandError> {
        if !self.organizations.contains(&organization) {
            let text = format!("there is no organization {organization}");
            return Err(CommandError(text));
        }
        match read_only {
            Some(how) => self.read_only_organizations.insert(organization, how),
            None => self.read_only_organizations.remove(&organization),
        };
        Ok(())
    }

    pub(super) fn restore(&mut self, restore: &Restore) -> Result<(), CommandError> {
        let Restore {
            name,
            keep_runners,
            keep_sequences,
        } = restore;
        let runners = keep_runners.iter().map(|runner| self.refer_runner(runner));
        let kept = Kept {
            runners: runners.collect::<Result<_, _>>()?,
            sequences: *keep_sequences,
        };
        if self.go_back(name, &kept) {
            Ok(())
        } else {
            Err(CommandError(format!("no moment `{name}` is remembered")))
        }
    }
}
