//! Templates of config.toml, and files that were made of them: what is written into a Secret.
use std::sync::{Arc, Mutex};

use axum::body::Body;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::gitlab::{RunnerId, RunnerToken};
use gitlab_runner_registrar::plan::{WantedConfig, WantedSecret};
use gitlab_runner_registrar::secrets::{CONFIG_KEY, Entry, complaint, digest, put};
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::driver::Target;
use super::exchange::run;

pub(super) const TARGET: Target = Target {
    name: "templates",
    runs: 400,
    words: &[
        "{{ token }}",
        "{{ url }}",
        "{{ id }}",
        "{{ description }}",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "{% if description %}",
        "{% else %}",
        "{% endif %}",
        "{% for x in name %}",
        "{% include \"a\" %}",
        "'",
        "\"\"\"",
        "'''",
        "\"",
        "\\",
        "[[runners]]\n",
        "[runners.docker]\n",
        "token = ",
        "executor = \"shell\"\n",
        "concurrent = 1\n",
        "nan",
        "1979-05-27",
        "raw",
    ],
    check,
};

/// What the API server answers.
const KEPT: &str = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"kept"}}"#;
const DESCRIPTION: &str = "Büro \"Nord\"\\ 'a'\n[[runners]] {{ token }} {% if x %}";
const URL: &str = "https://gitlab.example.com/root";
const TOKENS: [&str; 3] = [
    "glrt-canary_of.t1-a-file",
    "canary', x = 'y",
    "canary\"\n[[runners]]\nexecutor = \"shell\"\n#'''\"\"\"",
];

fn check(input: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(input).into_owned();
    let want = WantedConfig {
        template: Some(text.clone()),
        description: DESCRIPTION.to_owned(),
    };
    let complaint = complaint(&want, "ci", "linux", URL);
    if let Some(why) = &complaint
        && (why.is_empty() || why.contains("canary"))
    {
        return Err(format!("{why:?} is complained"));
    }
    let mut kinds = vec![if complaint.is_some() {
        "refused"
    } else {
        "taken"
    }];
    for token in TOKENS {
        let made = made(&want, token, None);
        match made {
            Some(file) if complaint.is_some() => {
                return Err(format!("{file:?} is written all the same"));
            }
            Some(file) => is_sound(&file, token)?,
            None if complaint.is_none() && token == TOKENS[0] => {
                return Err("nothing is written for a token such as GitLab's".to_owned());
            }
            None => {}
        }
        // The text as a file of before, whose template makes none any more.
        let (none, old) = (no_template(), "glrt-old");
        if let Some(renewed) = made_of(&none, token, &text, old) {
            kinds.push("renewed");
            is_renewed(&text, &renewed, old, token)?;
        }
    }
    Ok(kinds.join(" "))
}

/// gitlab-runner reads it, and finds the token as a token.
fn is_sound(file: &str, token: &str) -> Result<(), String> {
    let read: toml::Table = toml::from_str(file).map_err(|error| format!("{file:?}: {error}"))?;
    let runners = read
        .get("runners")
        .and_then(toml::Value::as_array)
        .ok_or("no runners")?;
    let held =
        |runner: &toml::Value| runner.get("token").and_then(toml::Value::as_str) == Some(token);
    if !runners.iter().any(held) || file.len() > 300 * 1024 {
        return Err(format!("{file:?} does not hold {token:?}"));
    }
    Ok(())
}

/// Another token is all that has changed.
fn is_renewed(before: &str, after: &str, old: &str, new: &str) -> Result<(), String> {
    let read = |text: &str| toml::from_str::<toml::Table>(text).map(|it| format!("{it:?}"));
    let (Ok(before), Ok(after)) = (read(before), read(after)) else {
        return Err(format!("{after:?} is no TOML"));
    };
    let inside = |token: &str| {
        let quoted = format!("{token:?}");
        quoted[1..quoted.len() - 1].to_owned()
    };
    if before.replace(&inside(old), &inside(new)) != after {
        return Err(format!("{before} has become {after}"));
    }
    Ok(())
}

fn no_template() -> WantedConfig {
    WantedConfig {
        template: Some(String::new()),
        description: String::new(),
    }
}

fn made_of(want: &WantedConfig, token: &str, file: &str, old: &str) -> Option<String> {
    let annotations = json!({
        "gitlab-registrar.dev/config-written-at": "2026-01-01T00:00:00Z",
        "gitlab-registrar.dev/token-digest": digest(old),
    });
    let mut existing: Secret = serde_json::from_value(json!({
        "metadata": { "name": "kept", "uid": "1", "resourceVersion": "1", "annotations": annotations },
    }))
    .unwrap();
    let held = ByteString(file.as_bytes().to_vec());
    existing.data = Some([(CONFIG_KEY.to_owned(), held)].into());
    made(want, token, Some(&existing))
}

/// What is written under the key, by the function that writes it.
fn made(want: &WantedConfig, token: &str, existing: Option<&Secret>) -> Option<String> {
    let owner: GitLabRunner = serde_json::from_value(json!({
        "metadata": { "name": "linux", "namespace": "ci", "uid": "uid-1" },
        "spec": { "connectionRef": { "name": "gitlab" }, "scope": { "instance": {} } },
    }))
    .unwrap();
    let want = WantedSecret {
        name: "kept".to_owned(),
        labels: [].into(),
        annotations: [].into(),
        config: Some(want.clone()),
    };
    let entry = Entry {
        token: RunnerToken::new(token.to_owned()),
        runner: RunnerId(7),
        gitlab_url: URL.to_owned(),
        attempt: None,
        operation: None,
        issued_at: None,
        expires_at: None,
        rotation_deadline: None,
    };
    let sent = Arc::new(Mutex::new(Value::Null));
    let seen = sent.clone();
    let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let seen = seen.clone();
        async move {
            let body = request.into_body().collect_bytes().await.unwrap();
            *seen.lock().unwrap() = serde_json::from_slice(&body).unwrap();
            Ok::<_, tower::BoxError>(http::Response::new(Body::from(KEPT)))
        }
    });
    run(async {
        let api = Api::<Secret>::namespaced(Client::new(service, "ci"), "ci");
        put(&api, existing, &owner, &want, &entry, Timestamp::UNIX_EPOCH).await
    })
    .unwrap();
    let sent = sent.lock().unwrap().clone();
    let value = sent["data"].get(CONFIG_KEY)?.clone();
    let ByteString(bytes) = serde_json::from_value(value).unwrap();
    String::from_utf8(bytes).ok()
}
