//! What one needs to work with a control plane.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, ObjectMeta, PostParams};
use kube::runtime::wait::await_condition;
use tokio::time::timeout;

use super::{ControlPlane, PATIENCE};
use crate::kubeconfig::{self, Access};
use crate::leash::{Leash, Leashed};
use crate::programs::Programs;
use crate::token;

impl ControlPlane {
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
}
