//! Runs the stand-in by itself.
use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use gitlab_sim::{Options, Seed, Server, Version};
use jiff::Timestamp;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// A stand-in for a GitLab server: the Runners API as it behaves on the wire.
///
/// When it listens it prints one line of JSON: {"url": …, "controlUrl": …, "ca": …}.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The world to start with, YAML; when omitted, one administrator with a well-known token
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Where GitLab answers; port 0 is a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the control port answers; port 0 is a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    control: SocketAddr,
    /// Serve HTTPS; authority and certificate are kept in this folder and used again
    #[arg(long, value_name = "DIR")]
    tls_dir: Option<PathBuf>,
    /// Which GitLab to behave like (13.12, 15.2, 15.11, 16.10, 17, 18.2 or 19) instead of what the
    /// seed says
    #[arg(long, value_name = "VERSION")]
    gitlab_version: Option<Version>,
    /// Relative URL root, such as /gitlab
    #[arg(long, value_name = "PATH", default_value = "")]
    root: String,
    /// Let the clock stand still at this moment, such as 2026-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    frozen_at: Option<Timestamp>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error
                .source()
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            // Nothing is left to tell it to if this fails too.
            let _best_effort = writeln!(io::stderr(), "gitlab-sim: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

fn read_seed(path: &Path) -> Result<Seed, Box<dyn Error>> {
    Ok(Seed::from_yaml(&std::fs::read_to_string(path)?)?)
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    // Before anything is announced, so that whoever reads the line may end us at once.
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let Args {
        seed,
        listen,
        control,
        tls_dir,
        gitlab_version,
        root,
        frozen_at,
    } = args;
    let seed = match seed {
        Some(path) => read_seed(&path).map_err(|error| format!("{}: {error}", path.display()))?,
        None => Seed::default(),
    };
    let ca = tls_dir.as_ref().map(|folder| folder.join("ca.pem"));
    let options = Options {
        listen,
        control,
        tls_dir,
        root,
        version: gitlab_version,
        frozen_at,
        ..Options::default()
    };
    let server = Server::start(seed, options).await?;
    let mut line = json!({ "url": server.url(), "controlUrl": server.control_url() });
    if let (Some(ca), Some(fields)) = (ca, line.as_object_mut()) {
        fields.insert("ca".to_owned(), json!(ca));
    }
    writeln!(io::stdout(), "{line}")?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}
