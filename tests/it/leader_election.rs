//! Several processes of one operator take turns, by a Lease.
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use serde_json::json;

use crate::harness::{Operator, Plot, Story, runner, story, until};

/// A story whose operator takes turns with others.
fn electing(name: &'static str) -> Plot {
    story(name).electing_a_leader()
}

/// One more process of the operator.
async fn another(story: &Story<'_>) -> Operator {
    let mut cast = story.cast.clone();
    cast.name = format!("{}-other", cast.name);
    Operator::start(&story.stage.plane, &cast).await
}

async fn lease(story: &Story<'_>) -> LeaseSpec {
    story.get::<Lease>("registrar").await.unwrap().spec.unwrap()
}

async fn leads(operator: &Operator) {
    counts(
        operator,
        r#"leader_election_master_status{name="registrar"} 1"#,
    )
    .await;
}

async fn counts(operator: &Operator, line: &str) {
    until(line, async || {
        let metrics = operator.metrics().await;
        let found = metrics.lines().any(|it| it == line);
        found.then_some(()).ok_or_else(|| operator.lines())
    })
    .await;
}

/// Ready, since it could take over, and idle.
async fn stands_by(operator: &Operator) {
    until("it stands by", async || {
        let said = operator.readiness().await;
        let fits = said.starts_with("ok\n- standing by, since ");
        fits.then_some(()).ok_or(said)
    })
    .await;
    counts(
        operator,
        r#"leader_election_master_status{name="registrar"} 0"#,
    )
    .await;
}

/// What GitLab was asked for by a process, as that process counts it.
async fn asked_by(operator: &Operator) -> Vec<String> {
    let metrics = operator.metrics().await;
    assert!(
        metrics.contains("leader_election_master_status"),
        "{metrics}"
    );
    let sent = metrics.lines().filter(|line| {
        line.starts_with("gitlab_registrar_gitlab_requests_total{") && !line.ends_with(" 0")
    });
    sent.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_works_and_another_takes_over_as_soon_as_that_one_ends() {
    electing("election-handover")
        .resyncing_every("1s")
        .leading_for("60s")
        .tell(async |story| {
            let (_, other) = in_order(story).await;
            story.is_connected_to_gitlab().await;
            story.apply(&runner("swift")).await;
            story.is_ready("swift").await;
            assert_ne!(asked_by(story.operator()).await, [""; 0]);
            assert_eq!(asked_by(&other).await, [""; 0]);

            let (code, _) = story.the_operator_is_told_to_stop().await;
            assert_eq!(code, 0);
            leads(&other).await;
            story.apply(&runner("swallow")).await;
            story.is_ready("swallow").await;
            assert_eq!(story.gitlab.runners().len(), 2);
            let lease = lease(story).await;
            assert_eq!(lease.lease_transitions, Some(1), "{lease:?}");
            let told = other.lines();
            assert!(told.contains(r#""term":1"#), "{told}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_amid_a_registration_leaves_no_second_runner() {
    electing("election-crash")
        .tell(async |story| {
            let (first, second) = &in_order(story).await;
            story.is_connected_to_gitlab().await;
            let gate = Rule::new("POST", "/api/v4/user/runners", Fault::Gate).after_doing();
            let gate = story.gitlab.misbehaves(gate);
            story.apply(&runner("swift")).await;
            story.gitlab.holds_one(gate).await;
            first.is_killed().await;
            story.gitlab.recovers();
            leads(second).await;
            story.is_ready("swift").await;
            let token = story.token_in("swift-runner-token").await;
            assert!(story.gitlab.accepts(&token).await);
            let registered = story.gitlab.changes_asked();
            let registered = registered
                .iter()
                .filter(|(_, path, _)| path == "/user/runners");
            assert_eq!((story.gitlab.runners().len(), registered.count()), (1, 1));
        })
        .await;
}

/// The one that leads, and one that stands by. Of two that start together either may lead.
async fn in_order<'a>(story: &'a Story<'_>) -> (&'a Operator, Operator) {
    leads(story.operator()).await;
    let other = another(story).await;
    stands_by(&other).await;
    (story.operator(), other)
}

/// As a process on a node that is short of everything.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_comes_back_when_another_leads_changes_nothing_and_ends() {
    electing("election-frozen")
        .tell(async |story| {
            let (first, second) = &in_order(story).await;
            story.is_connected_to_gitlab().await;
            story.apply(&runner("swift").tagged(["one"])).await;
            story.is_ready("swift").await;
            // It looks at the runner, and would change it next.
            let gate = story
                .gitlab
                .answers("GET", "/api/v4/runners/*", Fault::Gate);
            story.apply(&runner("swift").tagged(["two"])).await;
            story.gitlab.holds_one(gate).await;
            first.is_frozen();
            story.gitlab.recovers();
            leads(second).await;
            story.is_ready("swift").await;
            story.gitlab.clear_requests();
            first.is_thawed();
            until("it ends", async || {
                first.has_ended().then_some(()).ok_or_else(|| first.lines())
            })
            .await;
            let told = first.lines();
            assert!(
                told.contains("registrar: the Lease registrar could not be renewed"),
                "{told}"
            );
            story.apply(&runner("swift").tagged(["three"])).await;
            story.is_ready("swift").await;
            let changed = story.gitlab.changes_asked();
            let tags: Vec<_> = changed
                .iter()
                .map(|(_, _, body)| &body["tag_list"])
                .collect();
            assert_eq!(tags, [&json!(["three"])], "{changed:#?}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_may_not_have_the_lease_says_so_and_works_for_nobody() {
    electing("election-forbidden")
        .tell(async |story| {
            leads(story.operator()).await;
            story.is_connected_to_gitlab().await;
            story.rights_are_taken_away().await;
            let first = story.operator();
            until("it gives up", async || {
                first.has_ended().then_some(()).ok_or_else(|| first.lines())
            })
            .await;
            story.gitlab.clear_requests();
            story.the_operator_starts().await;
            until("it says what it lacks", async || {
                let said = story.operator().readiness().await;
                let fits = said.contains("the Lease registrar in the namespace election-forbidden")
                    && said.contains("get, create and update");
                fits.then_some(()).ok_or(said)
            })
            .await;
            assert!(!story.operator().says_ready().await);
            assert_eq!(story.gitlab.asked(), [""; 0]);
            story.rights_are_granted().await;
            leads(story.operator()).await;
            story.apply(&runner("swift")).await;
            story.is_ready("swift").await;
        })
        .await;
}
