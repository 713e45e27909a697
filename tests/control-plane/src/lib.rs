//! A real Kubernetes control plane as child processes, for tests and the demo.
//!
//! [`ControlPlane::start`] runs etcd, kube-apiserver and kube-controller-manager from a cache that
//! [`ensure`] fills from pinned Go modules. There is no kubelet.
//! Whatever is started here ends with the process that started it, even when that is killed.

mod audit;
mod build;
mod identity;
mod kubeconfig;
mod launch;
mod leash;
mod plane;
mod ports;
mod programs;
mod progress;
mod scratch;
mod token;

pub use audit::{AuditEvent, AuditMark};
pub use build::ensure;
pub use plane::{ControlPlane, Options};
pub use programs::{CACHE_VARIABLE, Programs};
