//! The pages in `docs/`, as somebody follows them.
use std::fs;

use super::stage::repository;
use super::story::Story;

/// A page of `docs/`.
pub(crate) struct Page(String);

impl Page {
    /// The page of that name.
    pub(crate) fn named(name: &str) -> Self {
        Self(fs::read_to_string(repository().join("docs").join(name)).unwrap())
    }

    /// What stands in its blocks of that kind, such as `yaml`, with the reader's own things in place of
    /// the page's.
    pub(crate) fn blocks(&self, kind: &str, own: &[(&str, &str)]) -> Vec<String> {
        let begin = format!("\n```{kind}\n");
        let blocks = self.0.split(&*begin).skip(1);
        let blocks = blocks.map(|rest| rest.split("\n```").next().unwrap());
        let with_own = |block: &str| {
            let mut block = block.to_owned();
            for (theirs, ours) in own {
                block = block.replace(theirs, ours);
            }
            block
        };
        blocks.map(with_own).collect()
    }
}

impl Story<'_> {
    /// Applies a block of a page as it stands.
    pub(crate) async fn applies(&self, yaml: &str) {
        let all = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
        self.stage.kubectl().done(&all, yaml).await;
    }
}
