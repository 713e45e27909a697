//! Pages of a connection, by cursors that survive deletions (contract §5.4).
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::arguments::Arguments;
use super::read::Thing;
use super::weight::LARGEST_PAGE;

/// Where a row stands in its list: nulls first or last, then the value, then the row's number;
/// what sorts downwards is negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place(pub(super) i8, pub(super) i64, pub(super) i64);

impl Place {
    /// In the order of numbers.
    pub(super) fn by_id(id: u64) -> Self {
        Self(0, 0, i64::try_from(id).unwrap_or(i64::MAX))
    }

    fn cursor(self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self).unwrap_or_default())
    }

    fn from_cursor(cursor: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
    }
}

/// One page.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<(String, Thing)>,
    /// Of all pages together.
    pub(super) count: usize,
    pub(super) more_after: bool,
    pub(super) more_before: bool,
}

/// Cuts the page that was asked for out of all rows.
pub(super) fn cut(mut rows: Vec<(Place, Thing)>, arguments: &Arguments) -> Result<Page, String> {
    let both = arguments.contains_key("first") && arguments.contains_key("last");
    if both {
        return Err("Can only provide either `first` or `last`, not both".to_owned());
    }
    rows.sort_by_key(|(place, _)| *place);
    let count = rows.len();
    let bound = |name: &str| match arguments.get(name).and_then(Value::as_str) {
        None | Some("") => Ok(None),
        Some(cursor) => Place::from_cursor(cursor)
            .map(Some)
            .ok_or_else(|| "Please provide a valid cursor".to_owned()),
    };
    let (after, before) = (bound("after")?, bound("before")?);
    let skipped = rows
        .iter()
        .filter(|(place, _)| after.is_some_and(|after| *place <= after))
        .count();
    let mut page: Vec<_> = rows
        .into_iter()
        .skip(skipped)
        .take_while(|(place, _)| before.is_none_or(|before| *place < before))
        .collect();
    let within = page.len();
    let (first, last) = (size(arguments, "first"), size(arguments, "last"));
    let largest = last.or(first).unwrap_or(size_limit());
    // Pages are counted from the end only when `last` asks for it.
    let from_start = if last.is_some() {
        page.len().saturating_sub(largest)
    } else {
        0
    };
    page.drain(..from_start);
    page.truncate(largest);
    let shown = page.len();
    Ok(Page {
        count,
        more_before: skipped + from_start > 0,
        more_after: skipped + from_start + shown < skipped + within || skipped + within < count,
        rows: page
            .into_iter()
            .map(|(place, thing)| (place.cursor(), thing))
            .collect(),
    })
}

fn size_limit() -> usize {
    usize::try_from(LARGEST_PAGE).unwrap_or(usize::MAX)
}

fn size(arguments: &Arguments, name: &str) -> Option<usize> {
    let asked = arguments.get(name)?.as_i64()?;
    Some(usize::try_from(asked).unwrap_or(0).min(size_limit()))
}
