//! What GraphQL shows of the processes of a runner.
use serde::Deserialize;

use super::model::{Insight, Managers};

/// The longest version or platform that is kept, in characters: whoever has a token says what it likes.
const LONGEST: usize = 64;

/// The fields of a runner that tell of its processes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    job_execution_status: Option<String>,
    managers: Option<List>,
}

#[derive(Deserialize)]
struct List {
    count: Option<u64>,
    nodes: Vec<Option<Node>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    status: Option<String>,
    version: Option<String>,
    platform_name: Option<String>,
}

impl Shown {
    /// What it comes to. Of a runner that nobody has contacted there is nothing to tell. Of others a
    /// fine-grained token is shown no process at all (contract §8.2).
    pub(super) fn read(&self, contacted: bool) -> Insight {
        if !contacted {
            return Insight::default();
        }
        let Self {
            job_execution_status,
            managers,
        } = self;
        let shown = managers.as_ref().filter(|list| !list.nodes.is_empty());
        Insight {
            at_work: job_execution_status.as_deref().map(|word| word == "ACTIVE"),
            managers: shown.map(read),
        }
    }
}

/// Those that have called lately are counted by that, and not by their rows: a process that is gone leaves
/// its row behind.
fn read(List { count, nodes }: &List) -> Managers {
    let shown = u64::try_from(nodes.len()).unwrap_or(u64::MAX);
    let mut managers = Managers {
        total: count.unwrap_or(shown),
        ..Managers::default()
    };
    let cut = |text: &String| text.chars().take(LONGEST).collect::<String>();
    for node in nodes.iter().flatten() {
        let Node {
            status,
            version,
            platform_name,
        } = node;
        if status.as_deref() == Some("ONLINE") {
            managers.online += 1;
            managers.versions.extend(version.as_ref().map(cut));
            managers.platforms.extend(platform_name.as_ref().map(cut));
        }
    }
    managers
}
