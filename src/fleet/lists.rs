//! Reads a whole list of GitLab's, page by page.
use std::collections::BTreeSet;

use super::access::Session;
use super::filter::Chosen;
use super::progress::Progress;
use super::reads::again;
use crate::gitlab::RunnerId;

/// The numbers of all runners of a list, ascending. Where GitLab does not count them it is read to its end.
pub(super) async fn numbers(
    session: &Session,
    chosen: &Chosen,
) -> anyhow::Result<BTreeSet<RunnerId>> {
    let (list, filter) = (chosen.list, &chosen.filter);
    let mut numbers = BTreeSet::new();
    let mut progress: Option<Progress> = None;
    let mut page = Some(1);
    while let Some(number) = page {
        let read = async || session.client.list(list, filter, number).await;
        let told = again(read).await.map_err(|error| session.told(&error))?;
        let progress = progress.get_or_insert_with(|| Progress::new("runners listed", told.total));
        progress.add(told.runners.len().try_into().unwrap_or(u64::MAX));
        // Runners that are made meanwhile push others onto the next page, so that one which brings nothing
        // new may stand before one that does. Only an empty page is the end.
        page = told.next.filter(|_| !told.runners.is_empty());
        numbers.extend(told.runners);
    }
    Ok(numbers)
}
