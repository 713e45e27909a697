//! The stand-in for GitLab, as a program beside this one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use control_plane::{ControlPlane, Leash, Leashed};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

const NAME: &str = "gitlab-sim";

/// It only has to read its seed.
const PATIENCE: Duration = Duration::from_secs(30);

const LOOK: Duration = Duration::from_millis(20);

/// What it prints once it listens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Addresses {
    pub(crate) url: String,
    pub(crate) control_url: String,
    /// The certificate authority, if it serves HTTPS.
    pub(crate) ca: Option<String>,
}

/// Starts it with that seed and tells where it listens.
pub(crate) async fn start(
    plane: &ControlPlane,
    program: &Path,
    seed: &Path,
    tls: bool,
) -> Result<(Leash, Addresses)> {
    let mut args = vec![
        "--seed".into(),
        seed.canonicalize()
            .with_context(|| format!("no seed {}", seed.display()))?
            .into(),
        "--listen=127.0.0.1:0".into(),
        "--control=127.0.0.1:0".into(),
    ];
    if tls {
        args.extend(["--tls-dir".into(), plane.folder().join("gitlab-tls").into()]);
    }
    let program = program.to_path_buf();
    let what = Leashed {
        program,
        args,
        grace: 2,
        ..Leashed::default()
    };
    let leash = plane.attach(NAME, what)?;
    let log = plane.log(NAME);
    let announced = async {
        loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let addresses = said
                .lines()
                .find_map(|line| serde_json::from_str(line).ok());
            if let Some(addresses) = addresses {
                return Ok(addresses);
            }
            if leash.code().is_some() {
                bail!("the stand-in for GitLab did not start:\n{said}");
            }
            sleep(LOOK).await;
        }
    };
    let addresses = timeout(PATIENCE, announced)
        .await
        .context("the stand-in says nothing")??;
    Ok((leash, addresses))
}
