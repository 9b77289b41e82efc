//! The command `pointsman`: Windows reparse points on real files. Each subcommand is one file of [`command`]; what went
//! wrong is a [`fault::Fault`]; [`exit`] says which number the shell sees.

mod args;
mod command;
mod exit;
mod fault;
mod fault_of;
mod follow;
mod login;
mod output;
mod point;
mod progress;
mod remote_object;
mod scan;
mod volume;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::of_usage(&error),
    };
    let mut out = output::Output::new(cli.command.wants_json());
    let exit = match command::run(cli.command, &mut out) {
        Ok(exit) => exit,
        Err(fault) => out.fault(&fault),
    };
    match out.finish() {
        Ok(()) => exit.into(),
        Err(error) => exit::of_stdout(&error).into(),
    }
}
