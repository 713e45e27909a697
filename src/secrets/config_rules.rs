//! What gitlab-runner does not take in a config.toml, and what of it does harm.
use toml::{Table, Value};

/// What stands in for the token where a template is tried, so that whatever is said of the outcome can be
/// shown.
pub(super) const TRIAL: &str = "glrt-the-token-of-the-runner";

/// How large the file may be, in bytes. A Secret holds a MiB at most, and one that cannot be written would
/// cost the token that was made for it.
const LARGEST: usize = 256 * 1024;

/// Checks a file that was made with a token that stands in for the real one.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.len() > LARGEST {
        return complain("it is larger than 256 KiB");
    }
    let file: Table = toml::from_str(text).map_err(|error| {
        let line = error.span().and_then(|span| text.get(..span.start));
        let line = line.map_or(0, |before| before.matches('\n').count()) + 1;
        format!("it is no TOML in line {line}: {}", error.message())
    })?;
    match file.get("concurrent") {
        None => {}
        Some(Value::Integer(number)) if *number > 0 => {}
        Some(_) => return complain("concurrent is a number of at least 1"),
    }
    let Some(runners) = file.get("runners").and_then(Value::as_array) else {
        return complain("there is no [[runners]]");
    };
    for runner in runners {
        let Some(runner) = runner.as_table() else {
            return complain("runners is a list of tables: write [[runners]]");
        };
        check_runner(runner)?;
    }
    let ours = |runner: &Value| runner.get("token").and_then(Value::as_str) == Some(TRIAL);
    if !runners.iter().any(ours) {
        return complain("no [[runners]] has the token: write token = \"{{ token }}\"");
    }
    Ok(())
}

/// Checks that a file says the same as another with a token in the place of another one. A token is GitLab's to
/// choose, and what stands between other quotation marks than the template's author has thought of would be a
/// line of the file.
pub(super) fn is_same_but_for_the_token(
    before: &str,
    after: &str,
    [old, new]: [&str; 2],
) -> Result<(), String> {
    if after.len() > LARGEST {
        return complain("with the token it is larger than 256 KiB");
    }
    let read = |text| toml::from_str::<Table>(text).map(Value::Table);
    match (read(before), read(after)) {
        (Ok(before), Ok(after)) if is_same(&before, &after, [old, new]) => Ok(()),
        _ => complain(
            "the token of this runner cannot stand where the template has it: write token = \"{{ token }}\"",
        ),
    }
}

fn is_same(before: &Value, after: &Value, tokens: [&str; 2]) -> bool {
    let [old, new] = tokens;
    match (before, after) {
        (Value::String(before), Value::String(after)) => before.replace(old, new) == *after,
        (Value::Array(before), Value::Array(after)) => {
            let mut pairs = before.iter().zip(after);
            before.len() == after.len() && pairs.all(|(one, other)| is_same(one, other, tokens))
        }
        (Value::Table(before), Value::Table(after)) => {
            before.len() == after.len()
                && before.iter().all(|(key, one)| {
                    let other = after.get(&key.replace(old, new));
                    other.is_some_and(|other| is_same(one, other, tokens))
                })
        }
        // The one number that is not the same as itself.
        (Value::Float(before), Value::Float(after)) => before.to_bits() == after.to_bits(),
        (before, after) => before == after,
    }
}

fn check_runner(runner: &Table) -> Result<(), String> {
    for date in ["token_expires_at", "token_obtained_at"] {
        if runner.contains_key(date) {
            return Err(format!(
                "leave {date} out of [[runners]]: with it gitlab-runner renews the token itself, and the one in the Secret ends"
            ));
        }
    }
    if runner.get("id").is_some_and(|id| !id.is_integer()) {
        return complain("id in [[runners]] is a number: write id = {{ id }}");
    }
    match runner.get("url").and_then(Value::as_str) {
        Some(url) if url.trim_end_matches('/').ends_with("/api/v4") => {
            complain("url in [[runners]] ends before /api/v4, which gitlab-runner adds itself")
        }
        Some(_) => Ok(()),
        None => complain("[[runners]] has no url: write url = \"{{ url }}\""),
    }?;
    if runner.get("executor").and_then(Value::as_str).is_none() {
        return complain(
            "[[runners]] has no executor: write for example executor = \"kubernetes\"",
        );
    }
    Ok(())
}

fn complain(what: &str) -> Result<(), String> {
    Err(what.to_owned())
}
