//! Before 14.8 GitLab has no maintenance note, so that the mark stands at the end of the description
//! (contract §11). Nobody but this module need know: what is read and written looks as if there were one.
use super::client::Client;
use super::error::Error;
use super::model::{ListedRunner, Note, Runner, RunnerId, Settings};
use super::release::Release;

/// How a mark begins.
const MARK: &str = "[gitlab-registrar.dev/";

/// Whether this release has no other place for it.
pub(super) fn is_needed(release: Option<Release>) -> bool {
    release.is_some_and(|release| release < Release::PAUSED)
}

impl Client {
    /// An edit as this GitLab takes it. Where text and mark share a place, both are written.
    pub(super) async fn written(&self, id: RunnerId, edit: &Settings) -> Result<Settings, Error> {
        if !is_needed(self.release()) {
            return Ok(edit.clone());
        }
        if edit.description.is_some() == edit.maintenance_note.is_some() {
            return Ok(folded(edit));
        }
        let now = self.runner(id).await?;
        Ok(folded(
            &now.map_or_else(|| edit.clone(), |now| completed(edit, &now)),
        ))
    }

    /// A runner as this GitLab shows it.
    pub(super) fn seen(&self, runner: Runner) -> Runner {
        if is_needed(self.release()) {
            unfolded(runner)
        } else {
            runner
        }
    }

    /// The same of a row of a list.
    pub(super) fn seen_row(&self, row: ListedRunner) -> ListedRunner {
        if is_needed(self.release()) {
            unfolded_row(row)
        } else {
            row
        }
    }
}

/// A description as it is stored, parted into the text and what stands for the note.
fn parted(stored: &str) -> (&str, Option<&str>) {
    match stored.rfind(MARK) {
        Some(start) if stored.ends_with(']') => {
            let (text, mark) = stored.split_at(start);
            (text.strip_suffix(' ').unwrap_or(text), Some(mark))
        }
        Some(_) | None => (stored, None),
    }
}

/// What is written: the note goes to the end of the description.
pub(super) fn folded(settings: &Settings) -> Settings {
    let text = settings.description.as_deref().unwrap_or_default();
    let note = settings.maintenance_note.as_deref().unwrap_or_default();
    let given = settings.description.is_some() || settings.maintenance_note.is_some();
    let both = [text, note].into_iter().filter(|part| !part.is_empty());
    let both: Vec<&str> = both.collect();
    Settings {
        description: given.then(|| both.join(" ")),
        maintenance_note: None,
        ..settings.clone()
    }
}

/// The same edit with both parts in it, if it has one of them: they are written together.
fn completed(edit: &Settings, now: &Runner) -> Settings {
    let note = || now.maintenance_note.text().map(str::to_owned);
    let (text, mark) = (&edit.description, &edit.maintenance_note);
    Settings {
        description: text
            .clone()
            .or_else(|| mark.as_ref().map(|_| now.description.clone())),
        maintenance_note: mark.clone().or_else(|| text.as_ref().and_then(|_| note())),
        ..edit.clone()
    }
}

/// What was read of a runner.
fn unfolded(runner: Runner) -> Runner {
    let (text, mark) = parted(&runner.description);
    Runner {
        maintenance_note: Note::Shown(mark.map(str::to_owned)),
        description: text.to_owned(),
        ..runner
    }
}

/// What was read of a row of a list.
fn unfolded_row(row: ListedRunner) -> ListedRunner {
    let stored = row.description.clone().unwrap_or_default();
    let (text, mark) = parted(&stored);
    ListedRunner {
        note: Note::Shown(mark.map(str::to_owned)),
        description: row.description.as_ref().map(|_| text.to_owned()),
        ..row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_folded_is_parted_again() {
        let mark = "[gitlab-registrar.dev/c/u-1/19a]";
        for text in [
            "",
            "Linux builders",
            "ends in [brackets]",
            "two\nlines",
            "blank ",
        ] {
            let settings = Settings {
                description: Some(text.to_owned()),
                maintenance_note: Some(mark.to_owned()),
                ..Settings::default()
            };
            let stored = folded(&settings).description.unwrap();
            assert_eq!(parted(&stored), (text, Some(mark)), "{text:?}");
        }
        for plain in ["", "plain", "[x]", "[gitlab-registrar.dev/c/u/a] and more"] {
            assert_eq!(parted(plain), (plain, None));
        }
        assert_eq!(folded(&Settings::default()), Settings::default());
    }
}
