//! What a container finds in its environment, by the rules of Kubernetes.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, EnvVarSource, Pod};
use kube::ResourceExt;

use super::inputs::{Inputs, Source};

/// The one address that every Pod here has.
pub(super) const ADDRESS: &str = "127.0.0.1";

/// All variables of the container, or why it cannot be started yet.
pub(super) fn variables(
    pod: &Pod,
    container: &Container,
    inputs: &Inputs,
) -> Result<BTreeMap<String, String>, String> {
    let mut variables = from_whole_objects(container, inputs)?;
    for variable in container.env.iter().flatten() {
        let value = match (&variable.value, &variable.value_from) {
            (_, Some(source)) => from_source(pod, source, inputs)?,
            (Some(text), None) => Some(expand(text, &variables)),
            (None, None) => Some(String::new()),
        };
        variables.extend(value.map(|value| (variable.name.clone(), value)));
    }
    Ok(variables)
}

fn from_whole_objects(
    container: &Container,
    inputs: &Inputs,
) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    for from in container.env_from.iter().flatten() {
        let secret = from
            .secret_ref
            .as_ref()
            .map(|of| (Source::Secret(of.name.clone()), of.optional == Some(true)));
        let map = from.config_map_ref.as_ref().map(|of| {
            (
                Source::ConfigMap(of.name.clone()),
                of.optional == Some(true),
            )
        });
        for (source, optional) in secret.into_iter().chain(map) {
            match inputs.get(&source) {
                Some(content) => variables.extend(content.iter().map(|(key, value)| {
                    let prefix = from.prefix.as_deref().unwrap_or_default();
                    (
                        format!("{prefix}{key}"),
                        String::from_utf8_lossy(value).into_owned(),
                    )
                })),
                None if optional => {}
                None => return Err(format!("{} not found", source.text())),
            }
        }
    }
    Ok(variables)
}

/// The value, or none if an optional one is not there.
fn from_source(
    pod: &Pod,
    source: &EnvVarSource,
    inputs: &Inputs,
) -> Result<Option<String>, String> {
    if let Some(field) = &source.field_ref {
        return downward(pod, &field.field_path).map(Some);
    }
    let secret = source.secret_key_ref.as_ref().map(|of| {
        (
            Source::Secret(of.name.clone()),
            &of.key,
            of.optional == Some(true),
        )
    });
    let map = source.config_map_key_ref.as_ref().map(|of| {
        (
            Source::ConfigMap(of.name.clone()),
            &of.key,
            of.optional == Some(true),
        )
    });
    let Some((source, key, optional)) = secret.or(map) else {
        return Err("a variable has a source that this node does not know".to_owned());
    };
    match inputs.get(&source).map(|content| content.get(key)) {
        Some(Some(value)) => Ok(Some(String::from_utf8_lossy(value).into_owned())),
        _ if optional => Ok(None),
        Some(None) => Err(format!("couldn't find key {key} in {}", source.text())),
        None => Err(format!("{} not found", source.text())),
    }
}

fn downward(pod: &Pod, path: &str) -> Result<String, String> {
    let spec = pod.spec.as_ref();
    let entry = |map: &BTreeMap<String, String>, rest: &str| {
        let key = rest.strip_suffix("']").unwrap_or(rest);
        map.get(key).cloned().unwrap_or_default()
    };
    if let Some(rest) = path.strip_prefix("metadata.labels['") {
        return Ok(entry(pod.labels(), rest));
    }
    if let Some(rest) = path.strip_prefix("metadata.annotations['") {
        return Ok(entry(pod.annotations(), rest));
    }
    match path {
        "metadata.name" => Ok(pod.name_any()),
        "metadata.namespace" => Ok(pod.namespace().unwrap_or_default()),
        "metadata.uid" => Ok(pod.uid().unwrap_or_default()),
        "spec.nodeName" => Ok(spec
            .and_then(|spec| spec.node_name.clone())
            .unwrap_or_default()),
        "spec.serviceAccountName" => Ok(spec
            .and_then(|spec| spec.service_account_name.clone())
            .unwrap_or_default()),
        "status.podIP" | "status.podIPs" | "status.hostIP" | "status.hostIPs" => {
            Ok(ADDRESS.to_owned())
        }
        _ => Err(format!("this node does not know the field {path}")),
    }
}

/// Replaces `$(NAME)` by the variable of that name; an unknown name stays, and `$$` is one `$`.
pub(super) fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        done.push_str(before);
        if let Some(tail) = after.strip_prefix('$') {
            done.push('$');
            rest = tail;
            continue;
        }
        if let Some((name, tail)) = after
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'))
        {
            let literal = || format!("$({name})");
            done.push_str(&variables.get(name).cloned().unwrap_or_else(literal));
            rest = tail;
        } else {
            done.push('$');
            rest = after;
        }
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "n", "uid": "u", "labels": {"a/b": "label"}},
            "spec": {"serviceAccountName": "sa", "nodeName": "here", "containers": []},
        }))
        .unwrap()
    }

    fn resolve(container: serde_json::Value, inputs: &Inputs) -> Result<String, String> {
        let container: Container = serde_json::from_value(container).unwrap();
        let all = variables(&pod(), &container, inputs)?;
        Ok(all
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" "))
    }

    fn inputs() -> Inputs {
        let content = |text: &str| BTreeMap::from([("k".to_owned(), text.as_bytes().to_vec())]);
        Inputs::from([
            (Source::Secret("s".to_owned()), content("from-secret")),
            (Source::ConfigMap("c".to_owned()), content("from-map")),
        ])
    }

    fn reference(kind: &str, name: &str, key: &str, optional: bool) -> serde_json::Value {
        let of = json!({"name": name, "key": key, "optional": optional});
        json!({"name": "x", "env": [{"name": "A", "valueFrom": {kind: of}}]})
    }

    #[test]
    fn fields_of_the_pod_and_values_of_other_objects() {
        for (path, value) in [
            ("metadata.name", "p"),
            ("metadata.namespace", "n"),
            ("metadata.uid", "u"),
            ("metadata.labels['a/b']", "label"),
            ("spec.serviceAccountName", "sa"),
            ("spec.nodeName", "here"),
            ("status.podIP", "127.0.0.1"),
        ] {
            let field = json!({"fieldRef": {"fieldPath": path}});
            let container = json!({"name": "x", "env": [{"name": "A", "valueFrom": field}]});
            assert_eq!(
                resolve(container, &inputs()),
                Ok(format!("A={value}")),
                "{path}"
            );
        }
        for (kind, name, value) in [
            ("secretKeyRef", "s", "from-secret"),
            ("configMapKeyRef", "c", "from-map"),
        ] {
            let container = reference(kind, name, "k", false);
            assert_eq!(resolve(container, &inputs()), Ok(format!("A={value}")));
        }
    }

    #[test]
    fn what_is_missing_stops_the_container_unless_it_is_optional() {
        let told = |container| resolve(container, &inputs());
        assert_eq!(
            told(reference("secretKeyRef", "gone", "k", false)),
            Err("secret \"gone\" not found".to_owned())
        );
        assert_eq!(
            told(reference("configMapKeyRef", "c", "gone", false)),
            Err("couldn't find key gone in configmap \"c\"".to_owned())
        );
        assert_eq!(
            told(reference("secretKeyRef", "gone", "k", true)),
            Ok(String::new())
        );
        let whole = json!({"name": "x", "envFrom": [{"configMapRef": {"name": "gone"}}]});
        assert_eq!(told(whole), Err("configmap \"gone\" not found".to_owned()));
        let field = json!({"fieldRef": {"fieldPath": "status.phase"}});
        let container = json!({"name": "x", "env": [{"name": "A", "valueFrom": field}]});
        told(container).unwrap_err();
    }

    #[test]
    fn later_variables_see_and_override_earlier_ones() {
        let container = json!({
            "name": "x",
            "envFrom": [{"prefix": "P_", "secretRef": {"name": "s"}}],
            "env": [
                {"name": "A", "value": "$(P_k)/$(LATER)/$$(P_k)/$"},
                {"name": "LATER", "value": "1"},
                {"name": "P_k", "value": "mine"},
            ],
        });
        assert_eq!(
            resolve(container, &inputs()),
            Ok("A=from-secret/$(LATER)/$(P_k)/$ LATER=1 P_k=mine".to_owned())
        );
    }
}
