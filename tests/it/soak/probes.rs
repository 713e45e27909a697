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

/// After each other to one object. An old Secret that is put back is whole in itself.
const PROBES: [(Deed, Duration); 8] = [
    (Deed::Tagged, AT_ONCE),
    (Deed::SecretCopied, Duration::ZERO),
    (Deed::SecretDeleted, AT_ONCE),
    (Deed::SecretRestored, AT_ONCE),
    (Deed::SecretEdited, AT_ONCE),
    (Deed::Runner(ToRunner::Edited), BY_A_SWEEP),
    (Deed::Runner(ToRunner::TokenReset), BY_A_SWEEP),
    (Deed::Deleted, AT_ONCE),
];

/// Makes an object where there is room for one, and does one thing after the other to one of those that are
/// there: each is dealt with in its time.
pub(super) async fn are_noticed(people: &mut People) {
    let mut random = people.world.chance.of("the probes");
    let is_free = |slot: &usize| people.slots[*slot].declared.is_none();
    if let Some(slot) = (0..SLOTS).find(is_free)
        && !is_noticed(people, slot, Deed::Made, 0, AT_ONCE).await
    {
        return;
    }
    let taken: Vec<usize> = (0..SLOTS)
        .filter(|slot| people.slots[*slot].declared.is_some())
        .collect();
    let slot = taken[random.index(taken.len())];
    for (deed, patience) in PROBES {
        let salt = 1000 + random.below(1000);
        if !is_noticed(people, slot, deed, salt, patience).await {
            return;
        }
    }
}

async fn is_noticed(
    people: &mut People,
    slot: usize,
    deed: Deed,
    salt: u64,
    patience: Duration,
) -> bool {
    people.do_it(Step::Object(slot, deed, salt)).await;
    let wrong = settles(people, patience).await;
    for wrong in &wrong {
        let told = format!("{patience:?} after {deed:?}: {wrong}");
        people.world.is_wrong(told);
    }
    wrong.is_empty()
}
