//! A project runner, its further projects and its lock.
use std::collections::BTreeSet;

use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, ProjectSelector, Target},
    gitlab::model::{ProjectId, Scope},
    plan::{Desired, Plan, resolved},
};

use super::starts::{InGitLab, InSecret, InStatus, Start};
use super::world::{Credential, Made, World};
use super::{interruptions, settle};
use crate::decisions::given::{OWNER, RUNNER, URL, project, runner, want};

/// Projects change one by one, and the lock is opened for that and closed again.
#[test]
fn a_locked_project_runner_gets_its_projects() {
    let mut want = want();
    want.settings.locked = Some(true);
    want.projects = Some(vec![Target {
        id: Some(41),
        path: None,
    }]);
    let exists = Desired::Exists(Box::new(want));
    for desired in [exists, Desired::Gone(DeletionPolicy::Delete)] {
        for (there, locked) in [(false, false), (true, false), (true, true)] {
            for first in interruptions(7) {
                for second in interruptions(7) {
                    let credential = Credential::Works;
                    let mut world = of_projects(desired.clone(), credential, there, locked);
                    let (plan, _) = settle(&mut world, &[first, second]);
                    assert_eq!(plan, Some(Plan::Rest), "{first:?} {second:?} {world:#?}");
                    let made: Vec<_> = world.ours().collect();
                    let Desired::Exists(_) = &desired else {
                        assert!(made.is_empty());
                        continue;
                    };
                    let [made] = made[..] else { panic!("{made:?}") };
                    let projects = made.runner.projects.iter().flatten();
                    let projects: Vec<ProjectId> = projects.map(|project| project.id).collect();
                    assert_eq!(projects, [OWNER, ProjectId(41)]);
                    assert!(made.runner.locked);
                }
            }
        }
    }
}

/// Projects that are selected come and go, and what an incomplete list leaves out stays.
#[test]
fn selected_projects_are_followed_and_an_incomplete_list_unassigns_none() {
    let mut want = want();
    want.selector = Some(ProjectSelector {
        group: Target {
            id: Some(30),
            path: None,
        },
        include_subgroups: true,
        topics: None,
        archived: false,
    });
    let exists = Desired::Exists(Box::new(want));
    let served = |world: &World| {
        let made: Vec<_> = world.ours().collect();
        let [made] = made[..] else { panic!("{made:?}") };
        let projects = made.runner.projects.iter().flatten();
        projects
            .map(|project| project.id.0)
            .collect::<BTreeSet<_>>()
    };
    for (there, whole) in [(false, true), (false, false), (true, true), (true, false)] {
        for first in interruptions(7) {
            for second in interruptions(7) {
                let mut world = of_projects(exists.clone(), Credential::Works, there, false);
                world.selected = ([41, 43].map(ProjectId).to_vec(), whole);
                let (plan, _) = settle(&mut world, &[first, second]);
                assert_eq!(plan, Some(Plan::Rest), "{first:?} {second:?} {world:#?}");
                let before = [42].into_iter().filter(|_| there && !whole);
                let mut expected = BTreeSet::from([OWNER.0, 41, 43]);
                expected.extend(before);
                assert_eq!(served(&world), expected, "{first:?} {second:?}");

                // One goes and another comes.
                world.selected = ([41, 44].map(ProjectId).to_vec(), whole);
                let (plan, _) = settle(&mut world, &[second, first]);
                assert_eq!(plan, Some(Plan::Rest), "{first:?} {second:?} {world:#?}");
                if whole {
                    expected.remove(&43);
                }
                expected.insert(44);
                assert_eq!(served(&world), expected, "{first:?} {second:?}");
            }
        }
    }
}

/// Whatever the credential may not do, and whatever it does not see: the runner's own token is enough.
#[test]
fn a_runner_of_several_projects_goes_all_the_same() {
    for (credential, unseen) in [
        (Credential::Works, true),
        (Credential::CannotList, false),
        (Credential::CannotList, true),
    ] {
        for locked in [false, true] {
            for first in interruptions(7) {
                for second in interruptions(7) {
                    let gone = Desired::Gone(DeletionPolicy::Delete);
                    let mut world = of_projects(gone, credential, true, locked);
                    world.unseen = unseen;
                    let (plan, _) = settle(&mut world, &[first, second]);
                    assert_eq!(plan, Some(Plan::Rest), "{first:?} {second:?} {world:#?}");
                    assert_eq!(world.ours().count(), 0, "{first:?} {second:?} {world:#?}");
                }
            }
        }
    }
}

fn of_projects(desired: Desired, credential: Credential, there: bool, locked: bool) -> World {
    let start = Start {
        gitlab: InGitLab::Nothing,
        secret: if there {
            InSecret::Good
        } else {
            InSecret::Nothing
        },
        status: if there {
            InStatus::Full
        } else {
            InStatus::Wiped
        },
        credential,
        desired,
    };
    let mut world = start.world();
    world.scope = Some(Scope::Project(OWNER));
    world.status.scope = Some(resolved(Scope::Project(OWNER), URL));
    if there {
        let mut runner = runner();
        assert_eq!(runner.id, RUNNER);
        runner.locked = locked;
        runner.projects = Some(vec![project(OWNER.0), project(42)]);
        let (token, listed) = (1, world.now);
        world.gitlab.push(Made {
            runner,
            token,
            listed,
        });
    }
    world
}
