//! What a query costs (contract §5.4).
//!
//! The limits are GitLab's unless a test sets another; the exact weights are not verified by the contract. Here a field weighs
//! 1, a sorted list 1 more, a searched one 5 more, and a connection takes itself with all below it
//! once more for every hundred rows that the page may have.
use super::plan::Selected;
use super::schema::Shape;
use serde_json::Value;

/// The largest page.
pub(super) const LARGEST_PAGE: u64 = 100;

/// How much a query of somebody who has not signed in may cost.
pub(super) const ANONYMOUS_LIMIT: u64 = 200;

/// How much a query costs.
pub(super) fn of(selected: &[Selected]) -> u64 {
    selected.iter().map(field).fold(0, u64::saturating_add)
}

fn field(selected: &Selected) -> u64 {
    let sorted = u64::from(selected.arguments.contains_key("sort"));
    let searched = 5 * u64::from(selected.arguments.contains_key("search"));
    let own = of(&selected.children).saturating_add(1 + sorted + searched);
    match selected.returns {
        Shape::Connection(_) => {
            let asked = |name| selected.arguments.get(name).and_then(Value::as_u64);
            let rows = asked("first").or(asked("last")).unwrap_or(LARGEST_PAGE);
            own.saturating_add(own.saturating_mul(rows.min(LARGEST_PAGE)) / 100)
        }
        Shape::Leaf(_) | Shape::Object(_) | Shape::Edge(_) => own,
    }
}
