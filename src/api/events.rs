//! What is told in events of what was done. What keeps the operator from going on is told in events
//! too, with the reasons of conditions.
use super::list::{closed_list, words};

closed_list! {
    /// What was done.
    pub enum EventReason:

    /// The runner was registered in GitLab, and its token is in the Secret.
    Registered => "Nothing.",
    /// A runner that was there was taken over, as spec.adopt says. What differs from spec is in the message, and changed next.
    Adopted => "Nothing. If it is the wrong runner, set deletionPolicy to Orphan before the object is deleted.",
    /// All is as declared, for the first time or again. A runner that is so as soon as it is registered is told of by `Registered` alone.
    BecameReady => "Nothing.",
    /// The runner in GitLab was changed as spec has changed, or since a window of spec.pauseWindows has opened or ended.
    Updated => "Nothing.",
    /// Somebody had changed the runner in GitLab, and it was changed back.
    DriftCorrected => "Change spec instead, or leave the field out of it; with `driftPolicy: Report` differences are reported only.",
    /// The runner was assigned to a project of spec.projects.
    ProjectAssigned => "Nothing.",
    /// The runner was unassigned from a project that spec.projects does not name.
    ProjectUnassigned => "Nothing.",
    /// The Secret held no token of the runner any more: GitLab made a new one, which is in the Secret.
    TokenReset => "Restart the runner processes that use the token: the old one has ended.",
    /// The token was replaced because it was due by spec.tokenRotation or by its end, or because the annotation `gitlab-registrar.dev/rotate-at` asked for it. The new one is in the Secret.
    TokenRotated => "Restart the runner processes that read the token only when they start: the old one has ended. Those that read a mounted config.toml go on by themselves.",
    /// The Secret held no token of the runner any more, and this GitLab makes no new one: the runner was removed, and another is registered.
    RunnerReplaced => "Restart the runner processes that use the token: the old runner has ended, and the new one has another number.",
    /// The runner's token does not begin with `glrt-`, as with a prefix of the instance's own. gitlab-runner takes it for one of the former kind.
    UnusualTokenPrefix => "Never run `gitlab-runner unregister` with it, and set `unregisterRunners: false` in the GitLab Runner chart: it would remove the runner from GitLab. Give each such runner a config.toml of its own.",
    /// GitLab has registered the runner and given its token another end than spec.registration.expiresIn asks for, or none: it is older than 18.10, or not of the Enterprise Edition with Premium.
    TokenLifeIgnored => "Take expiresIn and rotationDeadline out of spec, or have an administrator set how long the tokens of runners live.",
    /// The runner was gone from GitLab and is to be registered anew, with another number and token.
    RunnerVanished => "Restart the runner processes that use the token, and find out who removed the runner.",
    /// The runner was removed from GitLab; as a Warning, it is taken for removed after a lost answer.
    RunnerRemoved => "Nothing; after a Warning, look for the runner in GitLab.",
    /// The runner stays in GitLab as `deletionPolicy: Orphan` asks: the object was deleted, or registers another one elsewhere.
    Orphaned => "Remove the runner yourself once nobody uses it, and the Secret that a deleted object has left.",
    /// The object has gone and its runner stays in GitLab: nobody could remove it for as long as spec.lostCredentials allows, or somebody has set the annotation gitlab-registrar.dev/abandon.
    LeftBehind => "Remove the runner in GitLab yourself; its number is in the note.",
    /// Whether an attempt to register made a runner is not known, and none is looked for any more: an hour has passed, or the object was deleted.
    AttemptAbandoned => "Look in GitLab for a runner that nobody has contacted, with the object's uid in its maintenance note, and remove it.",
    /// GitLab accepts the connection's credential, for the first time or again.
    Connected => "Nothing.",
    /// The operator has had GitLab replace the token of the connection, as spec.credentialRotation asks, and the new one is in the Secret.
    CredentialRotated => "Nothing.",
    /// The connection's runners are written to again: they are back, or somebody has acknowledged that they are gone.
    RunnersBack => "Nothing.",
}
