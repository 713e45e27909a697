//! What a Secret holds, taken as a credential.

/// A credential without what harms nothing: a byte order mark in front, and white space around. Says
/// what is wrong with what cannot be sent, by its place and never by its neighbours.
pub fn credential(bytes: &[u8]) -> Result<&str, String> {
    let text = plain("access token", bytes)?;
    other_kind(text).map_or(Ok(text), |what| Err(format!("the access token {what}")))
}

/// The same of a registration token, which may look like anything but another kind of token.
pub fn registration_token(bytes: &[u8]) -> Result<&str, String> {
    let text = plain("registration token", bytes)?;
    let kind = ["glrt-", "glpat-"]
        .into_iter()
        .zip(["a runner's authentication token", "an access token"])
        .find(|(prefix, _)| text.starts_with(prefix));
    match kind {
        None => Ok(text),
        Some((_, kind)) => Err(format!(
            "the registration token is {kind}, by its first letters: store the registration token of the instance, group or project"
        )),
    }
}

/// A token as plain text.
fn plain<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str, String> {
    let Ok(text) = str::from_utf8(bytes) else {
        return Err(format!(
            "the {what} is not UTF-8 text; store its letters and nothing else"
        ));
    };
    let text = trimmed(text);
    let strange = text
        .chars()
        .enumerate()
        .find(|(_, letter)| !letter.is_ascii_graphic());
    match strange {
        None => Ok(text),
        Some((at, letter)) => {
            let strange = match letter {
                '\n' | '\r' => "a line break".to_owned(),
                letter if letter.is_whitespace() => "white space".to_owned(),
                letter => format!("U+{:04X}", u32::from(letter)),
            };
            Err(format!(
                "the {what} is not plain ASCII text: it has {strange} as character {}; store its letters and nothing else",
                at + 1
            ))
        }
    }
}

/// How tokens begin that are none for the API, and what they are. An instance may have a prefix of its
/// own for access tokens, so that the usual one is not asked for.
const OTHER_KINDS: [(&str, &str); 5] = [
    ("glrt-", "a runner's authentication token"),
    ("glrtr-", "a runner registration token"),
    ("GR1348941", "a runner registration token"),
    ("gldt-", "a deploy token"),
    ("glcbt-", "a CI/CD job token"),
];

/// What is wrong with a text that could be sent and that GitLab would not know.
fn other_kind(text: &str) -> Option<String> {
    if text.starts_with(['"', '\'', '`']) || text.ends_with(['"', '\'', '`']) {
        return Some("is in quotation marks: store it without them".to_owned());
    }
    let known = |(prefix, _): &&(&str, _)| text.starts_with(prefix);
    let (_, kind) = OTHER_KINDS.iter().find(known)?;
    Some(format!(
        "is {kind}, by its first letters: store a personal, group or project access token"
    ))
}

/// Without a byte order mark in front, which some editors write, and without white space around.
pub fn trimmed(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_harms_nothing_is_left_away() {
        for text in [
            "glpat-1",
            "glpat-1\n",
            "\r\n glpat-1\t\r\n",
            "\u{feff}glpat-1",
            "\u{feff} glpat-1\n",
            "\u{a0}glpat-1\u{2003}",
        ] {
            assert_eq!(credential(text.as_bytes()), Ok("glpat-1"), "{text:?}");
        }
        for nothing in ["", " \n", "\u{feff}\n"] {
            assert_eq!(credential(nothing.as_bytes()), Ok(""), "{nothing:?}");
        }
    }

    #[test]
    fn the_rest_is_named_by_its_place() {
        for (text, what) in [
            ("glpat-canary\nglpat-canary", "a line break as character 13"),
            ("glpat canary", "white space as character 6"),
            ("glpat-\u{200b}canary", "U+200B as character 7"),
            ("\u{200b}glpat-canary", "U+200B as character 1"),
            ("glpat-canary\u{feff}", "U+FEFF as character 13"),
            ("glpat-canary\u{0}", "U+0000 as character 13"),
            ("glpat-canär", "U+00E4 as character 10"),
        ] {
            let told = credential(text.as_bytes()).unwrap_err();
            assert!(told.contains(what), "{text:?}: {told}");
            assert!(!told.contains("canary"), "{told}");
            assert!(told.contains("not plain ASCII"), "{told}");
        }
        for (text, what) in [
            ("\"glpat-canary\"", "in quotation marks"),
            ("'glpat-canary", "in quotation marks"),
            ("glpat-canary`", "in quotation marks"),
            (
                "glrt-canary",
                "is a runner's authentication token, by its first",
            ),
            ("glrtr-canary", "registration token"),
            ("GR1348941canary", "a runner registration token"),
            ("gldt-canary", "deploy token"),
            ("glcbt-canary", "job token"),
        ] {
            let told = credential(text.as_bytes()).unwrap_err();
            assert!(told.contains(what), "{text:?}: {told}");
            assert!(
                told.contains("store ") && !told.contains("canary"),
                "{told}"
            );
        }
        let utf16: Vec<u8> = "glpat".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xff, 0xfe][..], &utf16].concat();
        assert!(credential(&marked).unwrap_err().contains("not UTF-8"));
    }

    #[test]
    fn a_registration_token_is_no_other_kind_of_token() {
        for text in ["GR1348941abc", "glrtr-abc", " abc\n", "abc.def_-"] {
            assert_eq!(registration_token(text.as_bytes()), Ok(text.trim()));
        }
        for (text, what) in [
            ("glpat-canary", "is an access token"),
            ("glrt-canary", "is a runner's authentication token"),
            ("can ary", "white space as character 4"),
        ] {
            let told = registration_token(text.as_bytes()).unwrap_err();
            assert!(told.contains(what) && !told.contains("canary"), "{told}");
        }
    }
}
