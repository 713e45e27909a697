//! The moment that `If-Unmodified-Since` names (contract §1.3, 412).
//!
//! GitLab reads it with Ruby's `Time.parse`, which takes far more than the dates of HTTP.
use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};

/// Ruby minds neither a wrong day of the week nor a missing one.
static MAIL: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);

/// The three forms of HTTP, RFC 2822, and ISO 8601 with a `T` or a space; none for anything else,
/// which GitLab ignores.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let http = || Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok();
    http()
        .or_else(|| MAIL.parse_timestamp(text).ok())
        .or_else(|| iso(text))
}

fn iso(text: &str) -> Option<Timestamp> {
    // `Time#to_s` of Ruby has a space before the offset.
    let close = text.replace(" +", "+").replace(" -", "-");
    close.parse().ok().or_else(|| in_utc(text))
}

/// A text without an offset; a server runs in UTC, so a missing zone is that.
fn in_utc(text: &str) -> Option<Timestamp> {
    let bare = ["UTC", "GMT", "Z"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone))
        .unwrap_or(text);
    let civil: DateTime = bare.trim_end().parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}
