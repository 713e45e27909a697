//! What can be decided: a step, to wait, or to rest.
use jiff::Timestamp;
use strum::IntoStaticStr;

use super::goodbye::Draining;
use super::lack::Lack;
use super::losses::Brake;
use super::observed::{Doubt, Known};
use super::takeover::Unfit;
use crate::gitlab::model::{NewRunner, ProjectId, RunnerId, Settings};

/// The next thing to do about one `GitLabRunner`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One write, after which we look again.
    Act(Step),
    /// Nothing we do can help; wait for the world to change.
    Hold(Blocked),
    /// All is as asked, or as far as the policy lets us go.
    Rest,
}

/// One write to the outside, with everything it needs.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// Record the attempt, create the runner, then keep its token.
    Register(Box<NewRunner>),
    /// Take a runner over that is there: write the mark, if that can be, and record its number.
    Adopt(RunnerId, Option<Box<Settings>>),
    /// Remove the runner, whose token is lost and cannot be replaced, so that another can be registered.
    Discard(RunnerId, ResetReason),
    /// Replace the token, then keep the new one.
    ResetToken(RunnerId, ResetReason),
    /// Put the Secret right with the token that we still have, at the name that spec asks for.
    RepairSecret(RunnerId),
    /// Delete our Secret of this name, whose token has moved.
    DeleteSecret(String),
    /// Change the settings that differ.
    Edit(RunnerId, Box<Settings>),
    /// Assign the runner to a further project.
    Assign(RunnerId, ProjectId),
    /// Unassign the runner from a project.
    Unassign(RunnerId, ProjectId),
    /// Remove the runner.
    Unregister(RunnerId),
    /// Remove the runner by its own token, since no credential can be used or none is enough.
    UnregisterByToken(RunnerId),
    /// Leave the Secret behind when the object goes.
    ReleaseSecret,
}

impl Step {
    /// The names of those that change anything in GitLab.
    pub const IN_GITLAB: [&str; 9] = [
        "register",
        "adopt",
        "discard",
        "reset_token",
        "edit",
        "assign",
        "unassign",
        "unregister",
        "unregister_by_token",
    ];

    /// Whether it changes anything in GitLab, and not only in Kubernetes.
    pub fn is_in_gitlab(&self) -> bool {
        !matches!(
            self,
            Self::RepairSecret(_) | Self::DeleteSecret(_) | Self::ReleaseSecret
        )
    }

    /// The runner that it is about, if there is one yet.
    pub fn runner(&self) -> Option<RunnerId> {
        match self {
            Self::Adopt(id, _)
            | Self::Discard(id, _)
            | Self::ResetToken(id, _)
            | Self::RepairSecret(id)
            | Self::Edit(id, _)
            | Self::Assign(id, _)
            | Self::Unassign(id, _)
            | Self::Unregister(id)
            | Self::UnregisterByToken(id) => Some(*id),
            Self::Register(_) | Self::DeleteSecret(_) | Self::ReleaseSecret => None,
        }
    }

    /// The further project that it is about, if it is about one.
    pub fn project(&self) -> Option<ProjectId> {
        match self {
            Self::Assign(_, project) | Self::Unassign(_, project) => Some(*project),
            Self::Register(_)
            | Self::Adopt(..)
            | Self::Discard(..)
            | Self::ResetToken(..)
            | Self::RepairSecret(_)
            | Self::DeleteSecret(_)
            | Self::Edit(..)
            | Self::Unregister(_)
            | Self::UnregisterByToken(_)
            | Self::ReleaseSecret => None,
        }
    }

    /// Whether it is the same, whenever it is taken: from that time the end of a first token is counted.
    pub fn is_alike(&self, other: &Self) -> bool {
        let (Self::Register(one), Self::Register(other)) = (self, other) else {
            return self == other;
        };
        let lives = one.life.is_some() == other.life.is_some();
        lives && (one.scope, &one.settings) == (other.scope, &other.settings)
    }

    /// What it has done, for a log line.
    pub fn done(&self) -> &'static str {
        match self {
            Self::Register(_) => "registered runner",
            Self::Adopt(..) => "took runner over",
            Self::Discard(..) => "removed runner whose token was lost",
            Self::ResetToken(..) => "replaced the runner's token",
            Self::RepairSecret(_) => "wrote the Secret of the runner's token",
            Self::DeleteSecret(_) => "deleted a Secret that the token has left",
            Self::Edit(..) => "changed runner",
            Self::Assign(..) => "assigned runner to a project",
            Self::Unassign(..) => "unassigned runner from a project",
            Self::Unregister(_) => "removed runner",
            Self::UnregisterByToken(_) => "removed runner by its own token",
            Self::ReleaseSecret => "left the Secret of the runner's token behind",
        }
    }

    /// Its name, for labels and log lines.
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

/// Why a token must be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// We hold none.
    Missing,
    /// The one we hold was changed by somebody else.
    Edited,
    /// The one we hold belongs to another runner.
    Foreign,
    /// The one we hold is not known to be the last that GitLab gave.
    Unproven,
    /// GitLab no longer accepts the one we hold.
    Expired,
    /// Somebody else has had GitLab make another one.
    Superseded,
    /// It is time for another one.
    Due,
    /// Somebody has asked for another one.
    Requested,
}

impl ResetReason {
    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Missing => "the Secret held none",
            Self::Edited => "the one in the Secret was changed",
            Self::Foreign => "the one in the Secret was another runner's",
            Self::Unproven => "the one in the Secret was not known to be the last that GitLab gave",
            Self::Expired => "the one in the Secret had expired",
            Self::Superseded => "somebody else had had the one in the Secret replaced",
            Self::Due => "it was due, as spec.tokenRotation and its end say",
            Self::Requested => "the annotation gitlab-registrar.dev/rotate-at asked for it",
        }
    }

    /// Whether the token that is replaced was as it should be.
    pub fn is_rotation(self) -> bool {
        matches!(self, Self::Due | Self::Requested)
    }
}

/// What cannot be done to a runner that the credential may not reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Its settings are to be changed.
    Settings,
    /// Its token is lost.
    Token,
    /// Its token is due, or somebody asks for another.
    Rotation,
    /// It is to serve further projects.
    Projects,
    /// It is to be paused by the clock.
    Pausing,
}

/// The further projects that nothing can be done about now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unassignable {
    /// Those that GitLab does not know, in the words of spec.
    pub unknown: Vec<String>,
    /// Why those that are selected are not known.
    pub unlisted: Vec<String>,
    /// Those that GitLab has refused, in the words of spec or else by their paths, each with
    /// GitLab's.
    pub refused: Vec<(String, String)>,
}

/// Why we wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// We could not tell whether the runner exists.
    Unclear(Doubt),
    /// An attempt to register may still bear fruit until then.
    Settling(Timestamp),
    /// The path of the scope is not known to GitLab.
    ScopeUnknown,
    /// spec.scope names another place than the runner lives in.
    ScopeElsewhere {
        /// What spec names.
        named: String,
        /// Where the runner lives.
        lives: String,
    },
    /// The credential may only register runners, and something is to be done to the one that it has made.
    OutOfReach(RunnerId, Undone),
    /// GitLab of this release cannot do what spec asks for.
    Unsupported(Lack),
    /// The runner that spec says to take over cannot be.
    Unadoptable(RunnerId, Unfit),
    /// A reset of the token that somebody else has begun may come to its end until then.
    UnderWay(Timestamp),
    /// A Secret of that name is not ours; it may have been made for this runner.
    SecretConflict(Option<Known>),
    /// No config.toml can be made from the template of spec, for this reason.
    Template(String),
    /// Some further projects are not as wanted, and all that can be done about them is done.
    Projects(Unassignable),
    /// The runner is to go, and its jobs are waited for.
    Draining(Draining),
    /// The runner cannot be removed: no credential works, and its own token is not to be had. It is left
    /// behind at that time, if that is asked for.
    Undeletable(Option<Timestamp>),
    /// Too many of the connection's runners are lost at once.
    Brake(Brake),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::model::Scope;

    #[test]
    fn the_names_of_the_steps_in_gitlab_are_all_of_them() {
        let (runner, project) = (RunnerId(1), ProjectId(2));
        let new = NewRunner {
            scope: Scope::Instance,
            settings: Settings::default(),
            life: None,
        };
        let steps = [
            Step::Register(Box::new(new)),
            Step::Adopt(runner, None),
            Step::Discard(runner, ResetReason::Missing),
            Step::ResetToken(runner, ResetReason::Missing),
            Step::RepairSecret(runner),
            Step::DeleteSecret(String::new()),
            Step::Edit(runner, Box::default()),
            Step::Assign(runner, project),
            Step::Unassign(runner, project),
            Step::Unregister(runner),
            Step::UnregisterByToken(runner),
            Step::ReleaseSecret,
        ];
        let there = steps.iter().filter(|step| step.is_in_gitlab());
        let names: Vec<&str> = there.map(Step::name).collect();
        assert_eq!(names, Step::IN_GITLAB);
    }
}
