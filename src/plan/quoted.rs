//! What somebody else has written, within a sentence of ours.

/// In quotation marks, on one line, and else as it was written: Rust's own notation escapes letters that
/// people write.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stay_and_lines_do_not_break() {
        assert_eq!(quoted("e\u{301}te\n\"1\""), "\"e\u{301}te\\n\\\"1\\\"\"");
    }
}
