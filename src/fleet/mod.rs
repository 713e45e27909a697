//! The commands beside the operator: what people and pipelines ask of GitLab and of the cluster. They read,
//! and write only where their names say so. What they judge by is [`crate::plan`], as the operator does.
#[expect(clippy::doc_markdown, reason = "help shows backticks as they are")]
mod access;
mod certificates;
#[expect(clippy::doc_markdown, reason = "help shows backticks as they are")]
mod check;
mod claims;
mod compare;
mod completions;
mod details;
mod documents;
mod filter;
mod findings;
mod import;
mod judge;
mod kubernetes;
mod lists;
mod manifest;
mod named;
mod orphans;
mod output;
mod places;
mod plan;
mod progress;
mod reads;
mod registration_token;
mod release;
pub mod rights;
#[expect(clippy::doc_markdown, reason = "help shows backticks as they are")]
mod rotate;
mod session;
mod sorted;
mod spec_fields;
#[expect(clippy::doc_markdown, reason = "help shows backticks as they are")]
mod status;
mod table;
#[expect(clippy::doc_markdown, reason = "help shows backticks as they are")]
mod verify;

use anyhow::Context as _;
use clap::Subcommand;
use tokio::runtime;

pub use completions::Completions;

/// What the commands end with, told apart by the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All is done, or as it should be.
    Done,
    /// The command did what it is for, and found something that somebody should look at.
    Found,
}

/// The commands that need a GitLab or a cluster, and no operator.
#[expect(clippy::doc_markdown, reason = "help shows backticks as they are")]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write manifests that take over runners which are in GitLab already
    ///
    /// Reads runners from GitLab and prints a GitLabRunner for each, with all of its settings and with
    /// adopt, so that applying it makes no second runner. GitLab is only read. Runners that carry the mark
    /// of an object already are left out, since two objects would quarrel over them.
    Import(import::Import),
    /// Show what the operator would change in GitLab, and write nothing
    ///
    /// Compares manifests from files, or the objects of a namespace, with the runners in GitLab, field by
    /// field as the operator does. The runner of a manifest is the one that spec.adopt names, the one that
    /// the cluster knows, or else the one in that place that has a mark and the object's description.
    Plan(plan::Plan),
    /// Show how connections and runners are
    Status(status::Status),
    /// Show runners with a mark of this cluster, whose objects are gone
    ///
    /// Such runners are left when an object is deleted with deletionPolicy Orphan, or its finalizer is
    /// taken off by hand, or a cluster is thrown away. Needs the right to list the GitLabRunners of all
    /// namespaces: an object that is not seen would make an orphan of its runner.
    Orphans(orphans::Orphans),
    /// Have the operator replace the tokens of runners
    ///
    /// Sets the annotation gitlab-registrar.dev/rotate-at, upon which the operator has GitLab make new tokens
    /// and puts them into the Secrets. The tokens before end at once.
    Rotate(rotate::Rotate),
    /// Ask GitLab whether it takes the tokens of runners
    ///
    /// Sends the token in the Secret of each GitLabRunner to GitLab's POST /runners/verify. GitLab takes that
    /// for the call of a runner process: the runner looks online for a while, and its time of contact changes.
    /// So it is for a doubt, and not for a monitor. Exit code 2 when a token is not taken.
    Verify(verify::Verify),
    /// Make new registration tokens
    RegistrationToken(registration_token::RegistrationTokens),
    /// Check what the operator needs: GitLab, the token, the clocks, and its rights in the cluster
    Check(check::Check),
}

/// How a command ends, whatever it is.
pub const EXIT_CODES: &str = "Exit codes: 0 when all is done or as it should be; 1 when the command could not do \
     what it is for, a mistake in what was typed included; 2 when it did, and found something that somebody \
     should look at.";

impl Command {
    /// Does what was typed.
    pub fn run(self) -> anyhow::Result<Ending> {
        // One command asks one thing after the other, and waits for the answers.
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no async runtime")?;
        let ending = runtime.block_on(self.start());
        // A resolver that hangs must not hold the end of the command.
        runtime.shutdown_background();
        ending
    }

    async fn start(self) -> anyhow::Result<Ending> {
        match self {
            Self::Import(import) => import.run().await,
            Self::Plan(plan) => plan.run().await,
            Self::Status(status) => status.run().await,
            Self::Orphans(orphans) => orphans.run().await,
            Self::Rotate(rotate) => rotate.run().await,
            Self::Verify(verify) => verify.run().await,
            Self::RegistrationToken(tokens) => tokens.run().await,
            Self::Check(check) => check.run().await,
        }
    }
}
