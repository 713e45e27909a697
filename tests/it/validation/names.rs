//! `GitLabRunner`: its name, and those of its connection and of its Secret.
use clap::Parser;
use gitlab_runner_registrar::{
    cli::{Cli, Command},
    plan::Mark,
};
use serde_json::{Value, json};

use super::{field, holds, long, rule, with};
use crate::harness::{runner, story};

#[tokio::test(flavor = "multi_thread")]
async fn names_and_secrets_are_checked() {
    let reserved = "labels and annotations named app.kubernetes.io/managed-by or \
                    gitlab-registrar.dev/… belong to the operator: choose other names";
    let name = "metadata.name must be at most 63 characters: the names of the Secret and of \
                events are made from it";
    let in_place = |place: &str, key: &str, value: &str| {
        with(&format!("tokenSecret.{place}"), json!({ key: value }))
    };
    let key = "the name of a label or annotation has at most 63 letters, digits, dashes, \
               underscores and dots, after a domain and a slash if you like: for example team or \
               example.com/team";
    let value = "spec.tokenSecret.labels.team in body should match";
    let many = |place: &str, count: usize| {
        let all: Value = (0..count)
            .map(|n| (format!("key{n}"), json!("value")))
            .collect::<serde_json::Map<_, _>>()
            .into();
        with(&format!("tokenSecret.{place}"), all)
    };
    let own = "gitlab-registrar.dev/runner-id";
    let managed = "app.kubernetes.io/managed-by";
    let other = "app.kubernetes.io/part-of";
    let rules = vec![
        rule(runner(&long(63)), runner(&long(64)), name),
        field(
            "connectionRef.name",
            long(253),
            long(254),
            "spec.connectionRef.name: Too long",
        ),
        field("connectionRef.name", "a", "", "spec.connectionRef.name"),
        field(
            "connectionRef.kind",
            "ClusterGitLabConnection",
            "Connection",
            "Unsupported value: \"Connection\"",
        ),
        field(
            "tokenSecret.name",
            long(253),
            long(254),
            "spec.tokenSecret.name: Too long",
        ),
        field("tokenSecret.name", "a", "", "spec.tokenSecret.name"),
        field(
            "tokenSecret.name",
            "a.b-c",
            "A",
            "spec.tokenSecret.name in body should match",
        ),
        field(
            "tokenSecret.name",
            "0",
            "-a",
            "spec.tokenSecret.name in body should match",
        ),
        field(
            "tokenSecret.name",
            "a.b",
            "a..b",
            "spec.tokenSecret.name in body should match",
        ),
        rule(
            in_place("labels", other, "x"),
            in_place("labels", managed, "x"),
            reserved,
        ),
        rule(
            in_place("labels", "team", "x"),
            in_place("labels", own, "x"),
            reserved,
        ),
        rule(
            in_place("annotations", "team", "x"),
            in_place("annotations", own, "x"),
            reserved,
        ),
        rule(
            in_place("annotations", other, "x"),
            in_place("annotations", managed, "x"),
            reserved,
        ),
        rule(
            in_place("labels", "a_B.c", "x"),
            in_place("labels", "a b", "x"),
            key,
        ),
        rule(
            in_place("labels", "a.b/c", "x"),
            in_place("labels", "A/c", "x"),
            key,
        ),
        rule(
            in_place("labels", &long(63), "x"),
            in_place("labels", &long(64), "x"),
            key,
        ),
        rule(
            in_place("annotations", "a.b/c", "x"),
            in_place("annotations", "a/b/c", "x"),
            key,
        ),
        rule(
            in_place("labels", "team", "A_b.c"),
            in_place("labels", "team", "a b"),
            value,
        ),
        rule(
            in_place("labels", "team", ""),
            in_place("labels", "team", "-"),
            value,
        ),
        rule(
            many("labels", 32),
            many("labels", 33),
            "must have at most 32 items",
        ),
        rule(
            many("annotations", 32),
            many("annotations", 33),
            "must have at most 32 items",
        ),
        rule(
            in_place("labels", "a", &long(63)),
            in_place("labels", "a", &long(64)),
            "Too long",
        ),
        rule(
            in_place("annotations", "a", &long(4096)),
            in_place("annotations", "a", &long(4097)),
            "Too long",
        ),
    ];
    story("validation-names")
        .without_an_operator()
        .tell(async |story| holds(story, rules).await)
        .await;
}

/// The API server takes notes of 896 characters, and GitLab 1024 with the mark.
#[test]
fn the_longest_cluster_id_leaves_room_for_the_longest_note() {
    let given = |length| {
        let id = long(length);
        let cli = Cli::try_parse_from(["registrar", "run", "--cluster-id", &id]);
        cli.map(|cli| match cli.command {
            Command::Run(args) => args.cluster_id.unwrap(),
            Command::Crds | Command::Fleet(_) | Command::Completions(_) => unreachable!(),
        })
    };
    let mark = Mark {
        cluster: given(55).unwrap(),
        uid: "123e4567-e89b-12d3-a456-426614174000".to_owned(),
        attempt: "19e5f3a2b4c".to_owned(),
    };
    assert_eq!(mark.sign(&long(896)).len(), 1024);
    let refusal = given(56).unwrap_err().to_string();
    assert!(refusal.contains("write 1 to 55 letters"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runners_are_selected_by_their_connection() {
    story("validation-selected")
        .without_an_operator()
        .tell(async |story| {
            story.apply(&runner("lapwing").through("here")).await;
            story.apply(&runner("plover").through("there")).await;
            let field = "--field-selector=spec.connectionRef.name=there";
            let found = story
                .kubectl(&["get", "gitlabrunners", field, "--output=name"])
                .await;
            assert_eq!(found, "gitlabrunner.gitlab-registrar.dev/plover\n");
        })
        .await;
}
