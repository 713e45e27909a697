//! The builds of the operator that are measured.
use std::path::{Path, PathBuf};
use std::process::Command;

use super::against;
use super::options::Options;
use crate::harness::{ACCOUNT, Mode, Stage, program};

/// What the table calls the build that these tests belong to.
pub(super) const THIS_BUILD: &str = "this build";

/// A build of the operator, and its kinds as it prints them itself.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) program: PathBuf,
    kinds: String,
}

impl Subject {
    /// What these tests were built with, unless `REGISTRAR` names another.
    pub(super) fn this_build() -> Self {
        Self::new(THIS_BUILD, &program())
    }

    /// This build, and the other one if there is one.
    pub(super) fn all(options: &Options) -> Vec<Self> {
        let other = options.against.as_deref().map(against::subject);
        [Some(Self::this_build()), other]
            .into_iter()
            .flatten()
            .collect()
    }

    pub(super) fn new(name: &str, program: &Path) -> Self {
        let program = program.canonicalize();
        let program = program.unwrap_or_else(|error| panic!("{name}: no such program: {error}"));
        let printed = Command::new(&program).arg("crds").output().unwrap();
        assert!(printed.status.success(), "{name}: prints no kinds");
        Self {
            name: name.to_owned(),
            program,
            kinds: String::from_utf8(printed.stdout).unwrap(),
        }
    }

    /// A control plane of its own, on which its kinds are as it knows them.
    pub(super) async fn stage(&self) -> Stage {
        Stage::with_kinds(&self.kinds).await
    }

    /// Whether its kinds have a field of that name.
    pub(super) fn knows(&self, field: &str) -> bool {
        let field = format!("{field}:");
        self.kinds.lines().any(|line| line.trim() == field)
    }

    /// Lets it do what the chart lets this build do. Another build may have needed something else, and
    /// what it may do is not what is measured.
    pub(super) async fn is_granted(&self, stage: &Stage, namespace: &str) {
        stage.grant(Mode::Namespaced, namespace).await;
        if self.name != THIS_BUILD {
            let account = format!("--serviceaccount={namespace}:{ACCOUNT}");
            let kubectl = stage.kubectl();
            for args in [
                &["create", "role", "everything", "--verb=*", "--resource=*.*"][..],
                &[
                    "create",
                    "rolebinding",
                    "everything",
                    "--role=everything",
                    &account,
                ],
            ] {
                kubectl.done(&[&["-n", namespace], args].concat(), "").await;
            }
        }
    }
}
