//! The command lines of the three servers.

use std::path::Path;

use anyhow::Result;

use crate::identity::{SIGNING_KEY, Tokens, VERIFYING_KEY, service_account_keys};
use crate::leash::{Leash, Leashed};
use crate::ports;
use crate::programs::Programs;
use crate::scratch::Scratch;

const AUDIT_POLICY: &str = include_str!("audit-policy.yaml");

/// What all three need to know.
pub(crate) struct Site {
    pub(crate) scratch: Scratch,
    pub(crate) programs: Programs,
    pub(crate) tokens: Tokens,
    pub(crate) apiserver_args: Vec<String>,
    pub(crate) apiserver_port: u16,
    etcd_port: u16,
    etcd_peer_port: u16,
}

impl Site {
    pub(crate) fn prepare(programs: Programs, apiserver_args: Vec<String>) -> Result<Self> {
        let scratch = Scratch::new()?;
        let folder = scratch.path();
        std::fs::create_dir(folder.join("logs"))?;
        std::fs::write(folder.join("audit-policy.yaml"), AUDIT_POLICY)?;
        service_account_keys(folder)?;
        let tokens = Tokens::random()?;
        tokens.write(&folder.join("tokens.csv"))?;
        let [apiserver_port, etcd_port, etcd_peer_port] = ports::free()?;
        Ok(Self {
            scratch,
            programs,
            tokens,
            apiserver_args,
            apiserver_port,
            etcd_port,
            etcd_peer_port,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.scratch.path()
    }

    fn file(&self, name: &str) -> String {
        self.folder().join(name).display().to_string()
    }

    pub(crate) fn etcd(&self) -> Result<Leash> {
        let clients = format!("http://127.0.0.1:{}", self.etcd_port);
        let peers = format!("http://127.0.0.1:{}", self.etcd_peer_port);
        let args = [
            format!("--data-dir={}", self.file("etcd")),
            format!("--listen-client-urls={clients}"),
            format!("--advertise-client-urls={clients}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=default={peers}"),
            // The data dies with the control plane anyway.
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
        ];
        self.run("etcd", &self.programs.etcd(), args)
    }

    pub(crate) fn apiserver(&self) -> Result<Leash> {
        let args = [
            format!("--etcd-servers=http://127.0.0.1:{}", self.etcd_port),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.apiserver_port),
            format!("--cert-dir={}", self.file("certificates")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", self.file(VERIFYING_KEY)),
            format!(
                "--service-account-signing-key-file={}",
                self.file(SIGNING_KEY)
            ),
            "--authorization-mode=RBAC".to_owned(),
            format!("--token-auth-file={}", self.file("tokens.csv")),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            // There is no Service network in which a loopback address could be announced.
            "--endpoint-reconciler-type=none".to_owned(),
            "--profiling=false".to_owned(),
            format!("--audit-policy-file={}", self.file("audit-policy.yaml")),
            format!("--audit-log-path={}", self.file("audit.jsonl")),
            "--audit-log-mode=blocking".to_owned(),
        ];
        let args = args.into_iter().chain(self.apiserver_args.iter().cloned());
        self.run("kube-apiserver", &self.programs.kube_apiserver(), args)
    }

    pub(crate) fn controller_manager(&self, kubeconfig: &Path) -> Result<Leash> {
        let controllers = [
            "garbage-collector-controller",
            "namespace-controller",
            "serviceaccount-controller",
            "serviceaccount-token-controller",
            "root-ca-certificate-publisher-controller",
            "deployment-controller",
            "replicaset-controller",
        ];
        let args = [
            format!("--kubeconfig={}", kubeconfig.display()),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            format!(
                "--service-account-private-key-file={}",
                self.file(SIGNING_KEY)
            ),
            format!("--root-ca-file={}", self.file("certificates/apiserver.crt")),
            "--use-service-account-credentials=false".to_owned(),
            format!("--controllers={}", controllers.join(",")),
        ];
        self.run(
            "kube-controller-manager",
            &self.programs.kube_controller_manager(),
            args,
        )
    }

    /// Where that program's output goes.
    pub(crate) fn log(&self, name: &str) -> std::path::PathBuf {
        self.folder().join("logs").join(format!("{name}.log"))
    }

    fn run(
        &self,
        name: &str,
        program: &Path,
        args: impl IntoIterator<Item = String>,
    ) -> Result<Leash> {
        Leash::start(Leashed {
            program: program.to_path_buf(),
            args: args.into_iter().map(Into::into).collect(),
            directory: Some(self.folder().to_path_buf()),
            log: Some(self.log(name)),
            grace: 5,
            lifeline: Some(self.scratch.lifeline()?),
            ..Leashed::default()
        })
    }
}
