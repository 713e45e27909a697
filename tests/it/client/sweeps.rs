//! Reading all runners of a place: by GraphQL and by the lists of REST, from each release, and by
//! credentials that see less than all.
mod broken;
mod credentials;
mod fleet;
mod insight;
mod large;

use gitlab_runner_registrar::gitlab::{Client, Error, Insight, Row, Scope, Swept, Way};

/// Everything that a sweep hands over, with how it ended.
async fn sweep(
    client: &Client,
    scope: Scope,
    path: Option<&str>,
    way: Way,
) -> (Vec<Row>, Result<Swept, Error>) {
    let mut rows = Vec::new();
    let swept = client.sweep(scope, path, way, |page| rows.extend(page));
    let swept = swept.await;
    (rows.into_iter().map(as_by_rest).collect(), swept)
}

/// Without what REST does not show.
fn as_by_rest(mut row: Row) -> Row {
    if let Row::Whole(runner, _) = &mut row {
        runner.insight = Insight::default();
    }
    row
}

fn numbers(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.id().0).collect()
}

fn whole(pages: u32) -> Swept {
    Swept {
        complete: true,
        pages,
    }
}
