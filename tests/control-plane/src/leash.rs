//! Child processes that cannot outlive us.
//!
//! Rust's statics are not dropped at exit, a panic may abort, and nobody can handle SIGKILL. So no
//! child of ours is ever started directly: a small shell script holds it and watches a socket whose
//! other end only we have. When that end is gone, the script ends its program.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, PipeWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::watch;
use tokio::time::timeout;

const SCRIPT: &str = include_str!("leash.sh");

/// How long the script may take to answer an order. It only has to call `kill`, but other work may
/// keep all the cores busy.
const ANSWER: Duration = Duration::from_mins(1);

/// What to run, and with what around it.
#[derive(Debug, Default)]
pub struct Leashed {
    /// A path, or a name that is looked up on the `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Added to our environment, or the whole of it when `only_this_env` is set.
    pub env: BTreeMap<String, String>,
    /// Gives the program nothing of our own environment.
    pub only_this_env: bool,
    /// Where it runs; without it, where we run.
    pub directory: Option<PathBuf>,
    /// Where the output goes; without it, the program shares ours.
    pub log: Option<PathBuf>,
    /// Seconds between SIGTERM and SIGKILL once we are gone.
    pub grace: u32,
    /// Held open for as long as the program lives, for whoever waits at its other end. With one,
    /// there has to be a `log` too.
    pub lifeline: Option<PipeWriter>,
}

/// The signals that we ever send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please end.
    Term,
    /// End now.
    Kill,
    /// Freeze.
    Stop,
    /// Go on.
    Cont,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
        }
    }
}

/// A running program that ends when this value is dropped, or this process ends in any way.
#[derive(Debug)]
pub struct Leash {
    name: String,
    pid: u32,
    line: Mutex<BufReader<UnixStream>>,
    ended: watch::Receiver<Option<i32>>,
}

impl Leash {
    /// Starts the program. It is tied to no async runtime: a control plane in a static is used by
    /// many tests, each with a runtime of its own.
    ///
    /// # Errors
    ///
    /// When the program is not there, or no process can be made.
    pub fn start(what: Leashed) -> Result<Self> {
        let name = what
            .program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if what.program.components().count() > 1 && !what.program.is_file() {
            bail!("there is no program {}", what.program.display());
        }
        let (ours, theirs) = UnixStream::pair().context("cannot make a socket pair")?;
        ours.set_read_timeout(Some(ANSWER))?;
        let child = command(what, theirs)
            .spawn()
            .with_context(|| format!("cannot run {name}"))?;
        let ended = reap(child);
        let mut line = BufReader::new(ours);
        let mut said = String::new();
        line.read_line(&mut said)
            .with_context(|| format!("{name} did not start"))?;
        let pid = said
            .trim()
            .parse()
            .with_context(|| format!("{name} did not start"))?;
        Ok(Self {
            name,
            pid,
            line: Mutex::new(line),
            ended,
        })
    }

    /// The program's own process id, not the script's.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal and returns once it was delivered. A program that has ended already is fine.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let mut line = self
            .line
            .lock()
            .map_err(|_| anyhow!("a signal was interrupted"))?;
        if self.code().is_some() || writeln!(line.get_mut(), "{}", signal.name()).is_err() {
            return Ok(());
        }
        let mut answer = String::new();
        match line.read_line(&mut answer) {
            Ok(_) => Ok(()),
            // The script ends with its program, perhaps before it has read the order. Its end is
            // known here before its exit code is.
            Err(error) if gone(&error) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("{} cannot be signalled", self.name)),
        }
    }

    /// The exit code if it has ended: as a shell tells it, 128 and more for a signal.
    pub fn code(&self) -> Option<i32> {
        *self.ended.borrow()
    }

    /// Waits for the end and tells the exit code.
    pub async fn ended(&self) -> i32 {
        let mut ended = self.ended.clone();
        // The sender is only dropped after it has sent.
        ended
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|code| *code)
            .unwrap_or(-1)
    }

    /// SIGTERM, and SIGKILL if it is still there after `grace`; tells the exit code.
    pub async fn stop(&self, grace: Duration) -> Result<i32> {
        self.signal(Signal::Term)?;
        // A stopped process does not get to its SIGTERM.
        self.signal(Signal::Cont)?;
        if let Ok(code) = timeout(grace, self.ended()).await {
            return Ok(code);
        }
        self.signal(Signal::Kill)?;
        timeout(ANSWER, self.ended())
            .await
            .map_err(|_| anyhow!("{} outlived SIGKILL", self.name))
    }
}

/// Whether nobody is at the other end, unlike one that only does not answer in time.
fn gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

fn command(what: Leashed, theirs: UnixStream) -> Command {
    let mut command = Command::new("/bin/sh");
    if what.only_this_env {
        command.env_clear();
    }
    command
        .args(["-c", SCRIPT, "leash"])
        .arg(what.grace.to_string())
        .arg(what.log.unwrap_or_default())
        .arg(what.program)
        .args(what.args)
        .envs(what.env)
        .stdin(OwnedFd::from(theirs))
        .process_group(0);
    if let Some(directory) = what.directory {
        command.current_dir(directory);
    }
    if let Some(lifeline) = what.lifeline {
        command
            .stdout(OwnedFd::from(lifeline))
            .stderr(Stdio::null());
    }
    command
}

/// Waits in a thread, which needs no runtime and leaves no zombie.
fn reap(mut child: Child) -> watch::Receiver<Option<i32>> {
    let (tell, ended) = watch::channel(None);
    thread::spawn(move || {
        let code = child.wait().map_or(-1, |status| {
            status
                .code()
                .or_else(|| status.signal().map(|signal| 128 + signal))
                .unwrap_or(-1)
        });
        tell.send_replace(Some(code));
    });
    ended
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..)
        .unwrap_or_default()
        .join("\n")
}
