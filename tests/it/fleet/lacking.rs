//! `registrar plan` for a GitLab that cannot do what a manifest asks for.
use std::fs;

use super::plan::with;
use super::{asks, fleet, folder};

/// The operator changes nothing where a release lacks something of what spec asks for.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_lacks_is_told_and_fails() {
    let sim = fleet("17", 24, "").await;
    let folder = folder("lacking");
    let manifest = |name: &str, more: &str| {
        format!(
            "---\napiVersion: gitlab-registrar.dev/v1alpha1\nkind: GitLabRunner\nmetadata: {{name: {name}}}\n\
             spec: {{connectionRef: {{name: gitlab}}, scope: {{group: {{path: platform}}}}{more}}}\n"
        )
    };
    let text = manifest("brief", ", registration: {expiresIn: 72h}") + &manifest("lasting", "");
    fs::write(folder.join("runners.yaml"), text).unwrap();
    let folder = folder.display().to_string();
    let plan = ["plan", "-f", &*folder, "-n", "ci", "-o", "json"];
    let ran = asks(&sim, &plan).await;
    assert!(
        ran.err.contains("what that GitLab cannot do"),
        "{}",
        ran.err
    );
    let rows = ran.json(1);
    assert_eq!(
        with(&rows, "missing")[0]["object"],
        "ci/lasting",
        "{rows:#}"
    );
    let brief = with(&rows, "unclear")[0];
    let message = brief["message"].as_str().unwrap();
    assert_eq!(brief["object"], "ci/brief");
    for part in ["GitLab 17.", "registration.expiresIn", "18.10"] {
        assert!(message.contains(part), "{message}");
    }
}
