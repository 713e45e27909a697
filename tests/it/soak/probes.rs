//! What is done in a quiet world, to see that nobody has gone deaf on the way there.
use std::time::Duration;

use super::people::People;
use super::process::RESYNC;
use super::run::settles;
use super::walk::{Deed, SLOTS, Step, ToRunner};

/// How long it may take until what a watch shows is dealt with.
const AT_ONCE: Duration = Duration::from_secs(15);
/// How long it may take until what a sweep shows is dealt with.
const BY_A_SWEEP: Duration = Duration::from_secs(RESYNC.as_secs() + 30);

const PROBES: [(Deed, Duration); 7] = [
    (Deed::Made, AT_ONCE),
    (Deed::Tagged, AT_ONCE),
    (Deed::SecretDeleted, AT_ONCE),
    (Deed::SecretEdited, AT_ONCE),
    (Deed::Runner(ToRunner::Edited), BY_A_SWEEP),
    (Deed::Runner(ToRunner::TokenReset), BY_A_SWEEP),
    (Deed::Deleted, AT_ONCE),
];

/// Does one thing after the other to one of the objects, each of which is dealt with in its time.
pub(super) async fn are_noticed(people: &mut People) {
    let world = people.world.clone();
    let mut random = world.chance.of("the probes");
    for (deed, patience) in PROBES {
        let fits = |slot: &usize| {
            let declared = people.slots[*slot].declared.is_some();
            declared != (deed == Deed::Made)
        };
        let slots: Vec<usize> = (0..SLOTS).filter(fits).collect();
        if slots.is_empty() {
            continue;
        }
        let slot = slots[random.index(slots.len())];
        let salt = 1000 + random.below(1000);
        people.do_it(Step::Object(slot, deed, salt)).await;
        let wrong = settles(people, patience).await;
        for wrong in &wrong {
            world.is_wrong(format!("{patience:?} after {deed:?}: {wrong}"));
        }
        if !wrong.is_empty() {
            return;
        }
    }
}
