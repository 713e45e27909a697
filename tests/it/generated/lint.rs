//! What the API server asks of a structural schema, and what we ask besides: bounds, so that rules
//! have a cost that can be told, and a description on every field.
use gitlab_runner_registrar::api;
use serde_json::Value;

/// Schemas of Kubernetes itself, which come as they are.
const NOT_OURS: &[&str] = &[".status.conditions[]", ".spec.allowedNamespaces.selector"];

#[test]
fn every_schema_is_structural_bounded_and_described() {
    let mut bad = Vec::new();
    for crd in api::crds() {
        for version in &crd.spec.versions {
            let schema = serde_json::to_value(version.schema.as_ref().unwrap()).unwrap();
            let mut kind = Lint {
                kind: &crd.spec.names.kind,
                bad: &mut bad,
            };
            kind.node("", &schema["openAPIV3Schema"]);
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// An omitted field is not managed, which is unusual enough to be said each time.
#[test]
fn every_managed_field_says_what_happens_when_it_is_omitted() {
    let mut silent = Vec::new();
    let crds = api::crds();
    let crd = serde_json::to_value(&crds[0]).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let required: Vec<&str> = spec["required"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for (name, field) in spec["properties"].as_object().unwrap() {
        let description = field["description"].as_str().unwrap_or_default();
        let told = description.contains("omitted") || description.contains("Default");
        if !told && field.get("default").is_none() && !required.contains(&name.as_str()) {
            silent.push(name);
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

struct Lint<'a> {
    kind: &'a str,
    bad: &'a mut Vec<String>,
}

impl Lint<'_> {
    fn bad(&mut self, path: &str, what: &str) {
        self.bad.push(format!("{}{path}: {what}", self.kind));
    }

    fn node(&mut self, path: &str, schema: &Value) {
        let has = |key: &str| schema.get(key).is_some();
        if !has("type") && schema["x-kubernetes-int-or-string"] != true {
            self.bad(path, "no type");
        }
        self.keywords(path, schema);
        if !NOT_OURS.iter().any(|prefix| path.starts_with(prefix)) {
            self.bounds(path, schema);
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            self.described(&path, field);
            self.node(&path, field);
        }
        for (key, sign) in [("items", "[]"), ("additionalProperties", "{}")] {
            if schema[key].is_object() {
                self.node(&format!("{path}{sign}"), &schema[key]);
            }
        }
    }

    fn described(&mut self, path: &str, field: &Value) {
        // Kubernetes fills these in, and describes them.
        if matches!(path, ".apiVersion" | ".kind" | ".metadata") {
            return;
        }
        match field["description"].as_str() {
            None => self.bad(path, "no description"),
            Some(text) if text.len() < 10 || !text.trim_end().ends_with('.') => {
                self.bad(path, "the description is no sentence");
            }
            Some(_) => {}
        }
    }

    /// What is not allowed in a structural schema, or dropped with a warning.
    fn keywords(&mut self, path: &str, schema: &Value) {
        for key in [
            "$ref",
            "definitions",
            "dependencies",
            "deprecated",
            "id",
            "patternProperties",
            "readOnly",
            "writeOnly",
            "xml",
            "const",
            "examples",
            "$schema",
            "$defs",
            "anyOf",
            "oneOf",
            "allOf",
            "not",
        ] {
            if schema.get(key).is_some() {
                self.bad(path, &format!("keyword {key}"));
            }
        }
        if schema["uniqueItems"] == true {
            self.bad(path, "uniqueItems");
        }
        if schema["additionalProperties"] == false {
            self.bad(path, "additionalProperties: false");
        }
        if schema.get("properties").is_some() && schema.get("additionalProperties").is_some() {
            self.bad(path, "properties together with additionalProperties");
        }
        let known = match (schema["type"].as_str(), schema["format"].as_str()) {
            (_, None) => true,
            (Some("integer"), Some(format)) => matches!(format, "int32" | "int64"),
            (Some("number"), Some(format)) => matches!(format, "float" | "double"),
            (Some("string"), Some(format)) => matches!(format, "date-time" | "date" | "byte"),
            (_, Some(_)) => false,
        };
        if !known {
            self.bad(path, &format!("format {}", schema["format"]));
        }
    }

    /// The cost of a rule is estimated from the largest value that the schema allows.
    fn bounds(&mut self, path: &str, schema: &Value) {
        let has = |key: &str| schema.get(key).is_some();
        match schema["type"].as_str() {
            Some("array") if !has("maxItems") => self.bad(path, "unbounded list"),
            Some("object") if has("additionalProperties") && !has("maxProperties") => {
                self.bad(path, "unbounded map");
            }
            Some("string") if !has("maxLength") && !has("enum") => {
                let machine = schema["format"] == "date-time";
                let kubernetes = matches!(path, ".apiVersion" | ".kind");
                if !machine && !kubernetes {
                    self.bad(path, "unbounded string");
                }
            }
            _ => {}
        }
        if schema["x-kubernetes-preserve-unknown-fields"] == true {
            self.bad(path, "preserves unknown fields");
        }
    }
}
