//! `docs/fields.md`: every field of our kinds, from the schemas that the API server gets.
use std::fmt::Write;

use gitlab_runner_registrar::api;
use serde_json::Value;

use super::{cell, code, current};

#[test]
fn the_field_reference_is_current() {
    let mut page =
        "# Fields\n\nWhat `kubectl explain` says, on one page. A field in bold is required.\n"
            .to_owned();
    for crd in api::crds() {
        let crd = serde_json::to_value(crd).unwrap();
        for version in crd["spec"]["versions"].as_array().unwrap() {
            let schema = &version["schema"]["openAPIV3Schema"];
            let (kind, names) = (&crd["spec"]["names"]["kind"], &crd["spec"]["names"]);
            writeln!(
                page,
                "\n## {}\n\n{}\n",
                text(kind),
                text(&schema["description"])
            )
            .unwrap();
            writeln!(
                page,
                "`apiVersion: {}/{}`, {}, short name `{}`.",
                text(&crd["spec"]["group"]),
                text(&version["name"]),
                text(&crd["spec"]["scope"]).to_lowercase(),
                text(&names["shortNames"][0]),
            )
            .unwrap();
            rules(&mut page, schema);
            for part in ["spec", "status"] {
                let part_schema = &schema["properties"][part];
                writeln!(
                    page,
                    "\n### {}.{part}\n\n{}",
                    text(kind),
                    paragraph(part_schema)
                )
                .unwrap();
                rules(&mut page, part_schema);
                page.push_str("\n| Field | Type | Default | Meaning |\n|---|---|---|---|\n");
                rows(&mut page, "", part_schema);
            }
        }
    }
    current(&[("docs/fields.md".to_owned(), page)]);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn paragraph(schema: &Value) -> String {
    text(&schema["description"]).replace('\n', " ")
}

/// The rules of an object as a whole, by what they tell the user.
fn rules(page: &mut String, schema: &Value) {
    let messages = messages(schema);
    if !messages.is_empty() {
        page.push('\n');
    }
    for message in messages {
        writeln!(page, "- {}", cell(message)).unwrap();
    }
}

fn messages(schema: &Value) -> Vec<&str> {
    let rules = schema["x-kubernetes-validations"].as_array();
    rules
        .into_iter()
        .flatten()
        .map(|rule| text(&rule["message"]))
        .collect()
}

fn rows(page: &mut String, above: &str, schema: &Value) {
    let required = schema["required"].as_array();
    let required: Vec<&str> = required.into_iter().flatten().map(text).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{above}{name}");
        let shown = if required.contains(&name.as_str()) {
            format!("**`{path}`**")
        } else {
            code(&path)
        };
        let default = match &field["default"] {
            Value::Null => String::new(),
            Value::String(value) => code(value),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                code(&field["default"].to_string())
            }
        };
        let mut meaning = vec![cell(text(&field["description"]))];
        meaning.extend(bounds(field));
        meaning.extend(
            messages(field)
                .into_iter()
                .map(|m| format!("Rule: {}.", cell(m))),
        );
        let meaning = meaning.join(" <br>");
        writeln!(
            page,
            "| {shown} | {} | {default} | {meaning} |",
            type_of(field)
        )
        .unwrap();
        rows(page, &format!("{path}."), field);
        rows(page, &format!("{path}[]."), &field["items"]);
    }
}

fn type_of(schema: &Value) -> String {
    match text(&schema["type"]) {
        "array" => format!("list of {}", type_of(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => "map of strings".to_owned(),
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        plain => plain.to_owned(),
    }
}

/// What the API server checks, as far as the description need not say it.
fn bounds(schema: &Value) -> Option<String> {
    let mut bounds = Vec::new();
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .filter(|v| v.is_string())
            .map(|v| code(text(v)))
            .collect();
        bounds.push(format!("one of {}", values.join(", ")));
    }
    for (key, words) in [
        ("minLength", "at least * characters"),
        ("maxLength", "at most * characters"),
        ("minimum", "at least *"),
        ("maximum", "at most *"),
        ("maxItems", "at most * items"),
        ("maxProperties", "at most * entries"),
    ] {
        if let Some(number) = schema[key].as_f64() {
            bounds.push(words.replace('*', &number.to_string()));
        }
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        bounds.push(format!("matches {}", code(pattern)));
    }
    (!bounds.is_empty()).then(|| format!("Takes: {}.", bounds.join("; ")))
}
