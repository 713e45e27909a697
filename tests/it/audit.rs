//! The account of what was changed in GitLab is as its page says.
use std::collections::BTreeSet;

use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Story, runner, secret, story};
use crate::rotation::has_another;

const PAGE: &str = include_str!("../../docs/audit.md");

/// The fields of the page: all of them, and those that are always there.
fn promised() -> (BTreeSet<String>, BTreeSet<String>) {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let (mut all, mut always) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let names = cells[0].trim_start_matches("| ").split(", ");
        let names = names.map(|name| name.trim_matches('`').to_owned());
        for name in names {
            if cells[2] == "always" {
                always.insert(name.clone());
            }
            all.insert(name);
        }
    }
    (all, always)
}

/// A line has all the fields that are always there, and none of which the page is silent.
pub(crate) fn is_as_promised(line: &Value) {
    let (all, always) = promised();
    let fields: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
    let unheard: Vec<_> = fields.difference(&all).collect();
    let missing: Vec<_> = always.difference(&fields).collect();
    assert!(
        unheard.is_empty() && missing.is_empty(),
        "{unheard:?} {missing:?}: {line:#}"
    );
}

/// The lines of the account in what the operator has logged.
pub(crate) fn account(story: &Story<'_>) -> Vec<Value> {
    let log = story.operator().log();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|line: &Value| line["target"] == "gitlab_runner_registrar::audit")
        .collect()
}

/// Of each line the fields that tell one story from another.
pub(crate) fn told(line: &Value) -> Value {
    json!([
        line["step"],
        line["outcome"],
        line["request"],
        line["status"]
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_leaves_one_line_with_what_the_page_promises() {
    story("audit")
        .electing_a_leader()
        .leading_for("60s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let knot = runner("knot").in_project("platform/tools/build");
            story.apply(&knot).await;
            story.is_ready("knot").await;
            let wanted = knot.tagged(["docker"]).also_in(["platform/docs"]);
            let refusal = Fault::Reply {
                status: 400,
                headers: [].into(),
                body: json!({ "message": { "base": ["no"] } }),
            };
            let once = Rule::new("PUT", "/api/v4/runners/*", refusal).times(1);
            story.gitlab.misbehaves(once);
            let lost = Rule::new("POST", "/api/v4/projects/*/runners", Fault::Drop);
            let lost = lost.after_doing().times(1);
            story.gitlab.misbehaves(lost);
            story.apply(&wanted).await;
            story.is_not_ready("knot", "GitLabRefused").await;
            // What GitLab refuses is put to it again when the object changes.
            let wanted = wanted.tagged(["docker", "linux"]);
            story.apply(&wanted).await;
            story.is_ready("knot").await;
            let old = story.token_in("knot-runner-token").await;
            story.delete(&secret("knot-runner-token")).await;
            has_another(story, &old).await;
            story.delete(&wanted).await;
            story.is_gone(&wanted).await;

            let account = account(story);
            let lines: Vec<Value> = account.iter().map(told).collect();
            let expected = [
                json!(["register", "done", "POST /user/runners", 201]),
                json!(["edit", "refused", "PUT /runners/:id", 400]),
                json!(["edit", "done", "PUT /runners/:id", 200]),
                json!(["assign", "unknown", "POST /projects/:id/runners", null]),
                json!([
                    "reset_token",
                    "done",
                    "POST /runners/:id/reset_authentication_token",
                    201
                ]),
                json!(["unregister", "done", "DELETE /runners/:id", 204]),
            ];
            for expected in expected {
                assert!(lines.contains(&expected), "{expected} is not in {lines:#?}");
            }
            for line in &account {
                is_as_promised(line);
                assert_eq!(line["term"], 0, "{line:#}");
                let answered = !line["status"].is_null();
                assert_eq!(line["request_id"].is_string(), answered, "{line:#}");
            }
            let edit = account.iter().rfind(|line| line["step"] == "edit").unwrap();
            assert_eq!(edit["changed.tags"], "[] → [docker, linux]", "{edit:#}");
        })
        .await;
}
