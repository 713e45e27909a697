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
