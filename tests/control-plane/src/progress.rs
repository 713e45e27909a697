//! What is told while the programs are being built.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// How many packages a cold build prints, seen with the versions of `go.mod`.
const PACKAGES: usize = 3_000;

/// Between two lines when nobody watches a terminal, so that a CI log stays readable.
const PLAIN_PERIOD: Duration = Duration::from_secs(15);

/// One line that is rewritten on a terminal, a line now and then elsewhere.
pub(crate) struct Progress {
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    pub(crate) fn start() -> Self {
        Self::note(
            "building etcd, kube-apiserver, kube-controller-manager, kubectl and helm \
             (about five minutes, this once)",
        );
        Self {
            started: Instant::now(),
            shown: None,
            terminal: stderr().is_terminal(),
        }
    }

    /// One plain line.
    pub(crate) fn note(text: &str) {
        say(&format!("control plane: {text}\n"));
    }

    /// Tells how far it is, from everything that Go has printed so far.
    pub(crate) fn show(&mut self, printed: &str) {
        let now = Instant::now();
        let due = self
            .shown
            .is_none_or(|last| now.duration_since(last) >= PLAIN_PERIOD);
        if !self.terminal && !due {
            return;
        }
        self.shown = Some(now);
        let text = line(printed, self.started.elapsed());
        if self.terminal {
            say(&format!("\r\x1b[2Kcontrol plane: {text}"));
        } else {
            Self::note(&text);
        }
    }

    pub(crate) fn finish(&self, built: bool) {
        if self.terminal {
            say("\r\x1b[2K");
        }
        if built {
            Self::note(&format!("built in {}", minutes(self.started.elapsed())));
        }
    }
}

/// Progress is a courtesy: when standard error is closed, the build goes on without it.
fn say(text: &str) {
    let mut stderr = stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

fn line(printed: &str, elapsed: Duration) -> String {
    let (news, packages): (Vec<&str>, Vec<&str>) =
        printed.lines().partition(|line| line.starts_with("go: "));
    let elapsed = minutes(elapsed);
    if packages.is_empty() && !news.is_empty() {
        return format!("{} modules downloaded, {elapsed}", news.len());
    }
    format!(
        "{} of about {PACKAGES} packages compiled, {elapsed}",
        packages.len()
    )
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::line;

    #[test]
    fn downloads_come_first_and_packages_are_counted_without_them() {
        let elapsed = Duration::from_secs(65);
        let downloads = "go: downloading a v1\ngo: downloading b v1\n";
        assert_eq!(line(downloads, elapsed), "2 modules downloaded, 1:05 min");
        assert_eq!(
            line(&format!("{downloads}internal/cpu\nfmt\nos\n"), elapsed),
            "3 of about 3000 packages compiled, 1:05 min"
        );
    }
}
