//! What GitLab answers, and whoever answers in its place: each call of the client, with any status, headers and
//! body, REST and GraphQL, one page and many.
use std::time::Duration;

use gitlab_runner_registrar::chain::chain;
use gitlab_runner_registrar::gitlab::Error;
use serde_json::Value;

use super::calls::{CALLS, MAKE, REGISTRATION_TOKEN, RUNNER_TOKEN, TAKE, call};
use super::driver::Target;
use super::exchange::{Asked, CREDENTIAL, ROOT, Replies, Reply, client, read, run};

pub(super) const TARGET: Target = Target {
    name: "answers",
    runs: 2000,
    words: WORDS,
    check,
};

/// How GitLab's tokens begin.
const TOKENS: [&str; 5] = ["glrt-", "glrtr-", "glpat-", "gldt-", "GR1348941"];

const WORDS: &[&str] = &[
    "runner",
    "edit",
    "unregister",
    "register",
    "reset-token",
    "find",
    "sweep",
    "sweep-project",
    "sweep-list",
    "select",
    "assign",
    "rotate",
    "200",
    "204",
    "301",
    "302",
    "400",
    "401",
    "403",
    "404",
    "409",
    "410",
    "412",
    "422",
    "429",
    "500",
    "502",
    "503",
    "\n----\n",
    "204\n\n",
    "message",
    "error",
    "error_description",
    "errors",
    "data",
    "token",
    "id",
    "glrt-",
    "glpat-a",
    "GR1348941",
    "own-prefix-canary-credential",
    "canary-of-the-runner-itself",
    "canary-that-registers-runners",
    "404 Runner Not Found",
    "404 Not found",
    "403 Forbidden",
    "401 Unauthorized",
    "retry-after: 7\n",
    "x-next-page: 2\n",
    "x-total-pages: 999999\n",
    "location: https://elsewhere.example.com/api/v4/projects/7\n",
    "link: <https://elsewhere.example.com/api/v4/runners?page=2>; rel=\"next\"\n",
    "content-type: text/plain\n",
    "content-type: text/html\n",
    "content-type: application/json\n",
    "date: Sun, 06 Nov 1994 08:49:37 GMT\n",
    "pageInfo",
    "hasNextPage",
    "endCursor",
    "nodes",
    "null",
];

fn check(input: &[u8]) -> Result<String, String> {
    let Some((name, replies)) = read(input) else {
        return Ok("nothing".to_owned());
    };
    if !CALLS.contains(&&*name) {
        return Ok("no call".to_owned());
    }
    let way = Replies::new(replies);
    let ended = run(call(&name, &client(way.clone())));
    let asked = way.asked();
    for one in &asked {
        goes_to_gitlab(one)?;
    }
    let ended = ended.ok_or("it is in the list and is no call")?;
    match &ended {
        Ok(told) => is_true(&name, told, &asked)?,
        Err(error) => {
            is_printable(error)?;
            is_short(error)?;
            if let Some(last) = asked.last() {
                is_certain(&name, error, &last.reply)?;
            }
        }
    }
    Ok(format!("{name} {}", kind(&ended)))
}

/// Nothing leaves for anywhere else, and no token goes along that is not asked for.
fn goes_to_gitlab(asked: &Asked) -> Result<(), String> {
    let url = asked.url.as_str();
    let body = String::from_utf8_lossy(&asked.body);
    let own = body.contains(RUNNER_TOKEN) || body.contains(REGISTRATION_TOKEN);
    let at_home = url.starts_with(&format!("{ROOT}/api/"));
    if !at_home
        || url.contains("canary")
        || asked.has_credential == own
        || body.contains(CREDENTIAL)
    {
        return Err(format!("it asks {} {url} with {body}", asked.method));
    }
    Ok(())
}

/// What is said to have been done was done.
fn is_true(name: &str, told: &str, asked: &[Asked]) -> Result<(), String> {
    let Some(last) = asked.last() else {
        return Err("it ends well without having asked".to_owned());
    };
    let Reply { status, body, .. } = &last.reply;
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if MAKE.contains(&name) {
        let token = body["token"]
            .as_str()
            .filter(|_| (200..300).contains(status));
        let token = token.ok_or("it has made something without a token")?;
        if token.len() > 11
            && !token.contains(|c: char| !c.is_ascii_graphic())
            && told.contains(token)
        {
            return Err(format!("its outcome can be printed: {told}"));
        }
    }
    let gone = ["404 Runner Not Found", "404 Not found"];
    let gone = *status == 404
        && body["message"]
            .as_str()
            .is_some_and(|it| gone.contains(&it));
    if TAKE.contains(&name) && *status != 204 && !gone {
        return Err(format!("it takes {status} {body} for a removal"));
    }
    Ok(())
}

/// No error tells a token, in whichever way it is printed.
fn is_printable(error: &Error) -> Result<(), String> {
    let said = format!("{} {error} {error:?} {error:#?}", chain(error));
    let known = [CREDENTIAL, RUNNER_TOKEN, REGISTRATION_TOKEN];
    // Only the very tokens of a call are known to be some.
    let told = TOKENS
        .into_iter()
        .chain([known[0]])
        .find(|it| said.contains(it));
    told.map_or(Ok(()), |told| Err(format!("{told} is in {said}")))
}

/// What comes from an answer is one short line, and no wait lasts longer than five minutes.
fn is_short(error: &Error) -> Result<(), String> {
    let (message, wait) = match error {
        Error::Refused { message, .. } | Error::NotGitLab { message, .. } => (Some(message), None),
        Error::ReadOnly { message, wait } => (Some(message), *wait),
        Error::Throttled { wait, .. } => (None, *wait),
        Error::Unsent(_)
        | Error::Lost(_)
        | Error::HeldBack { .. }
        | Error::Retired
        | Error::NotLeading => (None, None),
    };
    let said = chain(error);
    let hides = |text: &str| text.chars().any(|it| it.is_control() || it == '\u{202e}');
    let long = message.is_some_and(|it| it.is_empty() || it.chars().count() > 512);
    if long || said.chars().count() > 1200 || hides(&said) {
        return Err(format!("{said:?} is said"));
    }
    let needs = format!("{:?}", error.refusal());
    if needs.len() > 8 * 512 {
        return Err(format!("{needs} is needed"));
    }
    if wait.is_some_and(|wait| wait > Duration::from_mins(5)) {
        return Err(format!("{wait:?} is a long time"));
    }
    Ok(())
}

/// That nothing was done is said only where somebody has said so.
fn is_certain(name: &str, error: &Error, last: &Reply) -> Result<(), String> {
    let writes = MAKE.contains(&name) || TAKE.contains(&name);
    let refuses = (400..500).contains(&last.status) || last.status == 503;
    if writes && !error.may_have_acted() && !refuses {
        return Err(format!(
            "{} says that nothing was done: {error:?}",
            last.status
        ));
    }
    let says: Value = serde_json::from_slice(&last.body).unwrap_or_default();
    let says = says.is_object() || last.status == 429;
    if name == "register" && !error.may_have_acted() && !says {
        return Err(format!("nobody says that nothing was made: {error:?}"));
    }
    Ok(())
}

fn kind(ended: &Result<String, Error>) -> String {
    match ended {
        Ok(told) => told
            .split(['(', ' ', '{'])
            .next()
            .unwrap_or_default()
            .to_owned(),
        Err(error) => {
            let error = format!("{:?} {error:?}", error.refusal());
            let words = error
                .split([' ', '(', '{', '"'])
                .filter(|it| !it.is_empty());
            words.take(3).collect::<Vec<_>>().join(" ")
        }
    }
}
