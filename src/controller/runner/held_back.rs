//! What comes of our finalizer, above all of one that cannot be removed though the runner is gone.
use kube::{ResourceExt, runtime::finalizer};

use super::{FINALIZER, operation, pass::Pass};
use crate::api::conditions::Reason;
use crate::api::v1alpha1::GitLabRunner;
use crate::controller::Context;
use crate::controller::error::{Error, chain, is_api_status};
use crate::plan::{Failure, Outcome};

/// Tells that the API server does not let our finalizer go, as by an admission policy. Somebody else may
/// just have written the object, so that a first failure is nothing to tell.
pub(super) async fn told(ctx: &Context, runner: &GitLabRunner, why: &kube::Error) {
    let passes = is_api_status(why, 404) || is_api_status(why, 409);
    let uid = runner.metadata.uid.as_deref().unwrap_or_default();
    if passes {
        return;
    }
    let first = ctx.records.failures(uid) == 0;
    let mut pass = Pass::new(ctx, runner.clone());
    if let Err(error) = write(&mut pass, why, first).await {
        let (namespace, name) = (runner.namespace(), runner.name_any());
        let why = chain(&error);
        tracing::warn!(
            namespace,
            name,
            why,
            "finalizer not removed, and that not told"
        );
    }
}

async fn write(pass: &mut Pass<'_>, why: &kube::Error, first: bool) -> Result<(), Error> {
    let Some(runner) = pass.read_anew().await? else {
        return Ok(());
    };
    pass.runner = runner;
    // This may last longer than the connection, without which GitLab does not tell what is gone.
    if let Some(id) = pass.record.memory.removed() {
        operation::removed(pass, id).await?;
    }
    if first {
        return Ok(());
    }
    let message = format!(
        "the object cannot go: its finalizer {FINALIZER} may not be removed, though nothing is left to do in GitLab: {}",
        chain(why)
    );
    let status = pass.next_status(&Outcome::Failed(Failure {
        reason: Reason::KubernetesError,
        message,
        about: None,
        stalled: is_api_status(why, 403) || is_api_status(why, 422),
        persistent: true,
        attempt_is_void: false,
    }));
    if pass.runner.status.as_ref() == Some(&status) {
        return Ok(());
    }
    pass.publish(status).await
}

/// The finalizer helper wraps our own error; only one of its own can be left.
pub(super) fn flatten(error: finalizer::Error<Error>) -> Error {
    match error {
        finalizer::Error::ApplyFailed(error) | finalizer::Error::CleanupFailed(error) => error,
        finalizer::Error::AddFinalizer(source) => Error::kube("add our finalizer", source),
        finalizer::Error::RemoveFinalizer(source) if is_api_status(&source, 404) => Error::Stale,
        finalizer::Error::RemoveFinalizer(source) => Error::kube("remove our finalizer", source),
        finalizer::Error::UnnamedObject | finalizer::Error::InvalidFinalizer => {
            Error::Malformed("an object from a watch has a name".to_owned())
        }
    }
}
