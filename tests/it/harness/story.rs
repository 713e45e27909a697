//! A story from its beginning to its end.
use std::time::Duration;

use gitlab_runner_registrar::api::conditions::Reason;
use gitlab_runner_registrar::api::v1alpha1::{
    ClusterGitLabConnection, GitLabConnection, GitLabRunner,
};
use gitlab_runner_registrar::api::{MANAGER, events::EventReason};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::api::rbac::v1::Role;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;

use super::canaries::Canaries;
use super::gitlab::{GitLab, token};
use super::manifest::{connection, secret};
use super::operator::{Cast, Operator};
use super::plot::{Opening, Plot};
use super::rights::{ACCOUNT, Mode};
use super::stage::Stage;
use super::wait::until;

impl Plot {
    /// Tells the story, and looks for leaked tokens at its end.
    pub(crate) async fn tell(self, plot: impl AsyncFnOnce(&mut Story<'_>)) {
        let own;
        let stage = if self.own_stage {
            own = Stage::new().await;
            &own
        } else {
            Stage::shared().await
        };
        let mut story = self.begin(stage).await;
        plot(&mut story).await;
        story.end().await;
    }

    async fn begin(self, stage: &Stage) -> Story<'_> {
        let namespace = self.name.to_owned();
        stage.plane.create_namespace(&namespace).await.unwrap();
        stage.grant(self.mode, &namespace).await;
        let kubeconfig = stage.plane.service_account_kubeconfig(&namespace, ACCOUNT);
        let cast = Cast::new(kubeconfig.await.unwrap(), self.args(), &namespace);
        let mut story = Story {
            stage,
            namespace,
            kube: stage.plane.admin_client().await.unwrap(),
            gitlab: GitLab::start().await,
            cast,
            operator: None,
            mode: self.mode,
        };
        if self.opening == Opening::WithoutRights {
            story.rights_are_taken_away().await;
        }
        if self.opening != Opening::WithoutOperator {
            story.the_operator_starts().await;
        }
        story
    }
}

/// What a story plays with.
pub(crate) struct Story<'stage> {
    pub(crate) stage: &'stage Stage,
    pub(crate) namespace: String,
    /// With all rights.
    pub(crate) kube: kube::Client,
    pub(crate) gitlab: GitLab,
    /// The operator at its next start.
    pub(crate) cast: Cast,
    operator: Option<Operator>,
    mode: Mode,
}

impl Story<'_> {
    /// A connection `gitlab` with an administrator's credential, and works.
    pub(crate) async fn is_connected_to_gitlab(&self) {
        self.connects("gitlab", token::ADMIN).await;
        self.is_connected("gitlab").await;
    }

    /// A connection to the story's GitLab with that credential.
    pub(crate) async fn connects(&self, name: &str, credential: &str) {
        self.connects_with(name, self.gitlab.url(), credential)
            .await;
    }

    /// A connection to any GitLab with that credential.
    pub(crate) async fn connects_with(&self, name: &str, url: &str, credential: &str) {
        let place = format!("{name}-credential");
        self.apply(&secret(&place).holding("pat", credential)).await;
        self.apply(&connection(name, url)).await;
    }

    /// Goes on in another namespace; tells the one it was in. The operator stays where it is.
    pub(crate) fn moves_to(&mut self, namespace: &str) -> String {
        std::mem::replace(&mut self.namespace, namespace.to_owned())
    }

    pub(crate) async fn the_operator_starts(&mut self) {
        self.operator = Some(Operator::start(&self.stage.plane, &self.cast).await);
    }

    pub(crate) async fn the_operator_is_killed(&self) {
        self.operator().is_killed().await;
    }

    pub(crate) async fn the_operator_is_told_to_stop(&self) -> (i32, Duration) {
        self.operator().is_told_to_stop().await
    }

    pub(crate) fn operator(&self) -> &Operator {
        self.operator.as_ref().unwrap()
    }

    /// Removes the Role, binding and all, and returns when that is known.
    pub(crate) async fn rights_are_taken_away(&self) {
        let args = ["delete", "rolebinding", "--all"];
        self.kubectl(&args).await;
    }

    /// Takes one verb on one resource out of the Role, and returns when that is known.
    pub(crate) async fn may_no_longer(&self, verb: &str, resource: &str) {
        let role: Role = self.get(ACCOUNT).await.unwrap();
        let mut rules = role.rules.unwrap_or_default();
        for rule in &mut rules {
            let about = rule.resources.iter().flatten().any(|of| of == resource);
            rule.verbs.retain(|of| !about || of != verb);
        }
        rules.retain(|rule| !rule.verbs.is_empty());
        let rules = json!({ "rules": rules });
        self.edit::<Role>(ACCOUNT, rules).await;
        let account = format!("--as=system:serviceaccount:{}:{ACCOUNT}", self.namespace);
        let (kind, part) = resource.split_once('/').unwrap_or((resource, ""));
        let part = format!("--subresource={part}");
        let ask = ["auth", "can-i", verb, kind, &part, &account];
        let ask = [&["-n", &*self.namespace], &ask[..]].concat();
        // kubectl complains when the answer is no.
        until("the API server knows", async || {
            let answer = self.stage.kubectl().run(&ask, "").await;
            answer.err().map(drop).ok_or("it may still".to_owned())
        })
        .await;
    }

    /// Grants what the chart grants.
    pub(crate) async fn rights_are_granted(&self) {
        self.stage.grant(self.mode, &self.namespace).await;
    }

    /// How the audit log names the operator.
    pub(crate) fn account(&self) -> (&str, &str) {
        (&self.namespace, ACCOUNT)
    }

    /// Ends the operator as a node would, and looks for leaked tokens.
    async fn end(mut self) {
        let canaries = Canaries::of(&self.gitlab);
        let mut places = vec![("status", self.everything_shown().await)];
        if let Some(operator) = self.operator.take() {
            // One that the story itself has ended has said all that it had to say.
            if !operator.has_ended() {
                places.push(("metrics", operator.metrics().await));
                let (code, took) = operator.is_told_to_stop().await;
                let lines = operator.lines();
                assert_eq!(code, 0, "the operator ended badly:\n{lines}");
                assert!(took < Duration::from_secs(20), "{took:?} to stop:\n{lines}");
            }
            let (log, lines) = (operator.log(), operator.lines());
            assert!(!log.contains("panicked at"), "a panic:\n{lines}");
            assert!(log.contains(r#""level":"TRACE""#), "nothing to search");
            places.push(("log", log));
            self.operator = Some(operator);
        }
        let found: Vec<String> = places
            .iter()
            .flat_map(|(place, text)| canaries.found_in(place, text))
            .collect();
        let first = found.iter().take(20).cloned().collect::<Vec<_>>();
        let first = first.join("\n");
        assert!(found.is_empty(), "{} leaks:\n{first}", found.len());
    }

    /// Objects of our kinds and events, each on a line.
    async fn everything_shown(&self) -> String {
        let all = ListParams::default();
        let runners = self.api::<GitLabRunner>().list(&all).await.unwrap();
        let connections = self.api::<GitLabConnection>().list(&all).await.unwrap();
        let cluster = Api::<ClusterGitLabConnection>::all(self.kube.clone());
        let cluster = cluster.list(&all).await.unwrap();
        let events = self.api::<Event>().list(&all).await.unwrap();
        let unknown = events.items.iter().find(|event| !is_listed(event));
        assert!(unknown.is_none(), "no page has this reason: {unknown:?}");
        let mut lines = lines(&runners.items);
        lines.extend(self::lines(&connections.items));
        lines.extend(self::lines(&cluster.items));
        lines.extend(self::lines(&events.items));
        lines.join("\n")
    }
}

/// Whether people can look up the reason of an event of ours.
fn is_listed(event: &Event) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default();
    let ours = event.reporting_controller.as_deref() == Some(MANAGER);
    let conditions = Reason::ALL.iter().map(|listed| listed.name());
    let events = EventReason::ALL.iter().map(|listed| listed.name());
    !ours || conditions.chain(events).any(|listed| listed == reason)
}

fn lines(objects: &[impl serde::Serialize]) -> Vec<String> {
    let line = |object| serde_json::to_string(object).unwrap();
    objects.iter().map(line).collect()
}

impl Drop for Story<'_> {
    #[expect(
        clippy::print_stderr,
        reason = "a story that has failed is told with what the operator said"
    )]
    fn drop(&mut self) {
        let Some(operator) = self.operator.as_ref().filter(|_| std::thread::panicking()) else {
            return;
        };
        let lines = operator.lines();
        let lines: Vec<&str> = lines.lines().collect();
        let last = lines
            .get(lines.len().saturating_sub(40)..)
            .unwrap_or_default();
        let kept = format!("{}/{}.log", env!("CARGO_TARGET_TMPDIR"), self.namespace);
        let _ = std::fs::copy(operator.log_path(), &kept);
        eprintln!("the operator of {} (all of it: {kept}):", self.namespace);
        eprintln!("{}", last.join("\n"));
        eprintln!("asked of GitLab:\n{}", self.gitlab.asked().join("\n"));
    }
}
