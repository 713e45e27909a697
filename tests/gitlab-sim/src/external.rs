//! The address by which the outside knows the instance.

/// Scheme, host, port and relative URL root, without a slash at the end; an extension of the request.
///
/// Pagination links are built on it: GitLab writes its configured external host into them, whatever
/// name the client came in by, while the scheme stays the request's (contract §1.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUrl(pub String);
