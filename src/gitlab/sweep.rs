//! All runners of one place in few requests: what an operator with many runners looks at, instead of
//! each of them by its number.
use std::collections::BTreeSet;

use super::client::Client;
use super::error::Error;
use super::model::{RunnerId, Scope};
use super::row::Row;
use super::search::Contact;
use super::sweep_query::{Asked, Told};
use super::walk::Walk;

/// By which of GitLab's APIs the runners of a place are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Shows all of a runner (contract §5), to a credential that has `api` or `read_api`.
    GraphQl,
    /// Shows a runner's presence, description, pause and status (contract §2.1).
    Rest,
}

/// What a sweep came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Whether it came to the last page, and no page and no row of them was missing. Even then a runner that
    /// no row shows may be there: a fine-grained token's list leaves out in silence what it may not see
    /// (contract §8.2), and when a runner is deleted between two pages of REST, another slips through.
    /// Ask by number before believing that it is gone.
    pub complete: bool,
    /// How many pages were read.
    pub pages: u32,
}

impl Client {
    /// Hands over all runners of the kind that lives in `scope`, page by page and each once: those at
    /// home there; of a project also those assigned to it; by REST also those of groups above.
    ///
    /// `path` is the scope's full path, as GraphQL takes no number; the number that it shows is compared.
    /// Rows that were handed over are true even if the sweep then fails or is not complete. Refused are:
    /// - [`Refusal::NoGraphQl`](super::Refusal::NoGraphQl): GraphQL does not answer this credential, or does not show it the list
    ///   of this scope. REST may, or says why not.
    /// - [`Refusal::Missing`](super::Refusal::Missing): at that path is no such group or project, or none that the credential may
    ///   see, or another one (contract §9.1).
    pub async fn sweep(
        &self,
        scope: Scope,
        path: Option<&str>,
        way: Way,
        page: impl FnMut(Vec<Row>) + Send,
    ) -> Result<Swept, Error> {
        match way {
            Way::GraphQl => self.sweep_by_query(scope, path, page).await,
            Way::Rest => self.sweep_by_list(scope, page).await,
        }
    }

    async fn sweep_by_query(
        &self,
        scope: Scope,
        path: Option<&str>,
        mut page: impl FnMut(Vec<Row>) + Send,
    ) -> Result<Swept, Error> {
        let mut track = Track::default();
        let mut size = self.page_size().get();
        let mut insight = self.page_size().shows_insight();
        let mut after: Option<String> = None;
        loop {
            let asked = Asked {
                scope,
                path: path.unwrap_or_default(),
                size,
                after: after.as_deref(),
                insight,
            };
            let told = match self.query_page(&asked).await? {
                Told::Page(told) => told,
                // What processes do is worth less than large pages, and not every release knows it.
                Told::TooComplex(_) | Told::WithoutAField(_) if insight && track.pages == 0 => {
                    insight = false;
                    continue;
                }
                Told::Refused(refusal) | Told::WithoutAField(refusal) => {
                    return track.broken_off(refusal);
                }
                Told::TooComplex(refusal) if track.pages > 0 => return track.broken_off(refusal),
                Told::TooComplex(refusal) => {
                    size = self.page_size().shrink(size).ok_or(refusal)?;
                    continue;
                }
            };
            if !insight {
                self.page_size().hides_insight();
            }
            let is_empty = told.rows.is_empty();
            let rows = track.fresh(told.rows)?;
            track.complete &= !told.has_holes;
            let all = told.count.unwrap_or_default().div_ceil(size.into());
            let (before_end, at_end) = (all > track.pages.into(), all <= track.pages.into());
            // A page of runners that the credential is not shown is empty, and others follow.
            let moves = told.next != after && (!rows.is_empty() || (is_empty && before_end));
            page(rows);
            match told.next {
                Some(next) if moves => after = Some(next),
                // A page that brings nothing new would be followed by others without end.
                Some(_) => return Ok(track.ended(false)),
                // A list that was cut says that it ends, and still counts all of it.
                None => {
                    self.page_size().fit(size, told.complexity);
                    return Ok(track.ended(at_end));
                }
            }
        }
    }

    async fn sweep_by_list(
        &self,
        scope: Scope,
        mut page: impl FnMut(Vec<Row>) + Send,
    ) -> Result<Swept, Error> {
        let mut track = Track::default();
        let mut number = 1;
        loop {
            let told = self.page(scope, Contact::Any, number).await?;
            let rows = track.fresh(told.listed.into_values().map(Row::Listed).collect())?;
            let stuck = rows.is_empty();
            page(rows);
            match told.next {
                Some(next) if next > number && !stuck => number = next,
                Some(_) => return Ok(track.ended(false)),
                None => {
                    let all = told.total.is_none_or(|total| total <= track.pages.into());
                    return Ok(track.ended(all));
                }
            }
        }
    }
}

/// How far a sweep has come.
struct Track {
    walk: Walk,
    seen: BTreeSet<RunnerId>,
    pages: u32,
    complete: bool,
}

impl Default for Track {
    fn default() -> Self {
        Self {
            walk: Walk::default(),
            seen: BTreeSet::new(),
            pages: 0,
            complete: true,
        }
    }
}

impl Track {
    /// Those rows of a page that no page has shown before.
    fn fresh(&mut self, mut rows: Vec<Row>) -> Result<Vec<Row>, Error> {
        self.pages += 1;
        rows.retain(|row| self.seen.insert(row.id()));
        // Of what is handed over only the numbers are kept.
        self.walk.goes_on(rows.len(), 0)?;
        Ok(rows)
    }

    /// The end of a sweep that GitLab refused to go on with. Before the first page it is a refusal;
    /// later it is a list that changed under the reader, such as a cursor that is no longer valid.
    fn broken_off(self, refusal: Error) -> Result<Swept, Error> {
        if self.pages == 0 {
            Err(refusal)
        } else {
            Ok(self.ended(false))
        }
    }

    fn ended(&self, at_the_last_page: bool) -> Swept {
        Swept {
            complete: self.complete && at_the_last_page,
            pages: self.pages,
        }
    }
}
