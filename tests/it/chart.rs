//! The chart, and deploy/ beside it: what they install is all that is needed, and no more.
//!
//! helm and kubectl install, a node runs the Pod that comes of it, and the operator has the rights
//! of its `ServiceAccount` only. The harness' operators are not in these stories.
mod deploy;
mod grants;
mod install;
mod kustomize;
mod readme;
mod release;
mod rights;
mod security;
mod tour;
mod upgrade;
mod values;
