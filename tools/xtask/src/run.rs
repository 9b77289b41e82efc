//! A step: one command, named, timed, and its failure told.
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) struct Run {
    name: &'static str,
    command: Command,
}

impl Run {
    /// A step that runs cargo, the one that runs us.
    pub(crate) fn cargo(name: &'static str, args: &[&str]) -> Run {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Run::command(name, Command::new(cargo)).args(args)
    }

    pub(crate) fn command(name: &'static str, command: Command) -> Run {
        Run { name, command }
    }

    pub(crate) fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: &[S]) -> Run {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Run {
        self.command.env(name, value);
        self
    }

    /// Runs the step, with our own input and output.
    #[allow(clippy::disallowed_methods)] // the time a step took is for the reader only
    pub(crate) fn go(mut self) -> Result<(), String> {
        println!("== {}: {:?}", self.name, self.command);
        let start = Instant::now();
        let status = self.command.status().map_err(|error| format!("{}: {error}", self.name))?;
        println!("== {}: {:.1} s", self.name, start.elapsed().as_secs_f64());
        if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", self.name)) }
    }
}

/// True when a command runs, silently, and succeeds.
pub(crate) fn answers(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
