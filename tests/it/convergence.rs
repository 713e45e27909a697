//! From every start and every interruption, the circle closes.
mod act;
mod adoption;
mod build;
mod drain;
mod observe;
mod older;
mod pass;
mod placing;
mod projects;
mod rotation;
mod starts;
mod succession;
mod world;

use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, DriftPolicy},
    plan::{Blocked, Desired, Doubt, Plan, Wanted},
};

use super::decisions::given::{SECRET, now, seconds, want};
use build::{STRANGER, stranger};
use pass::Ended;
use starts::{InGitLab, InSecret, InStatus, Start};
use world::{Credential, How, Interruption, World};

/// After how many passes a world is given up.
const MOST_PASSES: usize = 20;
/// Enough for every world that comes to rest: two interrupted, two waiting for an attempt to
/// settle, two for a runner to be missed twice or a reset to come to its end, one in peace.
const FEW_PASSES: usize = 7;

fn exists(drift: DriftPolicy) -> Desired {
    let mut want = want();
    want.settings.paused = Some(true);
    want.drift = drift;
    Desired::Exists(Box::new(want))
}

/// Every way to interrupt a pass, and not to.
fn interruptions(effects: u32) -> Vec<Option<Interruption>> {
    let hows = [How::Killed, How::Lost, How::Late, How::Refused];
    let each = |how| (0..effects).map(move |after| Some(Interruption { after, how }));
    std::iter::once(None)
        .chain(hows.into_iter().flat_map(each))
        .collect()
}

/// The second pass is interrupted in fewer ways: by then a death and a refusal at each effect, and
/// an answer lost at the one that cannot be repeated, are what makes a difference.
fn again() -> Vec<Option<Interruption>> {
    let some = |how, afters: &[u32]| {
        let each = |after: &u32| Some(Interruption { after: *after, how });
        afters.iter().map(each).collect::<Vec<_>>()
    };
    [
        vec![None],
        some(How::Killed, &[0, 1, 2]),
        some(How::Refused, &[0, 1]),
        some(How::Lost, &[1]),
        some(How::Late, &[1]),
    ]
    .concat()
}

/// Passes, the first of them interrupted, until one ends with a plan that waits for nobody but a
/// person; `None` when it never does.
fn settle(world: &mut World, troubles: &[Option<Interruption>]) -> (Option<Plan>, usize) {
    for pass in 0..MOST_PASSES {
        world.trouble = troubles.get(pass).copied().flatten();
        let before = world.writes;
        let ended = world.pass();
        world.trouble = None;
        match ended {
            Ended::Planned(Plan::Hold(
                Blocked::Settling(_)
                | Blocked::UnderWay(_)
                | Blocked::Unclear(Doubt::Vanished { .. }),
            ))
            | Ended::Interrupted => {}
            Ended::Planned(plan @ Plan::Rest) => return (Some(plan), pass),
            Ended::Planned(plan) if world.writes == before => return (Some(plan), pass),
            Ended::Planned(_) => {}
        }
    }
    (None, MOST_PASSES)
}

/// Tries every start with every interruption of the first two passes.
fn try_all(starts: &[Start], check: impl Fn(&Start, &World, Option<&Plan>) -> bool) {
    for start in starts {
        for first in interruptions(4) {
            for second in again() {
                let mut world = start.world();
                let troubles = [first, second];
                let (plan, passes) = settle(&mut world, &troubles);
                let theirs = world.find(STRANGER).cloned();
                assert_eq!(theirs, Some(stranger(now())), "{start:?} {troubles:?}");
                let fine = check(start, &world, plan.as_ref());
                assert!(
                    fine,
                    "{start:#?}\n{troubles:?}\nended with {plan:?}: {world:#?}"
                );
                left_alone(&mut world, plan.as_ref());
                let soon = plan.is_none() || passes <= FEW_PASSES;
                assert!(soon, "{passes} passes: {start:?} {troubles:?}");
            }
        }
    }
}

/// A settled world causes no writes.
fn left_alone(world: &mut World, plan: Option<&Plan>) {
    let Some(plan) = plan else { return };
    let writes = world.writes;
    // The runner that a token removed is still in status; its object is gone by now.
    if world.credential == Credential::Gone {
        return;
    }
    assert_eq!(world.pass(), Ended::Planned(plan.clone()));
    assert_eq!(world.writes, writes, "{world:#?}");
}

/// Just one runner, and its token and number in the Secret.
fn is_kept(start: &Start, world: &World, want: &Wanted) -> bool {
    let Some(secret) = world.secrets.get(SECRET) else {
        return false;
    };
    let kept = world
        .ours()
        .find(|made| Some(made.runner.id) == secret.runner);
    // The lost one may be found again by its mark.
    let most = 1 + usize::from(start.is_lost());
    let right = kept.is_some_and(|made| {
        let as_declared = want.drift == DriftPolicy::Report || made.runner.paused;
        secret.token == Some(made.token) && secret.written == secret.token && as_declared
    });
    let id = world.status.runner.as_ref().map(|runner| runner.id);
    let moved = world.secrets.len() == 1 || start.status == InStatus::Wiped;
    right
        && world.ours().count() <= most
        && id.and_then(|id| u64::try_from(id).ok()) == secret.runner.map(|id| id.0)
        && secret.tidy
        && moved
}

#[test]
fn a_runner_is_kept_from_every_start() {
    let desired = [exists(DriftPolicy::Correct), exists(DriftPolicy::Report)];
    let starts = starts::all(&desired, Credential::Works);
    try_all(&starts, |start, world, plan| match (plan, world.want()) {
        (Some(Plan::Rest), Some(want)) => is_kept(start, world, want),
        (Some(Plan::Hold(Blocked::SecretConflict(_))), _) => {
            start.secret == InSecret::Foreign && world.posts.is_empty()
        }
        (Some(Plan::Hold(Blocked::Unclear(Doubt::Foreign(_)))), _) => {
            start.is_misled() && world.posts.iter().all(|post| post.void)
        }
        _ => false,
    });
}

/// A credential that cannot search leaves the answer to a person, and never makes a second runner.
#[test]
fn a_runner_is_kept_without_searching() {
    let starts = starts::all(&[exists(DriftPolicy::Correct)], Credential::CannotList);
    try_all(&starts, |start, world, plan| match (plan, world.want()) {
        (Some(Plan::Rest), Some(want)) => is_kept(start, world, want),
        (Some(Plan::Hold(Blocked::SecretConflict(_))), _) => start.secret == InSecret::Foreign,
        (Some(Plan::Hold(Blocked::Unclear(Doubt::Foreign(_)))), _) => start.is_misled(),
        (Some(Plan::Hold(Blocked::Unclear(Doubt::Unsearchable))), _) => {
            world.ours().count() <= 1 + usize::from(start.is_lost())
        }
        _ => false,
    });
}

#[test]
fn a_runner_goes_with_its_object() {
    let gone = [Desired::Gone(DeletionPolicy::Delete)];
    let starts = starts::all(&gone, Credential::Works);
    try_all(&starts, |start, world, plan| {
        let left = usize::from(start.is_lost());
        let misled = matches!(plan, Some(Plan::Hold(Blocked::Unclear(Doubt::Foreign(_)))));
        (plan == Some(&Plan::Rest) && world.ours().count() == left) || (misled && start.is_misled())
    });
}

#[test]
fn a_runner_goes_without_a_credential_where_its_token_is_known() {
    let gone = [Desired::Gone(DeletionPolicy::Delete)];
    let starts = starts::all(&gone, Credential::Gone);
    try_all(&starts, |start, world, plan| match plan {
        Some(Plan::Rest) => world.ours().count() <= usize::from(start.is_lost()),
        Some(Plan::Hold(Blocked::Undeletable(None))) => world.writes <= 1,
        // GitLab refuses a token that it does not know; the object stays, and it is tried again.
        None => {
            let known = |token: u32| world.gitlab.iter().any(|made| made.token == token);
            !world
                .secrets
                .values()
                .any(|kept| kept.token.is_some_and(known))
        }
        Some(_) => false,
    });
}

#[test]
fn an_orphan_keeps_its_runner_and_its_secret() {
    let orphan = [Desired::Gone(DeletionPolicy::Orphan)];
    let starts = starts::all(&orphan, Credential::Gone);
    try_all(&starts, |start, world, plan| {
        let before = start.world();
        let same = |world: &World| -> Vec<u32> { world.gitlab.iter().map(|m| m.token).collect() };
        let tokens = |world: &World| -> Vec<Option<u32>> {
            world.secrets.values().map(|secret| secret.token).collect()
        };
        let here = world.secrets.get(SECRET);
        plan == Some(&Plan::Rest)
            && same(world) == same(&before)
            && tokens(world) == tokens(&before)
            && here.is_none_or(|secret| !secret.ours)
    });
}

/// A registration that was answered too late is found as long as lists lag less than the grace; one
/// that shows up after that is removed when it does, for an hour.
#[test]
fn lists_may_lag_as_long_as_an_attempt_is_waited_for() {
    let start = Start {
        gitlab: InGitLab::Nothing,
        secret: InSecret::Nothing,
        status: InStatus::Wiped,
        credential: Credential::Works,
        desired: exists(DriftPolicy::Correct),
    };
    for (lag, most) in [(0, 1), (30, 1), (59, 1), (90, 2)] {
        for first in interruptions(5) {
            for second in interruptions(5) {
                let mut world = start.world();
                world.lag = seconds(lag);
                let (plan, _) = settle(&mut world, &[first, second]);
                assert_eq!(plan, Some(Plan::Rest));
                let late = [first, second].iter().flatten().any(|t| t.how == How::Late);
                let most = if late && lag > 30 { 2 } else { most };
                let count = world.ours().count();
                assert!(
                    (1..=most).contains(&count),
                    "{lag}s {first:?} {second:?}: {world:#?}"
                );
                // By then all that was held up has arrived and is listed.
                world.wait(seconds(300));
                let (plan, _) = settle(&mut world, &[]);
                assert_eq!(plan, Some(Plan::Rest));
                assert_eq!(world.ours().count(), 1, "{first:?} {second:?}: {world:#?}");
                left_alone(&mut world, plan.as_ref());
            }
        }
    }
}
