//! The sign by which we find our own runners: the last line of their maintenance note.
use std::fmt;

use crate::api::GROUP;
use crate::gitlab::model::Runner;

/// Who registered a runner, and in which attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Names the Kubernetes cluster to a person who finds the runner in GitLab.
    pub cluster: String,
    /// The object's uid, which no other object ever has.
    pub uid: String,
    /// The attempt to register, as recorded in the object's status.
    pub attempt: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cluster,
            uid,
            attempt,
        } = self;
        write!(f, "[{GROUP}/{cluster}/{uid}/{attempt}]")
    }
}

impl Mark {
    /// The mark of a runner, where it has one and its note is shown.
    pub fn of(runner: &Runner) -> Option<Self> {
        Self::split(runner.maintenance_note.text()?).1
    }

    /// Splits a note into its text and the mark at its end, if there is one.
    pub fn split(note: &str) -> (&str, Option<Self>) {
        let note = note.trim_end();
        let parsed = note.rfind('[').and_then(|start| {
            let (text, mark) = note.split_at(start);
            let inner = mark.strip_prefix('[')?.strip_suffix(']')?;
            let mut parts = inner.split('/');
            let parts = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
            let [group, cluster, uid, attempt] = parts.map(str::to_owned);
            (group == GROUP && inner.matches('/').count() == 3).then_some((
                text.trim_end(),
                Self {
                    cluster,
                    uid,
                    attempt,
                },
            ))
        });
        parsed.map_or((note, None), |(text, mark)| (text, Some(mark)))
    }

    /// A note with that text and this mark at its end.
    pub fn sign(&self, text: &str) -> String {
        if text.is_empty() {
            self.to_string()
        } else {
            format!("{text}\n{self}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        Mark {
            cluster: "c".into(),
            uid: "u-1".into(),
            attempt: "19a".into(),
        }
    }

    #[test]
    fn what_is_signed_is_recognised() {
        for text in ["", "a note", "two\nlines", "ends in [brackets]", "a/b"] {
            assert_eq!(
                Mark::split(&mark().sign(text)),
                (text, Some(mark())),
                "{text:?}"
            );
        }
    }

    #[test]
    fn other_notes_have_no_mark() {
        for note in [
            "",
            "plain",
            "[x/c/u/a]",
            "[gitlab-registrar.dev/c/u]",
            "[gitlab-registrar.dev/c/u/a/b]",
            "[gitlab-registrar.dev/c/u/a] and more",
        ] {
            assert_eq!(Mark::split(note), (note, None));
        }
    }

    #[test]
    fn a_note_of_the_longest_length_fits_with_the_mark() {
        let uuid = "123e4567-e89b-12d3-a456-426614174000".to_owned();
        let mark = Mark {
            cluster: uuid.clone(),
            uid: uuid,
            attempt: "19e5f3a2b4c".into(),
        };
        assert!(mark.sign(&"x".repeat(896)).chars().count() <= 1024);
    }
}
