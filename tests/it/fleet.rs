//! The commands beside the operator, as a person or a pipeline runs them.
mod adopt;
mod import;
mod lacking;
mod orphans;
mod plan;
mod program;
mod python;
mod rotate;
mod status;
mod tokens;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use gitlab_sim::{Options, Server};
use serde_json::Value;

use crate::harness::program as registrar_program;

/// The administrator's token; no output may ever hold it.
const TOKEN: &str = "glpat-canary-fleet-2Jw8";

/// What a run of the program came to.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// What it printed, where it ended so.
    #[track_caller]
    fn ended(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self.out
    }

    /// What it complained of.
    #[track_caller]
    fn failed(self) -> String {
        assert_eq!(self.code, 1, "{}\n{}", self.out, self.err);
        self.err
    }

    /// What it printed, as JSON.
    #[track_caller]
    fn json(self, code: i32) -> Value {
        serde_json::from_str(&self.ended(code)).unwrap()
    }
}

/// The program, in an environment of its own.
async fn registrar(args: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(registrar_program());
    command.args(args).env_clear();
    command.envs(environment.iter().copied());
    command.stdin(std::process::Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("canary"), "a token is told: {text}");
    }
    ran
}

/// The same against a GitLab, by its address.
async fn asks(sim: &Server, args: &[&str]) -> Ran {
    let far = ["--allow-http", "--requests-per-minute=60000"];
    let args = [args, &far].concat();
    let environment = [("GITLAB_URL", sim.url()), ("GITLAB_TOKEN", TOKEN)];
    registrar(&args, &environment).await
}

/// A folder of a test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("fleet")
        .join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A GitLab of some age with so many runners, of every kind and in every state.
async fn fleet(version: &str, many: usize, settings: &str) -> Server {
    let mut seed = format!(
        "
settings: {{ version: '{version}'{settings} }}
users:
  - {{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}
groups:
  - {{ path: platform, id: 31, members: {{ root: owner }} }}
  - {{ path: platform/tools, id: 32 }}
projects:
  - {{ path: platform/tools/build, id: 41 }}
  - {{ path: platform/docs, id: 42 }}
runners:
"
    );
    for id in 1..=many {
        let place = match id % 12 {
            0 => "type: instance",
            1 | 2 => "type: project",
            3..=5 => "type: group, group: platform/tools",
            _ => "type: group, group: platform",
        };
        let mut has: BTreeMap<&str, String> = BTreeMap::new();
        has.insert("description", format!("'Builder #{id}: Höhe'"));
        has.insert("tag_list", format!("[linux, 'size {}']", id % 5));
        has.insert("paused", (id % 7 == 0).to_string());
        has.insert("locked", (id % 11 == 0).to_string());
        if id % 13 == 0 {
            has.insert("run_untagged", "false".to_owned());
            has.insert("access_level", "ref_protected".to_owned());
            has.insert("maximum_timeout", (600 + id).to_string());
        }
        if id % 4 == 0 {
            has.insert("maintenance_note", format!("'note of {id}'"));
        }
        if id % 9 == 0 {
            has.insert("contacted_at", "2020-01-01T00:00:00Z".to_owned());
            has.insert("created_at", "2019-01-01T00:00:00Z".to_owned());
        }
        match id % 12 {
            1 => has.insert("projects", "[platform/tools/build]".to_owned()),
            // The owner is not the one of the lower number.
            2 => has.insert(
                "projects",
                "[platform/docs, platform/tools/build]".to_owned(),
            ),
            _ => None,
        };
        let has: Vec<String> = has
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        writeln!(
            seed,
            "  - {{ id: {id}, {place}, settings: {{ {} }} }}",
            has.join(", ")
        )
        .unwrap();
    }
    Server::start(seed.as_str(), Options::default())
        .await
        .unwrap()
}

/// The objects of a list, by the numbers of their runners.
fn by_number(list: &Value) -> BTreeMap<u64, Value> {
    let items = list["items"].as_array().unwrap().iter();
    let number = |item: &Value| item["spec"]["adopt"]["runnerId"].as_u64().unwrap();
    items.map(|item| (number(item), item.clone())).collect()
}
