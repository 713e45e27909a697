//! How far a long list has come, on a terminal only.
use std::io::{IsTerminal, Write, stderr};

/// Tells on one line of stderr how far something is.
pub(super) struct Progress {
    what: &'static str,
    all: Option<u64>,
    told: bool,
    done: u64,
}

impl Progress {
    /// Nothing is done yet, of so many if that is known.
    pub(super) fn new(what: &'static str, all: Option<u64>) -> Self {
        Self {
            what,
            all,
            told: stderr().is_terminal(),
            done: 0,
        }
    }

    /// So many more are done.
    pub(super) fn add(&mut self, more: u64) {
        self.done += more;
        if self.told {
            let all = self.all.map(|all| format!(" of {all}"));
            let (what, done, all) = (self.what, self.done, all.unwrap_or_default());
            // Whoever closes stderr does not want to be told.
            let _ = write!(stderr(), "\r\x1b[K{what}: {done}{all}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.told && self.done > 0 {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
