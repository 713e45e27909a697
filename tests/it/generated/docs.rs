//! The pages of `docs/` that are lists: conditions, events, flags and metrics.
use std::{collections::BTreeMap, fmt::Write};

use clap::CommandFactory;
use gitlab_runner_registrar::{
    api::{
        conditions::{ConditionType, Reason},
        events::EventReason,
    },
    cli::Cli,
    fleet::EXIT_CODES,
    gitlab::{Budget, CallOutcome},
    metrics::{Format, Metrics},
};

use super::{cell, code, current};

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_conditions_is_current() {
    let mut page = "# Conditions\n\n\
        What the operator says in `status.conditions`. Each condition has a type, a value (`True`, \
        `False` or `Unknown`), a reason out of the list below, and a message for a person.\n\n\
        ## Types\n\n| Type | Meaning |\n|---|---|\n"
        .to_owned();
    for about in ConditionType::ALL {
        writeln!(page, "| `{}` | {} |", about.name(), cell(about.meaning())).unwrap();
    }
    page.push_str("\n## Reasons\n\n| Reason | Meaning | What to do |\n|---|---|---|\n");
    for reason in Reason::ALL {
        let (meaning, advice) = (cell(reason.meaning()), cell(reason.advice()));
        writeln!(page, "| `{}` | {meaning} | {advice} |", reason.name()).unwrap();
    }
    page.push_str(&super::waiters::table().await);
    current(&[("docs/conditions.md".to_owned(), page)]);
}

#[test]
fn the_list_of_events_is_current() {
    let mut page = "# Events\n\n\
        What the operator does is told once in an event of the object, as `kubectl describe` and \
        `kubectl events --for gitlabrunner/NAME` show it. What keeps it from going on is an event \
        of type Warning, whose reason is that of the [condition](conditions.md) Ready, or \
        `Drifted`. Besides these there are:\n\n\
        | Reason | Meaning | What to do |\n|---|---|---|\n"
        .to_owned();
    for reason in EventReason::ALL {
        let (meaning, advice) = (cell(reason.meaning()), cell(reason.advice()));
        writeln!(page, "| `{}` | {meaning} | {advice} |", reason.name()).unwrap();
    }
    current(&[("docs/events.md".to_owned(), page)]);
}

#[test]
fn every_reason_says_what_it_means_and_what_to_do() {
    let mut bad = Vec::new();
    let conditions = Reason::ALL.iter();
    let conditions = conditions.map(|one| (one.name(), one.meaning(), one.advice()));
    let events = EventReason::ALL.iter();
    let events = events.map(|one| (one.name(), one.meaning(), one.advice()));
    for (name, meaning, advice) in conditions.chain(events) {
        for text in [meaning, advice] {
            if text.len() < 5 || !text.ends_with('.') || text.starts_with(' ') {
                bad.push(format!("{name}: {text:?}"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_list_of_flags_is_current() {
    let mut page =
        "# Commands and flags\n\nA flag with an environment variable can be given by that too. \
        `registrar COMMAND --help` says the same.\n"
            .to_owned();
    let mut cli = Cli::command();
    // Fills in what a parse would, such as the values of enums.
    cli.build();
    chapters(&cli, "registrar", &mut page);
    writeln!(page, "\n## Exit codes\n\n{EXIT_CODES}").unwrap();
    current(&[("docs/flags.md".to_owned(), page)]);
}

/// A chapter for each command, those within others too.
fn chapters(of: &clap::Command, path: &str, page: &mut String) {
    for command in of.get_subcommands().filter(|c| c.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        let about = command.get_long_about().or(command.get_about());
        let about = about.map(ToString::to_string).unwrap_or_default();
        let about = about.trim_end_matches('.');
        write!(page, "\n## `{path}`\n\n{about}.\n").unwrap();
        let rows: Vec<String> = command
            .get_arguments()
            .filter(|flag| !flag.is_hide_set() && flag.get_id() != "help")
            .map(flag_row)
            .collect();
        if !rows.is_empty() {
            let head = "| Flag | Environment | Default | Meaning |\n|---|---|---|---|";
            write!(page, "\n{head}\n{}\n", rows.join("\n")).unwrap();
        }
        if let Some(examples) = command.get_after_help() {
            write!(page, "\n```text\n{examples}\n```\n").unwrap();
        }
        chapters(command, &path, page);
    }
}

fn flag_row(flag: &clap::Arg) -> String {
    let name = match flag.get_long() {
        Some(long) => format!("--{long}"),
        None => flag.get_id().as_str().to_uppercase(),
    };
    let env = flag
        .get_env()
        .map_or(String::new(), |env| code(&env.to_string_lossy()));
    let takes_value = flag.get_action().takes_values();
    let default = flag.get_default_values().first().filter(|_| takes_value);
    let default = default.map_or(String::new(), |value| code(&value.to_string_lossy()));
    let help = flag.get_long_help().or(flag.get_help());
    let mut help = help.map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = flag
        .get_possible_values()
        .iter()
        .filter(|_| takes_value)
        .map(|value| code(value.get_name()))
        .collect();
    if !help.ends_with('.') {
        help.push('.');
    }
    if !values.is_empty() {
        write!(help, " One of {}.", values.join(", ")).unwrap();
    }
    format!("| {} | {env} | {default} | {} |", code(&name), cell(&help))
}

#[test]
fn the_list_of_metrics_is_current() {
    let text = with_every_series().render(Format::Text);
    let mut page = "# Metrics\n\n\
        Served at `/metrics`, in the Prometheus text format or as OpenMetrics, whichever `Accept` \
        likes better. Histograms have `_bucket`, `_sum` and `_count`.\n\n\
        Every `controller`, `result`, `step` and `reason` starts at 0, and each endpoint of GitLab \
        with all of its outcomes, so that `increase()` sees the first of each. Objects are counted \
        at each scrape, and one that is deleted leaves no series. `namespace` is the object's: \
        scrape with `honor_labels: true`, as the chart's ServiceMonitor does.\n\n\
        | Metric | Type | Labels | Meaning |\n|---|---|---|---|\n"
        .to_owned();
    let labels = labels(&text);
    for line in text.lines() {
        let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|l| l.split_once(' '))
        else {
            continue;
        };
        let kind = format!("# TYPE {name} ");
        let kind = text
            .lines()
            .find_map(|line| line.strip_prefix(&kind))
            .unwrap();
        let labels = labels.get(name).map(String::as_str).unwrap_or_default();
        writeln!(page, "| `{name}` | {kind} | {labels} | {} |", cell(help)).unwrap();
    }
    page.push_str(ALERTS);
    current(&[("docs/metrics.md".to_owned(), page)]);
}

const ALERTS: &str = r#"
## What to alert on

| Expression | Tells of |
|---|---|
| `increase(gitlab_registrar_warnings_total[15m]) > 0` | Every warning, with its reason. |
| `gitlab_registrar_object_status_condition{condition="Ready",status!="True"} > 0` | Objects that are not ready; with `for: 15m` those that stay so. |
| `gitlab_registrar_credential_expiration_timestamp_seconds - time() < 7 * 86400` | A credential of a connection that ends within a week. |
| `gitlab_registrar_runner_token_expiration_timestamp_seconds - time() < 3600` | A runner's token that ends within an hour. |
| `gitlab_registrar_roster_age_seconds > 600` | Runners of a connection that are judged from what is older than ten minutes. |
| `absent(gitlab_registrar_objects)` | An operator that is not scraped. |
"#;

/// A metric without a sample is not rendered.
pub(crate) fn with_every_series() -> Metrics {
    let metrics = Metrics::default();
    metrics.requested("GET", "/runners/:id", CallOutcome::Ok, 0.1);
    metrics.leads("gitlab-runner-registrar", true);
    metrics.count_objects_by(|objects| {
        objects.of_kind("GitLabRunner", &[ConditionType::Ready]);
        objects.token_ends("ci", "linux", 1_800_000_000);
        objects.credential_ends("GitLabConnection", "ci", "gitlab", 1_800_000_000);
        objects.roster_is("GitLabConnection", "ci", "gitlab", 30);
        let reading = Budget::per_minute(600).reading();
        objects.budget("GitLabConnection", "ci", "gitlab", &reading, 3);
    });
    metrics
}

/// The names of each metric's labels, from the first sample of it.
fn labels(text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            rest.split(' ').next().unwrap().clone_into(&mut name);
        } else if !line.starts_with('#')
            && let Some((_, rest)) = line.split_once('{')
            && let Some((inner, _)) = rest.split_once('}')
        {
            let names: Vec<String> = inner
                .split(',')
                .filter_map(|label| label.split_once('='))
                .filter(|(label, _)| *label != "le")
                .map(|(label, _)| code(label))
                .collect();
            labels.entry(name.clone()).or_insert(names.join(", "));
        }
    }
    labels
}
