//! The control plane as a value.

mod access;
mod outage;
mod record;

use std::fs;
use std::io::PipeWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::build;
use crate::kubeconfig::{self, Access};
use crate::launch::Site;
use crate::leash::{Leash, tail};

/// Far longer than it takes, because other work may keep all the cores busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often we look whether something outside of the API has happened.
const LOOK: Duration = Duration::from_millis(50);

/// How long a server may take to stop in good order. Its data is thrown away, so this is short.
const GRACE: Duration = Duration::from_secs(5);

/// How many sets of ports are tried before we believe that something else is wrong.
const ATTEMPTS: usize = 3;

/// What can be different from one control plane to another.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// More arguments for the kube-apiserver, for example `--max-requests-inflight=5`.
    pub apiserver_args: Vec<String>,
}

/// etcd, kube-apiserver and kube-controller-manager on free ports of 127.0.0.1.
///
/// They end when this value is dropped or the process ends in whatever way, SIGKILL included, and
/// their folder is removed then. It is tied to no async runtime, so it may live in a static.
pub struct ControlPlane {
    // Fields are dropped in this order.
    controller_manager: Leash,
    apiserver: Mutex<Leash>,
    etcd: Leash,
    kubeconfig: PathBuf,
    node_kubeconfig: PathBuf,
    server: String,
    site: Site,
}

impl ControlPlane {
    /// Builds the programs if need be, starts them, and returns when the API server is ready.
    ///
    /// # Errors
    ///
    /// When the programs cannot be built, or end before they are ready: with the last lines of
    /// their logs.
    pub async fn start(options: Options) -> Result<Self> {
        let programs = build::ensure().await?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let site = Site::prepare(programs.clone(), options.apiserver_args.clone())?;
            // Somebody else may have taken a port meanwhile, or all the processor time.
            match Self::launch(site).await {
                Ok(plane) => return Ok(plane),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow!("the control plane was never tried")))
    }

    async fn launch(site: Site) -> Result<Self> {
        let etcd = site.etcd()?;
        let apiserver = site.apiserver()?;
        let authority = site.folder().join("certificates/apiserver.crt");
        let server = format!("https://127.0.0.1:{}", site.apiserver_port);
        let write = |name: &str, user: &str, token: &str| {
            let path = site.folder().join(name);
            let certificate_authority = authority.as_path();
            let server = server.as_str();
            let namespace = "default";
            let access = Access {
                server,
                certificate_authority,
                user,
                token,
                namespace,
            };
            kubeconfig::write(&path, &access).map(|()| path)
        };
        let kubeconfig = write("kubeconfig", "admin", &site.tokens.admin)?;
        let node_kubeconfig = write("node.kubeconfig", "node", &site.tokens.node)?;
        let manager = write(
            "controller-manager.kubeconfig",
            "controller-manager",
            &site.tokens.controller_manager,
        )?;
        // The API server makes its certificate by itself, and only then can others trust it.
        // There are two in the file, its own and its authority's; it may still be half written.
        wait_for(
            "the API server's certificate",
            &site,
            &[&etcd, &apiserver],
            async || {
                fs::read_to_string(&authority).is_ok_and(|pem| pem.matches("-----END").count() > 1)
            },
        )
        .await?;
        let client = kubeconfig::client(&kubeconfig).await?;
        wait_for("the API server", &site, &[&etcd, &apiserver], async || {
            ready(&client).await
        })
        .await?;
        let controller_manager = site.controller_manager(&manager)?;
        let apiserver = Mutex::new(apiserver);
        Ok(Self {
            controller_manager,
            apiserver,
            etcd,
            kubeconfig,
            node_kubeconfig,
            server,
            site,
        })
    }

    /// The administrator's kubeconfig, with the API server's own certificate authority.
    pub fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig
    }

    /// Where the API server listens, `https://127.0.0.1:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// `kubectl` of the API server's version.
    pub fn kubectl(&self) -> PathBuf {
        self.site.programs.kubectl()
    }

    /// `helm` 4.
    pub fn helm(&self) -> PathBuf {
        self.site.programs.helm()
    }

    /// A folder that lives as long as the control plane, for what belongs to it.
    pub fn folder(&self) -> &Path {
        self.site.folder()
    }

    pub(crate) fn node_kubeconfig(&self) -> &Path {
        &self.node_kubeconfig
    }

    /// The file by which everybody trusts the API server.
    pub(crate) fn certificate_authority(&self) -> PathBuf {
        self.folder().join("certificates/apiserver.crt")
    }

    /// Keeps our folder for as long as it is open.
    pub(crate) fn lifeline(&self) -> Result<PipeWriter> {
        self.site.scratch.lifeline()
    }

    /// The process ids of etcd, kube-apiserver and kube-controller-manager.
    pub async fn pids(&self) -> [u32; 3] {
        [
            self.etcd.pid(),
            self.apiserver.lock().await.pid(),
            self.controller_manager.pid(),
        ]
    }

    /// Stops everything and returns when it has ended. Dropping does the same without waiting.
    pub async fn stop(self) -> Result<()> {
        self.controller_manager.stop(GRACE).await?;
        self.apiserver.lock().await.stop(GRACE).await?;
        self.etcd.stop(GRACE).await?;
        Ok(())
    }
}

async fn ready(client: &kube::Client) -> bool {
    let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else {
        return false;
    };
    matches!(
        timeout(GRACE, client.request_text(request)).await,
        Ok(Ok(_))
    )
}

/// Looks until it is so, unless one of the programs has ended.
async fn wait_for(
    what: &str,
    site: &Site,
    programs: &[&Leash],
    is_so: impl AsyncFn() -> bool,
) -> Result<()> {
    let logs = || {
        let told = ["etcd", "kube-apiserver"].map(|name| tail(&site.log(name), 8));
        told.join("\n")
    };
    let look = async {
        while !is_so().await {
            if programs.iter().any(|program| program.code().is_some()) {
                bail!("{what} did not come up:\n{}", logs());
            }
            sleep(LOOK).await;
        }
        Ok(())
    };
    timeout(PATIENCE, look)
        .await
        .map_err(|_| anyhow!("{what} is not ready:\n{}", logs()))?
}
