//! README's commands, in the order in which a newcomer needs them.
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;

use super::release::node;
use crate::harness::{Story, Tool, story, token, until};

const README: &str = include_str!("../../../README.md");
const MAKEFILE: &str = include_str!("../../../Makefile");

/// The chapters in that order: the page begins with what is to be had, and says then how to install.
const CHAPTERS: &[&str] = &[
    "Install",
    "gitlab-runner-registrar",
    "Use the token",
    "How it behaves",
    "When something is wrong",
    "Upgrade and uninstall",
];

/// What stands on the page for a thing that each reader has another of.
const OURS: &[(&str, &str)] = &[
    ("glpat-…", token::ADMIN),
    ("path: my-group", "path: platform"),
    (
        "helm install registrar ",
        "helm install registrar --set allowHttp=true --wait ",
    ),
    (" wait --for", " wait --timeout=1m --for"),
];

/// Commands that are played elsewhere, or need what no test has. `make` is looked up in the Makefile.
const ELSEWHERE: &[&str] = &["make ", "docker "];

/// Commands that reach the API server, and what it says then: its node here runs Pods as processes,
/// without a kubelet, on an address that it does not connect to.
const HALFWAY: &[(&str, &str)] = &[
    (" logs ", "no preferred addresses found"),
    ("/proxy/readyz", "address not allowed"),
];

/// Commands that a sentence names without telling the reader to run them as they stand.
const NAMED: &[&str] = &[
    "helm uninstall",
    "helm upgrade",
    "kubectl apply -k deploy",
    "kubectl delete -k",
    "kubectl exec",
    "kubectl patch",
    "kubectl registrar",
    "kubectl replace",
    "kubectl wait",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_readme_work_in_their_order() {
    story("ci")
        .without_an_operator()
        .on_a_stage_of_its_own()
        .tell(async |story| {
            story.kubectl(&["delete", "crd", "--all"]).await;
            let _node = node(story, "ci").await;
            let reader = Reader::new(story);
            // The runner processes, which are not ours.
            let processes =
                "kubectl -n ci create deployment gitlab-runner --image=none --replicas=0";
            reader.types(processes).await.unwrap();
            for chapter in CHAPTERS {
                for command in commands_of(chapter) {
                    reader.follows(&command).await;
                }
            }
            assert_eq!(story.gitlab.runners(), [] as [serde_json::Value; 0]);
            let kinds = story.kubectl(&["get", "crd", "--output=name"]).await;
            assert_eq!(kinds, "", "the kinds are left");
            // For the end of the story, which looks at all objects.
            story.stage.install_kinds().await;
        })
        .await;
}

/// Somebody with a shell in a folder that has what the page speaks of.
struct Reader<'story> {
    story: &'story Story<'story>,
    folder: PathBuf,
    shell: Tool,
}

impl<'story> Reader<'story> {
    fn new(story: &'story Story<'story>) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let manifest = ours(first_block("yaml"));
        let manifest = manifest.replace("https://gitlab.example.com", story.gitlab.url());
        fs::write(folder.join("runner.yaml"), manifest).unwrap();
        fs::write(folder.join("ca.crt"), "a certificate").unwrap();
        let charts = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts");
        symlink(charts, folder.join("charts")).unwrap();
        let mut shell = story.stage.kubectl();
        shell.program = "timeout".into();
        Self {
            story,
            folder,
            shell,
        }
    }

    /// Types a command of the page, which must do what it is there for.
    async fn follows(&self, command: &str) {
        let outcome = self.types(&ours(command)).await;
        let halfway = HALFWAY.iter().find(|(part, _)| command.contains(part));
        match (outcome, halfway) {
            (Err(complaint), Some((_, expected))) if complaint.contains(expected) => {}
            (Ok(said), None) => self.reads(command, &said).await,
            (outcome, _) => panic!("{command}: {outcome:?}"),
        }
    }

    /// What some of the commands are there to show.
    async fn reads(&self, command: &str, said: &str) {
        if command.contains("base64decode") {
            assert!(self.story.gitlab.accepts(said).await, "{command}: no token");
        }
        if command == "kubectl get gitlabrunners --all-namespaces" {
            assert_eq!(said, "", "runners are left");
        }
        if command.contains("finalizers") {
            // The page says so for a cluster without an operator. Here is one, which adds it again.
            let kept = |runner: &GitLabRunner| runner.metadata.finalizers.is_some();
            until("the finalizer is back", async || {
                let runner = self.story.get::<GitLabRunner>("linux").await.unwrap();
                kept(&runner)
                    .then_some(())
                    .ok_or("it is not there".to_owned())
            })
            .await;
        }
    }

    /// What a shell prints, or what it complains of.
    async fn types(&self, command: &str) -> Result<String, String> {
        let script = format!("cd '{}'; {command}", self.folder.display());
        let shell = ["120", "bash", "-euo", "pipefail", "-c", &script];
        self.shell.run(&shell, "").await
    }
}

#[test]
fn every_command_of_the_readme_is_followed_or_excused() {
    let heads = README.lines().filter_map(|line| {
        let head = line.strip_prefix("## ").or(line.strip_prefix("# "));
        head.filter(|head| !CHAPTERS.contains(head))
    });
    let mut bad = Vec::new();
    for head in heads {
        for command in commands_of(head) {
            if !ELSEWHERE.iter().any(|word| command.starts_with(word)) {
                bad.push(format!("no test follows the chapter {head}: {command}"));
            }
        }
    }
    for target in README.split("$ make ").skip(1) {
        let target = target.split_whitespace().next().unwrap();
        if !MAKEFILE.contains(&format!("\n{target}:")) {
            bad.push(format!("no such target: make {target}"));
        }
    }
    let sentences = README.split("```").step_by(2);
    let codes = sentences.flat_map(|text| text.split('`').skip(1).step_by(2));
    for code in codes.filter(|code| code.starts_with("kubectl ") || code.starts_with("helm ")) {
        if !NAMED.contains(&code) {
            bad.push(format!("write it as a block of its own: {code}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The commands of a chapter that are followed here. A variable that is set stands before all that
/// come after it.
fn commands_of(chapter: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut variables = String::new();
    let (mut here, mut goes_on) = (false, false);
    for line in README.lines() {
        let head = line.strip_prefix("## ").or(line.strip_prefix("# "));
        here = head.map_or(here, |head| head == chapter);
        let typed = line.trim_start().strip_prefix("$ ");
        let Some(typed) = typed.or(goes_on.then_some(line)).filter(|_| here) else {
            continue;
        };
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => command.push_str(typed.trim_start()),
            None => commands.push(typed.to_owned()),
        }
        let command = commands.last_mut().unwrap();
        goes_on = command.ends_with('\\');
        if goes_on {
            command.pop();
        } else if command.starts_with("pod=") {
            variables = format!("{command}; ");
        } else {
            command.insert_str(0, &variables);
        }
    }
    let followed = CHAPTERS.contains(&chapter);
    commands.retain(|command| !followed || !ELSEWHERE.iter().any(|word| command.starts_with(word)));
    commands
}

/// The first block of that kind on the page.
fn first_block(kind: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("\n```{kind}\n")).unwrap();
    rest.split("```").next().unwrap()
}

/// With our things in place of the reader's.
fn ours(text: &str) -> String {
    let mut text = text.to_owned();
    for (theirs, ours) in OURS {
        text = text.replace(theirs, ours);
    }
    text
}
