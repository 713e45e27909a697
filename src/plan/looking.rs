//! What a connection says of how its runners are looked at.
use jiff::SignedDuration;
use jiff::fmt::friendly::{Spacing, SpanPrinter};

use crate::api::conditions::{ConditionType, Truth};
use crate::api::v1alpha1::{ConnectionStatus, Looking};

/// By what runners are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// All of a scope together, and whole.
    GraphQl,
    /// All of a scope together, and their details in turn.
    Rest,
    /// Each alone.
    Number,
}

/// How runners are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// By what.
    pub by: By,
    /// How often.
    pub every: SignedDuration,
    /// How often that was to be.
    pub resync: SignedDuration,
    /// Within what time all details are read that lists do not show.
    pub details_within: Option<SignedDuration>,
}

/// The status with that in it, and in its summary where that is less often than was asked for.
pub fn with_pace(mut status: ConnectionStatus, pace: Option<Pace>) -> ConnectionStatus {
    let Some(pace) = pace else {
        return status;
    };
    let Pace {
        by,
        every,
        resync,
        details_within,
    } = pace;
    let by = match by {
        By::GraphQl => "GraphQL",
        By::Rest => "REST",
        By::Number => "Number",
    };
    let looking = Looking {
        by: by.to_owned(),
        every: words(every),
        details_within: details_within.map(words),
    };
    let ready = |it: &&mut k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition| {
        it.type_ == ConditionType::Ready.name() && it.status == Truth::True.name()
    };
    if every > resync
        && let Some(ready) = status.conditions.iter_mut().find(ready)
    {
        ready.message = format!(
            "{}; runners are looked at every {}, since that takes a tenth of what it may ask",
            ready.message, looking.every
        );
    }
    status.looking = Some(looking);
    status
}

fn words(duration: SignedDuration) -> String {
    let printer = SpanPrinter::new().spacing(Spacing::None);
    printer.duration_to_string(&duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_flag_takes_them() {
        let text = |seconds| words(SignedDuration::from_secs(seconds));
        assert_eq!([60, 90, 3600, 2].map(text), ["1m", "1m30s", "1h", "2s"]);
    }
}
