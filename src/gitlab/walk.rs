//! How much of a list is read. GitLab decides what a list holds, and whoever writes a connection decides which
//! GitLab that is: one that tells of ever more would otherwise fill the memory that all objects share.
use super::error::Error;
use super::lists::PAGE;

/// A million rows.
const MOST_PAGES: u32 = 10_000;
/// How many bytes of a list are kept until its end: several hundred thousand rows as GitLab has them.
const MOST_KEPT: usize = 64 * 1024 * 1024;
/// What a row takes besides its texts.
const ROW: usize = 64;

/// How far a list was read.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pages: u32,
    kept: usize,
}

impl Walk {
    /// Goes on after a page of which so many rows are kept, with texts of that length in all.
    pub(super) fn goes_on(&mut self, rows: usize, texts: usize) -> Result<(), Error> {
        self.pages = self.pages.saturating_add(1);
        let rows = rows.saturating_mul(ROW);
        self.kept = self.kept.saturating_add(rows).saturating_add(texts);
        if self.pages > MOST_PAGES || self.kept > MOST_KEPT {
            return Err(strange("a list that is longer than any of GitLab's"));
        }
        Ok(())
    }
}

/// Whether a page has no more rows than were asked for.
pub(super) fn is_a_page(rows: usize) -> Result<(), Error> {
    if rows > PAGE {
        return Err(strange(
            "a list with more rows on a page than were asked for",
        ));
    }
    Ok(())
}

fn strange(message: &str) -> Error {
    Error::NotGitLab {
        status: 200,
        message: message.to_owned(),
    }
}
