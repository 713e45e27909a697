//! What the node knows of a Pod, and how it tells the API server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, HostIP, PodCondition, PodIP, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::environment::ADDRESS;

/// The one container's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is not running, and the node will try again, or never if it cannot.
    Waiting {
        /// One word, as kubelets use it.
        reason: String,
        /// Why, for people.
        message: String,
    },
    /// There is a process.
    Running {
        /// Its id.
        pid: u32,
        /// Since when.
        since: Timestamp,
    },
    /// It has ended for good.
    Terminated(Ending),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// As a shell tells it: 128 and more for a signal.
    pub code: i32,
    /// When it started.
    pub since: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// Why the node ended it, or nothing if it ended by itself.
    pub message: String,
}

/// A Pod that this node has, or had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodView {
    /// Where it lives.
    pub namespace: String,
    /// What it is called.
    pub name: String,
    /// Tells it from others of that name.
    pub uid: String,
    /// The container's state.
    pub state: State,
    /// How often the container was started again.
    pub restarts: i32,
    /// How it ended the last time.
    pub last: Option<Ending>,
    /// Whether the startup probe has succeeded.
    pub started: bool,
    /// Whether the readiness probe succeeds.
    pub ready: bool,
    /// Where the declared ports really are, by name and by number.
    pub ports: BTreeMap<String, SocketAddr>,
    /// Everything that the container has printed, all its runs in one file.
    pub log: PathBuf,
    /// Whether the node has confirmed the deletion.
    pub gone: bool,
    pub(super) container: String,
    pub(super) image: String,
    pub(super) accepted: Timestamp,
    pub(super) ready_changed: Timestamp,
}

impl PodView {
    /// The process, if there is one.
    pub fn pid(&self) -> Option<u32> {
        match self.state {
            State::Running { pid, .. } => Some(pid),
            State::Waiting { .. } | State::Terminated(_) => None,
        }
    }

    pub(super) fn set_ready(&mut self, ready: bool, now: Timestamp) {
        if self.ready != ready {
            self.ready = ready;
            self.ready_changed = now;
        }
    }

    fn phase(&self) -> &'static str {
        match &self.state {
            State::Waiting { .. } if self.restarts == 0 => "Pending",
            State::Waiting { .. } | State::Running { .. } => "Running",
            State::Terminated(ending) if ending.code == 0 => "Succeeded",
            State::Terminated(_) => "Failed",
        }
    }

    /// The whole status, as the node reports it.
    pub(super) fn status(&self) -> PodStatus {
        let condition = |kind: &str, holds: bool, since: Timestamp| PodCondition {
            type_: kind.to_owned(),
            status: if holds { "True" } else { "False" }.to_owned(),
            last_transition_time: Some(time(since)),
            reason: (!holds).then(|| "ContainersNotReady".to_owned()),
            ..PodCondition::default()
        };
        PodStatus {
            phase: Some(self.phase().to_owned()),
            start_time: Some(time(self.accepted)),
            host_ip: Some(ADDRESS.to_owned()),
            host_ips: Some(vec![HostIP {
                ip: ADDRESS.to_owned(),
            }]),
            pod_ip: Some(ADDRESS.to_owned()),
            pod_ips: Some(vec![PodIP {
                ip: ADDRESS.to_owned(),
            }]),
            conditions: Some(vec![
                condition("PodScheduled", true, self.accepted),
                condition("Initialized", true, self.accepted),
                condition("ContainersReady", self.ready, self.ready_changed),
                condition("Ready", self.ready, self.ready_changed),
            ]),
            container_statuses: Some(vec![self.container_status()]),
            ..PodStatus::default()
        }
    }

    fn container_status(&self) -> ContainerStatus {
        ContainerStatus {
            name: self.container.clone(),
            image: self.image.clone(),
            image_id: self.image.clone(),
            container_id: self.pid().map(|pid| format!("process://{pid}")),
            ready: self.ready,
            started: Some(self.started),
            restart_count: self.restarts,
            state: Some(self.container_state()),
            last_state: self.last.as_ref().map(terminated),
            ..ContainerStatus::default()
        }
    }

    fn container_state(&self) -> ContainerState {
        match &self.state {
            State::Waiting { reason, message } => ContainerState {
                waiting: Some(ContainerStateWaiting {
                    reason: Some(reason.clone()),
                    message: Some(message.clone()),
                }),
                ..ContainerState::default()
            },
            State::Running { since, .. } => ContainerState {
                running: Some(ContainerStateRunning {
                    started_at: Some(time(*since)),
                }),
                ..ContainerState::default()
            },
            State::Terminated(ending) => terminated(ending),
        }
    }
}

fn terminated(ending: &Ending) -> ContainerState {
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            exit_code: ending.code,
            reason: Some(
                if ending.code == 0 {
                    "Completed"
                } else {
                    "Error"
                }
                .to_owned(),
            ),
            message: Some(ending.message.clone()).filter(|message| !message.is_empty()),
            started_at: Some(time(ending.since)),
            finished_at: Some(time(ending.at)),
            ..ContainerStateTerminated::default()
        }),
        ..ContainerState::default()
    }
}

fn time(at: Timestamp) -> Time {
    Time(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn view(state: State) -> PodView {
        PodView {
            namespace: "n".to_owned(),
            name: "p".to_owned(),
            uid: "u".to_owned(),
            state,
            restarts: 0,
            last: None,
            started: false,
            ready: false,
            ports: BTreeMap::new(),
            log: PathBuf::new(),
            gone: false,
            container: "c".to_owned(),
            image: "i".to_owned(),
            accepted: at(1),
            ready_changed: at(1),
        }
    }

    fn ready_condition(view: &PodView) -> (String, Option<Time>) {
        let all = view.status().conditions.unwrap();
        let ready = all
            .into_iter()
            .find(|condition| condition.type_ == "Ready")
            .unwrap();
        (ready.status, ready.last_transition_time)
    }

    #[test]
    fn ready_keeps_the_time_of_its_last_change() {
        let mut view = view(State::Running {
            pid: 7,
            since: at(2),
        });
        assert_eq!(
            ready_condition(&view),
            ("False".to_owned(), Some(time(at(1))))
        );
        view.set_ready(true, at(3));
        view.set_ready(true, at(4));
        assert_eq!(
            ready_condition(&view),
            ("True".to_owned(), Some(time(at(3))))
        );
    }

    #[test]
    fn each_state_has_its_phase() {
        let waiting = State::Waiting {
            reason: "R".to_owned(),
            message: "m".to_owned(),
        };
        let ended = |code| {
            State::Terminated(Ending {
                code,
                since: at(2),
                at: at(3),
                message: String::new(),
            })
        };
        assert_eq!(view(waiting.clone()).phase(), "Pending");
        let restarted = PodView {
            restarts: 1,
            ..view(waiting)
        };
        assert_eq!(
            restarted.phase(),
            "Running",
            "a Pod that has run once is never Pending again"
        );
        assert_eq!(
            view(State::Running {
                pid: 7,
                since: at(2)
            })
            .phase(),
            "Running"
        );
        assert_eq!(view(ended(0)).phase(), "Succeeded");
        assert_eq!(view(ended(1)).phase(), "Failed");
    }
}
