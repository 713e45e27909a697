//! Values to start from: a runner that exists, with its token kept, of which nothing is managed.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, DriftPolicy},
    gitlab::model::{
        AccessLevel, GroupId, Insight, Note, ProjectId, ProjectRef, Runner, RunnerId, Scope,
        Settings,
    },
    plan::{
        Desired, FirstToken, Goodbye, Known, Mark, Naming, Observed, Rotation, SecretSighting,
        Sighting, StoredToken, TokenFacts, TokenState, Wanted, WantedSecret,
    },
};
use jiff::{SignedDuration, Timestamp};

pub(crate) const URL: &str = "https://gitlab.example.com";
pub(crate) const SECRET: &str = "token-secret";
pub(crate) const RUNNER: RunnerId = RunnerId(7);
pub(crate) const GROUP: Scope = Scope::Group(GroupId(30));
pub(crate) const OWNER: ProjectId = ProjectId(40);

pub(crate) fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

pub(crate) fn mark() -> Mark {
    Mark {
        cluster: "cluster".to_owned(),
        uid: "uid-1".to_owned(),
        attempt: "a1".to_owned(),
    }
}

/// What spec asks for when it manages nothing.
pub(crate) fn want() -> Wanted {
    Wanted {
        settings: Settings::default(),
        first_description: "space/name".to_owned(),
        projects: None,
        selector: None,
        secret: WantedSecret {
            name: SECRET.to_owned(),
            labels: [].into(),
            annotations: [].into(),
            config: None,
        },
        rotation: Rotation::default(),
        first_token: FirstToken::default(),
        pausing: None,
        drift: DriftPolicy::Correct,
        deletion: DeletionPolicy::Delete,
        adopt: None,
        registration_token: None,
    }
}

pub(crate) fn exists(change: impl FnOnce(&mut Wanted)) -> Desired {
    let mut want = want();
    change(&mut want);
    Desired::Exists(Box::new(want))
}

pub(crate) fn runner() -> Runner {
    Runner {
        id: RUNNER,
        runner_type: "group_type".to_owned(),
        description: "builder".to_owned(),
        tags: ["linux".to_owned()].into(),
        run_untagged: true,
        paused: false,
        locked: false,
        access_level: AccessLevel::NotProtected,
        maximum_timeout: Some(3600),
        maintenance_note: Note::Shown(Some(mark().sign("ask the builders"))),
        projects: None,
        group_url: Some(format!("{URL}/groups/platform")),
        online: Some(true),
        status: "online".to_owned(),
        contacted_at: Some("2026-03-01T11:59:30Z".parse().unwrap()),
        insight: Insight::default(),
    }
}

pub(crate) fn project(id: u64) -> ProjectRef {
    ProjectRef {
        id: ProjectId(id),
        path: format!("platform/project-{id}"),
    }
}

pub(crate) fn stored() -> StoredToken {
    StoredToken {
        runner: Some(known(RUNNER)),
        attempt: Some("a1".to_owned()),
        operation: None,
        token: TokenState::Intact,
        digest: Some("cbe3641e3515d713".to_owned()),
        tidy: true,
        issued_at: Some("2026-02-01T00:00:00Z".parse().unwrap()),
        expires_at: None,
        rotation_deadline: None,
    }
}

pub(crate) fn stored_with(change: impl FnOnce(&mut StoredToken)) -> StoredToken {
    let mut stored = stored();
    change(&mut stored);
    stored
}

pub(crate) fn known(id: RunnerId) -> Known {
    Known {
        id,
        gitlab_url: URL.to_owned(),
    }
}

pub(crate) fn seen() -> Observed {
    Observed {
        runner: Sighting::Present(runner()),
        twins: Vec::new(),
        predecessor: None,
        settles_at: None,
        scope: Some(GROUP),
        secret: SecretSighting::Ours(stored()),
        others: Vec::new(),
        token: TokenFacts::default(),
        under_way: None,
        projects: None,
        admin: false,
        can_assign: true,
        can_search: true,
        naming: Naming::Same,
        adoption: None,
        taken_over: false,
        release: None,
        community: false,
        changed: None,
        refused: false,
        answered: false,
        brake: None,
        goodbye: Goodbye::default(),
        refused_projects: Vec::new(),
    }
}

/// What was seen, but for what `change` says.
pub(crate) fn but(change: impl FnOnce(&mut Observed)) -> Observed {
    let mut seen = seen();
    change(&mut seen);
    seen
}

/// Nothing in GitLab and no Secret.
pub(crate) fn nothing(change: impl FnOnce(&mut Observed)) -> Observed {
    but(|seen| {
        seen.runner = Sighting::Absent;
        seen.secret = SecretSighting::Absent;
        change(seen);
    })
}

/// A project runner that is assigned to its owner and to these.
pub(crate) fn of_projects(further: &[u64], change: impl FnOnce(&mut Runner)) -> Observed {
    but(|seen| {
        let mut runner = Runner {
            runner_type: "project_type".to_owned(),
            projects: Some(
                [OWNER.0]
                    .iter()
                    .chain(further)
                    .map(|id| project(*id))
                    .collect(),
            ),
            ..runner()
        };
        change(&mut runner);
        seen.runner = Sighting::Present(runner);
        seen.scope = Some(Scope::Project(OWNER));
    })
}
