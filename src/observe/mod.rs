//! What GitLab holds of one object's runner: from what is known of it to what a decision may depend on.
//! It only reads, and knows nothing of the Kubernetes API; whoever keeps what was seen, and for how long,
//! is not asked here.
mod by_number;
mod connected;
mod error;
mod ownership;
mod projects;
mod recent;
mod scope;
mod search;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::v1alpha1::{GitLabRunnerStatus, OperationType, Scope};
use crate::gitlab::Contact;
use crate::gitlab::model::{ProjectId, Runner, RunnerId};
use crate::plan::{
    Doubt, Intent, Known, Naming, Observed, SecretSighting, Sighting, StoredToken, Wanted,
    Whereabouts, grace, whereabouts,
};
use crate::secrets::Entry;

pub use connected::{Connected, Led, Path};
pub use error::{Error, Subject};
pub use recent::{FRESH, Recent};
pub use search::may_read;

/// What is known of a runner before GitLab is asked.
#[derive(Clone, Debug)]
pub struct Locator<'a> {
    /// The uid of the object, which stands in the runner's mark.
    pub uid: &'a str,
    /// Where the runner should live.
    pub scope: &'a Scope,
    /// What it is described as at registration.
    pub description: String,
    /// What was written down of it.
    pub status: Option<&'a GitLabRunnerStatus>,
    /// The number of the runner, as far as status or this process knows it.
    pub recorded: Option<Known>,
    /// The runner that this process has removed.
    pub removed: Option<RunnerId>,
    /// What was seen of it lately enough to count as seen now.
    pub recalled: Option<Runner>,
    /// The Secret under the name that spec asks for.
    pub secret: SecretSighting,
    /// Our Secrets under other names.
    pub others: Vec<(String, StoredToken)>,
    /// The tokens in those Secrets that are as they should be.
    pub held: &'a [Entry],
    /// How often an idle runner is looked at.
    pub resync: Duration,
    /// The time.
    pub now: Timestamp,
}

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    /// What a decision may depend on, but for what only the caller knows.
    pub facts: Observed,
    /// The runner, if GitLab was asked for it by number and showed it.
    pub shown: Option<Runner>,
}

/// Looks for a runner, and at it. Without a connection GitLab is not asked.
pub async fn observe(
    connected: Option<&Connected>,
    locator: Locator<'_>,
    want: Option<&Wanted>,
    numbers: &mut BTreeMap<String, Option<ProjectId>>,
) -> Result<Seen, Error> {
    let intent = locator.intent();
    let place = whereabouts(
        &locator.secret,
        &locator.others,
        locator.recorded.as_ref(),
        intent.as_ref(),
    );
    let Some(connected) = connected else {
        let mut facts = locator.nothing_seen(None);
        // Without a runner there is nothing to ask for.
        if place != Whereabouts::Nowhere && !locator.has_removed(place.number()) {
            facts.runner = Sighting::Unclear(Doubt::NotAsked(place.number()));
        }
        return Ok(Seen { facts, shown: None });
    };
    let facts = locator.nothing_seen(Some(connected));
    let removed = locator.has_removed(place.number());
    if removed && place.number().is_none() {
        return Ok(Seen { facts, shown: None });
    }
    let mut observer = Observer {
        connected,
        locator,
        facts,
        removed,
        shown: None,
    };
    observer.runner(want, place).await?;
    if let (Sighting::Present(runner), Some(projects)) = (
        &observer.facts.runner,
        want.and_then(|want| want.projects.as_deref()),
    ) {
        let lasts = observer.locator.lasts();
        let projects = projects::observe(connected, runner, projects, numbers, lasts).await?;
        observer.facts.projects = Some(projects);
    }
    Ok(Seen {
        facts: observer.facts,
        shown: observer.shown,
    })
}

/// One look.
struct Observer<'a> {
    connected: &'a Connected,
    locator: Locator<'a>,
    facts: Observed,
    /// Whether the runner was removed, so that nobody need be asked for it. Others may turn up.
    removed: bool,
    shown: Option<Runner>,
}

impl Locator<'_> {
    /// The last attempt to register.
    fn intent(&self) -> Option<Intent> {
        Intent::of(self.status?)
    }

    /// The facts before anything was looked at.
    fn nothing_seen(&self, connected: Option<&Connected>) -> Observed {
        let url = connected.map(|connected| connected.url.as_str());
        Observed {
            runner: Sighting::Absent,
            twins: Vec::new(),
            settles_at: None,
            scope: self.recorded_scope(url),
            naming: Naming::Same,
            secret: self.secret.clone(),
            others: self.others.clone(),
            under_way: None,
            projects: None,
            refused_projects: Vec::new(),
            admin: connected.is_some_and(|connected| connected.admin),
            can_assign: connected.is_some_and(|connected| connected.can.assign),
            refused: false,
            answered: false,
        }
    }

    /// Whether GitLab has said that it removed the runner, and no other is known. Nothing in GitLab need
    /// tell of it any more, nor its Secret once that was deleted; and a fine-grained token is told no
    /// more of a runner that is gone than of one that it may not see.
    fn has_removed(&self, id: Option<RunnerId>) -> bool {
        if self.removed.is_some() && self.removed == id {
            return true;
        }
        let operation = self.status.and_then(|status| status.operation.as_ref());
        operation.is_some_and(|operation| {
            let same = id.is_none_or(|id| u64::try_from(operation.runner_id) == Ok(id.0));
            let removes = match operation.type_ {
                OperationType::Remove | OperationType::RemoveByToken => true,
                OperationType::ResetToken => false,
            };
            removes && same && operation.done_at.is_some()
        })
    }
}

impl Observer<'_> {
    async fn runner(&mut self, want: Option<&Wanted>, place: Whereabouts) -> Result<(), Error> {
        let searches = match &place {
            Whereabouts::Nowhere => false,
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
            Whereabouts::Number(known) => {
                let recalled = self.locator.recalled.take();
                let recalled = recalled.filter(|runner| runner.id == known.id);
                let asked = recalled.is_none();
                self.facts.runner = match recalled {
                    _ if self.removed => Sighting::Absent,
                    Some(runner) => Sighting::Present(runner),
                    None => self.by_number(&known, leaving).await?,
                };
                let gone = self.facts.runner == Sighting::Absent && !leaving;
                if gone && self.connected.can.list {
                    self.look_for_a_later_one().await?;
                }
                if (asked || leaving) && self.may_have_twins() {
                    // What they were to be described as may have changed since.
                    let search = self.search(None, Contact::Never).await?;
                    self.facts.searched_for_twins(search, leaving);
                }
            }
            Whereabouts::Mark(intent)
                if intent.gitlab_url.as_ref() != Some(&self.connected.url) =>
            {
                self.facts.runner = Sighting::Unclear(Doubt::Elsewhere);
            }
            Whereabouts::Mark(_) if !self.connected.can.list => {
                self.facts.runner = Sighting::Unclear(Doubt::Unsearchable);
            }
            Whereabouts::Mark(intent) => {
                let description = self.locator.description.clone();
                let search = self.search(Some(&description), Contact::Never).await?;
                let settles_at = grace(&intent, self.connected.timeout);
                self.facts.searched(search, settles_at);
            }
        }
        Ok(())
    }
}
