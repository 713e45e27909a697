//! An API server without sockets: what the operator asks of a real one, by the same rules.
//!
//! Nothing is checked against a schema, and no field of spec has a default: what is written here is valid.
//! What it does is held against the real one by `traces`.
mod query;
mod refusal;
mod store;
mod target;
mod traces;
mod watch;

use http::Method;
use jiff::Timestamp;
use json_patch::{Patch, PatchOperation};
use serde_json::{Value, json};

pub(super) use query::Query;
use refusal::Refusal;
use store::{Deleted, Part};
pub(super) use store::{Objects, Store};
pub(super) use target::Target;
pub(super) use watch::{Watch, event};

/// A request that asks for one answer.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Query,
    pub(super) media_type: String,
    pub(super) body: Value,
}

impl Call {
    /// A request as people send it.
    pub(super) fn new(method: Method, path: &str, media_type: &str, body: Value) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: Query::of("", ""),
            media_type: media_type.to_owned(),
            body,
        }
    }

    pub(super) fn writes(&self) -> bool {
        self.method != Method::GET
    }
}

impl Store {
    /// Answers one request: a status and a body.
    pub(super) fn answer(&mut self, call: &Call, now: Timestamp) -> (u16, Value) {
        self.done(call, now)
            .unwrap_or_else(|refusal| (refusal.code, refusal.body()))
    }

    fn done(&mut self, call: &Call, now: Timestamp) -> Result<(u16, Value), Refusal> {
        let nowhere = || {
            Refusal::new(
                404,
                "NotFound",
                "the server could not find the requested resource",
            )
        };
        let target = Target::of(&call.path).ok_or_else(nowhere)?;
        let (name, dry) = (target.name.as_deref(), call.query.dry_run());
        match (&call.method, name) {
            (&Method::GET, None) => Ok((200, self.list(&target, &call.query))),
            (&Method::GET, Some(name)) => {
                let object = self.get(&target.key(name));
                let object = object.ok_or_else(|| Refusal::not_found(&target, name))?;
                Ok((200, call.query.shown(object)))
            }
            (&Method::POST, None) => {
                let name = call.body["metadata"]["name"].as_str().unwrap_or_default();
                let made = self.create(&target, name, call.body.clone(), now, dry)?;
                Ok((201, made))
            }
            (&Method::PUT, Some(name)) => {
                let part = part(&target);
                Ok((
                    200,
                    self.update(&target, name, call.body.clone(), part, dry)?,
                ))
            }
            (&Method::PATCH, Some(name)) => {
                let patched = self.patched(&target, name, call)?;
                Ok((
                    200,
                    self.update(&target, name, patched, part(&target), dry)?,
                ))
            }
            (&Method::DELETE, Some(name)) => {
                match self.delete(&target, name, &call.body["preconditions"], now)? {
                    Deleted::Leaving(object) => Ok((200, object)),
                    Deleted::Gone(object) => Ok((200, success(&target, &object))),
                }
            }
            (method, name) => panic!("{method} of {name:?} is not served: {}", call.path),
        }
    }

    fn list(&self, target: &Target, query: &Query) -> Value {
        let held = self.held(target).filter(|object| query.selects(object));
        let items: Vec<Value> = held.map(|object| query.shown(object)).collect();
        let metadata = json!({ "resourceVersion": self.revision().to_string() });
        let (version, kind) = if query.metadata_only {
            (
                "meta.k8s.io/v1".to_owned(),
                "PartialObjectMetadataList".to_owned(),
            )
        } else {
            (
                target.kind.api_version(),
                format!("{}List", target.kind.name),
            )
        };
        json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "items": items })
    }

    /// An object as a patch would have it.
    fn patched(&self, target: &Target, name: &str, call: &Call) -> Result<Value, Refusal> {
        let old = self.get(&target.key(name));
        let old = old.ok_or_else(|| Refusal::not_found(target, name))?;
        let mut object = old.clone();
        match call.media_type.as_str() {
            // What a strategic merge does with lists is not asked for.
            "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
                json_patch::merge(&mut object, &call.body);
            }
            "application/json-patch+json" => {
                let refused = |error: &dyn std::error::Error| Refusal::invalid(error.to_string());
                let patch: Patch =
                    serde_json::from_value(call.body.clone()).map_err(|error| refused(&error))?;
                let patch = Patch(lenient(patch.0, &object));
                json_patch::patch(&mut object, &patch).map_err(|error| refused(&error))?;
            }
            other => return Err(Refusal::new(415, "UnsupportedMediaType", other)),
        }
        if object["metadata"]["uid"] != old["metadata"]["uid"] {
            return Err(Refusal::invalid("metadata.uid: field is immutable"));
        }
        Ok(object)
    }
}

/// The API server takes a field that is not there for one that is null.
fn lenient(operations: Vec<PatchOperation>, object: &Value) -> Vec<PatchOperation> {
    let absent = |operation: &PatchOperation| {
        matches!(operation, PatchOperation::Test(test)
            if test.value.is_null() && object.pointer(test.path.as_str()).is_none())
    };
    operations
        .into_iter()
        .filter(|operation| !absent(operation))
        .collect()
}

fn part(target: &Target) -> Part {
    if target.status {
        Part::Status
    } else {
        Part::Main
    }
}

fn success(target: &Target, object: &Value) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {
            "name": object["metadata"]["name"],
            "kind": target.kind.plural,
            "uid": object["metadata"]["uid"],
        },
    })
}
