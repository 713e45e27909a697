//! A node whose containers are processes.
//!
//! There is no kubelet in this control plane, and a Deployment is only proven when its Pods run. So
//! this plays scheduler and kubelet: it binds Pods, runs *one* program in place of every image with
//! exactly the Pod's arguments, variables and `ServiceAccount`, probes it, reports its status, and
//! confirms deletions. What it cannot honour it refuses.

mod admit;
mod crew;
mod environment;
mod inputs;
mod place;
mod probe;
mod register;
mod remap;
mod report;
mod run;
mod start;
mod status;
mod volumes;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use tokio::runtime;
use tokio::sync::watch;
use tokio::time::timeout;

pub use status::{Ending, PodView, State};

use place::{Place, Site};
use register::register;

use crate::kubeconfig;
use crate::leash::Signal;
use crate::plane::ControlPlane;

/// How long a container may take to end when there is nobody left to wait for it.
const HURRY: Duration = Duration::from_secs(5);

/// How long [`Node::pod_when`] waits.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a node is to be.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// The Node object's name.
    pub name: String,
    /// The program that every image stands for.
    pub program: PathBuf,
    /// The namespaces whose Pods it takes; none means all of them.
    pub namespaces: Vec<String>,
}

/// Runs Pods until it is dropped.
///
/// It has a thread and an async runtime of its own, so it may live in a static. It needs its
/// [`ControlPlane`] as long as it lives.
pub struct Node {
    place: Arc<Place>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
}

/// How often, and with which pauses between, a node tries to register.
const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(250);

impl Node {
    /// Makes the Node object and starts to take Pods.
    ///
    /// # Errors
    ///
    /// When the program is not there, or the API server refuses the Node.
    pub async fn start(plane: &ControlPlane, options: NodeOptions) -> Result<Self> {
        let program = options.program.canonicalize().with_context(|| {
            format!(
                "there is no program {} for the node",
                options.program.display()
            )
        })?;
        let folder = plane.folder().join("nodes").join(&options.name);
        fs::create_dir_all(&folder)?;
        let labels = BTreeMap::from([
            ("kubernetes.io/hostname".to_owned(), options.name.clone()),
            ("kubernetes.io/os".to_owned(), "linux".to_owned()),
        ]);
        let client = kubeconfig::client(plane.node_kubeconfig()).await?;
        // A busy API server that has just become ready may still refuse the first requests.
        let mut attempts = 0;
        while let Err(error) = register(&client, &options.name, &labels).await {
            attempts += 1;
            if attempts == ATTEMPTS {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        }
        let (stop, told) = watch::channel(false);
        let (tell, stopped) = watch::channel(false);
        let (hand_over, taken) = tokio::sync::oneshot::channel();
        let kubeconfig = plane.node_kubeconfig().to_path_buf();
        let site = Site {
            folder,
            labels,
            program,
            options,
            server: plane.server().to_owned(),
            certificate_authority: plane.certificate_authority(),
            lifeline: plane.lifeline()?,
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                // The client belongs to this thread's runtime, as everything does that uses it.
                let client = kubeconfig::client(&kubeconfig).await;
                let Ok(shared) = client.map(|client| Arc::new(site.place(client))) else {
                    return;
                };
                if hand_over.send(Arc::clone(&shared)).is_ok() {
                    crew::Crew::new(shared).work(told).await;
                }
            });
            drop(runtime);
            tell.send_replace(true);
        });
        let shared = taken
            .await
            .context("the node has no access to the API server")?;
        Ok(Self {
            place: shared,
            stop,
            stopped,
        })
    }

    /// All the Pods that it has or had, in the order in which it took them.
    pub fn pods(&self) -> Vec<PodView> {
        let mut pods: Vec<_> = self.place.board.borrow().values().cloned().collect();
        pods.sort_by_key(|pod| pod.accepted);
        pods
    }

    /// The last Pod of that name, even if it is gone.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<PodView> {
        let of_that_name = |pod: &PodView| pod.namespace == namespace && pod.name == name;
        self.pods().into_iter().rfind(of_that_name)
    }

    /// Waits until there is a Pod of which that is true, two minutes at most.
    ///
    /// # Errors
    ///
    /// When there is none in time: with all the Pods as they were last seen.
    pub async fn pod_when(&self, so: impl Fn(&PodView) -> bool) -> Result<PodView> {
        let mut board = self.place.board.subscribe();
        let seen = timeout(PATIENCE, board.wait_for(|board| board.values().any(&so))).await;
        if let Ok(Ok(board)) = &seen
            && let Some(pod) = board.values().find(|pod| so(pod))
        {
            return Ok(pod.clone());
        }
        drop(seen);
        Err(anyhow!(
            "no Pod became as expected; the node has {:#?}",
            self.pods()
        ))
    }

    /// Everything that the last Pod of that name has printed, even if it is gone.
    pub fn logs(&self, namespace: &str, name: &str) -> Result<String> {
        let pod = self
            .pod(namespace, name)
            .with_context(|| format!("no Pod {name} was here"))?;
        // Nothing was printed by a container that never started.
        Ok(fs::read(&pod.log).map_or_else(
            |_| String::new(),
            |text| String::from_utf8_lossy(&text).into_owned(),
        ))
    }

    /// Kills the Pod's process with SIGKILL, as a crash would; the node starts it again if the Pod's
    /// restart policy says so.
    ///
    /// # Errors
    ///
    /// When there is no such Pod.
    pub fn kill(&self, namespace: &str, name: &str) -> Result<()> {
        let pod = self
            .pod(namespace, name)
            .with_context(|| format!("no Pod {name} is here"))?;
        let leash = self
            .place
            .leash(&pod.uid)
            .with_context(|| format!("{name} is not running"))?;
        leash.signal(Signal::Kill)
    }

    /// Stops all Pods and returns when they have ended. Dropping does the same without waiting.
    pub async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        let mut stopped = self.stopped.clone();
        timeout(PATIENCE, stopped.wait_for(|stopped| *stopped))
            .await
            .context("the node does not stop")?
            .map(drop)
            .context("the node has failed")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the node is the clock of its Pods' status"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
