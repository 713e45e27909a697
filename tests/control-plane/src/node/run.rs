//! The life of one Pod on this node.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::DynamicObject;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::probe::Health;
use super::start::{Accepted, Started, start};
use super::status::{Ending, PodView, State};
use super::{Place, admit, now, report};

/// How long to wait before something that failed for want of something else is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// The longest pause before a container that ended is started again. Kubelets go up to five minutes,
/// which no test would want to wait for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What ends a Pod's life here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was deleted: end it within that time, and confirm.
    Deleted(Duration),
    /// It is no longer in the API.
    Vanished,
    /// The node itself goes.
    NodeStops,
}

/// Runs the Pod until it is told to end, and ends it.
pub(super) async fn run(
    place: Arc<Place>,
    object: DynamicObject,
    end: watch::Receiver<Option<End>>,
) {
    let spec = object.data.get("spec").cloned().unwrap_or_default();
    let refusals = admit::refusals(&spec);
    let has_token = admit::has_token(&spec);
    let Ok(accepted) = accept(object, has_token) else {
        // It has no container or no name; the API server would not have let it in.
        return;
    };
    place.board.send_modify(|board| {
        board.insert(accepted.uid.clone(), view(&place, &accepted));
    });
    let life = Life {
        place,
        accepted,
        end,
    };
    let reporter = tokio::spawn(report::forever(Arc::clone(&life.place), life.target()));
    let end = if refusals.is_empty() {
        life.lead().await
    } else {
        life.wait_with(
            "CannotHonour",
            &format!("cannot honour {}", refusals.join(", ")),
        );
        life.told_to_end().await
    };
    reporter.abort();
    if let End::Deleted(_) = end {
        report::confirm(&life.place, &life.target()).await;
    }
    life.change(|view| view.gone = true);
}

struct Life {
    place: Arc<Place>,
    accepted: Accepted,
    end: watch::Receiver<Option<End>>,
}

impl Life {
    /// Starts the container as often as its restart policy says; tells why the Pod ended.
    async fn lead(&self) -> End {
        let mut pause = Duration::ZERO;
        loop {
            let started = tokio::select! {
                biased;
                end = self.told_to_end() => return end,
                started = self.start_at_last() => started,
            };
            let ending = match self.attend(started).await {
                Err(end) => return end,
                Ok(ending) => ending,
            };
            if !self.restarts_after(&ending) {
                self.change(|view| view.state = State::Terminated(ending));
                return self.told_to_end().await;
            }
            self.change(|view| {
                view.restarts = view.restarts.saturating_add(1);
                view.last = Some(ending);
            });
            self.wait_with(
                "CrashLoopBackOff",
                &format!("again in {} s", pause.as_secs()),
            );
            if let Ok(end) = timeout(pause, self.told_to_end()).await {
                return end;
            }
            pause = (pause * 2).clamp(AGAIN, LONGEST_PAUSE);
        }
    }

    async fn start_at_last(&self) -> Started {
        loop {
            match start(&self.place, &self.accepted).await {
                Ok(started) => return started,
                Err(error) => self.wait_with("CreateContainerConfigError", &format!("{error:#}")),
            }
            sleep(AGAIN).await;
        }
    }

    /// Watches over the process. It either ended, or the Pod has to, and then both have.
    async fn attend(&self, started: Started) -> Result<Ending, End> {
        let Started {
            leash,
            probes,
            ports,
        } = started;
        let leash = Arc::new(leash);
        let since = now();
        self.place.hold(&self.accepted.uid, &leash);
        self.change(|view| {
            view.state = State::Running {
                pid: leash.pid(),
                since,
            };
            view.ports = ports;
        });
        let tell = |health| {
            self.change(|view| match health {
                Health::Started => view.started = true,
                Health::Ready(ready) => view.set_ready(ready, now()),
            });
        };
        let ordinary = Duration::from_secs(
            self.accepted
                .spec
                .termination_grace_period_seconds
                .map_or(30, i64::unsigned_abs),
        );
        let (outcome, message) = tokio::select! {
            biased;
            end = self.told_to_end() => (Err(end), String::new()),
            _ = leash.ended() => (Ok(()), String::new()),
            why = probes.watch(tell) => (Ok(()), why),
        };
        let grace = match outcome {
            Err(End::Deleted(grace)) => grace,
            Err(End::Vanished | End::NodeStops) => super::HURRY,
            Ok(()) => ordinary,
        };
        self.change(|view| view.set_ready(false, now()));
        let code = leash.stop(grace).await.unwrap_or(-1);
        let ending = Ending {
            code,
            since,
            at: now(),
            message,
        };
        self.change(|view| {
            view.started = false;
            view.last = Some(ending.clone());
            view.state = State::Terminated(ending.clone());
        });
        outcome.map(|()| ending)
    }

    fn restarts_after(&self, ending: &Ending) -> bool {
        match self.accepted.spec.restart_policy.as_deref() {
            Some("Never") => false,
            Some("OnFailure") => ending.code != 0,
            _ => true,
        }
    }

    async fn told_to_end(&self) -> End {
        let mut end = self.end.clone();
        // Whoever could tell us is gone only together with the node.
        end.wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|end| *end)
            .unwrap_or(End::NodeStops)
    }

    fn wait_with(&self, reason: &str, message: &str) {
        let state = State::Waiting {
            reason: reason.to_owned(),
            message: message.to_owned(),
        };
        self.change(|view| view.state = state);
    }

    fn change(&self, change: impl FnOnce(&mut PodView)) {
        self.place.change(&self.accepted.uid, change);
    }

    fn target(&self) -> report::Target {
        report::Target {
            namespace: self.accepted.namespace.clone(),
            name: self.accepted.pod.name_any(),
            uid: self.accepted.uid.clone(),
        }
    }
}

fn accept(object: DynamicObject, has_token: bool) -> Result<Accepted> {
    let pod: Pod = object.try_parse()?;
    let spec = pod.spec.clone().context("a Pod without a spec")?;
    let container = spec
        .containers
        .first()
        .cloned()
        .context("a Pod without a container")?;
    let namespace = pod.namespace().context("a Pod without a namespace")?;
    let uid = pod.uid().context("a Pod without a uid")?;
    Ok(Accepted {
        pod,
        spec,
        container,
        namespace,
        uid,
        has_token,
    })
}

fn view(place: &Place, accepted: &Accepted) -> PodView {
    let Accepted {
        pod,
        container,
        namespace,
        uid,
        ..
    } = accepted;
    let name = pod.name_any();
    PodView {
        log: place.log(namespace, &name, uid),
        namespace: namespace.clone(),
        name,
        uid: uid.clone(),
        state: State::Waiting {
            reason: "ContainerCreating".to_owned(),
            message: String::new(),
        },
        restarts: 0,
        last: None,
        started: false,
        ready: false,
        ports: std::collections::BTreeMap::default(),
        gone: false,
        container: container.name.clone(),
        image: container.image.clone().unwrap_or_default(),
        accepted: now(),
        ready_changed: now(),
    }
}
