//! Tokens that GitLab has refused for good. Using a revoked one once more revokes its successors
//! (contract §1.10), so what is known of them is in status and outlasts the process.
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::trouble::Trouble;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::RefusedToken;

/// How many are remembered.
const MOST: usize = 32;

/// A token as status knows it, and where it was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Start of its SHA-256.
    pub digest: String,
    /// The url, without a slash at the end.
    pub gitlab_url: String,
}

/// Whether a trouble is a refusal that no time and no administrator takes back.
pub fn is_for_good(trouble: &Trouble) -> bool {
    matches!(
        trouble.reason,
        Reason::CredentialRevoked | Reason::CredentialExpired
    )
}

/// What is wrong with a token that GitLab has refused for good: the same words whether it has just
/// said so or long ago. `credential` names its Secret and key.
pub fn refused_for_good(reason: Reason, credential: &str) -> Trouble {
    if reason == Reason::CredentialReplaced {
        return replaced(credential);
    }
    let what = if reason == Reason::CredentialRevoked {
        "revoked"
    } else {
        "expired"
    };
    Trouble::new(
        reason,
        format!(
            "GitLab has called the token in {credential} {what}, and it is not sent again: put another \
             there. The next time make the second token first, store it, and revoke the first when \
             this connection is Ready with the second"
        ),
    )
}

/// What is wrong with a Secret that holds a token which the operator has had replaced.
pub(super) fn replaced(credential: &str) -> Trouble {
    Trouble::new(
        Reason::CredentialReplaced,
        format!(
            "the operator has had the token in {credential} replaced by another, and it is not sent again: \
             put a token there that works, and see what has put the old one back"
        ),
    )
}

/// Whether this token was refused before, and why.
pub fn refused_before(
    list: &[RefusedToken],
    token: &Fingerprint,
    credential: &str,
) -> Option<Trouble> {
    let entry = list.iter().find(|entry| is(entry, token))?;
    // A reason that an older or newer version wrote still means that it was refused.
    let reason = Reason::named(&entry.reason).unwrap_or(Reason::CredentialRevoked);
    Some(refused_for_good(reason, credential))
}

/// The list with that token in it.
pub fn remembered(
    list: &[RefusedToken],
    token: &Fingerprint,
    reason: Reason,
    now: Timestamp,
) -> Vec<RefusedToken> {
    let mut list = list.to_vec();
    if list.iter().any(|entry| is(entry, token)) {
        return list;
    }
    let Fingerprint { digest, gitlab_url } = token.clone();
    list.push(RefusedToken {
        digest,
        gitlab_url,
        reason: reason.name().to_owned(),
        refused_at: Time(Timestamp::from_second(now.as_second()).unwrap_or(now)),
    });
    list.split_off(list.len().saturating_sub(MOST))
}

fn is(entry: &RefusedToken, token: &Fingerprint) -> bool {
    entry.digest == token.digest && entry.gitlab_url == token.gitlab_url
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "Secret gitlab in namespace ci, key token";

    fn token(digest: usize, gitlab_url: &str) -> Fingerprint {
        Fingerprint {
            digest: format!("{digest:016x}"),
            gitlab_url: gitlab_url.to_owned(),
        }
    }

    #[test]
    fn a_refused_token_is_known_again_at_the_same_gitlab_only() {
        let now = Timestamp::UNIX_EPOCH;
        let list = remembered(&[], &token(1, "https://a"), Reason::CredentialExpired, now);
        let known = refused_before(&list, &token(1, "https://a"), HERE).unwrap();
        assert_eq!(known, refused_for_good(Reason::CredentialExpired, HERE));
        assert!(known.message.contains(HERE));
        assert!(is_for_good(&known));
        for stranger in [token(2, "https://a"), token(1, "https://b")] {
            assert_eq!(refused_before(&list, &stranger, HERE), None);
        }
        let later = Timestamp::from_second(9).unwrap();
        let again = remembered(
            &list,
            &token(1, "https://a"),
            Reason::CredentialRevoked,
            later,
        );
        assert_eq!(again, list);
    }

    #[test]
    fn the_last_ones_are_remembered() {
        let now = Timestamp::UNIX_EPOCH;
        let list = (0..MOST + 2).fold(Vec::new(), |list, digest| {
            remembered(&list, &token(digest, "u"), Reason::CredentialRevoked, now)
        });
        let known = |digest| refused_before(&list, &token(digest, "u"), HERE).is_some();
        assert_eq!(list.len(), MOST);
        assert!(!known(1) && known(2) && known(MOST + 1));
    }
}
