//! What is done about what: one row per case, with the exact plan.
mod absent;
mod adoption;
mod brake;
mod connection;
mod credential;
mod credential_rotation;
mod diff;
mod drain;
mod first_token;
pub(crate) mod given;
mod gone;
mod pausing;
mod place;
mod present;
mod projects;
mod releases;
mod replacement;
mod rotation;
mod secret;
mod succession;
mod token;
mod unseen;

use gitlab_runner_registrar::plan::{Blocked, Desired, Observed, Plan, Step, decide};

/// A sentence, what is wanted, what was seen, and what is to be done.
type Row = (&'static str, Desired, Observed, Plan);

fn hold(rows: Vec<Row>) {
    let mut bad = Vec::new();
    for (sentence, desired, seen, plan) in rows {
        let chosen = decide(&desired, &seen, &given::mark(), given::now());
        if chosen != plan {
            bad.push(format!(
                "{sentence}:\n  chosen {chosen:?}\n  not    {plan:?}"
            ));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

fn act(step: Step) -> Plan {
    Plan::Act(step)
}

fn wait(why: Blocked) -> Plan {
    Plan::Hold(why)
}
