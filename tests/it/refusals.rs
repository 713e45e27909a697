//! GitLab says no, asks for silence, or gives no answer that can be read. What it said is shown,
//! nothing is tried in a circle, and in the end there is exactly one runner, as declared.
mod answers;
mod foreign;
mod no;
mod silence;

use std::time::Duration;

use gitlab_sim::Recorded;
use tokio::time::Instant;

use crate::harness::{Story, within};

/// Where runners are registered.
const POST: &str = "/api/v4/user/runners";

/// The attempts to register that runner, which is told by its description.
fn attempts(story: &Story<'_>, name: &str) -> Vec<Recorded> {
    let own = format!("{}/{name}", story.namespace);
    let mut asked = story.gitlab.requests();
    asked.retain(|asked| {
        asked.method == "POST" && asked.path == POST && asked.body["description"] == own.as_str()
    });
    asked
}

/// How often that was asked.
pub(crate) fn count(story: &Story<'_>, method: &str, path: &str) -> usize {
    let fits = |asked: &&Recorded| asked.method == method && asked.path == path;
    story.gitlab.requests().iter().filter(fits).count()
}

/// Watches for a while, throughout which that must stay so.
pub(crate) async fn stays(what: &str, time: Duration, so: impl Fn() -> Result<(), String>) {
    let since = Instant::now();
    within(time * 4, what, async || {
        if let Err(seen) = so() {
            panic!("no longer so: {what}: {seen}");
        }
        match since.elapsed() {
            passed if passed >= time => Ok(()),
            passed => Err(format!("watched for {passed:?}")),
        }
    })
    .await;
}
