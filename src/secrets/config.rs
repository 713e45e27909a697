//! A whole config.toml of gitlab-runner for one runner, made from a template.
//!
//! The templates are users', so that their language is small: names in double braces and conditions, no
//! loops and no functions; see [`template_rules`]. What it makes is as long as the template and the few
//! texts in it.
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use upon::{Engine, Value, fmt};

use super::config_rules::{self, TRIAL};
use super::digest::digest;
use super::template_rules;
use crate::gitlab::model::{RunnerId, RunnerToken};
use crate::plan::WantedConfig;

/// The key of the Secret.
pub const CONFIG_KEY: &str = "config.toml";

/// What is written for those who have no template of their own.
const DEFAULT: &str = include_str!("config.toml");

/// What a template may name.
#[derive(Clone, Copy, Debug)]
pub struct ConfigFacts<'a> {
    /// The GitLab that the runner is in, without `/api/v4`: gitlab-runner adds that itself.
    pub url: &'a str,
    /// Its number.
    pub id: RunnerId,
    /// Its token.
    pub token: &'a RunnerToken,
    /// The name of the object.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
}

/// The file. `written_at` stands in a comment: gitlab-runner reads a file that is newer than the one before,
/// and a Secret whose content is the same as before is not.
pub(super) fn render(
    want: &WantedConfig,
    facts: ConfigFacts<'_>,
    written_at: Timestamp,
) -> Result<SecretString, String> {
    let trial = RunnerToken::new(TRIAL.to_owned());
    let trial = ConfigFacts {
        token: &trial,
        ..facts
    };
    let tried = fill(want, trial)?;
    config_rules::check(&tried)?;
    let ConfigFacts {
        name, namespace, ..
    } = facts;
    let text = fill(want, facts)?;
    config_rules::is_same_but_for_the_token(&tried, &text, [TRIAL, facts.token.expose()])?;
    Ok(format!(
        "# Written by gitlab-runner-registrar at {written_at} for GitLabRunner {namespace}/{name}.\n{text}"
    )
    .into())
}

/// Why a template cannot be used, if it cannot.
pub fn complaint(want: &WantedConfig, namespace: &str, name: &str, url: &str) -> Option<String> {
    // With letters that GitLab's have and the one that stands in for them has not.
    let token = RunnerToken::new("glrt-t1_any.01.other".to_owned());
    let facts = ConfigFacts {
        url,
        id: RunnerId(1),
        token: &token,
        name,
        namespace,
    };
    render(want, facts, Timestamp::UNIX_EPOCH).err()
}

/// The file with another token in the place of the one of that digest, where the template does not make one
/// any more; `None` if it does not hold that one.
pub(super) fn with_token(file: &str, old: &str, new: &RunnerToken) -> Option<SecretString> {
    let read: toml::Table = toml::from_str(file).ok()?;
    let runners = read.get("runners")?.as_array()?;
    let mut tokens = runners
        .iter()
        .filter_map(|runner| runner.get("token")?.as_str());
    let held = tokens.find(|token| digest(token) == old)?;
    let renewed = file.replace(held, new.expose());
    let same = config_rules::is_same_but_for_the_token(file, &renewed, [held, new.expose()]);
    same.is_ok().then(|| renewed.into())
}

/// As the Secret holds it.
pub(super) fn bytes(file: &SecretString) -> Vec<u8> {
    file.expose_secret().as_bytes().to_vec()
}

fn fill(want: &WantedConfig, facts: ConfigFacts<'_>) -> Result<String, String> {
    let WantedConfig {
        template,
        description,
    } = want;
    let ConfigFacts {
        url,
        id,
        token,
        name,
        namespace,
    } = facts;
    let mut engine = Engine::new();
    engine.set_default_formatter(&escaped);
    let template = template.as_deref().unwrap_or(DEFAULT);
    template_rules::check(template)?;
    let template = engine.compile(template);
    let template = template.map_err(|error| format!("{error:#}"))?;
    let text = |name: &str, value: &str| (name.to_owned(), Value::String(value.to_owned()));
    let id = i64::try_from(id.0).unwrap_or(i64::MAX);
    let values = Value::Map(
        [
            ("id".to_owned(), Value::Integer(id)),
            text("url", url),
            text("token", token.expose()),
            text("name", name),
            text("namespace", namespace),
            text("description", description),
        ]
        .into(),
    );
    let filled = template.render_from(&engine, &values).to_string();
    filled.map_err(|error| format!("{error:#}"))
}

/// A text as it stands between the quotation marks of TOML's basic strings.
fn escaped(out: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    use std::fmt::Write;
    let Value::String(text) = value else {
        return fmt::default(out, value);
    };
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(out, "\\{letter}")?,
            letter if letter.is_control() => write!(out, "\\u{:04X}", u32::from(letter))?,
            letter => out.write_char(letter)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: Option<&str>) -> Result<String, String> {
        rendered_with(template, "glrt-t1_a.b-c_d")
    }

    fn rendered_with(template: Option<&str>, token: &str) -> Result<String, String> {
        let want = WantedConfig {
            template: template.map(str::to_owned),
            description: "Büro \"Nord\"\\\n[[runners]]".to_owned(),
        };
        let token = RunnerToken::new(token.to_owned());
        let facts = ConfigFacts {
            url: "https://gitlab.example.com",
            id: RunnerId(7),
            token: &token,
            name: "linux",
            namespace: "ci",
        };
        let file = render(&want, facts, Timestamp::UNIX_EPOCH)?;
        Ok(file.expose_secret().to_owned())
    }

    fn read(file: &str) -> toml::Table {
        toml::from_str(file).unwrap()
    }

    #[test]
    fn the_default_has_what_keeps_a_token_alive_and_no_dates() {
        let file = read(&rendered(None).unwrap());
        let runner = &file["runners"][0];
        assert_eq!(runner["token"].as_str(), Some("glrt-t1_a.b-c_d"));
        assert_eq!(runner["url"].as_str(), Some("https://gitlab.example.com"));
        assert_eq!(runner["id"].as_integer(), Some(7));
        assert_eq!(runner["unhealthy_interval"].as_str(), Some("1m0s"));
        assert_eq!(runner["cache"]["Shared"].as_bool(), Some(true));
        let flags = &runner["feature_flags"];
        let off = flags["FF_DISABLE_AUTOMATIC_TOKEN_ROTATION"].as_bool();
        assert_eq!(off, Some(true));
        for date in ["token_expires_at", "token_obtained_at"] {
            assert!(runner.get(date).is_none(), "{date}");
        }
    }

    /// Whatever the texts are, they stay where the template has put them.
    #[test]
    fn texts_are_escaped_and_conditions_work() {
        let template = "# {{ description }} {{ \"{{\" }} {{ \"%}\" }}
            concurrent = {% if description %}2{% else %}1{% endif %}
            [[runners]]
            name = \"{{ description }}\"
            url = \"{{ url }}/\"
            token = \"{{ token }}\"
            executor = \"shell\"
        ";
        let file = read(&rendered(Some(template)).unwrap());
        let runners = file["runners"].as_array().unwrap();
        assert_eq!(runners.len(), 1);
        let name = runners[0]["name"].as_str();
        assert_eq!(name, Some("Büro \"Nord\"\\\n[[runners]]"));
        assert_eq!(file["concurrent"].as_integer(), Some(2));
        let literal = rendered(Some(template)).unwrap();
        assert!(literal.contains(" {{ %}\n"), "{literal}");
    }

    /// Also where the key of the token was edited, so that only the digest tells which one it was.
    #[test]
    fn the_last_good_file_goes_on_with_another_token() {
        let file = rendered(None).unwrap();
        let (old, new) = (
            digest("glrt-t1_a.b-c_d"),
            RunnerToken::new("glrt-new".to_owned()),
        );
        let renewed = with_token(&file, &old, &new).unwrap();
        let renewed = renewed.expose_secret();
        assert_eq!(
            read(renewed)["runners"][0]["token"].as_str(),
            Some("glrt-new")
        );
        assert_eq!(
            renewed.lines().count(),
            file.lines().count(),
            "comments stay"
        );
        assert!(with_token(&file, &digest("glrt-other"), &new).is_none());
        assert!(with_token("no TOML", &old, &new).is_none());
    }

    #[test]
    fn what_gitlab_runner_would_not_take_is_refused_with_a_sentence() {
        let good =
            "[[runners]]\nurl = \"{{ url }}\"\ntoken = \"{{ token }}\"\nexecutor = \"shell\"\n";
        assert!(rendered(Some(good)).is_ok());
        let more = |line: &str| format!("{good}{line}\n");
        let before = |line: &str| format!("{line}\n{good}");
        for (template, told) in [
            (
                good.replace("\"{{ token }}\"", "{{ token }}"),
                "it is no TOML in line 3",
            ),
            (more("executor = \"docker\""), "it is no TOML in line 5"),
            (good.replace("{{ token }}", "{{ token }"), "}} is missing"),
            (good.replace("{{ token }}", "{{ secret }}"), "secret"),
            (good.replace("{{ token }}", "{{ token.prefix }}"), "token"),
            (
                good.replace("{{ token }}", "glrt-mine"),
                "no [[runners]] has the token",
            ),
            (
                good.replace("{{ url }}", "{{ url }}/api/v4"),
                "ends before /api/v4",
            ),
            (good.replace("url =", "uri ="), "has no url"),
            (good.replace("executor =", "executer ="), "has no executor"),
            (
                good.replace("[[runners]]", "[runners]"),
                "there is no [[runners]]",
            ),
            (
                good.replace("[[runners]]", "[[runner]]"),
                "there is no [[runners]]",
            ),
            (before("concurrent = 0"), "at least 1"),
            (before("concurrent = \"4\""), "at least 1"),
            (more("id = \"{{ id }}\""), "write id = {{ id }}"),
            (
                more("token_expires_at = 2026-01-01T00:00:00Z"),
                "leave token_expires_at out",
            ),
            (
                more("token_obtained_at = 2026-01-01T00:00:00Z"),
                "leave token_obtained_at out",
            ),
            (String::from(" "), "there is no [[runners]]"),
            (format!("{{% include \"/etc/passwd\" %}}{good}"), "passwd"),
            (
                format!("{{% for x in token %}}{{% endfor %}}{good}"),
                "token",
            ),
        ] {
            let complaint = rendered(Some(&template)).unwrap_err();
            assert!(
                complaint.to_lowercase().contains(&told.to_lowercase()),
                "{template}: {complaint}"
            );
            assert!(!complaint.contains("a.b-c_d"), "{complaint}");
        }
    }

    /// GitLab chooses the token, and the host of the runner is not GitLab's.
    #[test]
    fn a_token_is_a_token_in_whatever_quotation_marks() {
        let inline =
            "runners = [{ url = \"{{ url }}\", token = '{{ token }}', executor = \"docker\" }]\n";
        assert!(rendered_with(Some(inline), "glrt-t1_a.b-c_d").is_ok());
        let token = "glrt-a', limit = '1";
        let complaint = rendered_with(Some(inline), token).unwrap_err();
        assert!(complaint.contains("cannot stand where"), "{complaint}");
        assert!(!complaint.contains("limit"), "{complaint}");

        let quoted = inline.replace('\'', "\"");
        let file = read(&rendered_with(Some(&quoted), token).unwrap());
        assert_eq!(file["runners"][0]["token"].as_str(), Some(token));
        let old = "runners = [{ token = 'glrt-old' }]\n";
        let renewed =
            |new: &str| with_token(old, &digest("glrt-old"), &RunnerToken::new(new.to_owned()));
        assert!(renewed("glrt-new").is_some());
        assert!(renewed(token).is_none());
        assert!(rendered_with(Some(&quoted), &"x".repeat(300_000)).is_err());
    }
}
