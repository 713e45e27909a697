//! Too many runners of the connection are lost at once.
use gitlab_runner_registrar::plan::{Blocked, Brake, Losses, Outcome, Plan, Sighting};

use super::super::decisions::given::{but, now, seen, want};
use super::{Known, rest};

/// Nothing is believed of any of them meanwhile: what is known is needed when they are back.
#[test]
fn a_runner_that_is_lost_with_many_others_keeps_its_number() {
    let before = Known::new(want(), seen()).first(&rest());
    let losses = Losses { lost: 11, of: 30 };
    let brake = Brake {
        losses,
        is_lost: true,
    };
    let lost = but(|seen| seen.runner = Sighting::Absent);
    let after = |plan| {
        let known = Known::new(want(), lost.clone());
        known.after(&before, &Outcome::Planned(plan), now())
    };
    let held = after(Plan::Hold(Blocked::Brake(brake)));
    let kept = (before.runner.clone(), before.token.clone());
    assert_eq!((held.runner, held.token), kept);
    assert_eq!(after(Plan::Rest).runner, None);
}
