//! What a runner was registered with, for a credential that may not look at it later.
use serde_json::{Map, Value};

use super::pass::Pass;
use crate::api::v1alpha1::Registration;
use crate::secrets;

/// The fields of spec that are settings of the runner.
const SETTINGS: [&str; 8] = [
    "accessLevel",
    "description",
    "locked",
    "maintenanceNote",
    "maximumTimeout",
    "paused",
    "runUntagged",
    "tags",
];

impl Pass<'_> {
    /// The attempt with a digest of the settings that it asks for.
    pub(super) fn noting_settings(&self, attempt: Registration) -> Registration {
        Registration {
            settings_digest: self.settings_digest(),
            ..attempt
        }
    }

    fn settings_digest(&self) -> Option<String> {
        let spec = serde_json::to_value(&self.runner.spec).ok()?;
        let asked = SETTINGS.into_iter().filter_map(|name| {
            let mut value = spec.get(name)?.clone();
            // Tags are a set.
            if let Some(tags) = value.as_array_mut() {
                tags.sort_by_key(Value::to_string);
            }
            Some((name.to_owned(), value))
        });
        let asked: Map<String, Value> = asked.collect();
        Some(secrets::digest(&Value::Object(asked).to_string()))
    }

    /// Whether spec asks for other settings than the runner was registered with, where that was noted.
    pub(super) fn has_changed(&self) -> Option<bool> {
        let status = self.runner.status.as_ref()?;
        let before = status.registration.as_ref()?.settings_digest.as_ref()?;
        Some(*before != self.settings_digest()?)
    }
}
