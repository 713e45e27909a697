//! What is done and when: a function of the options and their seed alone.
use std::time::Duration;

use gitlab_sim::{Fault, Rule};
use serde_json::json;

use super::options::Options;
use super::random::Random;

/// A disturbance and its time from the beginning.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) at: Duration,
    pub(super) what: Disturbance,
}

/// What is done to whom.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Disturbance {
    /// To an operator.
    Operator(usize, ToProcess),
    /// To the API server.
    ApiServer(ToProcess),
    /// GitLab misbehaves for so long. The name says how.
    GitLab(&'static str, Box<Rule>, Duration),
    /// To the object of that number, with a number to make what is written different each time.
    Object(usize, ToObject, u64),
}

/// What is done to a process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ToProcess {
    /// SIGKILL, and started again.
    Killed,
    /// SIGTERM, and started again.
    Stopped,
    /// SIGSTOP for so long.
    Frozen(Duration),
}

/// What is done to an object, its Secret or its runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToObject {
    Spec(ToSpec),
    Secret(ToSecret),
    Life(ToLife),
    Runner(ToRunner),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToSpec {
    Tagged,
    Paused,
    SecretRenamed,
    SecretRenamedTwice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToSecret {
    Deleted,
    Emptied,
    Edited,
    /// Put by, for a restore.
    Copied,
    Restored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToLife {
    Deleted,
    /// Deleted, and made once more as soon as it is gone.
    MadeAnew,
    /// Made once more, if it was deleted some time ago.
    Made,
}

/// In GitLab, behind the operator's back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToRunner {
    Edited,
    Deleted,
    TokenReset,
}

/// What is done to objects, by weight.
const TO_OBJECTS: [(u64, ToObject); 15] = [
    (20, ToObject::Spec(ToSpec::Tagged)),
    (6, ToObject::Spec(ToSpec::Paused)),
    (9, ToObject::Spec(ToSpec::SecretRenamed)),
    (5, ToObject::Spec(ToSpec::SecretRenamedTwice)),
    (9, ToObject::Secret(ToSecret::Deleted)),
    (2, ToObject::Secret(ToSecret::Emptied)),
    (4, ToObject::Secret(ToSecret::Edited)),
    (9, ToObject::Secret(ToSecret::Copied)),
    (7, ToObject::Secret(ToSecret::Restored)),
    (4, ToObject::Life(ToLife::Deleted)),
    (6, ToObject::Life(ToLife::MadeAnew)),
    (6, ToObject::Life(ToLife::Made)),
    (7, ToObject::Runner(ToRunner::Edited)),
    (3, ToObject::Runner(ToRunner::Deleted)),
    (3, ToObject::Runner(ToRunner::TokenReset)),
];

/// How often something is done to a process or to GitLab: once in so many milliseconds.
const TO_THE_WORLD: u64 = 2000;

const POST: &str = "/api/v4/user/runners";
const RESET: &str = "/api/v4/runners/*/reset_authentication_token";

/// The whole schedule, in order.
pub(super) fn of(options: &Options) -> Vec<Event> {
    let mut random = Random::new(options.seed);
    let length = u64::try_from(options.length().as_millis()).unwrap();
    let mut events = Vec::new();
    for _ in 0..length / TO_THE_WORLD {
        let at = Duration::from_millis(random.below(length));
        let what = to_the_world(&mut random, options);
        events.push(Event { at, what });
    }
    for _ in 0..length * options.runners as u64 / (options.each * 1000) {
        let at = Duration::from_millis(random.below(length));
        let number = random.index(options.runners);
        let what = *random.weighted(&TO_OBJECTS);
        let what = Disturbance::Object(number, what, random.below(1000));
        events.push(Event { at, what });
    }
    events.sort_by_key(|event| event.at);
    events
}

fn to_the_world(random: &mut Random, options: &Options) -> Disturbance {
    let operator = random.index(options.operators);
    let moment = Duration::from_millis(500 + random.below(4500));
    let brief = Duration::from_millis(500 + random.below(2500));
    let (name, rule) = misbehaviour(random, options.gentle);
    let choices = [
        (20, Disturbance::Operator(operator, ToProcess::Killed)),
        (6, Disturbance::Operator(operator, ToProcess::Stopped)),
        (
            12,
            Disturbance::Operator(operator, ToProcess::Frozen(moment)),
        ),
        (60, Disturbance::GitLab(name, Box::new(rule), moment)),
        (
            if options.gentle { 0 } else { 4 },
            Disturbance::ApiServer(ToProcess::Killed),
        ),
        (
            if options.gentle { 0 } else { 6 },
            Disturbance::ApiServer(ToProcess::Frozen(brief)),
        ),
    ];
    random.weighted(&choices).clone()
}

/// A way in which GitLab, or whatever is in front of it, is known to misbehave.
fn misbehaviour(random: &mut Random, gentle: bool) -> (&'static str, Rule) {
    let no_route = json!({ "message": "no Route matched with those values" });
    let late = Fault::Delay { ms: 5000 };
    let cut = Fault::Truncate {
        keep: 20,
        hang: false,
    };
    let (login, forbidden) = (Fault::Proxy { status: 200 }, Fault::Proxy { status: 403 });
    let certain = [
        (8, ("hangs", Rule::always(Fault::Hang))),
        (8, ("resets connections", Rule::always(Fault::Drop))),
        (
            8,
            (
                "answers 503",
                Rule::always(Fault::reply(
                    503,
                    json!({ "message": "503 Service Unavailable" }),
                )),
            ),
        ),
        (
            6,
            (
                "is hidden by a 502 page",
                Rule::always(Fault::Proxy { status: 502 }),
            ),
        ),
        (4, ("is hidden by a log-in page", Rule::always(login))),
        (
            4,
            ("is hidden by a 403 page", Rule::always(forbidden.clone())),
        ),
        (
            6,
            (
                "is hidden by a gateway's 404",
                Rule::always(Fault::reply(404, no_route)),
            ),
        ),
        (6, ("throttles", Rule::always(Fault::throttle(2)))),
        (
            6,
            (
                "loses answers to changes",
                Rule::new("PUT", "/**", Fault::Drop).after_doing(),
            ),
        ),
        (
            6,
            (
                "loses answers to removals",
                Rule::new("DELETE", "/**", Fault::Drop).after_doing(),
            ),
        ),
    ];
    let unclear = [
        (
            10,
            (
                "loses answers to registrations",
                Rule::new("POST", POST, Fault::Drop).after_doing(),
            ),
        ),
        (
            6,
            (
                "answers registrations late",
                Rule::new("POST", POST, late.clone()).after_doing(),
            ),
        ),
        (
            5,
            (
                "cuts answers to registrations",
                Rule::new("POST", POST, cut.clone()),
            ),
        ),
        (
            5,
            (
                "hides answers to registrations",
                Rule::new("POST", POST, forbidden).after_doing(),
            ),
        ),
        (
            8,
            (
                "loses answers to resets",
                Rule::new("POST", RESET, Fault::Drop).after_doing(),
            ),
        ),
        (
            6,
            (
                "answers resets late",
                Rule::new("POST", RESET, late).after_doing(),
            ),
        ),
        (5, ("cuts answers to resets", Rule::new("POST", RESET, cut))),
    ];
    // Drawn before it is known whether they are wanted, so that the rest of a schedule is the same.
    let number = random.below(106);
    let all: Vec<_> = certain
        .iter()
        .chain(unclear.iter().filter(|_| !gentle))
        .cloned()
        .collect();
    Random::new(number).weighted(&all).clone()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_schedule_and_another_seed_another() {
        let options = |seed| Options::parse_from(["chaos", "--seed", seed, "--minutes", "2"]);
        let one = of(&options("7"));
        assert_eq!(one, of(&options("7")));
        assert_ne!(one, of(&options("8")));
        assert!(one.len() > 400, "{}", one.len());
        let done = |wanted| {
            let does = |event: &&Event| matches!(event.what, Disturbance::Object(_, what, _) if what == wanted);
            one.iter().filter(does).count()
        };
        for (_, what) in TO_OBJECTS {
            assert!(done(what) > 0, "{what:?}");
        }
    }
}
