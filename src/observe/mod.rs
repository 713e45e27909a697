//! What GitLab holds of one object's runner: from what is known of it to what a decision may depend on.
//! It only reads, and knows nothing of the Kubernetes API. What was seen is kept in the roster, which a
//! sweep of whole scopes fills as well, so that nobody need know where a fact came from.
mod adoption;
mod by_number;
mod connected;
mod error;
mod locator;
mod ownership;
mod predecessor;
mod projects;
mod recent;
mod roster;
mod scope;
mod search;
mod selected;
mod token;

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::gitlab::model::{ProjectId, ProjectRef, RunnerId};
use crate::plan::{
    Doubt, Known, Observed, Sighting, Wanted, Whereabouts, grace, still_open, whereabouts,
};

pub use connected::{Connected, Led, Path};
pub use error::{Error, Subject};
pub use locator::Locator;
pub use recent::{FRESH, Recent};
pub use roster::{Coverage, Holders, Look, Marks, News, Roster, SAME_LOOK, Sweep};
pub use search::may_read;

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    /// What a decision may depend on, but for what only the caller knows.
    pub facts: Observed,
    /// The projects that are selected, with their paths.
    pub selected: Vec<ProjectRef>,
    /// The runner that was looked at, by its number.
    pub looked_at: Option<RunnerId>,
    /// How old what is said of it is, where the roster has told.
    pub recalled: Option<SignedDuration>,
}

impl Seen {
    fn without_looking(facts: Observed) -> Self {
        Self {
            facts,
            selected: Vec::new(),
            looked_at: None,
            recalled: None,
        }
    }
}

/// Looks for a runner, and at it. Without a connection GitLab is not asked.
pub async fn observe(
    connected: Option<&Connected>,
    locator: Locator<'_>,
    want: Option<&Wanted>,
    numbers: &mut BTreeMap<String, Option<ProjectId>>,
) -> Result<Seen, Error> {
    let intent = locator.intent();
    let place = match locator.adopt {
        Some(takeover) => Whereabouts::Adoption(takeover.runner),
        None => whereabouts(
            &locator.secret,
            &locator.others,
            locator.recorded.as_ref(),
            intent.as_ref(),
        ),
    };
    let Some(connected) = connected else {
        let mut facts = locator.nothing_seen(None);
        // Without a runner there is nothing to ask for.
        if place != Whereabouts::Nowhere && !locator.has_removed(place.number()) {
            facts.runner = Sighting::Unclear(Doubt::NotAsked(place.number()));
        }
        return Ok(Seen::without_looking(facts));
    };
    let facts = locator.nothing_seen(Some(connected));
    let removed = locator.has_removed(place.number());
    if removed && place.number().is_none() {
        return Ok(Seen::without_looking(facts));
    }
    let mut observer = Observer {
        connected,
        locator,
        facts,
        removed,
        looked_at: None,
        recalled: None,
    };
    observer.runner(want, place).await?;
    Box::pin(observer.predecessor(want.is_none())).await?;
    let mut selected = Vec::new();
    if let (Sighting::Present(runner), Some(want)) = (
        &observer.facts.runner,
        want.filter(|want| want.manages_projects()),
    ) {
        let lasts = observer.locator.lasts();
        let named = want.projects.as_deref().unwrap_or_default();
        let mut projects = projects::observe(connected, runner, named, numbers, lasts).await?;
        if let Some(selector) = &want.selector {
            let owner = observer.facts.scope;
            let choice =
                selected::observe(connected, runner, owner, selector, &projects, lasts).await?;
            projects.extend(choice.sightings);
            selected = choice.projects;
        }
        observer.facts.projects = Some(projects);
    }
    Ok(Seen {
        selected,
        facts: observer.facts,
        looked_at: observer.looked_at,
        recalled: observer.recalled,
    })
}

/// One look.
struct Observer<'a> {
    connected: &'a Connected,
    locator: Locator<'a>,
    facts: Observed,
    /// Whether the runner was removed, so that nobody need be asked for it. Others may turn up.
    removed: bool,
    looked_at: Option<RunnerId>,
    /// How old what the roster knew of the runner is.
    recalled: Option<SignedDuration>,
}

impl Observer<'_> {
    async fn runner(&mut self, want: Option<&Wanted>, place: Whereabouts) -> Result<(), Error> {
        let searches = match &place {
            Whereabouts::Nowhere | Whereabouts::Adoption(_) => false,
            Whereabouts::Number(_) => self.may_have_twins(),
            Whereabouts::Mark(_) => self.connected.can.list,
        };
        let needs_scope = place.needs_scope(want, &self.connected.url, searches);
        let unknown = self.facts.scope.is_none() && needs_scope;
        if unknown {
            self.look_up_scope().await?;
        }
        let (leaving, number) = (want.is_none(), place.number());
        let here =
            matches!(&place, Whereabouts::Number(known) if known.gitlab_url == self.connected.url);
        if let Err(error) = self.in_place(place, leaving).await {
            // Whoever holds the runner's token need not see it to remove it (contract §3.15).
            let held = number.filter(|id| self.facts.keeps(*id));
            let held = held.filter(|_| leaving && here && error.forbids_the_runner());
            self.facts.runner = Sighting::Unclear(Doubt::Unreadable(held.ok_or(error)?));
        }
        let now = self.locator.now;
        let settled = self.facts.settles_at.is_none_or(|at| at <= now);
        let registers = want.is_some() && self.facts.runner == Sighting::Absent && settled;
        if registers && !unknown {
            self.choose_scope().await?;
        }
        if want.is_some() {
            self.compare_scope().await?;
        }
        Ok(())
    }

    /// Looks where the runner should be.
    async fn in_place(&mut self, place: Whereabouts, leaving: bool) -> Result<(), Error> {
        match place {
            Whereabouts::Nowhere => {}
            Whereabouts::Adoption(_) => {
                if let Some(takeover) = self.locator.adopt {
                    self.look_at_another(takeover).await?;
                }
            }
            Whereabouts::Number(known) => self.where_it_was(&known, leaving).await?,
            Whereabouts::Mark(intent)
                if intent.gitlab_url.as_ref() != Some(&self.connected.url) =>
            {
                self.facts.runner = Sighting::Unclear(Doubt::Elsewhere);
            }
            Whereabouts::Mark(_) if !self.connected.can.list => {
                self.facts.runner = Sighting::Unclear(Doubt::Unsearchable);
            }
            Whereabouts::Mark(intent) => {
                let settles_at = grace(&intent, self.connected.timeout);
                self.look_for_the_lost(&intent, settles_at).await?;
            }
        }
        Ok(())
    }

    /// Looks under the number that is known, and for others where that is not all there may be.
    async fn where_it_was(&mut self, known: &Known, leaving: bool) -> Result<(), Error> {
        self.facts.runner = if self.removed {
            Sighting::Absent
        } else {
            self.by_number(known, leaving).await?
        };
        let gone = self.facts.runner == Sighting::Absent && !leaving;
        if gone {
            // It need not be the runner that the last attempt has made, or will yet.
            let open = self.locator.status.and_then(still_open);
            let settles_at = open.map(|open| grace(&open, self.connected.timeout));
            self.facts.settles_at = settles_at.filter(|at| *at > self.locator.now);
        }
        if gone && self.connected.can.list {
            self.look_for_a_later_one().await?;
        }
        if self.may_have_twins() {
            self.look_for_twins(leaving).await?;
        }
        Ok(())
    }
}
