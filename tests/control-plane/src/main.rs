//! `playground`: a control plane to play with.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    control_plane::ensure().await?;
    let plane = control_plane::ControlPlane::start(control_plane::Options::default()).await?;
    tokio::signal::ctrl_c().await?;
    plane.stop().await?;
    Ok(ExitCode::SUCCESS)
}
