//! What is done because somebody asks for it by an annotation, and not because it is time: to look at
//! GitLab, or to replace a token.
use kube::{Resource, ResourceExt};

use crate::api::{RECONCILE_AT, ROTATE_AT};

/// As much of a value as is compared, and answered in status. A time takes a tenth of it.
const LONGEST: usize = 256;

/// The value that somebody has set, if there is one.
pub(super) fn requested(object: &impl Resource) -> Option<String> {
    value(object, RECONCILE_AT)
}

fn value(object: &impl Resource, annotation: &str) -> Option<String> {
    let value = object.annotations().get(annotation)?;
    Some(value.chars().take(LONGEST).collect())
}

/// Whether that value was not acted upon yet. Each is once, or the object would be looked at for ever.
pub(super) fn is_new(object: &impl Resource, handled: Option<&String>) -> bool {
    requested(object).is_some_and(|value| handled != Some(&value))
}

/// The value by which somebody asks for a new token, if there is one.
pub(super) fn rotation(object: &impl Resource) -> Option<String> {
    value(object, ROTATE_AT)
}

/// The same, unless it was acted upon.
pub(super) fn new_rotation(object: &impl Resource, handled: Option<&String>) -> Option<String> {
    rotation(object).filter(|value| handled != Some(value))
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;

    use super::*;
    use crate::api::v1alpha1::GitLabRunner;

    fn asked(value: Option<&str>) -> GitLabRunner {
        let spec = r#"{"connectionRef": {"name": "gitlab"}, "scope": {"instance": {}}}"#;
        let value = value.map(|value| (RECONCILE_AT.to_owned(), value.to_owned()));
        GitLabRunner {
            metadata: ObjectMeta {
                annotations: value.map(|value| [value].into()),
                ..ObjectMeta::default()
            },
            spec: serde_json::from_str(spec).unwrap(),
            status: None,
        }
    }

    #[test]
    fn each_value_is_acted_upon_once() {
        let long = "x".repeat(300);
        for value in ["2026-11-30T02:00:00Z", "", "now", &long] {
            let object = asked(Some(value));
            assert!(is_new(&object, None), "{value}");
            assert!(is_new(&object, Some(&"before".to_owned())), "{value}");
            assert!(!is_new(&object, requested(&object).as_ref()), "{value}");
        }
        let nothing = asked(None);
        let before = Some("before".to_owned());
        assert!(!is_new(&nothing, None) && !is_new(&nothing, before.as_ref()));
    }
}
