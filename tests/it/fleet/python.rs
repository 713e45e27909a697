//! python-gitlab, as the stand-in's own tests run it.
#[path = "../../gitlab-sim/tests/shared/python.rs"]
mod shared;

pub(super) use shared::{python, run};
