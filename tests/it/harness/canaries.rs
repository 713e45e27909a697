//! No token may ever show where people look: in logs, events, statuses and metrics.
use std::collections::BTreeSet;

use serde_json::Value;

use super::gitlab::GitLab;

/// How tokens begin that GitLab has made up, as they are and as they look in base64, which is how
/// Secrets travel. The last letter of the latter depends on what follows, so it is left out.
const BEGINNINGS: [&str; 4] = ["glrt-", "GR1348941", "Z2xydC", "Z2xwYXQt"];

/// Part of every access token of a story.
const CANARY: &str = "canary";

/// How many letters of a line are shown on either side of a find.
const AROUND: usize = 200;

/// What must not be found anywhere.
pub(crate) struct Canaries(BTreeSet<String>);

impl Canaries {
    /// Every token that there is in that GitLab now, besides all that look like one.
    pub(crate) fn of(gitlab: &GitLab) -> Self {
        let world = gitlab.does(serde_json::json!({ "do": "dump" }));
        let mut canaries = BTreeSet::from([CANARY.to_owned()]);
        canaries.extend(BEGINNINGS.map(str::to_owned));
        collect(&world, &mut canaries);
        Self(canaries)
    }

    /// Where one of them is, once for each line, with a little of what is around it.
    pub(crate) fn found_in(&self, place: &str, text: &str) -> Vec<String> {
        let found = text.lines().filter_map(|line| {
            let at = self
                .0
                .iter()
                .find_map(|canary| line.find(canary.as_str()))?;
            let before = line
                .get(..at)?
                .chars()
                .rev()
                .take(AROUND)
                .collect::<Vec<_>>();
            let after = line.get(at..)?.chars().take(AROUND);
            let excerpt = before.into_iter().rev().chain(after).collect::<String>();
            Some(format!("{place}: …{excerpt}…"))
        });
        found.collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Everything in the world that is called a token.
fn collect(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                // A time is no token.
                let timed = name.ends_with("_at") || name.ends_with("_deadline");
                let named = name.contains("token") && !timed;
                if let Some(text) = value.as_str().filter(|text| named && text.len() > 12) {
                    into.insert(text.to_owned());
                }
                collect(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
