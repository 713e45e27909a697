//! What a Lease says, and what is written into it.
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// The duration of a Lease that was given back. client-go writes a second as well.
const GIVEN_BACK: Duration = Duration::from_secs(1);

/// What a Lease says to somebody who would lead.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nobody leads, or nobody has for as long as the Lease lasts.
    Free,
    /// We do, or a process before us that had the same name.
    Ours,
    /// This one does.
    Held(String),
}

/// `unchanged` is how long we have seen the Lease say the same, by our own clock: that of its holder may
/// be an hour away from ours. `duration` is how long ours would last.
pub(super) fn judge(
    spec: &LeaseSpec,
    identity: &str,
    unchanged: Duration,
    duration: Duration,
) -> Verdict {
    let holder = spec.holder_identity.as_deref().unwrap_or_default();
    let seconds = spec.lease_duration_seconds.unwrap_or_default();
    let lasts = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    // Who gives it back says so by the duration as well; a name that somebody else took out says nothing of
    // whether its bearer still works.
    let given_back = holder.is_empty() && lasts <= GIVEN_BACK;
    if holder == identity {
        Verdict::Ours
    } else if given_back || unchanged > lasts.max(duration) {
        Verdict::Free
    } else {
        Verdict::Held(holder.to_owned())
    }
}

/// The first record of a new term. The same holder begins another one as well: numbers tell processes apart.
pub(super) fn taken(
    before: Option<&LeaseSpec>,
    identity: &str,
    duration: Duration,
    now: Timestamp,
) -> LeaseSpec {
    let transitions = before.map(|before| before.lease_transitions.unwrap_or_default());
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: Some(i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)),
        acquire_time: Some(MicroTime(now)),
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(transitions.map_or(0, |number| number.saturating_add(1))),
        ..LeaseSpec::default()
    }
}

/// The same holder, a little later.
pub(super) fn renewed(before: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        renew_time: Some(MicroTime(now)),
        ..before.clone()
    }
}

/// Nobody leads.
pub(super) fn released(before: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: i32::try_from(GIVEN_BACK.as_secs()).ok(),
        ..renewed(before, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DURATION: Duration = Duration::from_secs(15);

    fn held(by: &str, seconds: i32) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(by.to_owned()),
            lease_duration_seconds: Some(seconds),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn a_lease_is_free_when_nobody_holds_it_or_it_has_not_changed_for_the_longer_of_both_durations()
    {
        let secs = Duration::from_secs;
        let other = || Verdict::Held("b".to_owned());
        for (spec, unchanged, verdict) in [
            (LeaseSpec::default(), secs(0), Verdict::Free),
            (held("", 1), secs(0), Verdict::Free),
            (held("", 15), secs(15), Verdict::Held(String::new())),
            (held("", 15), secs(16), Verdict::Free),
            (held("a", 15), secs(0), Verdict::Ours),
            (held("a", 15), secs(100), Verdict::Ours),
            (held("b", 15), secs(0), other()),
            (held("b", 15), secs(15), other()),
            (held("b", 15), secs(16), Verdict::Free),
            (held("b", 60), secs(16), other()),
            (held("b", 60), secs(61), Verdict::Free),
            (held("b", 1), secs(14), other()),
            (held("b", -5), secs(16), Verdict::Free),
        ] {
            let told = judge(&spec, "a", unchanged, DURATION);
            assert_eq!(told, verdict, "{spec:?} after {unchanged:?}");
        }
    }

    #[test]
    fn every_term_has_a_number_of_its_own() {
        let now = Timestamp::UNIX_EPOCH;
        let first = taken(None, "a", DURATION, now);
        assert_eq!(first.lease_transitions, Some(0));
        let again = taken(Some(&first), "a", DURATION, now);
        assert_eq!(again.lease_transitions, Some(1));
        let later = renewed(&again, now + jiff::SignedDuration::from_secs(2));
        assert_eq!(
            (later.lease_transitions, &later.acquire_time),
            (Some(1), &again.acquire_time)
        );
        let free = released(&later, now);
        assert_eq!(judge(&free, "b", Duration::ZERO, DURATION), Verdict::Free);
        assert_eq!(
            taken(Some(&free), "b", DURATION, now).lease_transitions,
            Some(2)
        );
    }
}
