//! What Prometheus gets, and what its own linter says of it.
use std::collections::BTreeMap;

use gitlab_runner_registrar::metrics::{Format, Metrics};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::generated::with_every_series;
use crate::harness::{Story, Tool, connection, runner, story, until};

/// A token that ends.
const TOKEN: &str = "glpat-m3t0-canary-5Zb8Kc2D";

const OPEN_METRICS: &str =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_finds_no_fault_with_the_metrics() {
    promtool_accepts(&with_every_series().render(Format::Text)).await;
    let told = promtool(&with_every_series().render(Format::OpenMetrics)).await;
    let told = told.expect_err("the linter sees nothing");
    assert!(told.contains("warnings"), "{told}");
}

/// `increase()` sees no series begin.
#[test]
fn what_is_known_beforehand_starts_at_zero() {
    let text = Metrics::default().render(Format::Text);
    for series in [
        r#"controller_runtime_reconcile_total{controller="gitlabconnection",result="error"}"#,
        r#"controller_runtime_reconcile_errors_total{controller="clustergitlabconnection"}"#,
        r#"controller_runtime_reconcile_time_seconds_count{controller="gitlabrunner"}"#,
        r#"controller_runtime_active_workers{controller="gitlabrunner"}"#,
        r#"gitlab_registrar_gitlab_mutations_total{step="register"}"#,
        r#"gitlab_registrar_warnings_total{reason="DeletionBlocked"}"#,
        r#"gitlab_registrar_warnings_total{reason="RunnerVanished"}"#,
        r#"gitlab_registrar_warnings_total{reason="ExpiresSoon"}"#,
    ] {
        let zero = format!("{series} 0");
        assert!(text.lines().any(|line| line == zero), "{series}\n{text}");
    }
    // Nobody is warned of what is well.
    for reason in ["Succeeded", "Registered", "Connected"] {
        assert!(!text.contains(&format!(r#""{reason}""#)), "{reason}");
    }
    // One outcome of an endpoint brings the others.
    let text = with_every_series().render(Format::Text);
    let of =
        r#"gitlab_registrar_gitlab_requests_total{method="GET",endpoint="/runners/:id",outcome="#;
    assert!(text.contains(&format!("{of}\"ok\"}} 1\n")), "{text}");
    assert!(
        text.contains(&format!("{of}\"not_gitlab\"}} 0\n")),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_counted_by_what_they_say_and_no_longer_than_they_are_there() {
    story("metrics-objects")
        .tell(async |story| {
            let connection_ends = connected_by_a_token_that_ends(story).await;
            has(story, r#"gitlab_registrar_objects{kind="GitLabRunner"} 0"#).await;
            let warned = r#"gitlab_registrar_warnings_total{reason="ScopeNotFound"}"#;
            has(story, &format!("{warned} 0")).await;

            story.gitlab.does(json!({
                "do": "set_group",
                "group": "platform",
                "settings": { "runner_token_expiration_interval": 86400 },
            }));
            story.apply(&runner("crake").in_group("platform")).await;
            let crake = story.is_ready("crake").await;
            let lost = runner("lost").in_group("nowhere");
            story.apply(&lost).await;
            story.is_not_ready("lost", "ScopeNotFound").await;

            let token = crake.status.unwrap().token.unwrap();
            let token_ends = token.expires_at.unwrap().0.as_second();
            for line in [
                &*format!("{warned} 1"),
                r#"gitlab_registrar_objects{kind="GitLabRunner"} 2"#,
                &of_runners("Ready", "True", 1),
                &of_runners("Ready", "False", 1),
                &of_runners("Ready", "Unknown", 0),
                &of_runners("Stalled", "True", 1),
                r#"gitlab_registrar_object_status_condition{kind="GitLabConnection",condition="Ready",status="True"} 1"#,
                &token_of("crake", token_ends),
                &credential(connection_ends),
            ] {
                has(story, line).await;
            }
            let (media, text) = story.operator().scraped("*/*").await;
            assert_eq!(media, Format::Text.media_type());
            promtool_accepts(&text).await;
            // This operator watches none.
            assert!(!text.contains(r#"kind="ClusterGitLabConnection""#), "{text}");
            let (media, text) = story.operator().scraped(OPEN_METRICS).await;
            assert_eq!(media, Format::OpenMetrics.media_type());
            assert!(text.ends_with("\n# EOF\n"), "{text}");

            for gone in [&runner("crake"), &lost] {
                story.delete(gone).await;
                story.is_gone(gone).await;
            }
            story.delete(&connection("gitlab", story.gitlab.url())).await;
            has(story, r#"gitlab_registrar_objects{kind="GitLabConnection"} 0"#).await;
            has(story, &of_runners("Ready", "True", 0)).await;
            let (_, text) = story.operator().scraped("").await;
            assert!(!text.contains("expiration_timestamp_seconds"), "{text}");
        })
        .await;
}

/// Tells when that is, in Unix time.
async fn connected_by_a_token_that_ends(story: &Story<'_>) -> i64 {
    let today = story.gitlab.now().to_zoned(TimeZone::UTC).date();
    let end = today.checked_add(30.days()).unwrap();
    story.gitlab.does(json!({
        "do": "add_token",
        "user": "root",
        "name": "ends",
        "scopes": ["api"],
        "token": TOKEN,
        "expires_at": end.to_string(),
    }));
    story.connects("gitlab", TOKEN).await;
    story.is_connected("gitlab").await;
    end.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()
}

fn of_runners(condition: &str, status: &str, count: u32) -> String {
    let labels = format!(r#"kind="GitLabRunner",condition="{condition}",status="{status}""#);
    format!("gitlab_registrar_object_status_condition{{{labels}}} {count}")
}

fn token_of(name: &str, ends: i64) -> String {
    let labels = format!(r#"namespace="metrics-objects",name="{name}""#);
    format!("gitlab_registrar_runner_token_expiration_timestamp_seconds{{{labels}}} {ends}")
}

fn credential(ends: i64) -> String {
    let labels = r#"kind="GitLabConnection",namespace="metrics-objects",name="gitlab""#;
    format!("gitlab_registrar_credential_expiration_timestamp_seconds{{{labels}}} {ends}")
}

/// Waits until a scrape has that line.
async fn has(story: &Story<'_>, line: &str) {
    until(line, async || {
        let (_, text) = story.operator().scraped("text/plain").await;
        let there = text.lines().any(|found| found == line);
        there.then_some(()).ok_or(text)
    })
    .await;
}

async fn promtool_accepts(text: &str) {
    if let Err(complaint) = promtool(text).await {
        panic!("{complaint}\n{text}");
    }
}

/// What `promtool check metrics` complains of.
async fn promtool(text: &str) -> Result<String, String> {
    let go = Tool {
        program: "go".into(),
        environment: BTreeMap::new(),
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/promlint");
    go.run(&["run", "-C", folder, "."], text).await
}
