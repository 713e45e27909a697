//! What somebody else has written, within a sentence of ours.

/// In quotation marks, on one line, and else as it was written: Rust's own notation escapes letters that
/// people write.
pub fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let hidden = |letter: char| {
        letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // JSON leaves these as they are.
    let shown = quoted.chars().map(|letter| match letter {
        letter if hidden(letter) => format!("\\u{:04x}", u32::from(letter)),
        letter => letter.to_string(),
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let quoted = quoted("\u{1b}[31m\u{7f}\u{9b}\u{202e}a");
        assert_eq!(quoted, r#""\u001b[31m\u007f\u009b\u202ea""#);
    }

    #[test]
    fn letters_stay_and_lines_do_not_break() {
        assert_eq!(quoted("e\u{301}te\n\"1\""), "\"e\u{301}te\\n\\\"1\\\"\"");
    }
}
