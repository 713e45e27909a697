//! Which sections of the contract a test covers, and in which versions it asks: both are declared
//! at its beginning, where `tests/coverage.rs` reads them, and the versions are held to what was
//! really asked.
use std::{cell::RefCell, collections::BTreeSet};

use gitlab_sim::{GitLab, Version};

thread_local! {
    static ASKED: RefCell<BTreeSet<Version>> = const { RefCell::new(BTreeSet::new()) };
}

/// Held until the end of a test, when the versions are compared.
#[must_use = "the versions are compared when this is dropped"]
pub(crate) struct Covers(BTreeSet<Version>);

/// Declares the sections and the versions, each with spaces between; `all` is every version.
pub(crate) fn covers(_sections: &str, versions: &str) -> Covers {
    ASKED.take();
    Covers(match versions {
        "all" => Version::ALL.into(),
        some => some.split(' ').map(|word| word.parse().unwrap()).collect(),
    })
}

/// Notes that this GitLab is asked something.
pub(crate) fn asked(gitlab: &GitLab) {
    let version = Version::ALL.into_iter().rev().find(|v| gitlab.since(*v));
    ASKED.with_borrow_mut(|asked| asked.extend(version));
}

impl Drop for Covers {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let words = |set: &BTreeSet<Version>| -> Vec<String> {
                set.iter().map(ToString::to_string).collect()
            };
            let asked = ASKED.take();
            assert_eq!(words(&self.0), words(&asked), "declared and asked versions");
        }
    }
}
