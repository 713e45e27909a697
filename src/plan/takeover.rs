//! A runner that spec says to take over, as values.
use std::collections::BTreeSet;

use crate::api::v1alpha1::{Adopt, ResetToken};
use crate::gitlab::model::{Runner, RunnerId};

/// The runner to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedAdoption {
    /// Its number.
    pub runner: RunnerId,
    /// Whether it gets a new token.
    pub reset: ResetToken,
    /// Whether the mark of an object that is gone is no reason not to.
    pub force: bool,
}

impl WantedAdoption {
    /// The same beside the objects that are there, of which one may keep the runner already.
    pub fn among(self, living: &BTreeSet<String>, kept: bool) -> Takeover<'_> {
        Takeover {
            runner: self.runner,
            force: self.force,
            living,
            kept,
        }
    }

    /// What spec asks for.
    pub(super) fn of(adopt: &Adopt) -> Option<Self> {
        Some(Self {
            runner: RunnerId(u64::try_from(adopt.runner_id).ok()?),
            reset: adopt.reset_token,
            force: adopt.force,
        })
    }
}

/// A runner to take over, and what that hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Takeover<'a> {
    /// Its number.
    pub runner: RunnerId,
    /// Whether the mark of an object that is gone is no reason not to.
    pub force: bool,
    /// The uids of the objects that are there, as far as the operator sees.
    pub living: &'a BTreeSet<String>,
    /// Whether the status of another of them names this very runner.
    pub kept: bool,
}

/// What looking at a runner that is to be taken over told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It can be, and this is how it is now.
    Fits(Box<Runner>),
    /// The one of this number cannot be.
    Unfit(RunnerId, Unfit),
}

/// Why a runner cannot be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// GitLab has none of that number, or none that the credential may know of.
    Missing,
    /// It is of another type than spec.scope; here is what it serves.
    OtherType(&'static str),
    /// It is at home in another group or project.
    OtherPlace,
    /// GitLab does not show this credential where it is at home.
    Untold,
    /// Another object that is there keeps it, by its mark or by its status.
    InUse,
    /// It carries the mark of another object, which is not there.
    Marked,
    /// The credential may neither read nor change runners by their number.
    Forbidden,
}
