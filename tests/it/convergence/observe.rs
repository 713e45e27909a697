//! What a pass sees of the world: as `controller::runner::look` does it.
use std::collections::BTreeSet;
use std::time::Duration;

use gitlab_runner_registrar::{
    api::v1alpha1::OperationType,
    gitlab::model::{Found, GroupId, ProjectId, Runner, RunnerId, Scope},
    plan::{
        Adoption, Desired, Doubt, Goodbye, Intent, Known, Mark, Naming, Observed, ProjectSighting,
        SecretSighting, Shown, Sighting, StoredToken, Takeover, TokenFacts, TokenState, Unfit,
        Wanted, WantedAdoption, Whereabouts, adopted, answered, ends_by, grace, judge, may_turn_up,
        second_look, still_open, whereabouts,
    },
};
use jiff::Timestamp;

use super::world::{Credential, Made, Secret, TIMEOUT, World, is_ours, mark_of};
use crate::decisions::given::{self, GROUP, SECRET, URL};

const RESYNC: Duration = Duration::from_mins(5);
/// The uid of another object, which is there.
pub(super) const ALIVE: &str = "uid-2";

impl World {
    pub(super) fn want(&self) -> Option<&Wanted> {
        match &self.desired {
            Desired::Exists(want) => Some(want),
            Desired::Gone(_) => None,
        }
    }

    pub(super) fn intent(&self) -> Option<Intent> {
        let registration = self.status.registration.as_ref()?;
        Some(Intent {
            attempt: registration.attempt.clone(),
            at: registration.attempted_at.0,
            gitlab_url: registration.gitlab_url.clone(),
            given_up: registration.given_up.as_ref().map(|up| up.attempted_at.0),
        })
    }

    fn recorded(&self) -> Option<Known> {
        let seen = self.status.runner.as_ref().map(|runner| runner.id);
        let last = self.status.registration.as_ref();
        let again = self.status.predecessor.as_ref();
        let again =
            again.filter(|before| last.is_none_or(|last| last.attempted_at.0 < before.since.0));
        let made = last.and_then(|last| last.runner_id);
        let id = seen.or(made).or(again.map(|before| before.id))?;
        Some(given::known(RunnerId(u64::try_from(id).unwrap())))
    }

    pub(super) fn here(&self) -> SecretSighting {
        let secret = self.secrets.get(SECRET);
        secret.map_or(SecretSighting::Absent, |secret| {
            let inherited = !secret.ours && self.inherits(secret);
            let ours = Secret {
                ours: secret.ours || inherited,
                tidy: secret.tidy && !inherited,
                ..secret.clone()
            };
            let mut kept = ours.kept(&self.status);
            // Nobody judges the rest of a Secret whose object goes.
            if let (SecretSighting::Ours(stored), None) = (&mut kept, self.want()) {
                stored.tidy = true;
            }
            kept
        })
    }

    /// Our Secrets under other names.
    pub(super) fn others(&self) -> Vec<(String, StoredToken)> {
        let others = self.secrets.iter().filter(|(name, _)| *name != SECRET);
        let ours = others.filter_map(|(name, secret)| match secret.kept(&self.status) {
            SecretSighting::Ours(mut stored) => {
                stored.tidy = true;
                Some((name.clone(), stored))
            }
            SecretSighting::Absent | SecretSighting::Foreign(_) => None,
        });
        ours.collect()
    }

    pub(super) fn attempt(&self) -> Option<String> {
        let kept = match self.here() {
            SecretSighting::Ours(stored) => stored.attempt,
            SecretSighting::Absent | SecretSighting::Foreign(_) => None,
        };
        self.intent().map(|intent| intent.attempt).or(kept)
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            attempt: self.attempt().unwrap_or_else(|| "0".to_owned()),
            ..given::mark()
        }
    }

    /// The scope as recorded, if that was in this GitLab.
    fn recorded_scope(&self) -> Option<Scope> {
        let recorded = self.status.scope.as_ref()?;
        let id = u64::try_from(recorded.id?).unwrap();
        let here = recorded.gitlab_url.as_deref() == Some(URL);
        let scope = match recorded.type_.as_str() {
            "project" => Scope::Project(ProjectId(id)),
            _ => Scope::Group(GroupId(id)),
        };
        here.then_some(scope)
    }

    /// The scope's number, looked up where it is needed and not recorded.
    fn scope_of(&self, place: &Whereabouts, intent: Option<&Intent>) -> Option<Scope> {
        let searches = match place {
            Whereabouts::Nowhere | Whereabouts::Adoption(_) => false,
            Whereabouts::Number(_) => self.may_have_twins(intent),
            Whereabouts::Mark(_) => self.credential == Credential::Works,
        };
        let needed = place.needs_scope(self.want(), URL, searches);
        let found = || self.scope.filter(|_| needed);
        self.recorded_scope().or_else(found)
    }

    fn may_have_twins(&self, intent: Option<&Intent>) -> bool {
        let given_up = intent.and_then(|intent| intent.given_up);
        let looked_for = given_up.is_some_and(|at| may_turn_up(at, self.now));
        looked_for && self.credential == Credential::Works
    }

    pub(super) fn look(&self) -> Observed {
        let mut seen = Observed {
            runner: Sighting::Absent,
            twins: Vec::new(),
            predecessor: self.predecessor(),
            settles_at: None,
            scope: None,
            secret: self.here(),
            others: self.others(),
            token: TokenFacts::default(),
            under_way: self.under_way(),
            projects: None,
            admin: false,
            can_assign: self.credential == Credential::Works,
            can_search: self.credential == Credential::Works,
            refused: self.want().is_none() && self.refused,
            refused_projects: Vec::new(),
            answered: false,
            brake: None,
            goodbye: Goodbye::default(),
            naming: Naming::Same,
            adoption: None,
            taken_over: false,
            release: self.release,
            community: false,
            changed: None,
        };
        let (intent, recorded) = (self.intent(), self.recorded());
        let place = match self.to_adopt() {
            Some(adopt) => Whereabouts::Adoption(adopt.runner),
            None => whereabouts(
                &seen.secret,
                &seen.others,
                recorded.as_ref(),
                intent.as_ref(),
            ),
        };
        let number = place.number();
        if self.has_removed(number) && self.want().is_none() {
            return seen;
        }
        seen.scope = self.scope_of(&place, intent.as_ref());
        match (place, self.credential) {
            (Whereabouts::Nowhere, _) => {}
            (Whereabouts::Adoption(id), _) => {
                seen.runner = Sighting::Unclear(Doubt::Unadopted(id));
                seen.adoption = Some(self.adoption(id));
            }
            (Whereabouts::Number(known), Credential::OnlyRegisters) => {
                seen.runner = Sighting::Unclear(Doubt::Unseen(known.id));
            }
            (_, Credential::Gone) => seen.runner = Sighting::Unclear(Doubt::NotAsked(number)),
            (Whereabouts::Number(known), _) => {
                let found = self.gitlab.iter().find(|made| made.runner.id == known.id);
                let recorded = recorded.is_some_and(|recorded| recorded.id == known.id);
                seen.runner = match found.map(|made| &made.runner) {
                    None if self.has_removed(Some(known.id)) => Sighting::Absent,
                    None => self.vanished(known.id),
                    Some(runner) if !recorded && !is_ours(runner) => {
                        Sighting::Unclear(Doubt::Foreign(known.id))
                    }
                    Some(runner) => Sighting::Present(runner.clone()),
                };
                if seen.runner == Sighting::Absent && self.want().is_some() {
                    let settles_at = still_open(&self.status).map(|open| grace(&open, TIMEOUT));
                    seen.settles_at = settles_at.filter(|at| *at > self.now);
                }
                let searches = self.credential == Credential::Works && self.want().is_some();
                if seen.runner == Sighting::Absent && searches {
                    seen.searched_for_later(self.search(""));
                }
                if self.may_have_twins(intent.as_ref()) {
                    let search = seen.scope.map(|_| self.search(""));
                    seen.searched_for_twins(search, self.want().is_none());
                }
            }
            (Whereabouts::Mark(_), Credential::CannotList | Credential::OnlyRegisters) => {
                seen.runner = Sighting::Unclear(Doubt::Unsearchable);
            }
            (Whereabouts::Mark(intent), Credential::Works) => {
                // One that a process has contacted had its answer long ago.
                let search = seen.scope.map(|_| {
                    let mut found = self.search(&intent.attempt);
                    found.runners.retain(|runner| runner.online.is_none());
                    found
                });
                seen.searched(search, grace(&intent, TIMEOUT));
            }
        }
        seen.token.shown = self.shown(&seen);
        seen.token.requested =
            self.rotate_at.is_some() && answered(&self.status, Some(&seen)) != self.rotate_at;
        seen.projects = self.look_for_projects(&seen);
        seen.goodbye = self.goodbye(&seen.runner);
        seen
    }

    /// What a look at the runner's token in short tells of the one that is kept.
    fn shown(&self, seen: &Observed) -> Shown {
        let (Sighting::Present(runner), SecretSighting::Ours(kept)) = (&seen.runner, &seen.secret)
        else {
            return Shown::Unknown;
        };
        let made = self.gitlab.iter().find(|made| made.runner.id == runner.id);
        let same = made.map(|made| made.token.to_string()) == kept.digest;
        match (self.shows_tokens && kept.token == TokenState::Intact, same) {
            (false, _) => Shown::Unknown,
            (true, true) => Shown::Kept,
            (true, false) => Shown::Another,
        }
    }

    /// The runner that is to be taken over, while that is not done.
    fn to_adopt(&self) -> Option<WantedAdoption> {
        let adopt = self.want()?.adopt?;
        let done = adopted(Some(&self.status), adopt.runner, &given::mark().uid);
        (!done).then_some(adopt)
    }

    fn adoption(&self, id: RunnerId) -> Adoption {
        let found = self.gitlab.iter().find(|made| made.runner.id == id);
        let Some(Made { runner, .. }) = found else {
            return Adoption::Unfit(id, Unfit::Missing);
        };
        let adopt = self.want().and_then(|want| want.adopt).unwrap();
        let living = BTreeSet::from([ALIVE.to_owned()]);
        let takeover: Takeover<'_> = adopt.among(&living, false);
        match judge(runner, GROUP, Some(true), &given::mark().uid, takeover) {
            Some(why) => Adoption::Unfit(id, why),
            None => Adoption::Fits(Box::new(runner.clone())),
        }
    }

    /// Whether a Secret comes with the runner that is taken over.
    pub(super) fn inherits(&self, secret: &Secret) -> bool {
        let done = |id| adopted(Some(&self.status), id, &given::mark().uid);
        let adopts = self.want().and_then(|want| want.adopt);
        let of = self.left_behind.filter(|id| secret.runner == Some(*id));
        of.is_some_and(|id| adopts.is_some_and(|adopt| adopt.runner == id) || done(id))
    }

    fn vanished(&self, id: RunnerId) -> Sighting<Runner> {
        let seen = self.status.runner.as_ref();
        let Some(runner) = seen.filter(|_| self.want().is_some()) else {
            return Sighting::Absent;
        };
        let since = runner.missing_since.as_ref().map(|since| since.0);
        let until = second_look(since.unwrap_or(self.now), RESYNC);
        if since.is_some() && until <= self.now {
            Sighting::Absent
        } else {
            Sighting::Unclear(Doubt::Vanished { id, until })
        }
    }

    /// What somebody asks for who has not been answered.
    pub(super) fn requested(&self) -> Option<String> {
        let asked = self.rotate_at.clone();
        asked.filter(|_| self.rotate_at != self.status.last_handled_rotate_at)
    }

    fn under_way(&self) -> Option<Timestamp> {
        let operation = self.status.operation.as_ref()?;
        let resets = operation.type_ == OperationType::ResetToken;
        let ended = self.ended.as_ref() == Some(&operation.id);
        (resets && !ended).then(|| ends_by(operation, TIMEOUT))
    }

    fn has_removed(&self, number: Option<RunnerId>) -> bool {
        if self.removed.is_some() && self.removed == number {
            return true;
        }
        let operation = self.status.operation.as_ref();
        operation.is_some_and(|open| {
            open.type_ == OperationType::RemoveByToken && open.done_at.is_some()
        })
    }

    fn search(&self, attempt: &str) -> Found {
        let made = self.gitlab.iter().filter(|made| made.listed <= self.now);
        let mut found: Vec<Runner> = made
            .map(|made| made.runner.clone())
            .filter(is_ours)
            .collect();
        let signed = |runner: &Runner| mark_of(runner).is_some_and(|mark| mark.attempt == attempt);
        found.sort_by_key(|runner| !signed(runner));
        Found {
            runners: found,
            complete: true,
        }
    }

    fn look_for_projects(&self, seen: &Observed) -> Option<Vec<ProjectSighting>> {
        let want = self.want().filter(|want| want.manages_projects())?;
        matches!(seen.runner, Sighting::Present(_)).then(|| {
            let number = |id: i64| ProjectId(u64::try_from(id).unwrap());
            let named = want.projects.iter().flatten();
            let named = named.filter_map(|target| target.id.map(number));
            let (selected, whole) = &self.selected;
            let selected = want.selector.iter().flat_map(|_| selected).copied();
            let found = named.chain(selected).map(ProjectSighting::Found);
            let unlisted =
                (want.selector.is_some() && !whole).then_some(ProjectSighting::Unlisted(None));
            found.chain(unlisted).collect()
        })
    }
}
