//! What a command prints: a table for people, JSON or YAML for programs.
use std::io::Write;

use anstream::stream::IsTerminal as _;
use clap::ValueEnum;
use serde::Serialize;

use super::table::Table;

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people; no wider than the terminal
    Table,
    /// One JSON document
    Json,
    /// YAML
    Yaml,
}

/// Prints text, with its colours only where stdout is a terminal that shows them and nobody has set
/// `NO_COLOR`.
pub(super) fn print(text: &str) -> std::io::Result<()> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Tells something beside the result.
pub(super) fn note(text: &str) {
    // Whoever closes stderr does not want to be told.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints a table.
pub(super) fn print_table(table: &Table) -> std::io::Result<()> {
    print(&table.render(width()))
}

/// Prints what programs read.
pub(super) fn print_value(format: Format, value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = match format {
        Format::Yaml => serde_saphyr::to_string(value)?,
        Format::Json | Format::Table => serde_json::to_string_pretty(value)?,
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(print(&text)?)
}

/// How wide the terminal is, if stdout is one.
fn width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let (terminal_size::Width(width), _) = terminal_size::terminal_size()?;
    Some(width.into())
}
