//! Times as status shows them.
use jiff::Timestamp;

/// Times are shown without a fraction.
pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
