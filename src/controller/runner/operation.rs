//! What cannot be repeated in GitLab is written into status before GitLab is asked, and again when it
//! is known what came of it. Every such step goes through here.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::pass::Pass;
use crate::api::v1alpha1::{Operation, OperationType};
use crate::clock;
use crate::controller::error::{Error, chain};
use crate::controller::on_request;
use crate::gitlab;
use crate::gitlab::model::RunnerId;
use crate::plan::{Outcome, Plan, Step, begun, open};

/// How often the object is read anew when somebody else writes it at the same time.
const MOST_TRIES: usize = 3;

/// An operation that this pass has begun.
pub(super) struct Begun {
    /// As status names it.
    operation: Operation,
    /// The one of the same kind that was open before, whose outcome is not known.
    before: Option<Operation>,
}

impl Begun {
    /// Its sign.
    pub(super) fn id(&self) -> &str {
        &self.operation.id
    }

    /// Whether an earlier one may have done the same already.
    pub(super) fn again(&self) -> bool {
        self.before.is_some()
    }
}

/// Records an operation onto the very version of the object that was read: of two who begin one, only
/// one goes on. Nobody is to read meanwhile that all is well.
pub(super) async fn begin(
    pass: &mut Pass<'_>,
    step: &Step,
    type_: OperationType,
    runner: RunnerId,
) -> Result<Begun, Error> {
    let mut status = pass.next_status(&Outcome::Planned(Plan::Act(step.clone())));
    let before = open(&status, type_, runner).cloned();
    let secret_name = (type_ == OperationType::ResetToken).then(|| pass.secret_name());
    // Any new token answers whoever asks for one.
    let handled = status.last_handled_rotate_at.as_ref();
    let operation = Operation {
        rotate_at: on_request::new_rotation(&pass.runner, handled)
            .filter(|_| type_ == OperationType::ResetToken),
        ..begun(type_, runner, secret_name, clock::now())
    };
    status.operation = Some(operation.clone());
    pass.publish(status).await?;
    Ok(Begun { operation, before })
}

/// Takes in what GitLab has answered. A certain refusal leaves things as they were before; after
/// anything else the operation stays open until it is seen what came of it.
pub(super) async fn answered<T>(
    pass: &mut Pass<'_>,
    begun: &Begun,
    answer: &Result<T, gitlab::Error>,
) -> Result<(), Error> {
    let unknown = |error: &gitlab::Error| error.may_have_acted();
    if !answer.as_ref().is_err_and(unknown) {
        pass.record.memory.ended(begun.id());
    }
    if answer.as_ref().is_err_and(|error| !error.may_have_acted()) {
        undone(pass, begun).await?;
    }
    Ok(())
}

/// Takes back an operation that has changed nothing in GitLab.
pub(super) async fn undone(pass: &mut Pass<'_>, begun: &Begun) -> Result<(), Error> {
    let mut status = pass.status();
    status.operation.clone_from(&begun.before);
    pass.write(status).await
}

/// Opens a reset once more whose token could not be kept: it has ended every token before it, also one
/// that somebody else has kept meanwhile and taken for the last.
pub(super) async fn reopen(pass: &mut Pass<'_>, begun: &Begun) {
    for _ in 0..MOST_TRIES {
        match reopen_once(pass, begun).await {
            Ok(()) => return,
            Err(error) => {
                let why = chain(&error);
                tracing::warn!(name = pass.name, why, "reset not opened once more");
            }
        }
    }
}

async fn reopen_once(pass: &mut Pass<'_>, begun: &Begun) -> Result<(), Error> {
    let Some(runner) = pass.read_anew().await? else {
        return Ok(());
    };
    let mut status = runner.status.clone().unwrap_or_default();
    if status.operation.is_some() {
        return Ok(());
    }
    pass.runner = runner;
    status.operation = Some(begun.operation.clone());
    pass.write(status).await
}

/// Records that GitLab has said that it removed the runner by the connection's credential.
pub(super) async fn removed(pass: &mut Pass<'_>, id: RunnerId) -> Result<(), Error> {
    let mut status = pass.next_status(&Outcome::Planned(Plan::Rest));
    let known = status.operation.as_ref().is_some_and(|operation| {
        operation.done_at.is_some() && u64::try_from(operation.runner_id) == Ok(id.0)
    });
    if known {
        return Ok(());
    }
    let now = clock::now();
    status.operation = Some(Operation {
        done_at: Some(Time(now)),
        ..begun(OperationType::Remove, id, None, now)
    });
    pass.publish(status).await
}

/// Records that GitLab has said that it was done, for what leaves no other trace.
pub(super) async fn done(pass: &mut Pass<'_>, begun: &Begun) -> Result<(), Error> {
    let mut status = pass.status();
    status.operation = Some(Operation {
        done_at: Some(Time(clock::now())),
        ..begun.operation.clone()
    });
    pass.write(status).await
}
