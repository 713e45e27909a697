//! Tables for people: one line for each row, no wider than the terminal.
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: &str = "  ";
/// No column is made smaller than this, so that its head can still be told.
const SMALLEST: usize = 6;

/// What a cell means, which is shown by its colour where there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
}

impl Tone {
    pub(super) fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
        }
    }

    /// The text in this colour. Whoever writes it takes the colour away where there is to be none.
    pub(super) fn paint(self, text: &str) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

/// Rows below a head.
pub(super) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<(String, Tone)>>,
    /// Whether the last column goes on in further lines, where nothing of it may be missing.
    wraps: bool,
}

impl Table {
    pub(super) fn new<const N: usize>(head: [&'static str; N]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
            wraps: false,
        }
    }

    /// The same, with a last column of sentences that are shown whole.
    pub(super) fn with_sentences(self) -> Self {
        Self {
            wraps: true,
            ..self
        }
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [(String, Tone); N]) {
        let cells = cells.into_iter();
        let cells = cells.map(|(text, tone)| (harmless(&text), tone));
        self.rows.push(cells.collect());
    }

    /// The table as text; `width` is that of the terminal, if it is one.
    pub(super) fn render(&self, width: Option<usize>) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        let head = self
            .head
            .iter()
            .map(|head| ((*head).to_owned(), Tone::Plain));
        let head: Vec<_> = head.collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            let mut further = Vec::new();
            for (nth, ((cell, tone), width)) in row.iter().zip(&widths).enumerate() {
                let is_last = nth + 1 == row.len();
                let cell = if is_last && self.wraps {
                    let mut lines = wrapped(cell, *width).into_iter();
                    let first = lines.next().unwrap_or_default();
                    further.extend(lines);
                    first
                } else {
                    cut(cell, *width)
                };
                let rest = width.saturating_sub(cell.width());
                line.push_str(&tone.paint(&cell));
                if !is_last {
                    let _ = write!(line, "{:rest$}{GAP}", "");
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
            let before = widths.iter().rev().skip(1).map(|width| width + GAP.len());
            let before: usize = before.sum();
            for line in further {
                let _ = writeln!(text, "{:before$}{line}", "");
            }
        }
        text
    }

    /// How wide each column is: as wide as its widest cell, and where that is too much for the terminal the
    /// widest columns give way first.
    fn widths(&self, terminal: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|head| head.width()).collect();
        for row in &self.rows {
            for (width, (cell, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let room = terminal.map(|terminal| terminal.saturating_sub(gaps));
        while let Some(room) = room
            && widths.iter().sum::<usize>() > room
            && let Some(widest) = widths.iter_mut().max()
            && *widest > SMALLEST
        {
            *widest -= 1;
        }
        widths
    }
}

/// At most so many columns of a terminal, with a sign that something is left out.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut taken = 1;
    for letter in text.chars() {
        taken += letter.width().unwrap_or_default();
        if taken > width {
            break;
        }
        cut.push(letter);
    }
    cut.push('…');
    cut
}

/// The lines of a text that are at most so many columns wide, broken between words where that is possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Text of somebody else's without what a terminal would obey.
pub(super) fn harmless(text: &str) -> String {
    let letter = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> (String, Tone) {
        (text.to_owned(), Tone::Plain)
    }

    fn table() -> Table {
        let mut table = Table::new(["NAME", "NOTE"]);
        table.row([plain("linux"), plain("builds, tests and deploys")]);
        table.row([plain("höhe"), plain("日本語")]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let shown = "NAME   NOTE\nlinux  builds, tests and deploys\nhöhe   日本語\n";
        assert_eq!(table().render(None), shown);
        assert_eq!(table().render(Some(80)), shown);
    }

    #[test]
    fn the_widest_column_gives_way_to_the_terminal() {
        let shown = "NAME   NOTE\nlinux  builds, tes…\nhöhe   日本語\n";
        assert_eq!(table().render(Some(19)), shown);
        let narrow = table().render(Some(3));
        assert!(narrow.contains("linux  build…"), "{narrow}");
    }

    #[test]
    fn sentences_are_shown_whole() {
        let shown = "NAME   NOTE\nlinux  builds, tests\n       and deploys\nhöhe   日本語\n";
        assert_eq!(table().with_sentences().render(Some(20)), shown);
    }

    #[test]
    fn a_wide_letter_is_not_cut_in_half() {
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("日本語", 6), "日本語");
    }

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        let mut table = Table::new(["NAME"]);
        table.row([plain("a\x1b[2Jb\nc")]);
        assert_eq!(table.render(None), "NAME\na [2Jb c\n");
    }

    #[test]
    fn a_tone_is_a_colour_around_the_text_alone() {
        let mut table = Table::new(["READY", "NAME"]);
        table.row([("False".to_owned(), Tone::Bad), plain("x")]);
        let shown = table.render(None);
        assert!(shown.contains("\x1b[31mFalse\x1b[0m  x\n"), "{shown:?}");
    }
}
