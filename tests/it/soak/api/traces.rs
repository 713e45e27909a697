//! What `api` claims of an API server, held against the real one: both are asked the same and must answer the
//! same, but for numbers, times and words.
mod asked;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{AsyncBufReadExt, StreamExt};
use http::Request;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{namespace, story};
use crate::soak::kubernetes;
use crate::soak::life::Life;
use crate::soak::world::{NAMESPACE, World};
use asked::{Asked, OURS, runners, secrets};

/// Asks one after the other; then comes what a watch has told meanwhile, up to the deletion.
async fn traced(
    client: &kube::Client,
    namespace: &str,
    asked: &[Asked],
    watched: &str,
) -> Vec<Value> {
    let mut names = Names {
        namespace: namespace.to_owned(),
        ..Names::default()
    };
    let at = |path: &str| {
        format!(
            "/{}",
            path.replace("NS", &format!("namespaces/{namespace}"))
        )
    };
    let query = "watch=true&allowWatchBookmarks=true&sendInitialEvents=true\
                 &resourceVersionMatch=NotOlderThan&timeoutSeconds=60";
    let watch = Request::get(format!("{}?{query}", at(watched)))
        .body(Vec::new())
        .unwrap();
    let mut watch = client.request_stream(watch).await.unwrap().lines();
    // The bookmark at the end of the list, so that all that follows is a change.
    let first: Value = serde_json::from_str(&watch.next().await.unwrap().unwrap()).unwrap();
    assert_eq!(first["type"], "BOOKMARK");
    let mut told = vec![json!(first["object"]["metadata"]["annotations"])];
    for Asked {
        what,
        method,
        path,
        media_type,
        body,
    } in asked
    {
        let body = if body.is_null() {
            Vec::new()
        } else {
            names.filled(body).to_string().into_bytes()
        };
        let request = Request::builder()
            .method(*method)
            .uri(at(path))
            .header("content-type", *media_type);
        let answer = client
            .send(request.body(body.into()).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect_bytes().await.unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        names.learn(&body, path.contains("dryRun"));
        told.push(json!([what, status, names.plain(&body)]));
    }
    loop {
        let line = timeout(Duration::from_secs(20), watch.next()).await;
        let event: Value = serde_json::from_str(&line.unwrap().unwrap().unwrap()).unwrap();
        if event["type"] != "BOOKMARK" {
            told.push(names.plain(&event));
        }
        if event["type"] == "DELETED" {
            return told;
        }
    }
}

/// Numbers and names of one server, as both call them.
#[derive(Default)]
struct Names {
    namespace: String,
    uid: String,
    versions: Vec<String>,
    seen: BTreeMap<String, usize>,
}

impl Names {
    fn learn(&mut self, body: &Value, rehearsed: bool) {
        let (uid, version) = (
            &body["metadata"]["uid"],
            &body["metadata"]["resourceVersion"],
        );
        if let (Some(uid), Some(version), false) = (uid.as_str(), version.as_str(), rehearsed) {
            uid.clone_into(&mut self.uid);
            self.versions.push(version.to_owned());
        }
    }

    fn filled(&self, body: &Value) -> Value {
        let text = body.to_string().replace("$uid", &self.uid);
        let text = text.replace("$now", self.versions.last().map_or("0", String::as_str));
        let text = text.replace("$first", self.versions.first().map_or("0", String::as_str));
        serde_json::from_str(&text).unwrap()
    }

    /// What both servers must agree on.
    fn plain(&mut self, body: &Value) -> Value {
        match body {
            Value::Object(fields) => {
                let list = fields.contains_key("items");
                let failed = fields.get("status").is_some_and(|it| it == "Failure");
                let kept = fields.iter().filter(|(name, _)| match name.as_str() {
                    // Lists name the kind of each item or not.
                    "apiVersion" | "kind" | "managedFields" | "message" => false,
                    "details" => !failed,
                    // Of a list it is the server's, not an object's.
                    "metadata" => !list,
                    _ => true,
                });
                kept.map(|(name, value)| (name.clone(), self.field(name, value)))
                    .collect()
            }
            Value::Array(items) => items.iter().map(|item| self.plain(item)).collect(),
            Value::String(text) if *text == self.namespace => "NS".into(),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
        }
    }

    fn field(&mut self, name: &str, value: &Value) -> Value {
        match (name, value) {
            ("uid" | "resourceVersion", Value::String(text)) => {
                let count = self.seen.len();
                format!("{name} {}", self.seen.entry(text.clone()).or_insert(count)).into()
            }
            ("creationTimestamp" | "deletionTimestamp", Value::String(_)) => "a time".into(),
            // The real one puts defaults beside it.
            ("spec", spec) => spec["tags"].clone(),
            (_, value) => self.plain(value),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_as_the_real_one_does() {
    story("soak-trace")
        .without_an_operator()
        .tell(async |story| {
            let world = World::new(0);
            let turns = tokio::spawn(world.turns.clone().are_given());
            world.kube(
                http::Method::POST,
                "/api/v1/namespaces",
                namespace(NAMESPACE).json().clone(),
            );
            let ours = kubernetes::client(world.clone(), Life::new("trace".to_owned()));
            for (asked, watched) in [
                (secrets(), "api/v1/NS/secrets".to_owned()),
                (runners(), format!("{OURS}/NS/gitlabrunners")),
            ] {
                let real = traced(&story.kube, &story.namespace, &asked, &watched).await;
                let played = traced(&ours, NAMESPACE, &asked, &watched).await;
                for (real, played) in real.iter().zip(&played) {
                    assert_eq!(played, real, "played, and what the real one says");
                }
            }
            turns.abort();
        })
        .await;
}
