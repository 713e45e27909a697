//! A folder that is removed when everybody who uses it is gone.

use std::io::{PipeWriter, pipe};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};

/// Nothing is ever written into the pipe: it ends when the last holder of its other end has.
const SWEEPER: &str = r#"trap '' HUP INT TERM
while read -r _; do :; done
rm -rf -- "$1"
"#;

/// A folder that a process of its own removes once this value and all the programs that were given
/// its lifeline are gone. Dropping alone would not do: a killed test drops nothing, and a database
/// that is still shutting down would write into a folder that is being removed.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    lifeline: PipeWriter,
}

impl Scratch {
    pub(crate) fn new() -> Result<Self> {
        let path = tempfile::Builder::new()
            .prefix("control-plane-")
            .tempdir()
            .context("cannot make a temporary folder")?
            .keep();
        let (reader, lifeline) = pipe().context("cannot make a pipe")?;
        let mut sweeper = Command::new("/bin/sh")
            .args(["-c", SWEEPER, "sweeper"])
            .arg(&path)
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot run /bin/sh")?;
        thread::spawn(move || sweeper.wait());
        Ok(Self { path, lifeline })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the folder for as long as it is open.
    pub(crate) fn lifeline(&self) -> Result<PipeWriter> {
        self.lifeline.try_clone().context("cannot share a pipe")
    }
}
