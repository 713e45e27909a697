//! The operator may do what it does, and nothing else.
use std::collections::BTreeSet;

use control_plane::AuditEvent;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, PostParams};
use serde_json::{Value, json};

use super::grants::{Right, granted, used};
use super::release::{FULL_NAME, Release};
use super::tour::{tour, tour_of_the_cluster};
use crate::harness::{Manifest, Story, connection, namespace, runner, secret, story, token};

/// What is worth having, with the resource by which it is asked for.
const LOOT: [(&str, &str, &str); 5] = [
    ("", "v1", "Secret"),
    ("", "v1", "ConfigMap"),
    ("events.k8s.io", "v1", "Event"),
    ("gitlab-registrar.dev", "v1alpha1", "GitLabConnection"),
    ("gitlab-registrar.dev", "v1alpha1", "GitLabRunner"),
];

#[tokio::test(flavor = "multi_thread")]
async fn in_single_namespaces_it_may_do_just_what_it_does() {
    story("chart-rights")
        .without_an_operator()
        .tell(async |story| {
            let (home, next_door) = ("chart-rights-home", "chart-rights-next-door");
            next_door_wants_a_runner(story, next_door).await;
            let mark = story.stage.plane.audit_mark().unwrap();
            let watched = format!("watch.namespaces={{{}}}", story.namespace);
            let values = ["crds.install=false", "resync=1s", &watched];
            let release = Release::install(story, home, &values).await;
            tour(story).await;
            release.says_no_token();

            story.stage.plane.audit_settled().await.unwrap();
            let (events, _) = story.stage.plane.audit_since(mark).unwrap();
            nobody_came_next_door(story, next_door).await;
            just_what_is_granted(story, &events, home).await;
            is_forbidden_in(story, home, next_door).await;
            is_forbidden_in(story, home, home).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_whole_cluster_it_may_do_just_what_it_does() {
    story("chart-rights-cluster")
        .without_an_operator()
        .on_a_stage_of_its_own()
        .tell(async |story| {
            let home = &story.namespace;
            let mark = story.stage.plane.audit_mark().unwrap();
            let values = ["crds.install=false", "resync=1s", "watch.mode=cluster"];
            let release = Release::install(story, home, &values).await;
            tour(story).await;
            tour_of_the_cluster(story).await;
            release.says_no_token();

            story.stage.plane.audit_settled().await.unwrap();
            let (events, _) = story.stage.plane.audit_since(mark).unwrap();
            just_what_is_granted(story, &events, home).await;
        })
        .await;
}

async fn just_what_is_granted(story: &Story<'_>, events: &[AuditEvent], home: &str) {
    let account = (home, FULL_NAME);
    let granted = granted(&story.kube, account).await;
    let used: BTreeSet<Right> = events
        .iter()
        .filter(|event| event.service_account() == Some(account) && !event.resource.is_empty())
        .map(|event| used(event, &granted))
        .collect();
    let list = |one: &BTreeSet<Right>, other: &BTreeSet<Right>| {
        let only: Vec<_> = one.difference(other).map(Right::to_string).collect();
        only.join("\n")
    };
    let refused = list(&used, &granted);
    let needed = used.iter().filter_map(Right::to_list_first);
    let needed: BTreeSet<Right> = needed.chain(used.iter().cloned()).collect();
    let idle = list(&granted, &needed);
    assert!(
        idle.is_empty() && refused.is_empty(),
        "granted and never used:\n{idle}\nasked for and not granted:\n{refused}"
    );
    // An empty log would equal an account without rights.
    assert!(used.len() > 10, "{used:#?}");
}

/// Everything that a runner needs, where the operator does not watch.
async fn next_door_wants_a_runner(story: &Story<'_>, next_door: &str) {
    story.apply(&namespace(next_door)).await;
    let credential = secret("gitlab-credential").holding("pat", token::ADMIN);
    let manifests = [
        credential,
        connection("gitlab", story.gitlab.url()),
        runner("neighbour"),
    ];
    let items: Vec<&Value> = manifests.iter().map(Manifest::json).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let args = ["--namespace", next_door, "create", "-f", "-"];
    story.stage.kubectl().done(&args, &list.to_string()).await;
}

async fn nobody_came_next_door(story: &Story<'_>, next_door: &str) {
    for resource in ["gitlabrunner/neighbour", "gitlabconnection/gitlab"] {
        let args = ["--namespace", next_door, "get", resource, "--output=json"];
        let object = story.stage.kubectl().done(&args, "").await;
        let object: Value = serde_json::from_str(&object).unwrap();
        let waiting = json!({ "observedGeneration": -1 });
        assert_eq!(object["status"], waiting, "{object:#}");
        assert_eq!(object["metadata"]["finalizers"], Value::Null, "{object:#}");
    }
}

/// Asks as the operator's `ServiceAccount`, which must get nothing there.
async fn is_forbidden_in(story: &Story<'_>, home: &str, place: &str) {
    let file = story
        .stage
        .plane
        .service_account_kubeconfig(home, FULL_NAME)
        .await;
    let kube = control_plane::client(&file.unwrap()).await.unwrap();
    for (group, version, kind) in LOOT {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let api: Api<DynamicObject> = Api::namespaced_with(kube.clone(), place, &kind);
        let made = DynamicObject::new("loot", &kind);
        let outcomes = [
            ("list", api.list(&ListParams::default()).await.map(drop)),
            ("get", api.get("loot").await.map(drop)),
            (
                "create",
                api.create(&PostParams::default(), &made).await.map(drop),
            ),
        ];
        for (verb, outcome) in outcomes {
            let forbidden = matches!(&outcome, Err(kube::Error::Api(status)) if status.code == 403);
            assert!(forbidden, "{verb} {} in {place}: {outcome:?}", kind.plural);
        }
    }
}
