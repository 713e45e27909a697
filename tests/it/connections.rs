//! A connection that is wrong says so in one clear condition, asks GitLab seldom, and works within
//! twenty seconds of being mended.
mod credential;
mod fleet;
mod granular;
mod outages;
mod rotation;
mod strangers;
mod way;

use std::time::Duration;

use futures::future::join_all;
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{
    GitLab, Manifest, Story, condition, config_map, connection, runner, secret, shown, story,
    token, within,
};

/// How soon a connection works once it is mended, and its runner with it.
const SOON: Duration = Duration::from_secs(20);
/// For how long requests are counted.
const MINUTE: Duration = Duration::from_mins(1);

/// Whether GitLab is asked again before anything has changed on our side.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    /// A few times a minute: it may be mended there.
    Seldom,
    /// Not at all: it would be of no use, or even do harm.
    Never,
}

/// One connection, a GitLab of its own, and what is wrong with them.
struct Case {
    name: &'static str,
    reason: &'static str,
    /// A part of the message that names what is to be mended.
    names: &'static str,
    valid: &'static str,
    asked: Asked,
    gitlab: GitLab,
}

impl Case {
    async fn new(
        name: &'static str,
        reason: &'static str,
        names: &'static str,
        valid: &'static str,
        asked: Asked,
    ) -> Self {
        let gitlab = GitLab::start().await;
        Self {
            name,
            reason,
            names,
            valid,
            asked,
            gitlab,
        }
    }

    fn connection(&self) -> Manifest {
        connection(self.name, self.gitlab.url())
    }

    /// The credential's Secret.
    fn credential(&self, token: &str) -> Manifest {
        secret(&format!("{}-credential", self.name)).holding("pat", token)
    }

    /// Breaks it before anything is applied, and says what is applied then.
    fn broken(&self) -> Vec<Manifest> {
        let with = |token: &str| vec![self.credential(token), self.connection()];
        let does = |command: Value| self.gitlab.does(command);
        match self.name {
            "secretless" => vec![self.connection()],
            "keyless" => vec![
                secret("keyless-credential").holding("password", token::ADMIN),
                self.connection(),
            ],
            "unknown" => with(token::UNKNOWN),
            "narrow-minded" => with(token::READER),
            "expired" => {
                does(json!({ "do": "expire_token", "token": "admin" }));
                with(token::ADMIN)
            }
            "revoked" => {
                does(json!({ "do": "revoke_token", "token": "admin" }));
                with(token::ADMIN)
            }
            "blocked" => {
                does(json!({ "do": "set_user", "user": "mia", "state": "blocked" }));
                with(token::MIA)
            }
            "unreachable" => vec![
                self.credential(token::ADMIN),
                // Nothing ever listens on the discard port of a loopback address.
                connection(self.name, "http://127.0.0.1:9"),
            ],
            "bundleless" => vec![
                self.credential(token::ADMIN),
                self.connection().with(
                    "caBundleConfigMapRef",
                    json!({ "name": "authority", "key": "ca" }),
                ),
            ],
            "page" => {
                self.gitlab
                    .misbehaves(Rule::always(Fault::Proxy { status: 200 }));
                with(token::ADMIN)
            }
            "failing" => {
                self.gitlab.misbehaves(Rule::always(Fault::reply(
                    500,
                    json!({ "message": "500 Internal Server Error" }),
                )));
                with(token::ADMIN)
            }
            "hanging" => {
                self.gitlab.misbehaves(Rule::always(Fault::Hang));
                vec![
                    self.credential(token::ADMIN),
                    self.connection().with("timeout", "1s"),
                ]
            }
            other => panic!("no such case: {other}"),
        }
    }

    /// Mends it where it is broken.
    async fn mended(&self, story: &Story<'_>) {
        match self.name {
            "blocked" => {
                self.gitlab
                    .does(json!({ "do": "set_user", "user": "mia", "state": "active" }));
                self.gitlab
                    .does(json!({ "do": "set_user", "user": "mia", "admin": true }));
            }
            "page" | "failing" | "hanging" => self.gitlab.recovers(),
            "unreachable" => story.apply(&self.connection()).await,
            "bundleless" => {
                story
                    .apply(&config_map("authority").holding("ca", CERTIFICATE))
                    .await;
            }
            _ => story.apply(&self.credential(token::SPARE)).await,
        }
    }

    fn runner(&self) -> Manifest {
        runner(&format!("of-{}", self.name)).through(self.name)
    }

    /// Says what is wrong, on the connection and on its runner.
    async fn says_so(&self, story: &Story<'_>) {
        let connection = story
            .connection_says(self.name, "Ready", "False", self.reason)
            .await;
        let ready = condition(&connection, "Ready").unwrap();
        assert!(
            ready.message.contains(self.names),
            "{}: {}",
            self.name,
            ready.message
        );
        let valid = condition(&connection, "CredentialsValid").unwrap();
        assert_eq!(valid.status, self.valid, "{}", shown(&connection));
        let told = story
            .is_not_ready(self.runner().name(), "ConnectionNotReady")
            .await;
        assert!(told.contains(&ready.message), "{told}");
    }

    async fn works_soon(&self, story: &Story<'_>) {
        // Nothing tells that GitLab was mended, and it is asked about once a minute in the end.
        let soon = match self.name {
            "blocked" | "page" | "failing" | "hanging" => MINUTE + SOON * 2,
            _ => SOON,
        };
        within(
            soon,
            &format!("{} works again, and its runner", self.name),
            async || {
                let connection: Option<GitLabConnection> = story.get(self.name).await;
                let runner: Option<GitLabRunner> = story.get(self.runner().name()).await;
                let fine = "True".to_owned();
                let ready = [condition(&connection, "Ready"), condition(&runner, "Ready")];
                if ready
                    .iter()
                    .all(|ready| ready.as_ref().is_some_and(|ready| ready.status == fine))
                {
                    Ok(())
                } else {
                    Err(format!("{}\n{}", shown(&connection), shown(&runner)))
                }
            },
        )
        .await;
    }
}

/// A certificate that is well formed, and that nobody uses.
const CERTIFICATE: &str = include_str!("connections/authority.pem");

async fn cases() -> Vec<Case> {
    use Asked::{Never, Seldom};
    let rows = [
        (
            "secretless",
            "SecretNotFound",
            "secretless-credential",
            "False",
            Never,
        ),
        (
            "keyless",
            "SecretKeyMissing",
            "has no key pat; its keys are: password",
            "False",
            Never,
        ),
        (
            "unknown",
            "CredentialInvalid",
            "the token in Secret unknown-credential in namespace connections-wrong, key pat is not known",
            "False",
            Never,
        ),
        ("narrow-minded", "ScopeTooSmall", "read_api", "False", Never),
        ("expired", "CredentialExpired", "expired", "False", Never),
        ("revoked", "CredentialRevoked", "revoked", "False", Never),
        ("blocked", "CredentialForbidden", "blocked", "False", Seldom),
        (
            "unreachable",
            "Unreachable",
            "could not reach GitLab",
            "Unknown",
            Never,
        ),
        (
            "bundleless",
            "CaBundleNotFound",
            "authority",
            "Unknown",
            Never,
        ),
        (
            "page",
            "NotGitLab",
            "is not GitLab's API",
            "Unknown",
            Seldom,
        ),
        ("failing", "Unreachable", "500", "Unknown", Seldom),
        (
            "hanging",
            "Unreachable",
            "lost GitLab's answer",
            "Unknown",
            Seldom,
        ),
    ];
    join_all(
        rows.map(|(name, reason, names, valid, asked)| {
            Case::new(name, reason, names, valid, asked)
        }),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_in_each_way_it_says_so_asks_seldom_and_recovers_soon() {
    story("connections-wrong")
        .tell(async |story| {
            let story: &Story<'_> = story;
            let cases = cases().await;
            for case in &cases {
                for manifest in case.broken() {
                    story.apply(&manifest).await;
                }
                story.apply(&case.runner()).await;
            }
            join_all(cases.iter().map(|case| case.says_so(story))).await;
            for case in &cases {
                case.gitlab.clear_requests();
            }
            let since = Instant::now();
            within(MINUTE * 2, "a minute has passed", async || {
                match since.elapsed() {
                    passed if passed >= MINUTE => Ok(()),
                    passed => Err(format!("{passed:?}")),
                }
            })
            .await;
            for case in &cases {
                let asked = case.gitlab.requests().len();
                let fine = match case.asked {
                    Asked::Never => asked == 0,
                    Asked::Seldom => (1..=12).contains(&asked),
                };
                assert!(
                    fine,
                    "{} requests of {}: {:#?}",
                    asked,
                    case.name,
                    case.gitlab.asked()
                );
            }
            join_all(cases.iter().map(|case| async {
                case.mended(story).await;
                case.works_soon(story).await;
            }))
            .await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_missing_is_waited_for() {
    story("connections-missing")
        .tell(async |story| {
            story.apply(&runner("early").through("late")).await;
            let told = story.is_not_ready("early", "ConnectionNotFound").await;
            assert!(told.contains("GitLabConnection late"), "{told}");
            assert!(story.gitlab.asked().is_empty());
            story.connects("late", token::ADMIN).await;
            within(SOON, "the runner is registered", async || {
                let runners = story.gitlab.runners();
                if runners.len() == 1 {
                    Ok(())
                } else {
                    Err(format!("{runners:?}"))
                }
            })
            .await;
            story.is_ready("early").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_do_not_travel_in_the_clear_nor_to_strangers() {
    story("connections-tls")
        .refusing_http()
        .tell(async |story| {
            let trusted = GitLab::with_tls().await;
            let authority = trusted.ca_pem().unwrap().to_owned();
            story
                .apply(&secret("plain-credential").holding("pat", token::ADMIN))
                .await;
            story.apply(&connection("plain", story.gitlab.url())).await;
            story
                .connection_says("plain", "Ready", "False", "InsecureUrl")
                .await;
            assert!(
                story.gitlab.asked().is_empty(),
                "not one request in the clear"
            );
            for name in ["by-secret", "by-config-map"] {
                let credential = format!("{name}-credential");
                story
                    .apply(&secret(&credential).holding("pat", token::ADMIN))
                    .await;
                story.apply(&connection(name, trusted.url())).await;
                let failed = story
                    .connection_says(name, "Ready", "False", "TlsFailed")
                    .await;
                let told = condition(&failed, "Ready").unwrap().message;
                assert!(told.contains(trusted.url()), "{told}");
                let advice =
                    "name it in the connection's caBundleSecretRef or caBundleConfigMapRef";
                assert!(told.contains(advice), "{told}");
                assert_eq!(told.matches("UnknownIssuer").count(), 1, "{told}");
            }
            assert!(trusted.asked().is_empty(), "no token to a stranger");
            let bundle = json!({ "name": "authority", "key": "ca.crt" });
            story
                .apply(&secret("authority").holding("ca.crt", &authority))
                .await;
            story
                .apply(&config_map("authority").holding("ca.crt", &authority))
                .await;
            let by_secret = connection("by-secret", trusted.url());
            story
                .apply(&by_secret.with("caBundleSecretRef", bundle.clone()))
                .await;
            let by_config_map = connection("by-config-map", trusted.url());
            story
                .apply(&by_config_map.with("caBundleConfigMapRef", bundle))
                .await;
            story.is_connected("by-secret").await;
            story.is_connected("by-config-map").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_credential_is_and_opens_is_shown() {
    story("connections-scopes")
        .tell(async |story| {
            let all = ["register", "manage", "assign", "list", "graphql", "rotate"];
            let rows = [
                ("wide", token::ADMIN, all.as_slice(), Some(true), true),
                ("small", token::NARROW, &["register", "manage"], None, false),
            ];
            for (name, credential, can, admin, knows_version) in rows {
                story.connects(name, credential).await;
                let status = story.is_connected(name).await.status.unwrap();
                assert_eq!(status.can, can, "{name}");
                assert_eq!(status.credential.unwrap().admin, admin, "{name}");
                assert_eq!(status.gitlab.is_some(), knows_version, "{name}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_refused_under_way_is_not_tried_by_others() {
    story("connections-401")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for name in ["one", "two", "three"] {
                story.apply(&runner(name)).await;
                story.is_ready(name).await;
            }
            story
                .gitlab
                .does(json!({ "do": "revoke_token", "token": "admin" }));
            story.apply(&runner("one").tagged(["changed"])).await;
            story
                .connection_says("gitlab", "Ready", "False", "CredentialRevoked")
                .await;
            story.is_not_ready("one", "ConnectionNotReady").await;
            story.gitlab.clear_requests();
            for name in ["two", "three"] {
                story.apply(&runner(name).tagged(["changed"])).await;
                story.is_not_ready(name, "ConnectionNotReady").await;
            }
            assert_eq!(story.gitlab.asked(), [""; 0]);
            story
                .apply(&secret("gitlab-credential").holding("pat", token::SPARE))
                .await;
            for name in ["one", "two", "three"] {
                let tags = story
                    .is_ready(name)
                    .await
                    .status
                    .unwrap()
                    .runner
                    .unwrap()
                    .tags;
                assert_eq!(tags, ["changed"]);
            }
        })
        .await;
}

/// How often the connections were looked at, whatever came of it.
async fn looks(story: &Story<'_>) -> f64 {
    let metrics = story.operator().metrics().await;
    let counts = metrics.lines().filter_map(|line| {
        let (name, count) = line.rsplit_once(' ')?;
        let ours = name.starts_with("controller_runtime_reconcile_total")
            && name.contains("\"gitlabconnection\"");
        ours.then(|| count.parse::<f64>().ok()).flatten()
    });
    counts.sum()
}
