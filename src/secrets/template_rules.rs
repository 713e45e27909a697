//! What a template of a config.toml may say. The library that fills it in knows more, such as loops and
//! lists, by which a short template takes any amount of time and memory.

use crate::plan::quoted;

/// What a template may name.
const NAMES: [&str; 6] = ["id", "url", "token", "name", "namespace", "description"];

/// How many conditions may stand inside each other.
const DEEPEST: usize = 8;

/// Reads a template from tag to tag. Says what is to be written instead of what it may not say.
pub(super) fn check(template: &str) -> Result<(), String> {
    let (mut rest, mut depth) = (template, 0_usize);
    while let Some(at) = rest.find('{') {
        rest = rest.get(at..).unwrap_or_default();
        rest = if let Some(inside) = rest.strip_prefix("{{") {
            value(inside)?
        } else if let Some(inside) = rest.strip_prefix("{%") {
            block(inside, &mut depth)?
        } else if let Some(inside) = rest.strip_prefix("{#") {
            after(inside, "#}")?.1
        } else {
            rest.get(1..).unwrap_or_default()
        };
    }
    Ok(())
}

/// A name or a text in double braces; tells what follows.
fn value(inside: &str) -> Result<&str, String> {
    let start = inside.strip_prefix('-').unwrap_or(inside).trim_start();
    if let Some(text) = start.strip_prefix('"') {
        let (_, rest) = after(text, "\"")?;
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        return rest.strip_prefix("}}").ok_or_else(|| values(text));
    }
    let (name, rest) = after(start, "}}")?;
    if NAMES.contains(&name.trim_end_matches('-').trim()) {
        Ok(rest)
    } else {
        Err(values(name))
    }
}

/// A condition; tells what follows.
fn block<'a>(inside: &'a str, depth: &mut usize) -> Result<&'a str, String> {
    let (inside, rest) = after(inside, "%}")?;
    let words: Vec<&str> = inside.trim_matches('-').split_whitespace().collect();
    match *words {
        ["if", name] | ["if", "not", name] if NAMES.contains(&name) && *depth < DEEPEST => {
            *depth += 1;
            Ok(rest)
        }
        ["else"] => Ok(rest),
        ["endif"] => {
            *depth = depth.saturating_sub(1);
            Ok(rest)
        }
        _ => Err(format!(
            "in {{% … %}} stands one of if NAME, if not NAME, else and endif, and not {}; NAME is one of {}, and there are at most {DEEPEST} conditions inside each other",
            quoted(inside.trim()),
            NAMES.join(", ")
        )),
    }
}

fn values(found: &str) -> String {
    format!(
        "in {{{{ … }}}} stands a text in double quotation marks, or one of {}, and not {}",
        NAMES.join(", "),
        quoted(found.trim())
    )
}

fn after<'a>(text: &'a str, end: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once(end)
        .ok_or_else(|| format!("something that is opened is not closed: {end} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_texts_and_conditions_are_all_there_is() {
        for template in [
            "",
            "a = { b = 1 }",
            "{{ url }}{{id}}{{- name -}}{{ \"{{\" }}{{ \"%}\" }}",
            "{% if description %}a{% else %}b{% endif %}",
            "{%- if not description -%}a{%- endif -%}",
            "{# a note with {{ anything }} #}",
        ] {
            assert_eq!(check(template), Ok(()), "{template}");
        }
        for template in [
            "{% for a in b %}{% endfor %}",
            "{% with url as b %}{% endwith %}",
            "{% if (url) %}{% endif %}",
            "{{ [url] }}",
            "{{ (url) }}",
            "{{ url | lower }}",
            "{{ secret }}",
            "{{ \"a\" \"b\" }}",
            "{{ url",
            "{% if url",
            "{# no end",
        ] {
            assert!(check(template).is_err(), "{template}");
        }
        let nested = |depth: usize| "{% if url %}".repeat(depth) + &"{% endif %}".repeat(depth);
        assert_eq!(check(&nested(8)), Ok(()));
        assert!(check(&nested(9)).is_err());
    }
}
