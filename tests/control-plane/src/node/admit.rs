//! What this node cannot do for a Pod.
//!
//! A test that passes because a field was silently ignored proves nothing, so every field has to be
//! named here. This works on the raw JSON: typed structs drop what they do not know.

use serde_json::Value;

/// Fields that are honoured, or that mean nothing where there is one node and no image registry.
const POD: &[&str] = &[
    "automountServiceAccountToken",
    "containers",
    "dnsPolicy",
    "enableServiceLinks",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "restartPolicy",
    "schedulerName",
    // Processes here run as whoever runs the test; there is no right to change that.
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
];

const CONTAINER: &[&str] = &[
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "startupProbe",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "volumeMounts",
];

const PROBE: &[&str] = &[
    "failureThreshold",
    "httpGet",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "timeoutSeconds",
];

const HTTP_GET: &[&str] = &["path", "port", "scheme"];
const PORT: &[&str] = &["containerPort", "name", "protocol"];
const ENV_SOURCE: &[&str] = &["configMapKeyRef", "fieldRef", "secretKeyRef"];
const MOUNT: &[&str] = &["mountPath", "name", "readOnly"];
const VOLUME: &[&str] = &["configMap", "emptyDir", "name", "secret"];
const SECRET_VOLUME: &[&str] = &["defaultMode", "optional", "secretName"];
const CONFIG_MAP_VOLUME: &[&str] = &["defaultMode", "name", "optional"];

/// The volume by which every Pod gets its token. It is recognised by its name, and replaced by a
/// kubeconfig.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// Everything in the Pod's `spec` that this node cannot honour, as paths; none means that it can.
pub(super) fn refusals(spec: &Value) -> Vec<String> {
    let mut found = Refusals::default();
    found.unknown("spec", spec, POD);
    for (path, volume) in items("spec.volumes", &spec["volumes"]) {
        if gives_token(volume) {
            continue;
        }
        found.unknown(&path, volume, VOLUME);
        found.unknown(&format!("{path}.secret"), &volume["secret"], SECRET_VOLUME);
        found.unknown(
            &format!("{path}.configMap"),
            &volume["configMap"],
            CONFIG_MAP_VOLUME,
        );
    }
    let spread = &spec["topologySpreadConstraints"];
    for (path, constraint) in items("spec.topologySpreadConstraints", spread) {
        if constraint["whenUnsatisfiable"] != "ScheduleAnyway" {
            found.0.push(format!("{path}.whenUnsatisfiable"));
        }
    }
    let containers = items("spec.containers", &spec["containers"]);
    if containers.len() != 1 {
        found
            .0
            .push("spec.containers (there must be exactly one)".to_owned());
    }
    for (path, container) in containers {
        found.container(&path, container);
    }
    found.0
}

/// Whether the Pod gets the token of its `ServiceAccount`.
pub(super) fn has_token(spec: &Value) -> bool {
    items("", &spec["volumes"])
        .iter()
        .any(|(_, volume)| gives_token(volume))
}

fn gives_token(volume: &Value) -> bool {
    volume["name"]
        .as_str()
        .is_some_and(|name| name.starts_with(TOKEN_VOLUME))
        && volume["projected"].is_object()
}

#[derive(Default)]
struct Refusals(Vec<String>);

impl Refusals {
    /// Notes each member of `object` that is not among `known` and is not empty either.
    fn unknown(&mut self, path: &str, object: &Value, known: &[&str]) {
        let members = object.as_object().into_iter().flatten();
        let strange = members.filter(|(name, value)| {
            !known.contains(&name.as_str())
                && !value.is_null()
                && value.as_object().is_none_or(|inner| !inner.is_empty())
                && value.as_array().is_none_or(|inner| !inner.is_empty())
        });
        self.0
            .extend(strange.map(|(name, _)| format!("{path}.{name}")));
    }

    fn container(&mut self, path: &str, container: &Value) {
        self.unknown(path, container, CONTAINER);
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            let path = format!("{path}.{probe}");
            let probe = &container[probe];
            self.unknown(&path, probe, PROBE);
            self.unknown(&format!("{path}.httpGet"), &probe["httpGet"], HTTP_GET);
            if probe["httpGet"]["scheme"]
                .as_str()
                .is_some_and(|scheme| scheme != "HTTP")
            {
                self.0.push(format!("{path}.httpGet.scheme"));
            }
        }
        for (path, port) in items(&format!("{path}.ports"), &container["ports"]) {
            self.unknown(&path, port, PORT);
        }
        for (path, mount) in items(&format!("{path}.volumeMounts"), &container["volumeMounts"]) {
            self.unknown(&path, mount, MOUNT);
        }
        for (path, variable) in items(&format!("{path}.env"), &container["env"]) {
            self.unknown(&path, variable, &["name", "value", "valueFrom"]);
            self.unknown(
                &format!("{path}.valueFrom"),
                &variable["valueFrom"],
                ENV_SOURCE,
            );
        }
        for (path, source) in items(&format!("{path}.envFrom"), &container["envFrom"]) {
            self.unknown(&path, source, &["configMapRef", "prefix", "secretRef"]);
        }
    }
}

/// The items of a list, each with its path.
fn items<'a>(path: &str, list: &'a Value) -> Vec<(String, &'a Value)> {
    let items = list.as_array().into_iter().flatten().enumerate();
    items
        .map(|(n, item)| (format!("{path}[{n}]"), item))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec() -> Value {
        json!({
            "containers": [{
                "name": "registrar",
                "image": "registrar",
                "args": ["run"],
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http", "scheme": "HTTP"}},
                "volumeMounts": [{"name": "kube-api-access-x", "mountPath": "/var/run/x", "readOnly": true}],
            }],
            "volumes": [{"name": "kube-api-access-x", "projected": {"sources": [{}]}}],
            "securityContext": {},
            "restartPolicy": "Always",
        })
    }

    #[test]
    fn an_ordinary_pod_is_taken_with_its_token() {
        assert_eq!(refusals(&spec()), Vec::<String>::new());
        assert!(has_token(&spec()));
    }

    #[test]
    fn whatever_cannot_be_honoured_is_named_by_its_path() {
        let mut spec = spec();
        spec["hostNetwork"] = json!(true);
        spec["affinity"] = json!({});
        spec["topologySpreadConstraints"] = json!([
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"},
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"},
        ]);
        spec["volumes"][0]["name"] = json!("mine");
        spec["containers"][0]["lifecycle"] = json!({"preStop": {"exec": {"command": ["true"]}}});
        spec["containers"][0]["readinessProbe"]["exec"] = json!({"command": ["true"]});
        spec["containers"][0]["env"] =
            json!([{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]);
        spec["containers"][0]["fieldOfTomorrow"] = json!(1);
        let mut found = refusals(&spec);
        found.sort();
        assert_eq!(
            found,
            [
                "spec.containers[0].env[0].valueFrom.resourceFieldRef",
                "spec.containers[0].fieldOfTomorrow",
                "spec.containers[0].lifecycle",
                "spec.containers[0].readinessProbe.exec",
                "spec.hostNetwork",
                "spec.topologySpreadConstraints[1].whenUnsatisfiable",
                "spec.volumes[0].projected",
            ],
            "an empty affinity asks for nothing"
        );
        assert!(!has_token(&spec));
    }

    #[test]
    fn a_second_container_is_one_too_many() {
        let mut spec = spec();
        spec["containers"] = json!([spec["containers"][0], spec["containers"][0]]);
        assert_eq!(
            refusals(&spec),
            ["spec.containers (there must be exactly one)"]
        );
    }
}
