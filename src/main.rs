//! The binary: nothing but a door.

use std::process::ExitCode;

fn main() -> ExitCode {
    gitlab_runner_registrar::run::main()
}
