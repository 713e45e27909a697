//! What everybody who works on a node needs.

use std::collections::BTreeMap;
use std::io::PipeWriter;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::NodeOptions;
use super::status::PodView;
use crate::leash::Leash;

/// What everybody who works on this node shares.
pub(super) struct Place {
    pub(super) client: kube::Client,
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) program: PathBuf,
    pub(super) namespaces: Vec<String>,
    pub(super) folder: PathBuf,
    pub(super) server: String,
    pub(super) certificate_authority: PathBuf,
    pub(super) lifeline: PipeWriter,
    pub(super) board: watch::Sender<BTreeMap<String, PodView>>,
    pub(super) leashes: Mutex<BTreeMap<String, Arc<Leash>>>,
}

/// A [`Place`] that has no client yet.
pub(super) struct Site {
    pub(super) folder: PathBuf,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) program: PathBuf,
    pub(super) options: NodeOptions,
    pub(super) server: String,
    pub(super) certificate_authority: PathBuf,
    pub(super) lifeline: PipeWriter,
}

impl Site {
    pub(super) fn place(self, client: kube::Client) -> Place {
        Place {
            client,
            name: self.options.name,
            labels: self.labels,
            program: self.program,
            namespaces: self.options.namespaces,
            folder: self.folder,
            server: self.server,
            certificate_authority: self.certificate_authority,
            lifeline: self.lifeline,
            board: watch::channel(BTreeMap::new()).0,
            leashes: Mutex::default(),
        }
    }
}

impl Place {
    pub(super) fn log(&self, namespace: &str, name: &str, uid: &str) -> PathBuf {
        self.folder.join(format!("{namespace}_{name}_{uid}.log"))
    }

    pub(super) fn change(&self, uid: &str, change: impl FnOnce(&mut PodView)) {
        self.board.send_modify(|board| {
            if let Some(view) = board.get_mut(uid) {
                change(view);
            }
        });
    }

    pub(super) fn hold(&self, uid: &str, leash: &Arc<Leash>) {
        if let Ok(mut leashes) = self.leashes.lock() {
            leashes.insert(uid.to_owned(), Arc::clone(leash));
        }
    }

    pub(super) fn leash(&self, uid: &str) -> Option<Arc<Leash>> {
        self.leashes.lock().ok()?.get(uid).cloned()
    }
}
