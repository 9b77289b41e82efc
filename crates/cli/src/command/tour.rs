//! `pointsman tour`: the main job on real files, shown command by command. Each step is this very program, run with the
//! arguments that are printed, in a directory that goes away afterwards.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use clap::Args;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Show what this is: set, read, explain, find, follow and break reparse points in a temporary directory
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  $ pointsman tour")]
pub(crate) struct TourArgs {
    /// Where to make the temporary directory; it must be on a file system with extended attributes
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    directory: PathBuf,
}

/// One step: what is to be seen, the command as a user types it, and the exit code it must give.
struct Step {
    says: &'static str,
    arguments: &'static [&'static str],
    exit: Exit,
}

const STEPS: &[Step] = &[
    Step {
        says: "A junction on a directory, as `mklink /J` makes it.",
        arguments: &["set", "--create", "dir", "--junction", r"C:\Tools", "tools"],
        exit: Exit::Ok,
    },
    Step {
        says: "A symbolic link on a file.",
        arguments: &["set", "--create", "file", "--symlink", r"report.txt", "latest"],
        exit: Exit::Ok,
    },
    Step {
        says: "A vendor's own tag, with its GUID and data, on a file.",
        arguments: &[
            "set",
            "--create",
            "file",
            "--tag",
            "0xBEEF",
            "--guid",
            "3740c860-b19b-11d9-9669-0800200c9a66",
            "--data",
            "c0ffee",
            "vendor.dat",
        ],
        exit: Exit::Ok,
    },
    Step { says: "Read them back.", arguments: &["get", "tools"], exit: Exit::Ok },
    Step {
        says: "As JSON, which `set --json` takes again.",
        arguments: &["get", "--json", "tools", "latest"],
        exit: Exit::Ok,
    },
    Step { says: "What every byte means.", arguments: &["explain", "--path", "latest"], exit: Exit::Ok },
    Step { says: "Everything there is below a directory.", arguments: &["find", "--sort"], exit: Exit::Ok },
    Step {
        says: "Follow the link, as Windows would: the file is not there yet.",
        arguments: &["resolve", "--root", ".", "latest"],
        exit: Exit::Refused,
    },
    Step {
        says: "A second tag on the same object is refused, with the way out.",
        arguments: &["set", "--symlink", r"C:\Other", "tools"],
        exit: Exit::Refused,
    },
    Step {
        says: "So are bytes that Windows would not take: the last three are missing.",
        arguments: &["explain", "--hex", "0c0000a01000000000000200020002000100000078"],
        exit: Exit::Some,
    },
    Step { says: "Remove a point. The directory stays.", arguments: &["delete", "tools"], exit: Exit::Ok },
    Step { says: "Now there is none.", arguments: &["get", "tools"], exit: Exit::NotAReparsePoint },
];

/// The temporary directory; it goes when this is dropped, however the tour ends.
struct Scratch(PathBuf);

pub(crate) fn run(args: &TourArgs, out: &mut Output) -> Result<Exit, Fault> {
    let program = std::env::current_exe().map_err(|error| Fault::io("find this program", &error))?;
    let scratch = Scratch::new(&args.directory)?;
    let mut first = true;
    for step in STEPS {
        if !first {
            out.line("");
        }
        first = false;
        out.line(format_args!("# {}", step.says));
        out.line(format_args!("$ pointsman {}", shell_words(step.arguments)));
        let exit = show(&program, &scratch.0, step, out)?;
        if exit != Some(i32::from(step.exit.code())) {
            out.note(format_args!("the tour ends here: exit {} was to come", step.exit.code()));
            return Ok(Exit::Some);
        }
        if step.exit != Exit::Ok {
            out.line(format_args!("(exit {})", step.exit.code()));
        }
    }
    Ok(Exit::Ok)
}

/// Runs one step, and shows what it says on stdout and then on stderr.
fn show(program: &Path, directory: &Path, step: &Step, out: &mut Output) -> Result<Option<i32>, Fault> {
    let output = Command::new(program)
        .args(step.arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Fault::io("run a step", &error))?;
    out.bytes(&output.stdout);
    out.bytes(&output.stderr);
    Ok(output.status.code())
}

impl Scratch {
    /// A new directory whose name nobody has.
    fn new(directory: &Path) -> Result<Scratch, Fault> {
        for attempt in 0..100 {
            let path = directory.join(format!("pointsman-tour.{}.{attempt}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let fault = Fault::io("make a temporary directory", &error).at(&path);
                    return Err(fault.next("name another place with --in DIR"));
                }
            }
        }
        let error = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(Fault::io("make a temporary directory", &error).at(directory))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the user's to see: it lies where they asked for it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The arguments as a shell takes them.
fn shell_words(arguments: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=@%+".contains(c);
    let word = |text: &&str| match text.is_empty() || !text.chars().all(plain) {
        true => format!("'{}'", text.replace('\'', r"'\''")),
        false => (*text).to_owned(),
    };
    arguments.iter().map(word).collect::<Vec<String>>().join(" ")
}
