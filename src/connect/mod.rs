//! From a connection to a client for its GitLab: what the connection names in Kubernetes, what GitLab says
//! of the credential, and what is wrong where that does not work. The operator and the commands share it.
mod ask;
mod sources;
mod trouble;
mod way;

pub use ask::{ask, client};
pub use sources::{Sources, Unread};
pub use trouble::trouble;
