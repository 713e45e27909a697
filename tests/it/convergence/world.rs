//! A GitLab, a Kubernetes and a clock, small enough to be tried in every state.
use std::collections::BTreeMap;

use gitlab_runner_registrar::{
    api::v1alpha1::{GitLabRunnerStatus, OperationType},
    gitlab::model::{
        AccessLevel, NewRunner, Note, ProjectId, ProjectRef, Release, Runner, RunnerId, Scope,
        Settings,
    },
    plan::{Desired, Known, Mark, SecretSighting, StoredToken, TokenState},
};
use jiff::{SignedDuration, Timestamp};

use crate::decisions::given::{self, GROUP, URL, seconds};

/// How long a request may take, so an attempt is given twice this.
pub(super) const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);

/// A runner in GitLab. Its token is a number; a reset makes another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made {
    pub(super) runner: Runner,
    pub(super) token: u32,
    /// From when on lists show it.
    pub(super) listed: Timestamp,
}

/// A Secret. What we wrote as the token is remembered beside it, as the digest is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Secret {
    pub(super) ours: bool,
    pub(super) runner: Option<RunnerId>,
    pub(super) attempt: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) token: Option<u32>,
    pub(super) written: Option<u32>,
    pub(super) tidy: bool,
    pub(super) issued_at: Option<Timestamp>,
}

impl Secret {
    /// What it holds, by what status says of the token: see `secrets::inspect`.
    pub(super) fn kept(&self, status: &GitLabRunnerStatus) -> SecretSighting {
        if !self.ours {
            return SecretSighting::Foreign(None);
        }
        let digest = self.token.map(|token| token.to_string());
        let reset = status.operation.as_ref();
        let reset = reset.filter(|open| open.type_ == OperationType::ResetToken);
        let last = status.token.as_ref().and_then(|token| token.digest.clone());
        let proven = match reset {
            Some(reset) => self.operation.as_ref() == Some(&reset.id),
            None => last.is_none() || last == digest,
        };
        SecretSighting::Ours(StoredToken {
            runner: self.runner.map(|id| Known {
                id,
                gitlab_url: URL.to_owned(),
            }),
            attempt: self.attempt.clone(),
            operation: self.operation.clone(),
            token: match self.token {
                None => TokenState::Missing,
                token if token != self.written => TokenState::Edited,
                Some(_) if !proven => TokenState::Unproven,
                Some(_) => TokenState::Intact,
            },
            digest,
            tidy: self.tidy,
            issued_at: self.issued_at,
            expires_at: None,
            rotation_deadline: None,
        })
    }
}

/// What the credential allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Credential {
    Works,
    CannotList,
    /// It makes runners, and can do nothing else.
    OnlyRegisters,
    Gone,
}

/// What goes wrong in a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum How {
    /// The process dies instead of doing it.
    Killed,
    /// It is done, and the answer is lost.
    Lost,
    /// The answer is lost, and a registration is carried out after that.
    Late,
    /// It is refused.
    Refused,
}

/// How a pass is interrupted: after so many effects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interruption {
    pub(super) after: u32,
    pub(super) how: How,
}

/// What a registration came to, as far as the operator can know.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) at: Timestamp,
    /// The sign of its attempt.
    pub(super) attempt: String,
    /// Whether nothing more can come of it: it was surely in vain, or its runner was seen and removed.
    pub(super) void: bool,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) desired: Desired,
    pub(super) credential: Credential,
    /// What GitLab says of the path of the scope; `None` when it does not know it.
    pub(super) scope: Option<Scope>,
    pub(super) gitlab: Vec<Made>,
    pub(super) late: Vec<(Timestamp, NewRunner)>,
    /// How far lists lag behind.
    pub(super) lag: SignedDuration,
    pub(super) secrets: BTreeMap<String, Secret>,
    pub(super) status: GitLabRunnerStatus,
    pub(super) minted: u32,
    pub(super) posts: Vec<Post>,
    pub(super) writes: u32,
    pub(super) trouble: Option<Interruption>,
    /// Whether our runner has a further project that the credential does not see.
    pub(super) unseen: bool,
    /// What spec.projectSelector finds, if there is one, and whether that is all.
    pub(super) selected: (Vec<ProjectId>, bool),
    /// How long the jobs of a runner that goes are waited for, if they are, and until when it runs any.
    pub(super) drain: Option<&'static str>,
    pub(super) jobs_end: Timestamp,
    /// What the process remembers: that GitLab has refused a step about our runner.
    pub(super) refused: bool,
    /// What the process remembers: the last operation that it is done with.
    pub(super) ended: Option<String>,
    /// The value of the annotation that asks for a new token.
    pub(super) rotate_at: Option<String>,
    /// Whether GitLab shows the token of our runner in short.
    pub(super) shows_tokens: bool,
    /// The runner with which an earlier object has left a Secret that is not ours.
    pub(super) left_behind: Option<RunnerId>,
    /// Which GitLab it is.
    pub(super) release: Option<Release>,
    /// What the process remembers: the runner that it has removed.
    pub(super) removed: Option<RunnerId>,
}

impl World {
    pub(super) fn new(desired: Desired) -> Self {
        Self {
            now: given::now(),
            desired,
            credential: Credential::Works,
            scope: Some(GROUP),
            gitlab: Vec::new(),
            late: Vec::new(),
            lag: SignedDuration::ZERO,
            secrets: BTreeMap::new(),
            status: GitLabRunnerStatus::default(),
            minted: 100,
            posts: Vec::new(),
            writes: 0,
            trouble: None,
            unseen: false,
            selected: (Vec::new(), true),
            drain: None,
            jobs_end: given::now(),
            refused: false,
            ended: None,
            rotate_at: None,
            shows_tokens: false,
            left_behind: None,
            release: None,
            removed: None,
        }
    }

    /// Time goes by, and what was on its way arrives.
    pub(super) fn wait(&mut self, time: SignedDuration) {
        self.now += time;
        let now = self.now;
        let (due, late) = self.late.drain(..).partition(|(at, _)| *at <= now);
        self.late = late;
        for (at, new) in due {
            self.make(&new, at);
        }
    }

    pub(super) fn make(&mut self, new: &NewRunner, at: Timestamp) -> (RunnerId, u32) {
        let NewRunner {
            scope,
            settings,
            life: _,
        } = new;
        let token = self.mint();
        let id = RunnerId(u64::from(token));
        let owner = match scope {
            Scope::Project(owner) => Some(vec![ProjectRef {
                id: *owner,
                path: format!("p/{owner}"),
            }]),
            Scope::Instance | Scope::Group(_) => None,
        };
        let mut runner = Runner {
            id,
            description: String::new(),
            tags: [].into(),
            maintenance_note: Note::Shown(None),
            projects: owner,
            access_level: AccessLevel::NotProtected,
            online: None,
            contacted_at: None,
            ..given::runner()
        };
        set(&mut runner, settings);
        let listed = at + self.lag;
        self.gitlab.push(Made {
            runner,
            token,
            listed,
        });
        (id, token)
    }

    pub(super) fn mint(&mut self) -> u32 {
        self.minted += 1;
        self.minted
    }

    /// The runners that carry this object's mark.
    pub(super) fn ours(&self) -> impl Iterator<Item = &Made> {
        self.gitlab.iter().filter(|made| is_ours(&made.runner))
    }

    pub(super) fn find(&mut self, id: RunnerId) -> Option<&mut Made> {
        self.gitlab.iter_mut().find(|made| made.runner.id == id)
    }

    /// A registration may still bear fruit: none may follow it.
    pub(super) fn posting(&mut self, void: bool) {
        let grace = gitlab_runner_registrar::plan::GRACE_AT_LEAST.max(TIMEOUT * 2);
        for earlier in self.posts.iter().filter(|post| !post.void) {
            let age = self.now.duration_since(earlier.at);
            assert!(age >= grace, "posted again after {age:#}: {self:#?}");
        }
        self.posts.push(Post {
            at: self.now,
            attempt: self.mark().attempt,
            void,
        });
    }

    pub(super) fn after(&self, earlier: i64) -> Timestamp {
        self.now - seconds(earlier)
    }
}

pub(super) fn set(runner: &mut Runner, settings: &Settings) {
    let Settings {
        description,
        tags,
        run_untagged,
        paused,
        locked,
        access_level,
        maximum_timeout,
        maintenance_note,
    } = settings.clone();
    let now = &mut *runner;
    now.description = description.unwrap_or(std::mem::take(&mut now.description));
    now.tags = tags.unwrap_or(std::mem::take(&mut now.tags));
    now.run_untagged = run_untagged.unwrap_or(now.run_untagged);
    now.paused = paused.unwrap_or(now.paused);
    now.locked = locked.unwrap_or(now.locked);
    now.access_level = access_level.unwrap_or(now.access_level);
    now.maximum_timeout = maximum_timeout.unwrap_or(now.maximum_timeout);
    if maintenance_note.is_some() {
        now.maintenance_note = Note::Shown(maintenance_note);
    }
}

pub(super) fn is_ours(runner: &Runner) -> bool {
    mark_of(runner).is_some_and(|mark| mark.uid == given::mark().uid)
}

pub(super) fn mark_of(runner: &Runner) -> Option<Mark> {
    Mark::of(runner)
}
