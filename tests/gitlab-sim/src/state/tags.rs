//! What GitLab makes of a list of tags (contract §1.6).

/// More tags than this are refused (contract §1.5).
pub(crate) const MAX_TAGS: usize = 50;

/// What Ruby's `strip` takes off: ASCII alone, so that a tag keeps U+00A0, U+3000 and the like.
pub(crate) fn is_ruby_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r')
}

/// Step 1, Grape: every element is split on commas and trimmed.
pub(crate) fn split_elements<'a>(elements: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    elements
        .into_iter()
        .flat_map(|element| element.split(','))
        .map(|piece| piece.trim_matches(is_ruby_blank).to_owned())
        .collect()
}

/// Steps 2 and 3, the model: joined again, quoted pieces taken out first, the rest split on commas;
/// blank ones dropped, repeated ones too; case is kept.
pub(crate) fn parse(elements: &[String]) -> Vec<String> {
    let mut rest = elements.join(", ");
    let mut tags = Vec::new();
    for quote in ['"', '\''] {
        while let Some((tag, left)) = take_quoted(&rest, quote) {
            tags.push(tag);
            rest = left;
        }
    }
    tags.extend(rest.split(',').map(str::to_owned));
    let mut clean: Vec<String> = Vec::new();
    for tag in tags {
        // Blank is what has nothing but Unicode's blanks in it, unlike what is trimmed.
        let blank = tag.trim().is_empty();
        let tag = tag.trim_matches(is_ruby_blank);
        if !blank && !clean.iter().any(|known| known == tag) {
            clean.push(tag.to_owned());
        }
    }
    clean
}

/// The first piece between a pair of quotes that stand at the borders of a list entry, and the
/// text without it.
fn take_quoted(text: &str, quote: char) -> Option<(String, String)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find(quote).map(|at| at + from) {
        let before = text.get(..open)?;
        let bare = before.trim_end_matches(is_ruby_blank);
        let starts_entry = bare.is_empty() || bare.ends_with(',');
        let inside = text.get(open + 1..)?;
        let end = inside.match_indices(quote).map(|(at, _)| at).find(|at| {
            let after = inside.get(at + 1..).unwrap_or_default();
            let after = after.trim_start_matches(is_ruby_blank);
            after.is_empty() || after.starts_with(',')
        });
        if let (true, Some(end)) = (starts_entry, end) {
            let tag = inside.get(..end)?.to_owned();
            let after = inside.get(end + 1..)?.trim_start_matches(is_ruby_blank);
            let after = after.strip_prefix(',').unwrap_or(after);
            return Some((tag, format!("{before}{after}")));
        }
        from = open + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(elements: &[&str]) -> Vec<String> {
        parse(&split_elements(elements.iter().copied()))
    }

    #[test]
    fn contract_1_6_normalises_tags() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                "elements are split on commas",
                &["a,b", "c"],
                &["a", "b", "c"],
            ),
            ("blanks are dropped", &["", " a ", ",,"], &["a"]),
            ("repeats are dropped", &["a", "b,a"], &["a", "b"]),
            ("case is kept", &["Foo", "foo"], &["Foo", "foo"]),
            (
                "a quoted tag keeps its comma, with one space",
                &["x,\"a,b\""],
                &["a, b", "x"],
            ),
            (
                "single quotes too",
                &["x", "'a,   b'", "y"],
                &["a, b", "x", "y"],
            ),
            (
                "a quote inside a word is a letter",
                &["it's,ok"],
                &["it's", "ok"],
            ),
            ("an unclosed quote is a letter", &["\"a,b"], &["\"a", "b"]),
            (
                "a quoted tag moves to the front",
                &["x", "\"b\"", "y"],
                &["b", "x", "y"],
            ),
            (
                "only ASCII's blanks are trimmed",
                &["\u{a0}a", "a\u{3000}", "\t a \r\n"],
                &["\u{a0}a", "a\u{3000}", "a"],
            ),
            ("nothing but blanks is no tag", &["\u{a0}", "b"], &["b"]),
        ];
        for (name, given, expected) in cases {
            assert_eq!(&tags(given), expected, "{name}");
        }
    }
}
