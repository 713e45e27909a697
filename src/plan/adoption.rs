//! Taking over a runner that is there: whether it may be, and what is remembered of it.
use super::{
    desired::Wanted,
    diff::{diff, possible},
    mark::Mark,
    observed::{Observed, SecretSighting},
    step::{Blocked, Plan, Step},
    takeover::{Adoption, Takeover, Unfit},
};
use crate::api::v1alpha1::{self, GitLabRunnerStatus, ResetToken};
use crate::gitlab::model::{Runner, RunnerId, Scope, Settings};

impl Wanted {
    /// Whether the operator makes no token for this runner, since it was taken over like that.
    pub(super) fn leaves_token_of(&self, id: RunnerId) -> bool {
        self.adopt
            .is_some_and(|adopt| adopt.runner == id && adopt.reset == ResetToken::Never)
    }
}

/// Why this object may not take a runner over that is there; `None` if it may. `lives` tells whether it
/// is at home where spec.scope says, as far as GitLab shows that.
pub fn judge(
    runner: &Runner,
    scope: Scope,
    lives: Option<bool>,
    uid: &str,
    takeover: Takeover<'_>,
) -> Option<Unfit> {
    if runner.runner_type != scope.runner_type() {
        return Some(Unfit::OtherType(serves(&runner.runner_type)));
    }
    match lives {
        Some(true) => {}
        Some(false) => return Some(Unfit::OtherPlace),
        None => return Some(Unfit::Untold),
    }
    if takeover.kept {
        return Some(Unfit::InUse);
    }
    // Releases before 16.10 show the note to nobody but GraphQL, and then the number is all there is.
    let other = Mark::of(runner).filter(|mark| mark.uid != uid)?;
    if takeover.living.contains(&other.uid) {
        return Some(Unfit::InUse);
    }
    (!takeover.force).then_some(Unfit::Marked)
}

/// What runners of a type serve.
fn serves(runner_type: &str) -> &'static str {
    match runner_type {
        "instance_type" => "the instance",
        "group_type" => "a group",
        _ => "projects",
    }
}

/// Whether a runner is at home in a place, as far as that is shown: `path` is that of the group.
pub fn lives_at(runner: &Runner, scope: Scope, path: Option<&str>) -> Option<bool> {
    match scope {
        Scope::Instance => Some(true),
        Scope::Group(_) => Some(runner.group_path()?.eq_ignore_ascii_case(path?)),
        Scope::Project(id) => {
            let projects = runner.projects.as_ref().filter(|all| !all.is_empty())?;
            Some(projects.iter().any(|project| project.id == id))
        }
    }
}

/// The step that takes the runner over, or why there is none. Only the mark is written with it: all
/// else is corrected like any difference, once the runner is this object's.
pub(super) fn adopt(adoption: &Adoption, seen: &Observed, mark: &Mark) -> Plan {
    match adoption {
        _ if seen.scope.is_none() => Plan::Hold(Blocked::ScopeUnknown),
        Adoption::Unfit(id, why) => Plan::Hold(Blocked::Unadoptable(*id, *why)),
        Adoption::Fits(runner) => {
            if let SecretSighting::Foreign(made_for) = &seen.secret {
                return Plan::Hold(Blocked::SecretConflict(made_for.clone()));
            }
            let edit = diff(runner, &Settings::default(), mark);
            let edit = edit.and_then(|edit| possible(runner, edit));
            Plan::Act(Step::Adopt(runner.id, edit.map(Box::new)))
        }
    }
}

/// Whether this object has taken that runner over.
pub fn adopted(status: Option<&GitLabRunnerStatus>, runner: RunnerId, uid: &str) -> bool {
    let adoption = status.and_then(|status| status.adoption.as_ref());
    adoption.is_some_and(|adoption| {
        u64::try_from(adoption.runner_id) == Ok(runner.0) && adoption.object_uid == uid
    })
}

/// What is remembered of an adoption. Once spec does not name it any more, only that there was one: it can
/// be asked for anew then, and the mark is taken off all the same where the runner is left behind.
pub(super) fn kept(
    previous: &GitLabRunnerStatus,
    want: Option<&Wanted>,
) -> Option<v1alpha1::Adoption> {
    let adoption = previous.adoption.clone()?;
    let Some(want) = want else {
        return Some(adoption);
    };
    let Some(adopt) = want.adopt else {
        return Some(v1alpha1::Adoption {
            object_uid: String::new(),
            ..adoption
        });
    };
    (u64::try_from(adoption.runner_id) == Ok(adopt.runner.0)).then_some(adoption)
}

/// Why a runner is not taken over, and what to do.
pub(super) fn unadoptable(id: RunnerId, why: Unfit, scope: &str) -> String {
    match why {
        Unfit::Missing => format!(
            "spec.adopt names runner {id}, and GitLab has none of that number, or none that the connection's credential may know of: correct adopt.runnerId, or take adopt out of spec to register a new runner"
        ),
        Unfit::OtherType(serves) => format!(
            "runner {id} serves {serves}, and spec.scope names {scope}: let spec.scope say where the runner is at home, or correct adopt.runnerId"
        ),
        Unfit::OtherPlace => format!(
            "runner {id} is not at home in {scope}, which spec.scope names: let spec.scope say where it is, or correct adopt.runnerId"
        ),
        Unfit::Untold => format!(
            "GitLab does not show the connection's credential where runner {id} is at home, so that it cannot be compared with spec.scope, {scope}: give the connection a credential that may read there, with read_api or api"
        ),
        Unfit::InUse => format!(
            "runner {id} is kept by another GitLabRunner, which is in this cluster: delete that one first, with deletionPolicy Orphan, and then set spec.adopt.force to true"
        ),
        Unfit::Marked => format!(
            "runner {id} carries the mark of another GitLabRunner, which is not among those that this operator sees: if nothing keeps the runner any more, as after a restore of this cluster or a move from another one, set spec.adopt.force to true"
        ),
        Unfit::Forbidden => format!(
            "the connection's credential may neither read nor change runners by their number, so that runner {id} cannot be taken over: give it manage_runner, or api"
        ),
    }
}

/// That the Secret holds no token of a runner that keeps its own.
pub(super) fn not_kept(secret: &str, id: RunnerId) -> String {
    format!(
        "Secret {secret} does not hold the token of runner {id}, and spec.adopt.resetToken is Never: its processes go on with the one that they have. Set it to IfMissing to have a new one made, which ends that one"
    )
}
