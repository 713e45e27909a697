//! A real Kubernetes control plane as child processes, for tests and the demo.
//!
//! [`ControlPlane::start`] runs etcd, kube-apiserver and kube-controller-manager from a cache that
//! [`ensure`] fills from pinned Go modules. There is no kubelet; [`Node`] runs Pods as
//! processes.
//! Whatever is started here ends with the process that started it, even when that is killed.

mod audit;
mod build;
mod identity;
mod kubeconfig;
mod launch;
mod leash;
mod node;
mod plane;
mod ports;
mod programs;
mod progress;
mod scratch;
mod token;

pub use audit::{AuditEvent, AuditMark};
pub use build::ensure;
pub use kubeconfig::client;
pub use leash::{Leash, Leashed, Signal};
pub use node::{Ending, Node, NodeOptions, PodView, State};
pub use plane::{ControlPlane, Options};
pub use programs::{CACHE_VARIABLE, Programs};
