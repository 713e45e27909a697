//! One gate for each credential, whichever connections have it, and why it is shut.
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ring::rand::{SecureRandom, SystemRandom};

use super::caches::ConnectionKey;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::{ConnectionStatus, CredentialReplacement};
use crate::gitlab::Gate;

/// The gates of all credentials.
pub(super) struct Gates {
    /// This process, as it calls itself in status.
    pub(super) process: String,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    /// By the start of the token's SHA-256.
    gates: HashMap<String, Gate>,
    /// The replacements that statuses tell of.
    told: HashMap<ConnectionKey, CredentialReplacement>,
    /// Tokens that were replaced, for ever.
    ended: HashSet<String>,
    /// Tokens that this process has asked to replace, and was not refused.
    asked: HashSet<String>,
    /// Those of them to which there is no answer yet, or none that is stored.
    asking: HashSet<String>,
}

/// A name for this process that no other has, also not the one before it in the same container.
pub(super) fn process() -> String {
    let mut bytes = [0; 8];
    // Without randomness TLS would not work either.
    let _ = SystemRandom::new().fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

impl Gates {
    pub(super) fn new(process: String) -> Self {
        let all = Mutex::default();
        Self { process, all }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The gate of a credential.
    pub(super) fn of(&self, digest: &str) -> Gate {
        let mut all = self.all();
        all.gates
            .retain(|_, gate| gate.is_shut() || !gate.is_unused());
        let gate = all.gates.entry(digest.to_owned()).or_default().clone();
        self.set(&mut all, digest);
        gate
    }

    /// Takes in what the status of a connection says, whoever has written it.
    pub(super) fn learn(&self, key: &ConnectionKey, status: Option<&ConnectionStatus>) {
        let mut all = self.all();
        let refused = status.iter().flat_map(|status| &status.refused_tokens);
        let replaced = refused.filter(|it| it.reason == Reason::CredentialReplaced.name());
        let replaced: Vec<String> = replaced.map(|it| it.digest.clone()).collect();
        let before = all.told.remove(key);
        let now = status.and_then(|status| status.credential_rotation.clone());
        let mut touched = replaced.clone();
        touched.extend(before.map(|it| it.digest));
        touched.extend(now.as_ref().map(|it| it.digest.clone()));
        all.ended.extend(replaced);
        if let Some(now) = now {
            all.told.insert(key.clone(), now);
        }
        for digest in touched {
            self.set(&mut all, &digest);
        }
    }

    /// A connection is no more. A token that GitLab was asked to replace through it is not sent all the same.
    pub(super) fn forget(&self, key: &ConnectionKey) {
        let mut all = self.all();
        let Some(record) = all.told.remove(key) else {
            return;
        };
        if record.asked_at.is_some() {
            all.ended.insert(record.digest.clone());
        }
        self.set(&mut all, &record.digest);
    }

    /// This process is about to ask for a replacement: nobody passes any more.
    pub(super) fn asks(&self, digest: &str) {
        let mut all = self.all();
        all.asked.insert(digest.to_owned());
        all.asking.insert(digest.to_owned());
        self.set(&mut all, digest);
    }

    /// GitLab has surely not replaced it.
    pub(super) fn not_replaced(&self, digest: &str) {
        let mut all = self.all();
        all.asked.remove(digest);
        all.asking.remove(digest);
        self.set(&mut all, digest);
    }

    /// Nothing more is to be expected of the request.
    pub(super) fn has_asked(&self, digest: &str) {
        self.all().asking.remove(digest);
    }

    /// Whether this process is at it.
    pub(super) fn is_asking(&self, digest: &str) -> bool {
        self.all().asking.contains(digest)
    }

    /// Whether this process is at any.
    pub(super) fn is_any_asking(&self) -> bool {
        !self.all().asking.is_empty()
    }

    /// The replacement of a token that is under way through another connection, the first of them by name.
    pub(super) fn elsewhere(
        &self,
        key: &ConnectionKey,
        digest: &str,
    ) -> Option<(ConnectionKey, CredentialReplacement)> {
        let all = self.all();
        let others = all.told.iter().filter(|(other, record)| {
            *other != key && record.digest == digest && record.refused_at.is_none()
        });
        let first = others.min_by_key(|(other, _)| *other);
        first.map(|(other, record)| (other.clone(), record.clone()))
    }

    /// Shuts or opens a gate as all that is known of the token asks for.
    fn set(&self, all: &mut All, digest: &str) {
        let by_another = |record: &CredentialReplacement| {
            record.digest == digest && record.process != self.process && record.refused_at.is_none()
        };
        let shut = all.ended.contains(digest)
            || all.asked.contains(digest)
            || all.told.values().any(by_another);
        let gate = all.gates.entry(digest.to_owned()).or_default();
        if shut {
            gate.shut();
        } else {
            gate.open();
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;
    use crate::api::v1alpha1::{ConnectionKind, RefusedToken};

    fn key(name: &str) -> ConnectionKey {
        ConnectionKey {
            kind: ConnectionKind::GitLabConnection,
            namespace: Some("ci".to_owned()),
            name: name.to_owned(),
        }
    }

    fn record(process: &str, asked: bool) -> ConnectionStatus {
        let at = Time(jiff::Timestamp::UNIX_EPOCH);
        ConnectionStatus {
            credential_rotation: Some(CredentialReplacement {
                digest: "d".to_owned(),
                process: process.to_owned(),
                announced_at: at.clone(),
                asked_at: asked.then_some(at),
                refused_at: None,
                refusal: None,
            }),
            ..ConnectionStatus::default()
        }
    }

    #[test]
    fn what_another_process_announces_shuts_the_gate_until_it_is_over() {
        let gates = Gates::new("us".to_owned());
        let gate = gates.of("d");
        gates.learn(&key("a"), Some(&record("us", false)));
        assert!(!gate.is_shut(), "who announces it goes on meanwhile");
        gates.learn(&key("a"), Some(&record("them", false)));
        assert!(gate.is_shut() && gates.of("d").is_shut());
        gates.learn(&key("a"), Some(&ConnectionStatus::default()));
        assert!(!gate.is_shut());
        gates.learn(&key("a"), Some(&record("them", true)));
        gates.forget(&key("a"));
        assert!(gate.is_shut(), "asked for, and never sent again");
    }

    #[test]
    fn what_was_replaced_stays_shut_and_a_refusal_opens() {
        let gates = Gates::new("us".to_owned());
        let gate = gates.of("d");
        gates.asks("d");
        assert!(gate.is_shut() && gates.is_asking("d"));
        gates.not_replaced("d");
        assert!(!gate.is_shut() && !gates.is_asking("d"));
        let status = ConnectionStatus {
            refused_tokens: vec![RefusedToken {
                digest: "d".to_owned(),
                gitlab_url: "https://a".to_owned(),
                reason: Reason::CredentialReplaced.name().to_owned(),
                refused_at: Time(jiff::Timestamp::UNIX_EPOCH),
            }],
            ..ConnectionStatus::default()
        };
        gates.learn(&key("a"), Some(&status));
        gates.learn(&key("a"), Some(&ConnectionStatus::default()));
        drop(gate);
        assert!(gates.of("d").is_shut());
    }
}
