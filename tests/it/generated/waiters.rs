//! What those who wait for our objects make of everything that the operator says.
use std::fmt::Write;

use gitlab_runner_registrar::api::conditions::Reason;
use serde_json::Value;

use crate::waiters::judges::{argo_cd, kstatus, kubectl};
use crate::waiters::table::{Row, rows};

/// Reasons that only other conditions have.
const NEVER_OF_READY: [Reason; 9] = [
    Reason::Called,
    Reason::AwaitingCall,
    Reason::NobodyCalls,
    Reason::Accepted,
    Reason::ExpiresSoon,
    Reason::RotationPlanned,
    Reason::RotationBlocked,
    Reason::ListIncomplete,
    Reason::TokenNotKept,
];

const INTRODUCTION: &str = "
## Who waits for what

What is made of each state by those who wait for an object. helm with `--wait` and Flux judge by
[kstatus](https://pkg.go.dev/github.com/fluxcd/cli-utils/pkg/kstatus/status), Argo CD by
[our script](../deploy/argocd/health.lua), and the last column is `kubectl wait --for=condition=Ready`.
This table is written by running them. `Current`, `Healthy` and `met` end the wait, `Failed` and
`Degraded` end it as a failure, and with all others it goes on. For other conditions than Ready, such as
`TokenReady` of a runner, use `kubectl wait --for=condition=TokenReady`.
";

/// The section of docs/conditions.md.
pub(super) async fn table() -> String {
    let rows = rows();
    let objects: Vec<&Value> = rows.iter().map(|row| &row.object).collect();
    let verdicts = kstatus(&objects).await;
    let mut section = INTRODUCTION.to_owned();
    let mut kind = "";
    for (row, kstatus) in rows.iter().zip(&verdicts) {
        if row.kind != kind {
            kind = row.kind;
            let title = if kind == "GitLabRunner" {
                "Of a GitLabRunner"
            } else {
                "Of a connection"
            };
            let head =
                "| Ready | and besides | kstatus | Argo CD | kubectl wait |\n|---|---|---|---|---|";
            write!(section, "\n### {title}\n\n{head}\n").unwrap();
        }
        let met = if kubectl(&row.object) { "met" } else { "waits" };
        let (argo_cd, _) = argo_cd(&row.object);
        let (ready, besides) = shown(row);
        let kstatus = &kstatus.status;
        writeln!(
            section,
            "| {ready} | {besides} | {kstatus} | {argo_cd} | {met} |"
        )
        .unwrap();
    }
    section
}

/// What the row is about.
fn shown(row: &Row) -> (String, String) {
    if !row.when.is_empty() {
        return (row.when.to_owned(), String::new());
    }
    let (truth, reason) = row.says("Ready").unwrap();
    let mood = row.mood().map(|mood| format!("`{mood}`"));
    (format!("{truth}, `{reason}`"), mood.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_wait_for_our_objects_agree() {
    let rows = rows();
    let objects: Vec<&Value> = rows.iter().map(|row| &row.object).collect();
    let mut disagreements = Vec::new();
    for (row, kstatus) in rows.iter().zip(kstatus(&objects).await) {
        let (argo_cd, sentence) = argo_cd(&row.object);
        let agreed = match &*kstatus.status {
            "Current" => "Healthy",
            "Failed" => "Degraded",
            "InProgress" => "Progressing",
            _ => "nothing that we know",
        };
        let met = kubectl(&row.object);
        if agreed != argo_cd || met != (agreed == "Healthy") || sentence.is_empty() {
            disagreements.push(format!("{kstatus:?} {argo_cd} {met}: {:#}", row.object));
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

#[test]
fn every_reason_of_ready_is_in_the_table() {
    let rows = rows();
    let reasons: Vec<&str> = rows
        .iter()
        .filter_map(|row| Some(row.says("Ready")?.1))
        .collect();
    let missing: Vec<&Reason> = Reason::ALL
        .iter()
        .filter(|reason| !reasons.contains(&reason.name()) && !NEVER_OF_READY.contains(reason))
        .collect();
    assert!(
        missing.is_empty(),
        "no row of tests/it/waiters/table.rs says {missing:?}"
    );
}
