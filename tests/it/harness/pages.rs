//! The manifests that the pages of docs/ show, for a story to try.
use super::manifest::Manifest;

/// The YAML blocks of a page, one manifest for each document, in their order. One that names no kind of ours
/// is a part of something else, and is left out.
pub(crate) fn manifests(page: &str) -> Vec<Manifest> {
    let blocks = page.split("\n```yaml\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or_default());
    blocks
        .flat_map(|block| block.split("\n---\n"))
        .filter(|document| document.contains("apiVersion: gitlab-registrar.dev/"))
        .map(Manifest::from_yaml)
        .collect()
}
