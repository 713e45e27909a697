//! Everything up, something done with it, everything down.

use std::collections::BTreeMap;
use std::env::current_exe;
use std::ffi::OsString;
use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use control_plane::{ControlPlane, Leash, Leashed, Node, NodeOptions, Options};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::stand_in;

/// How long a command may take to end after Ctrl-C, and the stand-in in any case.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// Start the stand-in for GitLab too, with this seed
    #[arg(long, value_name = "FILE")]
    sim_seed: Option<PathBuf>,
    /// Let the stand-in serve HTTPS; `GITLAB_CA_FILE` names its certificate authority
    #[arg(long, requires = "sim_seed")]
    sim_tls: bool,
    /// What Pods run in place of their images, instead of the registrar beside this program
    #[arg(long, value_name = "PATH")]
    operator: Option<PathBuf>,
    /// Runs with KUBECONFIG, `GITLAB_URL`, `GITLAB_CONTROL_URL` and our kubectl and helm in the PATH
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What runs, in the order in which it is to end.
struct World {
    stand_in: Option<Leash>,
    node: Node,
    plane: ControlPlane,
}

impl Up {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let mut interruption = Interruption::listen()?;
        let (world, environment) = tokio::select! {
            started = self.start() => started?,
            code = interruption.comes() => return Ok(code),
        };
        let code = if let Some((program, args)) = self.command.split_first() {
            let command = Leash::start(Leashed {
                program: program.into(),
                args: args.to_vec(),
                env: environment,
                grace: 5,
                ..Leashed::default()
            });
            attend(command, &mut interruption).await
        } else {
            show(&environment)?;
            interruption.comes().await;
            Ok(ExitCode::SUCCESS)
        };
        // Whatever became of the command, and even if something here does not end well.
        let down = world.down().await;
        let code = code?;
        down.map(|()| code)
    }

    async fn start(&self) -> Result<(World, BTreeMap<String, String>)> {
        // Whatever is missing should be told before anything takes time.
        let operator = beside_us(
            self.operator.clone(),
            "registrar",
            "gitlab-runner-registrar",
        )?;
        let seed = self
            .sim_seed
            .as_deref()
            .map(|seed| beside_us(None, "gitlab-sim", "gitlab-sim").map(|program| (program, seed)));
        let seed = seed.transpose()?;
        let started = Instant::now();
        let plane = ControlPlane::start(Options::default()).await?;
        let mut environment = plane.environment();
        let folder = plane.folder().display().to_string();
        environment.insert("PLAYGROUND_FOLDER".to_owned(), folder);
        let mut stand_in = None;
        if let Some((program, seed)) = seed {
            let (leash, at) = stand_in::start(&plane, &program, seed, self.sim_tls).await?;
            environment.insert("GITLAB_URL".to_owned(), at.url);
            environment.insert("GITLAB_CONTROL_URL".to_owned(), at.control_url);
            environment.extend(at.ca.map(|ca| ("GITLAB_CA_FILE".to_owned(), ca)));
            stand_in = Some(leash);
        }
        let options = NodeOptions {
            name: "playground".to_owned(),
            program: operator,
            namespaces: Vec::new(),
        };
        let node = Node::start(&plane, options).await?;
        note(&format!(
            "control plane ready after {:.1} s",
            started.elapsed().as_secs_f32()
        ));
        Ok((
            World {
                stand_in,
                node,
                plane,
            },
            environment,
        ))
    }
}

impl World {
    async fn down(self) -> Result<()> {
        let Self {
            stand_in,
            node,
            plane,
        } = self;
        let node = node.stop().await;
        if let Some(stand_in) = stand_in {
            stand_in.stop(GRACE).await?;
        }
        plane.stop().await?;
        node
    }
}

/// Waits for the command, and ends it if we are interrupted.
async fn attend(command: Result<Leash>, interruption: &mut Interruption) -> Result<ExitCode> {
    let command = command?;
    tokio::select! {
        code = command.ended() => Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)),
        code = interruption.comes() => command.stop(GRACE).await.map(|_| code),
    }
}

/// Ctrl-C and the like.
struct Interruption([(u8, Signal); 3]);

impl Interruption {
    fn listen() -> Result<Self> {
        let listen = |number, kind| signal(kind).map(|signal| (number, signal));
        Ok(Self([
            listen(1, SignalKind::hangup())?,
            listen(2, SignalKind::interrupt())?,
            listen(15, SignalKind::terminate())?,
        ]))
    }

    /// The exit code that tells of it, as a shell would have it.
    async fn comes(&mut self) -> ExitCode {
        let [(hangup, first), (interrupt, second), (terminate, third)] = &mut self.0;
        let number = tokio::select! {
            _ = first.recv() => *hangup,
            _ = second.recv() => *interrupt,
            _ = third.recv() => *terminate,
        };
        ExitCode::from(128 + number)
    }
}

/// A program of this workspace that was built into the same folder as this one.
fn beside_us(given: Option<PathBuf>, name: &str, package: &str) -> Result<PathBuf> {
    let path = match given {
        Some(path) => path,
        None => current_exe()?
            .parent()
            .context("this program lies nowhere")?
            .join(name),
    };
    if !path.is_file() {
        bail!(
            "there is no {}; `cargo build -p {package} --bin {name}` makes it",
            path.display()
        );
    }
    Ok(path)
}

/// Prints what a shell needs, for `eval` or to be copied.
fn show(environment: &BTreeMap<String, String>) -> Result<()> {
    let mut out = stdout().lock();
    for (name, value) in environment {
        let value = value.replace('\'', r"'\''");
        writeln!(out, "export {name}='{value}'")?;
    }
    out.flush()?;
    note("it stays up until Ctrl-C; paste the lines above into another shell");
    Ok(())
}

/// A courtesy: when standard error is closed, all goes on without it.
fn note(text: &str) {
    let _ = writeln!(stderr(), "playground: {text}");
}
