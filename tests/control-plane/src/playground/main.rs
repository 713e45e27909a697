//! `playground`: a control plane, a node that runs the operator, and a stand-in for GitLab, for as
//! long as a command runs or until Ctrl-C.

mod stand_in;
mod up;

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::up::Up;

/// A Kubernetes control plane to play with, on free ports of this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Build etcd, kube-apiserver, kube-controller-manager, kubectl and helm, unless they are there
    Build,
    /// Print the folder in which they are, building them if need be
    Bin,
    /// Start everything, and end it when COMMAND ends, or at Ctrl-C
    Up(Up),
}

#[tokio::main]
async fn main() -> ExitCode {
    match act(Args::parse().action).await {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to tell it to if this fails too.
            let _best_effort = writeln!(stderr(), "playground: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn act(action: Action) -> Result<ExitCode> {
    match action {
        Action::Build => control_plane::ensure().await.map(|_| ExitCode::SUCCESS),
        Action::Bin => {
            let programs = control_plane::ensure().await?;
            writeln!(stdout(), "{}", programs.folder().display())?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Up(up) => up.run().await,
    }
}
