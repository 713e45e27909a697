//! A page of `docs/`, followed from its top to its bottom.
use super::gitlab::token;
use super::story::Story;

/// What a reader does at a place of the page.
enum Example {
    /// Applies a manifest.
    Manifest(String),
    /// Types a command.
    Command(String),
}

impl Story<'_> {
    /// Applies each block of YAML that is a manifest and types each command that stands after a `$ `, in
    /// the order of the page, with this story's things in place of the reader's. Other blocks are shown to
    /// the reader only.
    pub(crate) async fn follows(&self, page: &str) {
        let page = page
            .replace("-n ci", &format!("-n {}", self.namespace))
            .replace("https://gitlab.example.com", self.gitlab.url())
            .replace("path: my-group", "path: platform")
            .replace("glpat-…", token::ADMIN);
        for example in examples(&page) {
            match example {
                Example::Manifest(text) => {
                    let args = ["-n", &*self.namespace, "apply", "-f", "-"];
                    self.stage.kubectl().done(&args, &text).await;
                }
                Example::Command(line) => {
                    let mut shell = self.stage.kubectl();
                    shell.program = "timeout".into();
                    let args = ["120", "bash", "-euo", "pipefail", "-c", &line];
                    shell.done(&args, "").await;
                }
            }
        }
    }
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').unwrap_or_default();
        match kind {
            "yaml" if text.starts_with("apiVersion:") => {
                examples.push(Example::Manifest(text.to_owned()));
            }
            "console" => examples.extend(commands(text).into_iter().map(Example::Command)),
            _ => {}
        }
    }
    assert!(!examples.is_empty(), "the page has no example");
    examples
}

/// What is typed, each command on one line.
fn commands(block: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in block.lines() {
        let typed = line.strip_prefix("$ ");
        match (typed, commands.last_mut()) {
            (Some(typed), _) => commands.push(typed.to_owned()),
            (None, Some(command)) if goes_on => {
                command.pop();
                command.push_str(line.trim_start());
            }
            // What the command prints.
            (None, _) => continue,
        }
        goes_on = line.ends_with('\\');
    }
    commands
}
