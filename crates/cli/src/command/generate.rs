//! `pointsman completions` and the hidden `pointsman generate`: what is made from the definition of the command line.
use crate::args::Cli;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;
use std::fs;
use std::path::{Path, PathBuf};

/// Print the completions of a shell
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  $ pointsman completions bash > pointsman.bash\n  $ pointsman completions zsh > _pointsman"
)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write the man pages or all completions into a directory
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// What to write
    #[arg(value_enum)]
    what: Generated,
    /// Where to; the directory must exist
    directory: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Generated {
    Man,
    Completions,
}

pub(crate) fn completions(args: &CompletionsArgs, out: &mut Output) -> Exit {
    out.bytes(&completion_script(args.shell));
    Exit::Ok
}

pub(crate) fn generate(args: &GenerateArgs) -> Result<Exit, Fault> {
    match args.what {
        Generated::Man => man_pages(&args.directory)?,
        Generated::Completions => {
            for shell in Shell::value_variants() {
                let name = match shell {
                    Shell::Zsh => "_pointsman".to_owned(),
                    shell => format!("pointsman.{shell}"),
                };
                write(&args.directory.join(name), &completion_script(*shell))?;
            }
        }
    }
    Ok(Exit::Ok)
}

fn completion_script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pointsman", &mut script);
    script
}

/// One page for the command and one for each subcommand, as git does.
fn man_pages(directory: &Path) -> Result<(), Fault> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    write(&directory.join("pointsman.1"), &man_page(root.clone())?)?;
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        subcommand_pages(directory, "pointsman", command)?;
    }
    Ok(())
}

/// The page of a subcommand, and those of its own.
fn subcommand_pages(directory: &Path, above: &str, command: &clap::Command) -> Result<(), Fault> {
    let name = format!("{above}-{}", command.get_name());
    let page = man_page(command.clone().name(name.clone()).display_name(name.clone()))?;
    write(&directory.join(format!("{name}.1")), &page)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set())
    {
        subcommand_pages(directory, &name, below)?;
    }
    Ok(())
}

fn man_page(command: clap::Command) -> Result<Vec<u8>, Fault> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command).source(concat!("pointsman ", env!("CARGO_PKG_VERSION")));
    man.render(&mut page).map_err(|error| Fault::io("render a man page", &error))?;
    Ok(page)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    fs::write(path, bytes).map_err(|error| Fault::io("write", &error).at(path))
}
