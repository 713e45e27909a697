//! The five programs that make a control plane, the judge beside them, and where they are kept.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ring::digest::{SHA256, digest};

/// Names another folder for the programs than `.cache/control-plane` of this repository.
pub const CACHE_VARIABLE: &str = "CONTROL_PLANE_CACHE";

/// Paths of the programs. They are never looked up on the `PATH`: whatever is there has another
/// version.
#[derive(Clone, Debug)]
pub struct Programs {
    bin: PathBuf,
}

impl Programs {
    pub(crate) fn at(bin: PathBuf) -> Self {
        Self { bin }
    }

    /// The folder that holds them all, to be put in front of a `PATH`.
    pub fn folder(&self) -> &Path {
        &self.bin
    }

    /// `etcd`
    pub fn etcd(&self) -> PathBuf {
        self.bin.join("etcd")
    }

    /// `kube-apiserver`
    pub fn kube_apiserver(&self) -> PathBuf {
        self.bin.join("kube-apiserver")
    }

    /// `kube-controller-manager`
    pub fn kube_controller_manager(&self) -> PathBuf {
        self.bin.join("kube-controller-manager")
    }

    /// `kubectl`, of the API server's version
    pub fn kubectl(&self) -> PathBuf {
        self.bin.join("kubectl")
    }

    /// `helm`, version 4
    pub fn helm(&self) -> PathBuf {
        self.bin.join("helm")
    }

    /// `kstatus`, which judges objects on its standard input as helm and Flux do
    pub fn kstatus(&self) -> PathBuf {
        self.bin.join("kstatus")
    }
}

/// Where the Go module lies that pins the programs.
pub(crate) fn module() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder for all versions. It is outside of cargo's target folder, because five minutes of
/// building should survive a `cargo clean`.
pub(crate) fn cache() -> PathBuf {
    env::var_os(CACHE_VARIABLE)
        .filter(|value| !value.is_empty())
        .map_or_else(
            || module().join("../../.cache/control-plane"),
            |folder| env::current_dir().unwrap_or_default().join(folder),
        )
}

/// What tells one set of programs from another: the content of `go.mod`, of `go.sum`, and of the one
/// program that is written here.
pub(crate) fn key(module: &Path) -> Result<String> {
    let read = |name: &str| {
        let path = module.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let files = [read("go.mod")?, read("go.sum")?, read("kstatus/main.go")?];
    Ok(key_of(&files.each_ref().map(Vec::as_slice)))
}

fn key_of(files: &[&[u8]]) -> String {
    // The lengths keep a line that moves from one file to the other from giving the same key.
    let parts: Vec<Vec<u8>> = files
        .iter()
        .map(|file| [&file.len().to_le_bytes(), *file].concat())
        .collect();
    let hash = digest(&SHA256, &parts.concat());
    hash.as_ref()
        .iter()
        .take(8)
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn each_file_and_the_border_between_them_count() {
        let keys = [
            key_of(&[b"module a", b"sum"]),
            key_of(&[b"module b", b"sum"]),
            key_of(&[b"module a", b"sun"]),
            key_of(&[b"module as", b"um"]),
        ];
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(key.len(), 16);
            assert!(
                !keys.iter().skip(n + 1).any(|other| other == key),
                "{keys:?}"
            );
        }
        assert_eq!(
            keys[0],
            key_of(&[b"module a", b"sum"]),
            "the same content has the same key"
        );
    }
}
