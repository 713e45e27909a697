//! Those who wait for our objects.
use mlua::{Lua, LuaSerdeExt, Table};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::Tool;

/// The script by which Argo CD judges our objects.
pub(crate) const SCRIPT: &str = include_str!("../../../deploy/argocd/health.lua");

/// What kstatus says of an object.
#[derive(Debug, Deserialize)]
pub(crate) struct Kstatus {
    pub(crate) status: String,
    #[expect(dead_code, reason = "to be read by a person when a test fails")]
    message: String,
}

/// What kstatus, which helm and Flux wait by, says of objects, in their order.
pub(crate) async fn kstatus(objects: &[&Value]) -> Vec<Kstatus> {
    let programs = control_plane::ensure().await.unwrap();
    let tool = Tool {
        program: programs.kstatus(),
        environment: [].into(),
    };
    let said = tool.done(&[], &json!(objects).to_string()).await;
    serde_json::from_str(&said).unwrap()
}

/// What our script says of an object, in Lua 5.1, which is what Argo CD speaks: a word and a sentence.
pub(crate) fn argo_cd(object: &Value) -> (String, String) {
    let lua = Lua::new();
    let object = lua.to_value(object).unwrap();
    lua.globals().set("obj", object).unwrap();
    let health: Table = lua.load(SCRIPT).eval().unwrap();
    (
        health.get("status").unwrap(),
        health.get("message").unwrap(),
    )
}

/// Whether `kubectl wait --for=condition=Ready` has no more to wait for. A story holds this to kubectl.
pub(crate) fn kubectl(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let ready = conditions.and_then(|all| all.iter().find(|found| found["type"] == "Ready"));
    ready.is_some_and(|ready| {
        let of = ready["observedGeneration"].as_i64();
        ready["status"] == "True" && of >= object["metadata"]["generation"].as_i64()
    })
}
