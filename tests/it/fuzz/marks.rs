//! Notes and descriptions of runners, and the marks at their ends.
use gitlab_runner_registrar::gitlab::{Release, RunnerId, Settings};
use gitlab_runner_registrar::plan::Mark;
use serde_json::{Value, json};

use super::driver::Target;
use super::exchange::{Replies, Reply, client, read, run};

pub(super) const TARGET: Target = Target {
    name: "marks",
    runs: 1200,
    words: &[
        "[gitlab-registrar.dev/",
        "gitlab-registrar.dev",
        "/",
        "]",
        "[",
        "\n",
        " ",
        "[gitlab-registrar.dev/c/u/a]",
        "\u{a0}",
        "é",
    ],
    check,
};

fn check(input: &[u8]) -> Result<String, String> {
    let note = String::from_utf8_lossy(input);
    let (text, mark) = Mark::split(&note);
    if let Some(mark) = &mark {
        if !note.trim_end().ends_with(&mark.to_string()) {
            return Err(format!("{mark} is not at the end of {note:?}"));
        }
        if Mark::split(&mark.sign(text)) != (text, Some(mark.clone())) {
            return Err(format!("{text:?} with {mark} is read as something else"));
        }
    }
    let own = Mark {
        cluster: "c".to_owned(),
        uid: "uid-1".to_owned(),
        attempt: "a1".to_owned(),
    };
    // Whatever a person writes into the note, also another mark.
    let signed = own.sign(&note);
    if Mark::split(&signed) != (note.trim_end(), Some(own.clone())) {
        return Err(format!("{signed:?} is not ours"));
    }
    in_a_description(&note, &own)?;
    Ok(format!("{}", mark.is_some()))
}

/// Before there were notes the mark was in the description, and both are read as they were written.
fn in_a_description(text: &str, mark: &Mark) -> Result<(), String> {
    let (_, replies) = read(b"edit 200\n\n{}").unwrap();
    let edit = Settings {
        description: Some(text.to_owned()),
        maintenance_note: Some(mark.to_string()),
        ..Settings::default()
    };
    let way = Replies::new(replies.clone());
    let old = client(way.clone()).of_release(Some(Release::new(13, 12)));
    let _ = run(old.edit(RunnerId(7), &edit));
    let sent: Value = serde_json::from_slice(&way.asked()[0].body).unwrap();
    let shown = json!({
        "id": 7, "description": sent["description"], "tag_list": [], "run_untagged": true, "active": true,
        "locked": false, "access_level": "not_protected",
    });
    let shown = Reply {
        body: shown.to_string().into(),
        ..replies[0].clone()
    };
    let old = client(Replies::new(vec![shown])).of_release(Some(Release::new(13, 12)));
    let read = run(old.runner(RunnerId(7))).map_err(|error| format!("{error:?}"))?;
    let read = read.ok_or("there is none")?;
    let note = read.maintenance_note.text().map(str::to_owned);
    if read.description != text || note != edit.maintenance_note {
        return Err(format!(
            "{:?} and {note:?} is read where {text:?} was written",
            read.description
        ));
    }
    Ok(())
}
