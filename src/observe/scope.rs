//! Where a runner lives: by number once it is registered, whatever becomes of the path.
use jiff::{SignedDuration, Timestamp};

use super::{Connected, Error, FRESH, Led, Locator, Observer, Path, Subject};
use crate::api::v1alpha1::Target;
use crate::gitlab;
use crate::gitlab::model::{GroupId, ProjectId, Runner, Scope};
use crate::plan::{Naming, SecretSighting, Sighting, StoredToken, may_turn_up};

impl Locator<'_> {
    /// The attempt that the runner came from, as far as it is known.
    pub(super) fn attempt(&self) -> Option<String> {
        let kept = match &self.secret {
            SecretSighting::Ours(StoredToken { attempt, .. }) => attempt.clone(),
            SecretSighting::Absent | SecretSighting::Foreign(_) => None,
        };
        self.intent().map(|intent| intent.attempt).or(kept)
    }

    /// The time, and how long what other objects were told counts for this one: no longer than what it
    /// was told itself.
    pub(super) fn lasts(&self) -> (Timestamp, SignedDuration) {
        let resync = SignedDuration::try_from(self.resync).unwrap_or(FRESH);
        (self.now, resync.min(FRESH))
    }

    /// What spec names: a group or a project, by path or by id. `None` is the instance.
    pub(super) fn target(&self) -> Option<&Target> {
        self.scope.group.as_ref().or(self.scope.project.as_ref())
    }

    /// A number of the kind that spec names.
    fn of_kind(&self, id: i64) -> Option<Scope> {
        let id = u64::try_from(id).ok()?;
        Some(if self.scope.group.is_some() {
            Scope::Group(GroupId(id))
        } else {
            Scope::Project(ProjectId(id))
        })
    }

    /// The number that status has kept, if it is of this GitLab and of the kind that spec names.
    fn kept_scope(&self, url: Option<&str>) -> Option<Scope> {
        let kept = self.status?.scope.as_ref()?;
        let here = url.is_none() || url == kept.gitlab_url.as_deref();
        let group = self.scope.group.is_some();
        let kind = if group { "group" } else { "project" };
        let kept = Some(kept).filter(|kept| here && kept.type_ == kind)?;
        self.of_kind(kept.id?)
    }

    /// Whether GitLab has been asked for a runner, so that the number is no longer spec's to choose.
    fn is_registered(&self) -> bool {
        self.status
            .is_some_and(|status| status.registration.is_some() || status.runner.is_some())
    }

    /// The scope as it is known without asking: a number belongs to one GitLab.
    pub(super) fn recorded_scope(&self, url: Option<&str>) -> Option<Scope> {
        let Some(target) = self.target() else {
            return Some(Scope::Instance);
        };
        let named = target.id.and_then(|id| self.of_kind(id));
        let kept = self.kept_scope(url);
        if self.is_registered() {
            kept.or(named)
        } else {
            named.or(kept)
        }
    }
}

impl Observer<'_> {
    /// Where to register now that nothing is there. Whatever had a path before may have gone together
    /// with its runner, so that it is looked up. A number is spec's to choose again, but for a runner
    /// that may still turn up where it was asked for: nobody would look for it there any more.
    pub(super) async fn choose_scope(&mut self) -> Result<(), Error> {
        let locator = &self.locator;
        let wanted = locator
            .target()
            .and_then(|target| locator.of_kind(target.id?));
        let (Some(wanted), Some(before)) = (wanted, self.facts.scope) else {
            return self.look_up_scope().await;
        };
        if wanted == before {
            return Ok(());
        }
        let attempt = locator.intent().filter(|_| self.facts.settles_at.is_some());
        let lost = attempt.is_some_and(|intent| may_turn_up(intent.at, locator.now));
        if self.may_have_twins() || lost {
            self.facts.naming = naming(&in_words(wanted), Some(wanted), before, "");
        } else {
            self.facts.scope = Some(wanted);
        }
        Ok(())
    }

    /// Looks up the scope's path. Done before each registration: the number is kept in status. Where
    /// the runner was registered before counts, as long as it is there: a path may be somebody else's
    /// by now.
    pub(super) async fn look_up_scope(&mut self) -> Result<(), Error> {
        let locator = &self.locator;
        let Some(path) = locator.target().and_then(|target| target.path.clone()) else {
            return Ok(());
        };
        // Somebody may be waiting for a place that is not there yet; and one whose runner has gone may
        // have gone with it, and have been made anew.
        let registered = locator.is_registered();
        let will_do = |led: &Led| led.to.is_some() && !registered;
        let named = self.named(&path, will_do, false).await?;
        let url = Some(&*self.connected.url);
        let before = locator.kept_scope(url).filter(|_| registered);
        self.facts.scope = named;
        if let Some(before) = before.filter(|before| named != Some(*before))
            && let Some(now) = path_of(self.connected, before).await?
        {
            self.facts.scope = Some(before);
            self.facts.naming = naming(&path, named, before, &now);
        }
        Ok(())
    }

    /// What a path leads to, as GitLab has told lately if that will do.
    async fn named(
        &self,
        path: &str,
        will_do: impl Fn(&Led) -> bool,
        doubted: bool,
    ) -> Result<Option<Scope>, Error> {
        let locator = &self.locator;
        let path = path.to_owned();
        let path = if locator.scope.group.is_some() {
            Path::Group(path)
        } else {
            Path::Project(path)
        };
        let lasts = locator.lasts();
        let led = self.connected.led(path, lasts, will_do, doubted).await;
        led.map_err(failed)
    }

    /// Compares what spec names with where the runner lives. GitLab shows that with the runner, so
    /// nothing is asked as long as they agree.
    pub(super) async fn compare_scope(&mut self) -> Result<(), Error> {
        let Sighting::Present(runner) = &self.facts.runner else {
            return Ok(());
        };
        let locator = &self.locator;
        let Some(lives) = self.facts.scope else {
            return Ok(());
        };
        // A registration token alone decides where its runner goes.
        if !runner.runner_type.is_empty() && runner.runner_type != lives.runner_type() {
            let named = in_words(lives);
            let lives = format!(
                "another place, as a runner of GitLab's {}",
                runner.runner_type
            );
            self.facts.naming = Naming::Other { named, lives };
            return Ok(());
        }
        let Some(target) = locator.target() else {
            return Ok(());
        };
        let shown = shown(runner, lives);
        let Some(path) = &target.path else {
            let named = target.id.and_then(|id| locator.of_kind(id));
            if let Some(other) = named.filter(|named| *named != lives) {
                let now = shown.unwrap_or_default();
                self.facts.naming = naming(&in_words(other), named, lives, &now);
            }
            return Ok(());
        };
        let Some(now) = shown.filter(|now| !now.eq_ignore_ascii_case(path)) else {
            return Ok(());
        };
        // Whoever may not look it up cannot tell a place that has moved from another one.
        // That it led here was told before it was seen that it does not.
        let will_do = |led: &Led| led.doubted || led.to != Some(lives);
        let named = if self.connected.can.list {
            self.named(path, will_do, true).await?
        } else {
            None
        };
        self.facts.naming = naming(path, named, lives, &now);
        Ok(())
    }
}

/// An error of a call that was to tell of the scope's path.
fn failed(source: gitlab::Error) -> Error {
    Subject::ScopePath.failed(source)
}

/// The path of the place that the runner lives in, where GitLab shows it.
fn shown(runner: &Runner, lives: Scope) -> Option<String> {
    match lives {
        Scope::Instance => None,
        Scope::Group(_) => runner.group_path().map(str::to_owned),
        Scope::Project(owner) => {
            let projects = runner.projects.as_ref()?;
            let project = projects.iter().find(|project| project.id == owner)?;
            Some(project.path.clone())
        }
    }
}

pub(super) async fn path_of(connected: &Connected, scope: Scope) -> Result<Option<String>, Error> {
    match scope {
        Scope::Instance => Ok(None),
        Scope::Group(id) => connected.client.group_path(id).await.map_err(failed),
        Scope::Project(id) => connected.client.project_path(id).await.map_err(failed),
    }
}

fn in_words(scope: Scope) -> String {
    match scope {
        Scope::Instance => "the instance".to_owned(),
        Scope::Group(id) => format!("group {id}"),
        Scope::Project(id) => format!("project {id}"),
    }
}

/// What to make of a path or id that is not the one which GitLab shows of where the runner lives.
fn naming(spelled: &str, named: Option<Scope>, lives: Scope, now: &str) -> Naming {
    let here = match now {
        "" => in_words(lives),
        now => format!("{now} ({})", in_words(lives)),
    };
    match named {
        Some(other) if other != lives => Naming::Other {
            named: spelled.to_owned(),
            lives: here,
        },
        Some(_) | None => Naming::Moved(here),
    }
}
