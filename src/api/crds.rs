//! The kinds as the API server takes them.
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde_json::json;

use super::v1alpha1;

/// Every custom resource this very binary understands, in the order they should be applied.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut crds = vec![
        v1alpha1::GitLabRunner::crd(),
        v1alpha1::GitLabConnection::crd(),
        v1alpha1::ClusterGitLabConnection::crd(),
    ];
    let versions = crds.iter_mut().flat_map(|crd| &mut crd.spec.versions);
    for schema in versions.filter_map(|version| version.schema.as_mut()) {
        if let Some(whole) = &mut schema.open_api_v3_schema {
            reflow(whole);
            for (name, part) in whole.properties.iter_mut().flatten() {
                match &**name {
                    "spec" => take_nulls(part),
                    "status" => {
                        part.default = Some(unobserved());
                        part.nullable = None;
                    }
                    _ => {}
                }
            }
        }
    }
    crds
}

/// The status of an object that no operator has seen. helm, Flux and all others that judge by kstatus
/// take an object without any status for done; of this one they say that it is waited for.
fn unobserved() -> JSON {
    JSON(json!({ "observedGeneration": -1 }))
}

/// Lets every optional field be null, which means that it is omitted: a chart that renders an empty
/// value writes that. Where there is a default the API server puts it in the place of a null.
fn take_nulls(schema: &mut JSONSchemaProps) {
    let required = schema.required.clone().unwrap_or_default();
    for (name, field) in schema.properties.iter_mut().flatten() {
        take_nulls(field);
        if field.default.is_some() || required.contains(name) {
            continue;
        }
        field.nullable = Some(true);
        // A null is never one of an enum, not even where the enum names it.
        if let Some(words) = field.enum_.take() {
            let words: Vec<&str> = words.iter().filter_map(|word| word.0.as_str()).collect();
            field.pattern = Some(format!("^({})$", words.join("|")));
            let longest = words.iter().map(|word| word.len()).max();
            field.max_length = longest.and_then(|length| i64::try_from(length).ok());
        }
    }
    for_each_element(schema, take_nulls);
}

/// `kubectl explain` breaks lines by itself, so those of the source would come out ragged. An empty
/// line still ends a paragraph.
fn reflow(schema: &mut JSONSchemaProps) {
    if let Some(description) = &mut schema.description {
        let paragraphs = description.split("\n\n");
        let paragraphs: Vec<String> = paragraphs.map(|text| text.replace('\n', " ")).collect();
        *description = paragraphs.join("\n\n");
    }
    for property in schema
        .properties
        .iter_mut()
        .flat_map(|all| all.values_mut())
    {
        reflow(property);
    }
    for_each_element(schema, reflow);
}

/// Visits the schemas of what a list or a map holds.
fn for_each_element(schema: &mut JSONSchemaProps, mut visit: impl FnMut(&mut JSONSchemaProps)) {
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(item)) => visit(item),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(&mut visit),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &mut schema.additional_properties {
        visit(value);
    }
}
