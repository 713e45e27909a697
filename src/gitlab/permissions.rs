//! What each feature needs of the credential: a fine-grained token's permission and where it must
//! hold, and a classic token's scope (contract §1.2, §8.1).

/// What a feature needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What the operator does with it.
    pub feature: &'static str,
    /// The calls, as method and endpoint.
    pub calls: &'static [(&'static str, &'static str)],
    /// The permission, as GitLab names it in a refusal.
    pub permission: &'static str,
    /// Where a fine-grained token must hold it.
    pub boundary: &'static str,
    /// The classic scopes of which one is enough.
    pub scopes: &'static [&'static str],
    /// What happens without it.
    pub without: &'static str,
}

const HOME: &str = "where the runner is at home: the instance, its group, its owner project";

/// Every feature.
pub const PERMISSIONS: &[Permission] = &[
    Permission {
        feature: "Tell the token's name, scopes and end",
        calls: &[("GET", "/personal_access_tokens/self")],
        permission: "Personal Access Token: Read",
        boundary: "user",
        scopes: &["any"],
        without: "its end is not told in time",
    },
    Permission {
        feature: "Replace the token before its end, with spec.credentialRotation",
        calls: &[("POST", "/personal_access_tokens/self/rotate")],
        permission: "Personal Access Token: Rotate",
        boundary: "user",
        scopes: &["api", "self_rotate"],
        without: "a person replaces the token",
    },
    Permission {
        feature: "Show GitLab's version",
        calls: &[("GET", "/metadata"), ("GET", "/version")],
        permission: "Metadata: Read",
        boundary: "instance",
        scopes: &["api", "read_api", "read_user"],
        without: "the version is not shown",
    },
    Permission {
        feature: "Know an administrator's token",
        calls: &[("GET", "/user")],
        permission: "User: Read",
        boundary: "user",
        scopes: &["api", "read_api", "read_user"],
        without: "the token counts as no administrator's",
    },
    Permission {
        feature: "Look up the path of a group",
        calls: &[("GET", "/groups/:id")],
        permission: "Group: Read",
        boundary: "that group",
        scopes: &["api", "read_api"],
        without: "write spec.scope.group.id",
    },
    Permission {
        feature: "Look up the path of a project",
        calls: &[("GET", "/projects/:id")],
        permission: "Project: Read",
        boundary: "that project",
        scopes: &["api", "read_api"],
        without: "write the id instead of the path",
    },
    Permission {
        feature: "Select projects of a group, with spec.projectSelector",
        calls: &[("GET", "/groups/:id/projects")],
        permission: "Project: Read",
        boundary: "that group",
        scopes: &["api", "read_api"],
        without: "spec.projectSelector is not followed",
    },
    Permission {
        feature: "Register a runner",
        calls: &[("POST", "/user/runners")],
        permission: "Runner: Create",
        boundary: "user, whatever the scope",
        scopes: &["api", "create_runner"],
        without: "nothing is registered",
    },
    Permission {
        feature: "Make a new registration token",
        calls: &[
            ("POST", "/runners/reset_registration_token"),
            ("POST", "/groups/:id/runners/reset_registration_token"),
            ("POST", "/projects/:id/runners/reset_registration_token"),
        ],
        permission: "Runner Registration Token: Reset",
        boundary: "the instance, that group, that project",
        scopes: &["api"],
        without: "copy the registration token from GitLab's page of runners",
    },
    Permission {
        feature: "Read a runner",
        calls: &[("GET", "/runners/:id")],
        permission: "Runner: Read",
        boundary: HOME,
        scopes: &["api", "read_api", "manage_runner"],
        without: "nothing is kept as declared",
    },
    Permission {
        feature: "Sweep many runners at once, with their processes and whether their tokens are still the same; read a runner's mark, before GitLab 16.10, and its owner project",
        calls: &[("POST", "/graphql")],
        permission: "Runner: Read",
        boundary: HOME,
        scopes: &["api", "read_api"],
        without: "each runner is read by itself, processes are not told of, and a token that somebody else has replaced is not noticed; before 16.10 a runner whose registration was not answered is not found",
    },
    Permission {
        feature: "Change or take over a runner, replace its token",
        calls: &[
            ("PUT", "/runners/:id"),
            ("POST", "/runners/:id/reset_authentication_token"),
        ],
        permission: "Runner: Update",
        boundary: HOME,
        scopes: &["api", "manage_runner"],
        without: "drift is not corrected, no runner is taken over, and a lost token not replaced",
    },
    Permission {
        feature: "Wait for a runner's jobs before it is removed, with spec.drain",
        calls: &[("GET", "/runners/:id/jobs")],
        permission: "Runner: Read",
        boundary: HOME,
        scopes: &["api", "read_api", "manage_runner"],
        without: "the runner is removed when spec.drain.timeout is over",
    },
    Permission {
        feature: "Remove a runner",
        calls: &[("DELETE", "/runners/:id")],
        permission: "Runner: Delete",
        boundary: HOME,
        scopes: &["api", "manage_runner"],
        without: "it is removed by its own token, if the Secret holds that",
    },
    Permission {
        feature: "Find a runner whose registration was not answered; look before registering",
        calls: &[
            ("GET", "/runners/all"),
            ("GET", "/groups/:id/runners"),
            ("GET", "/projects/:id/runners"),
        ],
        permission: "Runner: Read",
        boundary: "the instance, that group, that project",
        scopes: &["api", "read_api"],
        without: "a person must look for it",
    },
    Permission {
        feature: "Import the runners that the token's owner may administer: `registrar import --owned`",
        calls: &[("GET", "/runners")],
        permission: "Runner: Read",
        boundary: "user",
        scopes: &["api", "read_api"],
        without: "import by group or project",
    },
    Permission {
        feature: "Assign further projects, with spec.projects or spec.projectSelector",
        calls: &[
            ("POST", "/projects/:id/runners"),
            ("DELETE", "/projects/:id/runners/:runner_id"),
        ],
        permission: "Runner: Assign",
        boundary: "each of those projects",
        scopes: &["api"],
        without: "neither spec.projects nor spec.projectSelector is followed",
    },
];
