//! How much of a list is read. GitLab decides what a list holds, and whoever writes a connection decides which
//! GitLab that is: one that tells of ever more would otherwise fill the memory that all objects share.
use super::error::Error;

/// GitLab's largest page (contract §1.8).
pub(super) const PAGE: usize = 100;
/// Half a million rows.
const MOST_PAGES: u32 = 5_000;
/// How many bytes of a list are kept until its end: some two hundred thousand rows as GitLab has them.
const MOST_KEPT: usize = 32 * 1024 * 1024;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pages of so many rows with texts of that length are read.
    fn pages(rows: usize, texts: usize) -> usize {
        let mut walk = Walk::default();
        let goes_on = |_: &i32| walk.goes_on(rows, texts).is_ok();
        (0..10_000).take_while(goes_on).count()
    }

    #[test]
    fn a_hundred_thousand_runners_are_read_and_no_end_is_not_waited_for() {
        // As GitLab shows them, with descriptions of a hundred letters.
        assert!(pages(PAGE, PAGE * 120) > 1000);
        assert_eq!(pages(0, 0), 5_000);
        assert_eq!(pages(1, usize::MAX), 0);
        assert!(is_a_page(PAGE).is_ok() && is_a_page(PAGE + 1).is_err());
    }
}
