//! The subcommands, a file each.

pub(crate) mod batch;
pub(crate) mod cat;
pub(crate) mod check;
pub(crate) mod copy;
pub(crate) mod delete;
mod deleted;
pub(crate) mod explain;
pub(crate) mod find;
pub(crate) mod generate;
pub(crate) mod get;
pub(crate) mod resolve;
pub(crate) mod restore;
pub(crate) mod retarget;
pub(crate) mod save;
pub(crate) mod serve;
pub(crate) mod set;
pub(crate) mod status;
pub(crate) mod take_back;
pub(crate) mod tour;
pub(crate) mod undo;
pub(crate) mod user;

use crate::args::Command;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;

/// Does what the command line asks.
pub(crate) fn run(command: Command, out: &mut Output) -> Result<Exit, Fault> {
    match command {
        Command::Set(args) => set::run(&args, out),
        Command::Get(args) => get::run(&args, out),
        Command::Delete(args) => delete::run(&args, out),
        Command::Explain(args) => explain::run(&args, out),
        Command::Find(args) => find::run(&args, out),
        Command::Resolve(args) => resolve::run(&args, out),
        Command::Copy(args) => copy::run(&args, out),
        Command::Retarget(args) => retarget::run(&args, out),
        Command::Check(args) => check::run(&args, out),
        Command::Cat(args) => cat::run(&args, out),
        Command::Save(args) => save::run(&args, out),
        Command::Restore(args) => restore::run(&args, out),
        Command::Undo(args) => take_back::run(&args, out),
        Command::Tour(args) => tour::run(&args, out),
        Command::Serve(args) => serve::run(&args, out),
        Command::User(args) => user::run(&args, out),
        Command::Status(args) => status::run(&args, out),
        Command::Completions(args) => Ok(generate::completions(&args, out)),
        Command::Generate(args) => generate::generate(&args),
    }
}
