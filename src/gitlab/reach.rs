//! Why GitLab could not be reached.
use std::error::Error as StdError;

/// What the connector says of a name that it could not look up, and what the standard library says. Both
/// have no type of their own.
const LOOKUPS: [&str; 2] = ["dns error", "failed to lookup address information"];

/// Why a host has no address, in the resolver's words, if it is that.
pub fn unresolved(error: &(dyn StdError + 'static)) -> Option<String> {
    let (mut last, mut looked_up) = (String::new(), false);
    let mut cause = Some(error);
    while let Some(error) = cause {
        last = error.to_string();
        looked_up |= LOOKUPS.iter().any(|lookup| last.starts_with(lookup));
        cause = error.source();
    }
    let why = last.split_once(": ").map(|(_, why)| why.to_owned());
    looked_up.then(|| why.unwrap_or(last))
}
