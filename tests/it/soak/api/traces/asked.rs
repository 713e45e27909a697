//! What both servers are asked.
use serde_json::{Value, json};

use crate::harness::runner;

const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const PLAIN: &str = "application/json";
pub(super) const OURS: &str = "apis/gitlab-registrar.dev/v1alpha1";

/// One request; in its body `$uid`, `$now` and `$first` stand for the object's uid, its version, and its first.
pub(super) struct Asked {
    pub(super) what: &'static str,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) media_type: &'static str,
    pub(super) body: Value,
}

fn asks(
    what: &'static str,
    method: &'static str,
    path: &str,
    media_type: &'static str,
    body: Value,
) -> Asked {
    let path = path.to_owned();
    Asked {
        what,
        method,
        path,
        media_type,
        body,
    }
}

pub(super) fn secrets() -> Vec<Asked> {
    let (all, one) = ("api/v1/NS/secrets", "api/v1/NS/secrets/s");
    let named = |name: &str, more: Value| {
        let mut body =
            json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name } });
        json_patch::merge(&mut body, &more);
        body
    };
    let text = json!({ "stringData": { "key": "text" }, "metadata": { "labels": { "a": "b" } } });
    let versioned = |version: &str| json!({ "metadata": { "resourceVersion": version }, "data": { "more": "YQ==" } });
    vec![
        asks("is made", "POST", all, PLAIN, named("s", text)),
        asks(
            "is there already",
            "POST",
            all,
            PLAIN,
            named("s", json!({})),
        ),
        asks(
            "is rehearsed",
            "POST",
            &format!("{all}?dryRun=All"),
            PLAIN,
            named("t", json!({})),
        ),
        asks(
            "was only rehearsed",
            "GET",
            "api/v1/NS/secrets/t",
            PLAIN,
            Value::Null,
        ),
        asks("is patched", "PATCH", one, MERGE, versioned("$now")),
        asks(
            "is patched as it is",
            "PATCH",
            one,
            MERGE,
            json!({ "data": { "more": "YQ==" } }),
        ),
        asks(
            "has changed since",
            "PATCH",
            one,
            MERGE,
            versioned("$first"),
        ),
        asks(
            "is another",
            "PATCH",
            one,
            MERGE,
            json!({ "metadata": { "uid": "no", "labels": { "c": "d" } } }),
        ),
        asks(
            "loses a key",
            "PATCH",
            one,
            MERGE,
            json!({ "data": { "more": null } }),
        ),
        asks(
            "is replaced",
            "PUT",
            one,
            PLAIN,
            named("s", json!({ "data": { "x": "YQ==" } })),
        ),
        asks(
            "has changed since",
            "PUT",
            one,
            PLAIN,
            named("s", versioned("$first")),
        ),
        asks(
            "is listed no more by its label",
            "GET",
            &format!("{all}?labelSelector=a%3Db"),
            PLAIN,
            Value::Null,
        ),
        asks(
            "is listed by its name",
            "GET",
            &format!("{all}?fieldSelector=metadata.name%3Ds"),
            PLAIN,
            Value::Null,
        ),
        asks(
            "is kept",
            "DELETE",
            one,
            PLAIN,
            json!({ "preconditions": { "resourceVersion": "$first" } }),
        ),
        asks(
            "is kept, being another",
            "DELETE",
            one,
            PLAIN,
            json!({ "preconditions": { "uid": "no" } }),
        ),
        asks(
            "goes",
            "DELETE",
            one,
            PLAIN,
            json!({ "preconditions": { "uid": "$uid", "resourceVersion": "$now" } }),
        ),
        asks("is gone", "GET", one, PLAIN, Value::Null),
        asks("goes once more", "DELETE", one, PLAIN, Value::Null),
        asks("is patched when gone", "PATCH", one, MERGE, json!({})),
    ]
}

pub(super) fn runners() -> Vec<Asked> {
    let (all, one) = (
        format!("{OURS}/NS/gitlabrunners"),
        format!("{OURS}/NS/gitlabrunners/r"),
    );
    let (one, status) = (one.as_str(), format!("{one}/status"));
    let mut made = runner("r").tagged(["a"]).json().clone();
    made["status"] = json!({ "observedGeneration": 7 });
    let mut held = runner("r").tagged(["a"]).json().clone();
    held["status"] = json!({ "observedGeneration": 3 });
    held["metadata"]["resourceVersion"] = "$first".into();
    let adds = json!([
        { "op": "test", "path": "/metadata/finalizers", "value": null },
        { "op": "add", "path": "/metadata/finalizers", "value": ["example.com/one"] },
    ]);
    let removes = |name: &str| {
        json!([
            { "op": "test", "path": "/metadata/finalizers/0", "value": name },
            { "op": "remove", "path": "/metadata/finalizers/0" },
        ])
    };
    vec![
        asks("is made without status", "POST", &all, PLAIN, made),
        asks(
            "gets a status",
            "PATCH",
            &status,
            MERGE,
            json!({ "status": { "observedGeneration": 1 } }),
        ),
        asks(
            "gets nothing else by that",
            "PATCH",
            &status,
            MERGE,
            json!({ "spec": { "tags": ["z"] } }),
        ),
        asks(
            "gets no status otherwise",
            "PATCH",
            one,
            MERGE,
            json!({ "status": { "observedGeneration": 9 } }),
        ),
        asks("gets a finalizer", "PATCH", one, JSON_PATCH, adds.clone()),
        asks("has one already", "PATCH", one, JSON_PATCH, adds),
        asks(
            "changes",
            "PATCH",
            one,
            MERGE,
            json!({ "spec": { "tags": ["a", "b"] } }),
        ),
        asks("has changed since", "PUT", &status, PLAIN, held),
        asks(
            "is labelled",
            "PATCH",
            one,
            MERGE,
            json!({ "metadata": { "labels": { "a": "b" } } }),
        ),
        asks("is to go", "DELETE", one, PLAIN, Value::Null),
        asks("is to go all the same", "DELETE", one, PLAIN, Value::Null),
        asks(
            "takes no further finalizer",
            "PATCH",
            one,
            MERGE,
            json!({ "metadata": { "finalizers": ["example.com/one", "example.com/two"] } }),
        ),
        asks(
            "is held by another",
            "PATCH",
            one,
            JSON_PATCH,
            removes("example.com/two"),
        ),
        asks(
            "gets a status",
            "PATCH",
            &status,
            MERGE,
            json!({ "status": { "observedGeneration": 2 } }),
        ),
        asks("goes", "PATCH", one, JSON_PATCH, removes("example.com/one")),
        asks("is gone", "GET", one, PLAIN, Value::Null),
    ]
}
