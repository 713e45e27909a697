//! The address by which a request came in.

/// Scheme, host with port, and relative URL root by which a request came in, without a slash at the
/// end; an extension of the request.
///
/// Pagination links are built on it unless an external host is configured; even then the scheme
/// stays the request's (contract §1.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUrl(pub String);
