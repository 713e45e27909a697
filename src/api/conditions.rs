//! The closed lists of condition types and reasons, and the merge that keeps transition times.
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::list::{closed_list, words};

/// The longest message of a condition, in characters: enough for GitLab's 512 and our sentence.
const LONGEST_MESSAGE: usize = 1024;

words! {
    /// What a condition is about.
    pub enum ConditionType:

    /// The summary: the operator has done all that it is asked to do. What that was is in the
    /// reason: with Suspended and Drifted GitLab need not be as declared.
    Ready,
    /// The operator is still at work on the last change. Present only while true.
    Reconciling,
    /// The operator cannot go on until somebody changes the object, its connection or GitLab. Present
    /// only while true, and never for what mends itself when another object appears.
    Stalled,
    /// The runner exists in GitLab.
    Registered,
    /// The Secret holds the runner's token.
    TokenReady,
    /// The runner's settings are as declared.
    Synced,
    /// The runner is assigned to just the declared projects. Project scope only.
    ProjectsAssigned,
    /// Runner processes use the token that the Secret holds. Ready does not depend on it. Unknown until one
    /// has called, or ten minutes have passed since the token was stored.
    Online,
    /// GitLab accepts the connection's credential, and its scopes are enough to register.
    CredentialsValid,
    /// The credential expires within seven days. Present only while true. With spec.credentialRotation it
    /// is there as long as it is known when the token ends: false while the operator replaces the credential in
    /// time, true when it cannot.
    CredentialsExpiring,
    /// The connection works, and what GitLab tells of its runners is not believed. Present only while
    /// true. Ready stays as it is: it tells of the way to GitLab, and runners that are there can still be
    /// deleted.
    Degraded,
}

words! {
    /// A condition's value.
    pub enum Truth:

    /// It is so.
    True,
    /// It is not so.
    False,
    /// Not known now.
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

closed_list! {
    /// Why a condition has its value.
    pub enum Reason:

    /// All is as declared.
    Succeeded => "Nothing.",
    /// The operator has seen the object and not come to an end with it yet.
    Pending => "Wait. If it stays, see whether the operator still runs, and read its log; if it waits for its turn, spec.requestsPerMinute of the connection may be too small.",
    /// The operator is at work on it.
    Progressing => "Wait.",
    /// spec.suspend is true, so GitLab is not asked. Ready is True, since nothing is to be waited for; whether there is a runner is told by Registered and `TokenReady`.
    Suspended => "Set spec.suspend to false to go on.",
    /// spec says something that cannot be done, and why is in the message.
    InvalidSpec => "Correct spec as the message says.",
    /// No connection of that kind and name.
    ConnectionNotFound => "Create the connection, or correct spec.connectionRef. A ClusterGitLabConnection needs an operator that watches all namespaces.",
    /// The `ClusterGitLabConnection` does not allow this namespace.
    ConnectionNotAllowed => "Add the namespace to the connection's spec.allowedNamespaces.",
    /// The connection itself is not Ready.
    ConnectionNotReady => "Read the connection's conditions.",
    /// The path of spec.scope is no group or project that the credential can see.
    ScopeNotFound => "Correct the path, or let the credential's owner see it.",
    /// The credential may not look up paths.
    ScopeUnreadable => "Write the id instead of the path, or give the credential read_api or api.",
    /// spec.scope names another group or project than the runner lives in, and nothing is written.
    ScopeChanged => "Name the group or project of the message again, by path or id, or make a new GitLabRunner: GitLab cannot move a runner.",
    /// It is not known whether the last attempt to register made a runner.
    RegistrationUnclear => "Wait: it is looked for, and registered anew when it is surely not there. If the message says that the credential cannot search, give it read_api or api.",
    /// A Secret of that name exists and is not the operator's.
    SecretConflict => "Choose another spec.tokenSecret.name, or delete that Secret.",
    /// GitLab says that there is no runner of the recorded number. Before another is registered it is asked a second time, some time later.
    RunnerMissing => "Wait, and find out who removed the runner. If nobody did, look at what answers in GitLab's place.",
    /// The runner of the recorded number does not carry this object's mark: GitLab was restored from a backup, somebody has edited the note or the Secret, or the connection's url has changed. It is neither changed nor removed.
    RunnerForeign => "If it is this object's runner, put the mark back at the end of its maintenance note. If not, point the connection back, or set spec.deletionPolicy to Orphan to leave that runner alone and register a new one. If only the Secret was edited, delete it.",
    /// The Secret or the key with the registration token is not there, or what it holds can be none.
    RegistrationTokenMissing => "Create the Secret that spec.registration.tokenSecretRef names, in the runner's namespace, with the token of the instance, group or project.",
    /// GitLab does not know the registration token. It says the same of one of a kind that an administrator has switched off.
    RegistrationTokenInvalid => "Put the present registration token into the Secret, as GitLab shows it on the page of runners.",
    /// Registration by token is switched off in GitLab, for the instance or for the top-level group, whatever the token.
    RegistrationDisallowed => "Set spec.registration.method to User, or let an administrator allow registration tokens.",
    /// The connection's credential may register runners and look at none: the runner was registered as declared, and whether it still is so is not known. Ready is True as long as nothing is to be done that takes more.
    NotVisible => "Nothing; or give the connection a credential with manage_runner, or with api, so that changes, differences and lost tokens can be dealt with.",
    /// The runner that spec.adopt names cannot be taken over, and why is in the message. It is left alone, and none is registered in its place.
    AdoptionRefused => "Do what the message says, or take adopt out of spec to register a new runner.",
    /// The Secret does not hold the token of the runner that was taken over, and spec.adopt.resetToken is Never. Ready is True, since the runner's processes have the token.
    TokenNotKept => "Nothing, if the runner's processes have their token. Else set spec.adopt.resetToken to IfMissing: a new token is made, and the one before ends.",
    /// GitLab differs from spec, and spec.driftPolicy is Report. Ready is True, since that is all that was asked for; Synced or `ProjectsAssigned` is False.
    Drifted => "Change spec or GitLab, or set spec.driftPolicy to Correct. The differences are in status.drift.",
    /// spec.tokenSecret.configTemplate makes no config.toml that gitlab-runner takes. The last one that it has made stays in the Secret, with the runner's token.
    TemplateInvalid => "Correct the template as the message says, or leave configTemplate out for the operator's own.",
    /// The token in the Secret has ended, and spec.tokenRotation.owner is Runner, which leaves it to the runner processes to renew it. Ready is True, since nothing is to be done; `TokenReady` is False.
    RenewedByRunner => "Nothing, if the runner processes have another token. If not, or to have the Secret hold one that works, set spec.tokenRotation.owner to Operator, or ask for a new token by the annotation gitlab-registrar.dev/rotate-at.",
    /// GitLab of this version cannot do what spec asks for, and what is in the message.
    Unsupported => "Do what the message says, or upgrade GitLab.",
    /// A project of spec.projects cannot be seen by the credential.
    ProjectNotFound => "Correct the path or id in spec.projects, or let the credential's owner see the project.",
    /// The projects of spec.projectSelector could not be listed. None is unassigned meanwhile.
    ProjectsUnlisted => "Correct spec.projectSelector.group, or let the credential's owner see the group; a fine-grained token needs Project: Read for it.",
    /// GitLab refused to assign or unassign a project.
    ProjectRefused => "Do what GitLab's sentence in the message asks for.",
    /// GitLab refused the request, with its sentence in the message.
    GitLabRefused => "Do what GitLab's sentence asks for. It is tried again when the object or its connection changes (an annotation will do), and slowly by itself.",
    /// The fine-grained token lacks a permission, which the message names; or the token is a classic one, and fine-grained ones are enforced there.
    PermissionMissing => "Make a fine-grained token with that permission, and put it into the connection's Secret; docs/permissions.md lists all that are needed.",
    /// GitLab could not be reached, or its answer was lost.
    GitLabUnavailable => "Nothing, if GitLab is down for the moment; it is tried again by itself.",
    /// GitLab asked the operator to slow down, or as much was sent as the connection's requestsPerMinute
    /// allows.
    GitLabThrottled => "Nothing; it is tried again when there is room. If it stays, raise spec.requestsPerMinute of the connection, or the limit of the credential's owner.",
    /// GitLab accepted a change and did not make it.
    NotTaken => "Look at the runner in GitLab: something there undoes the change.",
    /// The Kubernetes API refused or failed a request.
    KubernetesError => "Read the message: the operator's Role may lack a verb, or an admission policy refuses.",
    /// The operator's work on the object took too long, or panicked.
    BrokenOff => "Read the operator's log, and report a panic: it is a bug. It is tried again by itself.",
    /// The runner cannot be removed from GitLab now.
    DeletionBlocked => "Repair the connection, or set spec.deletionPolicy to Orphan to leave the runner in GitLab; spec.lostCredentials can have that done by itself.",
    /// The object goes, and the jobs of its runner are waited for as spec.drain asks. Their number is in status.drain.
    Draining => "Wait, or take spec.drain out of the object to have the runner removed at once.",
    /// The object goes, and the credential may not see the jobs of its runner, which is removed when spec.drain.timeout is over.
    JobsUnreadable => "Give the connection a credential that may see them: an administrator's for an instance runner, else that of an Owner or Maintainer with api, read_api or manage_runner. Or take spec.drain out of the object.",
    /// A runner process has called within the last two hours.
    Called => "Nothing.",
    /// The token was stored a moment ago, and no runner process has called with it yet.
    AwaitingCall => "Start a runner process with the token.",
    /// No runner process has called with the token that the Secret holds for ten minutes since it was stored, or none for two hours.
    NobodyCalls => "See whether the runner processes are running and have the token of the Secret: one that was started before it changed has to be started anew, unless it reads a mounted config.toml.",
    /// GitLab accepts the credential.
    Accepted => "Nothing.",
    /// The Secret that the connection names does not exist.
    SecretNotFound => "Create the Secret, in the connection's namespace or for a ClusterGitLabConnection in the operator's.",
    /// The Secret lacks the key, or it is empty.
    SecretKeyMissing => "Add the key to the Secret.",
    /// The Secret or `ConfigMap` of the CA bundle does not exist, or lacks the key.
    CaBundleNotFound => "Create it, in the connection's namespace or for a ClusterGitLabConnection in the operator's, or correct caBundleSecretRef or caBundleConfigMapRef.",
    /// The CA bundle holds no PEM certificate.
    CaBundleInvalid => "Correct what caBundleSecretRef or caBundleConfigMapRef names.",
    /// The Secret of the client certificate does not exist, or lacks a key.
    ClientCertificateNotFound => "Create it with the keys tls.crt and tls.key, in the connection's namespace or for a ClusterGitLabConnection in the operator's, or correct clientCertificateSecretRef.",
    /// The client certificate and its key cannot be used.
    ClientCertificateInvalid => "Correct the Secret that clientCertificateSecretRef names: tls.crt and tls.key must be PEM and belong together.",
    /// The Secret with the credentials for the proxy does not exist, or lacks a key.
    ProxyCredentialsNotFound => "Create it with the keys username and password, in the connection's namespace or for a ClusterGitLabConnection in the operator's, or correct proxyCredentialsSecretRef.",
    /// The url is http, and the operator does not allow it.
    InsecureUrl => "Use https, or run the operator with --allow-http.",
    /// spec of the connection cannot be used, and why is in the message.
    InvalidConnection => "Correct spec as the message says.",
    /// GitLab does not know the token, or what the Secret holds can be none.
    CredentialInvalid => "Put a valid token into the Secret.",
    /// The token has expired. It is not sent again: see status.refusedTokens.
    CredentialExpired => "Put a new token into the Secret.",
    /// The token was revoked. It is not sent again, since that would revoke its successors too: see status.refusedTokens.
    CredentialRevoked => "Put another token into the Secret. To rotate one, make the second first, store it, and revoke the first when the connection is Ready with the second.",
    /// The operator has had GitLab replace the token by another, and the Secret holds the old one again. It is not sent, since that would revoke its successors too: see status.refusedTokens.
    CredentialReplaced => "Put a token into the Secret that works, a new one if the last is lost; and see what has put the old one back: docs/rotate-the-credential.md.",
    /// GitLab was asked to replace the token, and whether it did is not known: its answer was lost, or the operator ended before it could store the new token. The token in the Secret is not sent any more.
    RotationUnclear => "Make a new token in GitLab, and put it into the Secret; revoke those before it. docs/rotate-the-credential.md tells more.",
    /// GitLab has made a new token, which the operator holds in memory, since it cannot store it in the Secret. The old one has ended.
    RotationUnstored => "Let the operator write the Secret, as the message says, and do not restart it before: the new token would be lost.",
    /// The operator replaces the token before its end, as spec.credentialRotation asks.
    RotationPlanned => "Nothing.",
    /// The operator cannot replace the token, and why is in the message.
    RotationBlocked => "Do what the message says; or make another token and put it into the Secret.",
    /// GitLab forbids the token's owner to use the API.
    CredentialForbidden => "Do what GitLab's sentence asks for, such as unblocking the user.",
    /// The token lacks a scope to register runners.
    ScopeTooSmall => "Make a token with the scope api, or with create_runner, manage_runner and read_api.",
    /// The token expires within seven days.
    ExpiresSoon => "Make a new token and put it into the Secret.",
    /// More than ten of a connection's runners, and more than one in ten, are gone from GitLab or refused at once. Nothing is registered, changed or removed: GitLab may have been restored from a backup, a proxy may answer in its place, or the credential may have lost its role. Deleting objects whose runners are there goes on.
    RunnersLost => "Mend what has taken them away: all goes on when they are back. If they are gone for good, set the annotation gitlab-registrar.dev/acknowledge-loss of the connection to the number in the message; if it has that value already, remove it first.",
    /// GitLab's list of a connection's runners leaves out more than ten of them, and more than one in ten, that are there when they are asked for by number. The list is not gone by, and nothing is held up.
    ListIncomplete => "See whether something in front of GitLab shortens its answers, and which role the credential's owner has in each group and project: some lists show a Maintainer less than an Owner.",
    /// GitLab could not be reached.
    Unreachable => "Check the url, the proxy and the network policies. It is tried again by itself.",
    /// TLS with GitLab failed.
    TlsFailed => "Do what the message says: mostly to give the connection a CA bundle with the authority that signed GitLab's certificate, or to check the url's host.",
    /// What answers at the url is not GitLab's API.
    NotGitLab => "Correct the url: it is GitLab's own address, without /api/v4.",
}

/// A condition before it has a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is about.
    pub about: ConditionType,
    /// Its value.
    pub truth: Truth,
    /// Why.
    pub reason: Reason,
    /// A sentence for a person; may be empty.
    pub message: String,
}

impl Verdict {
    /// A condition before it has a time.
    pub fn new(
        about: ConditionType,
        truth: impl Into<Truth>,
        reason: Reason,
        message: impl Into<String>,
    ) -> Self {
        Self {
            about,
            truth: truth.into(),
            reason,
            message: message.into(),
        }
    }
}

/// Turns verdicts into the conditions of a status. `lastTransitionTime` moves only when the value
/// does, so that an unchanged world makes an unchanged status. Previous conditions that have no
/// verdict are dropped.
pub fn merge(
    previous: &[Condition],
    verdicts: Vec<Verdict>,
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    verdicts
        .into_iter()
        .map(
            |Verdict {
                 about,
                 truth,
                 reason,
                 message,
             }| {
                let (type_, status) = (about.name(), truth.name());
                let since = previous
                    .iter()
                    .find(|old| old.type_ == type_ && old.status == status)
                    .map_or(Time(now), |old| old.last_transition_time.clone());
                Condition {
                    type_: type_.to_owned(),
                    status: status.to_owned(),
                    reason: reason.name().to_owned(),
                    message: message.chars().take(LONGEST_MESSAGE).collect(),
                    observed_generation: generation,
                    last_transition_time: since,
                }
            },
        )
        .collect()
}

/// The condition of that type, if there is one.
pub fn find(conditions: &[Condition], about: ConditionType) -> Option<&Condition> {
    let type_ = about.name();
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Whether the condition of that type is there and true.
pub fn is_true(conditions: &[Condition], about: ConditionType) -> bool {
    find(conditions, about).is_some_and(|condition| condition.status == "True")
}
