//! A project runner, its further projects and its lock.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, Target},
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
