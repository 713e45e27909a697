//! The control plane as a value.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::PipeWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, ObjectMeta, PostParams};
use kube::runtime::wait::await_condition;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::audit::{AuditEvent, AuditMark, read_since};
use crate::build;
use crate::kubeconfig::{self, Access};
use crate::launch::Site;
use crate::leash::{Leash, Leashed, Signal, tail};
use crate::programs::Programs;
use crate::token;

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
            match Self::launch(site).await {
                Err(error) if format!("{error:#}").contains("address already in use") => {
                    last = Some(error);
                }
                done => return done,
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

    /// Starts a program that belongs to this control plane: what it prints goes to
    /// [`Self::log`]`(name)`, and the folder is kept until it has ended.
    ///
    /// # Errors
    ///
    /// Those of [`Leash::start`].
    pub fn attach(&self, name: &str, what: Leashed) -> Result<Leash> {
        let log = Some(self.log(name));
        let lifeline = Some(self.lifeline()?);
        Leash::start(Leashed {
            log,
            lifeline,
            ..what
        })
    }

    /// Where the output of that program goes: `etcd`, `kube-apiserver`, `kube-controller-manager`,
    /// or one that was attached.
    pub fn log(&self, name: &str) -> PathBuf {
        self.site.log(name)
    }

    /// Where our `kubectl` and `helm` are.
    pub fn programs(&self) -> &Programs {
        &self.site.programs
    }

    /// What a shell needs to work with this control plane and with nothing else: `KUBECONFIG`, our
    /// `kubectl` and `helm` first in the `PATH`, and caches of their own, because kubectl's usual
    /// cache knows servers by their port and would mix up one run with another.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let folder = |name: &str| self.folder().join(name).display().to_string();
        let mut path = self.site.programs.folder().as_os_str().to_owned();
        if let Some(inherited) = env::var_os("PATH") {
            path.push(":");
            path.push(inherited);
        }
        [
            ("KUBECONFIG", self.kubeconfig.display().to_string()),
            ("PATH", path.to_string_lossy().into_owned()),
            ("KUBECACHEDIR", folder("kubectl-cache")),
            ("HELM_CACHE_HOME", folder("helm-cache")),
            ("HELM_CONFIG_HOME", folder("helm-config")),
            ("HELM_DATA_HOME", folder("helm-data")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// A new client with all rights, whose requests the audit log tells as user `admin`.
    ///
    /// A client belongs to the async runtime that made it, so each test needs its own.
    pub async fn admin_client(&self) -> Result<kube::Client> {
        kubeconfig::client(&self.kubeconfig).await
    }

    /// Makes a namespace and waits until it has its `default` `ServiceAccount`, without which no
    /// Pod can be made there.
    pub async fn create_namespace(&self, name: &str) -> Result<()> {
        let client = self.admin_client().await?;
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        let namespace = Namespace {
            metadata,
            ..Namespace::default()
        };
        Api::all(client.clone())
            .create(&PostParams::default(), &namespace)
            .await
            .with_context(|| format!("cannot make the namespace {name}"))?;
        let accounts: Api<ServiceAccount> = Api::namespaced(client, name);
        let there = |account: Option<&ServiceAccount>| account.is_some();
        timeout(PATIENCE, await_condition(accounts, "default", there))
            .await
            .with_context(|| format!("{name} got no default ServiceAccount"))??;
        Ok(())
    }

    /// Writes a kubeconfig for a `ServiceAccount`, with a token that is good for a day and
    /// `namespace` as the default one.
    pub async fn service_account_kubeconfig(
        &self,
        namespace: &str,
        account: &str,
    ) -> Result<PathBuf> {
        let token = token::request(&self.admin_client().await?, namespace, account, None).await?;
        let path = self
            .folder()
            .join(format!("{namespace}.{account}.kubeconfig"));
        let access = Access {
            server: self.server(),
            certificate_authority: &self.certificate_authority(),
            user: account,
            token: &token,
            namespace,
        };
        kubeconfig::write(&path, &access)?;
        Ok(path)
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

    /// Everything that the API server was asked so far, without the control plane's own reads.
    ///
    /// A line is written when a request is answered, and may come a moment after the answer: see
    /// [`Self::audit_settled`].
    pub fn audit(&self) -> Result<Vec<AuditEvent>> {
        Ok(self.audit_since(AuditMark::default())?.0)
    }

    /// The end of the audit log, for [`Self::audit_since`].
    pub fn audit_mark(&self) -> Result<AuditMark> {
        // Reading decides where the last whole line ends.
        Ok(self.audit_since(AuditMark::default())?.1)
    }

    /// What was asked since then, and the mark to go on from.
    pub fn audit_since(&self, mark: AuditMark) -> Result<(Vec<AuditEvent>, AuditMark)> {
        read_since(&self.folder().join("audit.jsonl"), mark)
    }

    /// Returns when the log holds every request that was answered before this call: it asks for
    /// something nobody else asks for, and waits until that is in the log.
    pub async fn audit_settled(&self) -> Result<AuditMark> {
        let mut mark = self.audit_mark()?;
        let uri = format!("/version?settled={}", mark.0);
        let request = http::Request::get(&uri).body(Vec::new())?;
        self.admin_client().await?.request_text(request).await?;
        let found = async {
            loop {
                let (events, next) = self.audit_since(mark)?;
                mark = next;
                if events.iter().any(|event| event.request_uri == uri) {
                    return Ok(mark);
                }
                sleep(LOOK).await;
            }
        };
        timeout(PATIENCE, found)
            .await
            .context("the audit log does not grow")?
    }

    /// Freezes the API server (SIGSTOP): connections stay open, and nothing is answered.
    pub async fn stop_apiserver(&self) -> Result<()> {
        self.apiserver.lock().await.signal(Signal::Stop)
    }

    /// Lets it go on (SIGCONT).
    pub async fn resume_apiserver(&self) -> Result<()> {
        self.apiserver.lock().await.signal(Signal::Cont)
    }

    /// Kills the API server: connections are refused until [`Self::restart_apiserver`].
    pub async fn kill_apiserver(&self) -> Result<()> {
        let apiserver = self.apiserver.lock().await;
        apiserver.signal(Signal::Kill)?;
        apiserver.ended().await;
        Ok(())
    }

    /// Starts the API server again, at the same address with the same data and certificate, and
    /// returns when it is ready.
    pub async fn restart_apiserver(&self) -> Result<()> {
        let mut apiserver = self.apiserver.lock().await;
        apiserver.stop(GRACE).await?;
        *apiserver = self.site.apiserver()?;
        let client = self.admin_client().await?;
        wait_for("the API server", &self.site, &[&apiserver], async || {
            ready(&client).await
        })
        .await
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
