//! Scripts by which a shell completes what is typed.
use std::io::Write;

use clap::Args;
use clap_complete::Shell;

/// Print a script by which a shell completes `registrar`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  registrar completions bash > /etc/bash_completion.d/registrar
  registrar completions zsh > \"${fpath[1]}/_registrar\"
  registrar completions fish > ~/.config/fish/completions/registrar.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script for these commands.
    pub fn print(&self, mut commands: clap::Command) -> anyhow::Result<()> {
        // Written at once: clap_complete panics where a write fails, as in `registrar completions | head`.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut commands, "registrar", &mut script);
        Ok(std::io::stdout().write_all(&script)?)
    }
}
