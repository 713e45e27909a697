//! The first characters of a runner's token, by which GitLab tells runners apart in public.
use super::Entry;

/// How many characters are compared: GitLab shows eight or nine, depending on its version.
const COMPARED: usize = 7;

/// What GitLab's `shortSha` of a runner (contract §3.20) begins with while this is its token; `None` of a token
/// that is too short to tell.
pub fn shortened(kept: &Entry) -> Option<Box<str>> {
    let random = after_marker(after_prefix(kept.token.expose()));
    let (end, last) = random.char_indices().nth(COMPARED - 1)?;
    Some(random[..end + last.len_utf8()].into())
}

/// Whether GitLab's `shortSha` of a runner is that of the token which is kept.
pub fn is_short_for(short_sha: &str, kept: &Entry) -> bool {
    shortened(kept).is_some_and(|kept| short_sha.starts_with(&*kept))
}

/// What follows `glrt-` or `glrtr-`, and the prefix of an instance before that.
fn after_prefix(token: &str) -> &str {
    let parts = ["glrt-", "glrtr-"].map(|prefix| token.split_once(prefix));
    let rest = parts.into_iter().flatten().map(|(_, rest)| rest).next();
    rest.unwrap_or(token)
}

/// What follows a marker of the runner's type, such as `t1_`.
fn after_marker(token: &str) -> &str {
    let marked = token
        .strip_prefix('t')
        .and_then(|rest| rest.split_once('_'));
    match marked {
        Some((digits, rest)) if is_number(digits) => rest,
        Some(_) | None => token,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::model::{RunnerId, RunnerToken};

    #[test]
    fn a_token_is_known_by_what_follows_prefix_and_marker() {
        let rows = [
            ("abcdefgh", "glrt-abcdefghij", true),
            ("abcdefghi", "glrt-abcdefghij", true),
            ("abcdefgh", "glrt-t1_abcdefghij", true),
            ("abcdefgh", "glrtr-abcdefghij", true),
            ("abcdefgh", "acme-glrt-t3_abcdefghij", true),
            ("abcdefgh", "abcdefghij", true),
            ("abcdefgX", "glrt-abcdefghij", true),
            ("abcdefXh", "glrt-abcdefghij", false),
            ("abc", "glrt-abc", false),
            ("", "", false),
            ("t1_abcd", "glrt-t1_abcdefghij", false),
            ("tx_abcd", "glrt-tx_abcdefghij", true),
        ];
        for (shown, token, same) in rows {
            let kept = Entry {
                token: RunnerToken::new(token.to_owned()),
                runner: RunnerId(1),
                gitlab_url: String::new(),
                attempt: None,
                operation: None,
                issued_at: None,
                expires_at: None,
                rotation_deadline: None,
            };
            assert_eq!(is_short_for(shown, &kept), same, "{shown} {token}");
        }
    }
}
