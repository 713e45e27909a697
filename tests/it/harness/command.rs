//! Running kubectl and helm.
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A program, and what it needs around it.
pub(crate) struct Tool {
    pub(crate) program: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Tool {
    /// Runs it to its end with that input: what it printed, or what it complained of.
    pub(crate) async fn run(&self, args: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .envs(&self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = input.to_owned();
        let output = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn()?;
            // Dropped at once, so that the program sees the end.
            child.stdin.take().unwrap().write_all(input.as_bytes())?;
            child.wait_with_output()
        });
        let output = output.await.unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// The same, where a complaint ends the story.
    pub(crate) async fn done(&self, args: &[&str], input: &str) -> String {
        match self.run(args, input).await {
            Ok(printed) => printed,
            Err(complaint) => panic!("{} {args:?}: {complaint}", self.program.display()),
        }
    }
}
