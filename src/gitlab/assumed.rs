//! What a runner is like of which GitLab has told no more than its number.
use super::model::{AccessLevel, Insight, NewRunner, Note, Runner, RunnerId};

impl NewRunner {
    /// The runner that was made of this, if GitLab took all of it: what was sent, and else the values
    /// that a runner begins with (contract §1.5). `None` where GitLab makes something of a tag that we
    /// do not work out (contract §1.6).
    pub fn assumed(&self, id: RunnerId) -> Option<Runner> {
        let Self {
            scope,
            settings,
            life: _,
        } = self;
        let settings = settings.clone();
        let tags = settings.tags.unwrap_or_default();
        if tags.iter().any(|tag| tag.contains(['"', '\'', ','])) {
            return None;
        }
        Some(Runner {
            id,
            runner_type: scope.runner_type().to_owned(),
            description: settings.description.unwrap_or_default(),
            tags,
            run_untagged: settings.run_untagged.unwrap_or(true),
            paused: settings.paused.unwrap_or(false),
            locked: settings.locked.unwrap_or(false),
            access_level: settings.access_level.unwrap_or(AccessLevel::NotProtected),
            maximum_timeout: settings.maximum_timeout.flatten(),
            maintenance_note: Note::Shown(settings.maintenance_note.filter(|it| !it.is_empty())),
            projects: None,
            group_url: None,
            online: None,
            status: "never_contacted".to_owned(),
            contacted_at: None,
            insight: Insight::default(),
        })
    }
}

impl Runner {
    /// The same, with what the answer to an edit leaves out and an edit does not change: `before` is how
    /// the runner was shown before it (contract §2.2).
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        let maintenance_note = match self.maintenance_note {
            Note::Unseen => before.maintenance_note.clone(),
            shown @ (Note::Shown(_) | Note::Fixed(_)) => shown,
        };
        Self {
            maintenance_note,
            projects: self.projects.or_else(|| before.projects.clone()),
            group_url: self.group_url.or_else(|| before.group_url.clone()),
            insight: self.insight.after(&before.insight),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::model::{GroupId, ProjectId, ProjectRef, Scope, Settings};

    fn new(settings: Settings) -> NewRunner {
        let scope = Scope::Group(GroupId(1));
        NewRunner::new(scope, settings)
    }

    #[test]
    fn what_is_not_said_begins_as_in_gitlab() {
        let runner = new(Settings::default()).assumed(RunnerId(7)).unwrap();
        assert_eq!(
            (runner.id, runner.runner_type.as_str()),
            (RunnerId(7), "group_type")
        );
        assert!(runner.run_untagged && !runner.paused && !runner.locked);
        assert_eq!(runner.maintenance_note, Note::Shown(None));
        let said = Settings {
            run_untagged: Some(false),
            maximum_timeout: Some(None),
            tags: Some(["a".to_owned()].into()),
            ..Settings::default()
        };
        let runner = new(said).assumed(RunnerId(7)).unwrap();
        assert!(!runner.run_untagged && runner.maximum_timeout.is_none());
        assert_eq!(runner.tags.len(), 1);
    }

    #[test]
    fn a_tag_that_gitlab_may_take_apart_is_not_guessed() {
        for tag in ["\"a\"", "it's", "a,b"] {
            let tags = Some([tag.to_owned()].into());
            let settings = Settings {
                tags,
                ..Settings::default()
            };
            assert_eq!(new(settings).assumed(RunnerId(7)), None, "{tag}");
        }
    }

    #[test]
    fn an_answer_without_projects_takes_none_away() {
        let project = ProjectRef {
            id: ProjectId(3),
            path: "a/b".to_owned(),
        };
        let before = Runner {
            projects: Some(vec![project]),
            maintenance_note: Note::Fixed(Some("mark".to_owned())),
            group_url: Some("url".to_owned()),
            ..new(Settings::default()).assumed(RunnerId(7)).unwrap()
        };
        let answer = Runner {
            projects: None,
            maintenance_note: Note::Unseen,
            group_url: None,
            paused: true,
            ..before.clone()
        };
        let now = answer.after(&before);
        assert_eq!(
            now,
            Runner {
                paused: true,
                ..before.clone()
            }
        );
        let shown = Runner {
            projects: Some(Vec::new()),
            ..before.clone()
        };
        assert_eq!(shown.clone().after(&before), shown);
    }
}
