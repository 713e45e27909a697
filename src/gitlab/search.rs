//! Finding a runner of ours whose number was lost.
use std::collections::BTreeMap;

use super::client::Client;
use super::error::Error;
use super::lists::List;
use super::model::{Found, ListedRunner, Runner, RunnerId, Scope};
use super::refusal::Refusal;
use super::release::Release;
use super::request::Request;
use super::walk::{PAGE, Walk, is_a_page};

/// Lists show neither notes nor tags (contract §2.1), so each candidate costs a request of its
/// own. A runner is looked for right after its registration was lost, which makes it one of the
/// newest; fifty reads reach it past any crowd that is likely to be registering at the same time,
/// and still fit into the smallest budget that GitLab.com has proposed (100 a minute, §1.9). More
/// for those that fit would break that budget, so a larger crowd is told of instead.
const READS: usize = 50;

/// Which runners a search can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// Those that no runner process has contacted yet.
    Never,
    /// All.
    Any,
}

impl Client {
    /// The runners of `scope` whose maintenance note satisfies `is_ours`, newest first.
    ///
    /// Uses the list of that scope (contract §3.2, §3.10, §3.11), which needs `api` or
    /// `read_api`, and for `Scope::Instance` an administrator. Those with just this
    /// `description` are read first, then, if none of them is ours, the others: somebody may
    /// have edited it. At most 50 are read, newest first. Even a [complete](Found::complete)
    /// answer may lack a runner for a moment after it was registered. One whose note cannot be
    /// read may be ours, so without a find the answer is not complete then.
    pub async fn find(
        &self,
        scope: Scope,
        description: Option<&str>,
        contact: Contact,
        is_ours: impl Fn(&str) -> bool,
    ) -> Result<Found, Error> {
        let candidates = self.candidates(scope, description, contact).await?;
        let (fitting, others): (Vec<_>, Vec<_>) = candidates
            .into_values()
            .rev()
            .partition(|listed| fits(listed, description));
        // Where a list shows the mark, nobody else need be read.
        let may_be = |listed: &ListedRunner| listed.note.text().is_none_or(&is_ours);
        let mut complete = fitting.iter().filter(|it| may_be(it)).count() <= READS;
        let mut runners = Vec::new();
        let mut reads = 0;
        for candidates in [fitting, others] {
            let candidates = candidates.into_iter().filter(|it| may_be(it));
            for listed in candidates.take(READS - reads) {
                reads += 1;
                let Some(runner) = self.readable(listed.id).await? else {
                    continue;
                };
                if runner.runner_type != scope.runner_type() {
                    continue;
                }
                match runner.maintenance_note.text().map(&is_ours) {
                    Some(true) => runners.push(runner),
                    Some(false) => {}
                    None => complete = false,
                }
            }
            if !runners.is_empty() {
                break;
            }
        }
        Ok(Found { runners, complete })
    }

    /// Asks for no more than one runner of that scope, to see whether the credential may read there
    /// (contract §8.3).
    pub async fn glance(&self, scope: Scope) -> Result<(), Error> {
        let (endpoint, list) = List::from(scope).endpoint();
        let path = format!("{list}?type={}&per_page=1", scope.runner_type());
        let given = self.send(Request::get(endpoint, path)).await?.given()?;
        given.json::<Vec<ListedRunner>>().map(drop)
    }

    /// Who can be meant, by number. Numbers only grow, and lists are sorted by them (contract
    /// §1.8), so the newest are on the last page: walk back from there until there is more than
    /// can be read. Where GitLab does not count its pages, all have to be walked.
    async fn candidates(
        &self,
        scope: Scope,
        description: Option<&str>,
        contact: Contact,
    ) -> Result<BTreeMap<RunnerId, ListedRunner>, Error> {
        let mut walk = Walk::default();
        let first = self.page(scope, contact, 1).await?;
        walk.goes_on(first.listed.len(), first.texts())?;
        let mut candidates = first.listed;
        if let Some(total) = first.total {
            for number in (2..=total).rev() {
                let page = self.page(scope, contact, number).await?;
                walk.goes_on(page.listed.len(), page.texts())?;
                candidates.extend(page.listed);
                let fitting = candidates
                    .values()
                    .filter(|it| fits(it, description))
                    .count();
                if fitting > READS {
                    break;
                }
            }
        } else {
            let (mut number, mut next) = (1, first.next);
            // A number that does not grow would send us round in circles.
            while let Some(following) = next.filter(|next| *next > number) {
                let page = self.page(scope, contact, following).await?;
                walk.goes_on(page.listed.len(), page.texts())?;
                candidates.extend(page.listed);
                (number, next) = (following, page.next);
            }
        }
        Ok(candidates)
    }

    /// One page of those that can be meant. Only numbers of pages are taken from
    /// the reply: its `Link` header may point to another host (contract §1.8).
    pub(super) async fn page(
        &self,
        scope: Scope,
        contact: Contact,
        number: u64,
    ) -> Result<Page, Error> {
        let (endpoint, list) = List::from(scope).endpoint();
        let kind = scope.runner_type();
        // Older releases have no such filter (contract §11).
        let filters = self.release().is_none_or(|it| it >= Release::PAUSED);
        let status = match contact {
            Contact::Never if filters => "&status=never_contacted",
            Contact::Never | Contact::Any => "",
        };
        let path = format!("{list}?type={kind}{status}&per_page={PAGE}&page={number}");
        let given = self.send(Request::get(endpoint, path)).await?.given()?;
        let listed = given.json::<Vec<ListedRunner>>()?;
        is_a_page(listed.len())?;
        Ok(Page {
            total: given.number("x-total-pages"),
            next: given.number("x-next-page"),
            // The filter goes by what is stored, the field by what is cached (contract §1.7).
            listed: listed
                .into_iter()
                .filter(|listed| contact == Contact::Any || listed.online.is_none())
                .map(|listed| (listed.id, self.seen_row(listed)))
                .collect(),
        })
    }

    /// A runner, unless it has gone or is not ours to read: a list shows runners of groups above
    /// whose details it takes more rights to see (contract §3.3).
    async fn readable(&self, id: RunnerId) -> Result<Option<Runner>, Error> {
        match self.runner(id).await {
            // A scope that is not enough would leave out every one of them. A fine-grained permission
            // is asked for where the runner is at home, and for ours that is where the list was.
            Err(Error::Refused {
                status: 403,
                refusal:
                    Refusal::Forbidden | Refusal::Other | Refusal::InsufficientGranularScope { .. },
                ..
            }) => Ok(None),
            Err(error) if error.refusal() == Some(&Refusal::Missing) => Ok(None),
            read => read,
        }
    }
}

pub(super) struct Page {
    pub(super) total: Option<u64>,
    pub(super) next: Option<u64>,
    pub(super) listed: BTreeMap<RunnerId, ListedRunner>,
}

impl Page {
    /// How long the texts are in its rows.
    fn texts(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let of = |row: &ListedRunner| length(&row.description) + length(&row.status);
        self.listed.values().map(of).sum()
    }
}

fn fits(listed: &ListedRunner, description: Option<&str>) -> bool {
    description.is_none_or(|wanted| listed.description.as_deref().unwrap_or_default() == wanted)
}
