//! Headers that say how much may be sent and how long to wait, and those that count pages.
use std::time::Duration;

use gitlab_runner_registrar::gitlab::{Filter, Lane, List};

use super::driver::Target;
use super::exchange::{Replies, client, read, run};

pub(super) const TARGET: Target = Target {
    name: "headers",
    runs: 1500,
    words: &[
        "retry-after: ",
        "ratelimit-limit: ",
        "ratelimit-remaining: ",
        "ratelimit-reset: ",
        "ratelimit-name: ",
        "date: ",
        "x-next-page: ",
        "x-total: ",
        "x-total-pages: ",
        "link: ",
        "0",
        "429",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "-",
        "\n",
    ],
    check,
};

/// The longest that anything may silence a credential.
const LONGEST: Duration = Duration::from_mins(5);

/// Asks for the page that the first word names, and then whether more may be asked.
fn check(input: &[u8]) -> Result<String, String> {
    let Some((name, mut replies)) = read(input) else {
        return Ok("nothing".to_owned());
    };
    let page = name.parse().unwrap_or(1);
    for reply in &mut replies {
        reply.body = bytes::Bytes::from_static(b"[{\"id\":1}]");
    }
    let client = client(Replies::new(replies));
    let (told, reading, held) = run(async {
        let told = client.list(List::All, &Filter::default(), page).await;
        let budget = client.budget();
        let held = budget.admit(Lane::Change, "somebody", 1).err();
        (told, budget.reading(), held)
    });
    if let Some(held) = held
        && held.wait > LONGEST
    {
        return Err(format!("nothing may be sent for {:?}", held.wait));
    }
    if reading.limit == 0 || reading.limit > 60_000 || reading.remaining > reading.limit {
        return Err(format!("{reading:?}"));
    }
    if let Ok(told) = &told
        && told.next.is_some_and(|next| next <= page)
    {
        return Err(format!("after page {page} comes {told:?}"));
    }
    let kind = (told.is_ok(), held.is_some(), reading.limit < 60_000);
    Ok(format!(
        "{kind:?} {:?}",
        told.ok().and_then(|told| told.next).is_some()
    ))
}
