//! What is wrong with a connection, and what it means to wait.
use crate::api::conditions::Reason;

/// What is wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its name.
    pub reason: Reason,
    /// A sentence that names the object to mend.
    pub message: String,
}

impl Trouble {
    /// What is wrong, with a sentence that names the object to mend.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

/// When to look at a connection again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// Ask GitLab again soon: it may be mended there at any time.
    Soon,
    /// Only when the connection's own inputs have changed: asking again with the same credential is
    /// of no use, and of a revoked one harmful (contract §1.10).
    OnChange,
}

/// Whether asking GitLab again with the same inputs can help.
pub fn recheck(trouble: &Trouble) -> Recheck {
    let soon = [
        Reason::Unreachable,
        Reason::TlsFailed,
        Reason::NotGitLab,
        Reason::CredentialForbidden,
        Reason::GitLabThrottled,
        Reason::KubernetesError,
        Reason::BrokenOff,
        Reason::Pending,
        Reason::RotationUnstored,
    ];
    if soon.contains(&trouble.reason) {
        Recheck::Soon
    } else {
        Recheck::OnChange
    }
}

/// Whether nothing is to be expected before somebody changes the connection, its credential or GitLab.
/// An object that is not there yet may be on its way: a release that waits should go on waiting.
pub(super) fn is_stalled(trouble: &Trouble) -> bool {
    let awaited = matches!(
        trouble.reason,
        Reason::SecretNotFound
            | Reason::SecretKeyMissing
            | Reason::CaBundleNotFound
            | Reason::ClientCertificateNotFound
            | Reason::ProxyCredentialsNotFound
    );
    recheck(trouble) == Recheck::OnChange && !awaited
}

/// How many looks in a row may come to nothing before a connection that worked is called broken: an
/// answer that is lost now and then is no reason to alarm everybody who uses it.
const TOLERATED: u32 = 2;

/// Whether a look that failed says nothing yet of a connection that worked the last time, after so
/// many others in a row that failed.
pub fn is_tolerable(trouble: &Trouble, failed_before: u32) -> bool {
    let unanswered = [
        Reason::Unreachable,
        Reason::NotGitLab,
        Reason::KubernetesError,
    ];
    unanswered.contains(&trouble.reason) && failed_before < TOLERATED
}

/// Whether a trouble passes by itself, as an outage does. While it may, the connection alone tells of
/// it, and what is said of its runners stays.
pub fn passes(trouble: &Trouble) -> bool {
    let passing = [
        Reason::Unreachable,
        Reason::NotGitLab,
        Reason::GitLabThrottled,
        Reason::BrokenOff,
        Reason::Pending,
    ];
    passing.contains(&trouble.reason)
}
