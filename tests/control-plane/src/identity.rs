//! Keys and tokens of one control plane, made anew each time.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use rcgen::KeyPair;
use ring::rand::{SecureRandom, SystemRandom};

use crate::kubeconfig::private_file;

/// Signs the tokens of `ServiceAccount`s.
pub(crate) const SIGNING_KEY: &str = "service-account.key";

/// Verifies them.
pub(crate) const VERIFYING_KEY: &str = "service-account.pub";

/// The people and programs that do not come by a `ServiceAccount`. The audit log can tell them
/// apart, so the operator's requests are never mixed up with ours.
pub(crate) struct Tokens {
    pub(crate) admin: String,
    pub(crate) controller_manager: String,
    pub(crate) node: String,
}

impl Tokens {
    pub(crate) fn random() -> Result<Self> {
        Ok(Self {
            admin: token()?,
            controller_manager: token()?,
            node: token()?,
        })
    }

    /// Writes them in the form of `--token-auth-file`.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let Self {
            admin,
            controller_manager,
            node,
        } = self;
        let lines = format!(
            "{admin},admin,admin,system:masters\n\
             {controller_manager},control-plane:controller-manager,controller-manager,system:masters\n\
             {node},control-plane:node,node,system:masters\n"
        );
        private_file(path, lines.as_bytes())
    }
}

fn token() -> Result<String> {
    let mut bytes = [0; 24];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow!("no random numbers"))?;
    Ok(bytes
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
}

/// Makes the pair of keys that signs and verifies `ServiceAccount` tokens.
pub(crate) fn service_account_keys(folder: &Path) -> Result<()> {
    let keys = KeyPair::generate().context("cannot make a key")?;
    private_file(&folder.join(SIGNING_KEY), keys.serialize_pem().as_bytes())?;
    // The API server takes the public half from a private key too, but only from an older format
    // than the one we have.
    private_file(
        &folder.join(VERIFYING_KEY),
        keys.public_key_pem().as_bytes(),
    )
}
