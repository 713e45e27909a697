//! How urgent a pass over an object is.
use kube::Resource;

use crate::api::conditions::{ConditionType, find, is_true};
use crate::api::v1alpha1::GitLabRunner;
use crate::controller::on_request;
use crate::gitlab::Lane;

/// The lane of a pass, by what the object says.
pub(super) fn of(runner: &GitLabRunner) -> Lane {
    let metadata = runner.meta();
    if metadata.deletion_timestamp.is_some() {
        return Lane::Deletion;
    }
    let Some(status) = &runner.status else {
        return Lane::Change;
    };
    let handled = status.last_handled_reconcile_at.as_ref();
    let changed = status.observed_generation != metadata.generation;
    if changed || on_request::is_new(runner, handled) {
        return Lane::Change;
    }
    // What was asked for is not done before that is so, however often it was tried.
    let synced = find(&status.conditions, ConditionType::Synced);
    let done = synced.is_some_and(|synced| synced.observed_generation == metadata.generation);
    let handled = status.last_handled_rotate_at.as_ref();
    let done = done && on_request::new_rotation(runner, handled).is_none();
    if done || is_true(&status.conditions, ConditionType::Stalled) {
        Lane::Due
    } else {
        Lane::Change
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn runner(status: &Value, leaving: bool, asked: bool) -> GitLabRunner {
        let mut object = json!({
            "apiVersion": "gitlab-registrar.dev/v1alpha1",
            "kind": "GitLabRunner",
            "metadata": { "name": "one", "generation": 2 },
            "spec": { "connectionRef": { "name": "gitlab" }, "scope": { "instance": {} } },
        });
        if !status.is_null() {
            object["status"] = status.clone();
        }
        if leaving {
            object["metadata"]["deletionTimestamp"] = "2026-11-30T02:00:00Z".into();
        }
        if asked {
            object["metadata"]["annotations"] = json!({ (crate::api::RECONCILE_AT): "now" });
        }
        serde_json::from_value(object).unwrap()
    }

    fn condition(type_: &str, status: &str, generation: i64) -> Value {
        json!({
            "type": type_,
            "status": status,
            "reason": "Any",
            "message": "",
            "observedGeneration": generation,
            "lastTransitionTime": "2026-11-30T02:00:00Z",
        })
    }

    #[test]
    fn what_a_user_has_done_goes_before_what_a_timer_says() {
        let status = |generation: i64, conditions: &[Value]| json!({ "observedGeneration": generation, "conditions": conditions });
        let synced = condition("Synced", "True", 2);
        let settled = status(2, &[condition("Ready", "True", 2), synced.clone()]);
        let drifted = status(2, &[condition("Synced", "False", 2)]);
        let changed = status(
            1,
            &[
                condition("Ready", "True", 1),
                condition("Synced", "True", 1),
            ],
        );
        let tried = status(
            2,
            &[
                condition("Ready", "Unknown", 2),
                condition("Synced", "True", 1),
            ],
        );
        let unseen = status(2, &[condition("Ready", "Unknown", 2)]);
        let stalled = status(2, &[condition("Stalled", "True", 2)]);
        let mended = status(1, &[condition("Stalled", "True", 1)]);
        let outage = status(2, &[condition("Reconciling", "True", 2), synced]);
        for (what, status, lane) in [
            ("new", &Value::Null, Lane::Change),
            ("told that it waits", &unseen, Lane::Change),
            ("settled", &settled, Lane::Due),
            ("drifted", &drifted, Lane::Due),
            ("changed", &changed, Lane::Change),
            ("changed, and tried once", &tried, Lane::Change),
            ("refused", &stalled, Lane::Due),
            ("refused, and changed since", &mended, Lane::Change),
            ("settled before an outage", &outage, Lane::Due),
        ] {
            assert_eq!(of(&runner(status, false, false)), lane, "{what}");
            assert_eq!(of(&runner(status, true, true)), Lane::Deletion, "{what}");
            assert_eq!(of(&runner(status, false, true)), Lane::Change, "{what}");
        }
    }
}
