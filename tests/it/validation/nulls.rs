//! A null in a manifest, which a chart renders of an empty value, says as much as nothing at all.
//!
//! The fields are those of the schemas, so that a new one is asked about by itself.
use gitlab_runner_registrar::api;
use gitlab_runner_registrar::api::v1alpha1::{
    ClusterGitLabConnection, GitLabConnection, GitLabRunner,
};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, cluster_connection, connection, runner, story};

/// Names on the way to a field; a list is entered at its first element.
type Path = Vec<String>;

/// Every field that may be omitted, below spec.
fn optional(schema: &Value, path: &Path, found: &mut Vec<Path>) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let below = [path.as_slice(), std::slice::from_ref(name)].concat();
        if !required.contains(&json!(name)) {
            found.push(below.clone());
        }
        optional(field, &below, found);
    }
    if schema["items"].is_object() {
        optional(
            &schema["items"],
            &[path.as_slice(), &["0".to_owned()]].concat(),
            found,
        );
    }
}

fn fields_of(kind: &str) -> Vec<Path> {
    let crds = api::crds();
    let crd = crds.iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    let schema = crd.spec.versions[0].schema.as_ref().unwrap();
    let schema = serde_json::to_value(&schema.open_api_v3_schema).unwrap();
    let mut found = Vec::new();
    optional(&schema["properties"]["spec"], &Vec::new(), &mut found);
    found
}

/// Manifests that leave each field out somewhere, where what it belongs to is there.
fn manifests() -> Vec<Manifest> {
    let url = "https://gitlab.example.com";
    let scoped = |scope: Value| runner("any").with("scope", scope);
    let shared = |allowed: Value| cluster_connection("any", url).with("allowedNamespaces", allowed);
    let selected = |group: Value| {
        let selector = json!({ "group": group });
        scoped(json!({ "project": { "id": 7 } })).with("projectSelector", selector)
    };
    let expression = json!({ "key": "team", "operator": "Exists" });
    vec![
        scoped(json!({ "project": { "path": "a/b" } }))
            .also_in(["c/d"])
            .with("tokenSecret", json!({}))
            .with("tokenRotation", json!({})),
        scoped(json!({ "project": { "id": 7 } })).with("projects", json!([{ "id": 8 }])),
        scoped(json!({ "group": { "path": "a/b" } }))
            .with(
                "pauseWindows",
                json!([{ "schedule": "0 0 * * *", "duration": "1h" }]),
            )
            .with("lostCredentials", json!({})),
        selected(json!({ "path": "a" })),
        selected(json!({ "id": 7 })),
        scoped(json!({ "group": { "id": 7 } })),
        runner("any").with("registration", json!({})),
        runner("any").with("adopt", json!({ "runnerId": 7 })),
        connection("any", url),
        connection("any", url).with("credentialRotation", json!({})),
        cluster_connection("any", url),
        cluster_connection("any", url).with("credentialRotation", json!({})),
        shared(json!({})),
        shared(json!({ "selector": {} })),
        shared(json!({ "selector": { "matchExpressions": [expression] } })),
    ]
}

/// A manifest, and the same with a null in a place where it says nothing.
struct Case {
    field: String,
    plain: Value,
    null: Value,
}

/// What the path leads to in a manifest, whose last name need not be there.
fn place<'a>(spec: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(spec, |place, name| match place {
        Value::Object(fields) => fields.get_mut(name),
        Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn cases(prefix: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut without = Vec::new();
    for kind in [
        "GitLabRunner",
        "GitLabConnection",
        "ClusterGitLabConnection",
    ] {
        for path in fields_of(kind) {
            let (name, parents) = path.split_last().unwrap();
            let before = cases.len();
            for manifest in manifests()
                .iter()
                .filter(|manifest| manifest.kind() == kind)
            {
                let mut plain = manifest.json().clone();
                plain["metadata"]["name"] = format!("{prefix}-{}", cases.len()).into();
                let mut null = plain.clone();
                match place(&mut null["spec"], parents) {
                    Some(Value::Object(fields)) if !fields.contains_key(name) => {
                        fields.insert(name.clone(), Value::Null);
                    }
                    Some(_) | None => continue,
                }
                let field = format!("{kind} {}", path.join("."));
                cases.push(Case { field, plain, null });
            }
            if cases.len() == before {
                without.push(format!("{kind} {}", path.join(".")));
            }
        }
    }
    assert!(
        without.is_empty(),
        "no manifest of this test leaves these out: {without:?}"
    );
    cases
}

/// What the operator reads in a manifest or in what the API server has stored.
fn read(object: &Value) -> String {
    let read = |object: Value| match object["kind"].as_str().unwrap() {
        "GitLabRunner" => {
            serde_json::from_value::<GitLabRunner>(object).map(|it| format!("{:?}", it.spec))
        }
        "GitLabConnection" => {
            serde_json::from_value::<GitLabConnection>(object).map(|it| format!("{:?}", it.spec))
        }
        _ => serde_json::from_value::<ClusterGitLabConnection>(object)
            .map(|it| format!("{:?}", it.spec)),
    };
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove("status");
    read(object).unwrap_or_else(|error| error.to_string())
}

/// kubectl with that way to apply, of all at once; what it complains of by the case it is about.
async fn apply<'a>(
    story: &Story<'_>,
    way: &[&str],
    objects: impl Iterator<Item = &'a Value>,
) -> Result<Vec<Value>, String> {
    let items: Vec<&Value> = objects.collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string();
    let args = [
        "apply",
        "--namespace",
        &story.namespace,
        "--output=json",
        "-f",
        "-",
    ];
    let printed = story
        .stage
        .kubectl()
        .run(&[&args[..], way].concat(), &list)
        .await?;
    let printed: Value = serde_json::from_str(&printed).unwrap();
    Ok(printed["items"].as_array().unwrap().clone())
}

async fn says_nothing(story: &Story<'_>, prefix: &str, way: &[&str]) {
    let cases = cases(prefix);
    let with = || cases.iter().map(|case| &case.null);
    let stored = apply(story, way, with()).await.unwrap();
    let mut wrong = Vec::new();
    for (case, stored) in cases.iter().zip(&stored) {
        let (expected, seen) = (read(&case.plain), read(stored));
        if expected != seen {
            wrong.push(format!("{}: {seen}, not {expected}", case.field));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // From now on the scope is held.
    for case in cases
        .iter()
        .filter(|case| case.plain["kind"] == "GitLabRunner")
    {
        let begun = json!({ "attempt": "a1", "attemptedAt": "2026-03-01T12:00:00Z" });
        let name = case.plain["metadata"]["name"].as_str().unwrap();
        story
            .status_says(name, json!({ "registration": begun }))
            .await;
    }
    for _ in 0..2 {
        apply(story, way, cases.iter().map(|case| &case.plain))
            .await
            .unwrap();
        apply(story, way, with()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_says_that_a_field_is_omitted() {
    story("validation-nulls")
        .without_an_operator()
        .on_a_stage_of_its_own()
        .tell(async |story| {
            says_nothing(story, "client", &[]).await;
            says_nothing(story, "server", &["--server-side"]).await;
        })
        .await;
}
