//! One object, as the people behind it know it.
use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{Manifest, runner};

/// The connections, with what their credentials may: all; register, read and search; register only.
pub(super) const CONNECTIONS: [&str; 3] = ["all", "some", "least"];

/// What people have written, and what they have put by.
#[derive(Default)]
pub(super) struct Slot {
    /// As it is declared; nothing when it was deleted.
    pub(super) declared: Option<Manifest>,
    /// The name of its Secret.
    pub(super) secret: String,
    /// A copy of that Secret, of some time before.
    pub(super) copy: Option<k8s_openapi::api::core::v1::Secret>,
    /// The Secrets of earlier objects of that name that were put back since, by name and the uid of the
    /// object. The operator leaves them alone, also where they stand in its way.
    pub(super) restored: BTreeSet<(String, String)>,
    /// Whether its token was reset behind the operator's back, which it does not notice: whoever does
    /// that has to delete the Secret.
    pub(super) reset: bool,
}

impl Slot {
    /// A new object of that number.
    pub(super) fn new(number: usize) -> Self {
        let scope = match number / CONNECTIONS.len() % 3 {
            0 => json!({ "instance": {} }),
            1 => json!({ "group": { "id": 3001 } }),
            _ => json!({ "project": { "id": 4002 } }),
        };
        let name = name(number);
        let secret = format!("{name}-runner-token");
        let declared = runner(&name)
            .through(connection(number))
            .with("scope", scope)
            .tagged(["chaos"]);
        Self {
            declared: Some(declared),
            secret,
            ..Self::default()
        }
    }
}

/// What the object of that number is called.
pub(super) fn name(number: usize) -> String {
    format!("chaos-{number:03}")
}

/// The connection of the object of that number.
pub(super) fn connection(number: usize) -> &'static str {
    CONNECTIONS[number % CONNECTIONS.len()]
}
