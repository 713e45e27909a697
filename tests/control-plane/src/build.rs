//! Builds the programs of the control plane, once.
//!
//! No package ships a kube-apiserver for a laptop, but the Go module proxy has the sources of all
//! five programs, and `go.sum` says that they are the right ones. A sixth is written here, over the
//! library by which helm and Flux judge whether an object is as it should be.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::leash::{Leash, Leashed, tail};
use crate::programs::{Programs, cache, key, module};
use crate::progress::Progress;

/// The version that the API server tells; the module's version is not known to a `go build`.
const STAMP: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3";

/// Makes sure that the programs are there, and says on standard error what is going on while they
/// are built: about five minutes on two cores, 15 seconds when Go's own build cache has them.
///
/// Two processes never build at once; the second waits for the first.
///
/// # Errors
///
/// When Go is missing, or cannot build them: with the last lines of what it printed.
pub async fn ensure() -> Result<Programs> {
    let cache = cache();
    let key = key(module())?;
    let home = cache.join(&key);
    if !home.is_dir() {
        fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        let _lock = lock(cache.join("lock")).await?;
        // Whoever held the lock may have built what we need.
        if !home.is_dir() {
            build(&cache.join(format!("{key}.partial")), &home).await?;
        }
    }
    let home = home
        .canonicalize()
        .with_context(|| format!("cannot find {}", home.display()))?;
    Ok(Programs::at(home.join("bin")))
}

async fn lock(path: PathBuf) -> Result<File> {
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Progress::note("waiting for another process that builds the control plane");
    spawn_blocking(move || file.lock().map(|()| file))
        .await?
        .context("cannot lock the cache")
}

/// Builds into `partial`, which becomes `home` only when all is done: a build that was interrupted
/// leaves nothing that looks finished.
async fn build(partial: &Path, home: &Path) -> Result<()> {
    require_go()?;
    if partial.exists() {
        fs::remove_dir_all(partial)?;
    }
    let bin = partial.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot make {}", bin.display()))?;
    let log = partial.join("build.log");
    let code = compile(&bin, &log).await?;
    if code != 0 {
        bail!(
            "Go could not build the control plane (exit code {code}):\n{}",
            tail(&log, 15)
        );
    }
    // etcd's main package is called "server", and so is the program that Go makes of it.
    fs::rename(bin.join("server"), bin.join("etcd")).context("Go built no etcd")?;
    fs::rename(partial, home).with_context(|| format!("cannot make {}", home.display()))
}

fn require_go() -> Result<()> {
    let version = Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .status();
    match version {
        Ok(status) if status.success() => Ok(()),
        _ => bail!(
            "the control plane is built with Go, and `go version` does not work here: \
             install Go 1.26 or newer (https://go.dev/dl/)"
        ),
    }
}

async fn compile(bin: &Path, log: &Path) -> Result<i32> {
    let go = Leash::start(Leashed {
        program: "go".into(),
        args: vec![
            "build".into(),
            "-v".into(),
            "-trimpath".into(),
            "-buildvcs=false".into(),
            "-ldflags".into(),
            STAMP.into(),
            "-o".into(),
            bin.canonicalize()?.join("").into(),
            "tool".into(),
            "./kstatus".into(),
        ],
        directory: Some(module().to_path_buf()),
        log: Some(log.to_path_buf()),
        grace: 5,
        ..Leashed::default()
    })?;
    let mut progress = Progress::start();
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            code = go.ended() => {
                progress.finish(code == 0);
                return Ok(code);
            }
            _ = tick.tick() => progress.show(&fs::read_to_string(log).unwrap_or_default()),
        }
    }
}
