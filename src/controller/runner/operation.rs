//! What cannot be repeated in GitLab is written into status before GitLab is asked, and again when it
//! is known what came of it. Every such step goes through here.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::pass::Pass;
use crate::api::v1alpha1::{Operation, OperationType};
use crate::clock;
use crate::controller::error::Error;
use crate::gitlab;
use crate::gitlab::model::RunnerId;
use crate::plan::{begun, open};

/// An operation that this pass has begun.
pub(super) struct Begun {
    /// Its sign.
    pub(super) id: String,
    /// The one of the same kind that was open before, whose outcome is not known.
    before: Option<Operation>,
}

impl Begun {
    /// Whether an earlier one may have done the same already.
    pub(super) fn again(&self) -> bool {
        self.before.is_some()
    }
}

/// Records an operation onto the very version of the object that was read: of two who begin one, only
/// one goes on.
pub(super) async fn begin(
    pass: &mut Pass<'_>,
    type_: OperationType,
    runner: RunnerId,
) -> Result<Begun, Error> {
    let mut status = pass.status();
    let before = open(&status, type_, runner).cloned();
    let secret_name = (type_ == OperationType::ResetToken).then(|| pass.secret_name());
    let operation = begun(type_, runner, secret_name, clock::now());
    let id = operation.id.clone();
    status.operation = Some(operation);
    pass.write(status).await?;
    Ok(Begun { id, before })
}

/// Takes in what GitLab has answered. A certain refusal leaves things as they were before; after
/// anything else the operation stays open until it is seen what came of it.
pub(super) async fn answered<T>(
    pass: &mut Pass<'_>,
    begun: &Begun,
    answer: &Result<T, gitlab::Error>,
) -> Result<(), Error> {
    pass.ctx.memory.ended(&pass.uid, &begun.id);
    if answer.as_ref().is_err_and(|error| !error.may_have_acted()) {
        let mut status = pass.status();
        status.operation.clone_from(&begun.before);
        pass.write(status).await?;
    }
    Ok(())
}

/// Records that GitLab has said that it was done, for what leaves no other trace.
pub(super) async fn done(pass: &mut Pass<'_>) -> Result<(), Error> {
    let mut status = pass.status();
    if let Some(operation) = &mut status.operation {
        operation.done_at = Some(Time(clock::now()));
    }
    pass.write(status).await
}
