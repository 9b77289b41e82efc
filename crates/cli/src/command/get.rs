//! `pointsman get`: FSCTL_GET_REPARSE_POINT, as text, JSON, hexadecimal or bytes.
use crate::args::PlaceArgs;
use crate::command::batch;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::{describe, hex, json};
use crate::volume::{Object, Volumes};
use clap::Args;
use std::path::PathBuf;

/// Show the reparse point of a file or directory
///
/// The final name is never followed: what is shown is the point itself, not what it leads to.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GetArgs {
    /// Files or directories
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) form: FormArgs,
    /// Read JSON lines {"path": ...} from stdin and write one result line for each, then a summary line
    #[arg(long, help_heading = "Batch", conflicts_with_all = ["raw", "hex"])]
    pub(crate) batch: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// How a point is shown.
#[derive(Args, Debug, Clone, Copy)]
#[group(multiple = false)]
pub(crate) struct FormArgs {
    /// One line of JSON for each path, which `set --json` takes back
    #[arg(long)]
    pub(crate) json: bool,
    /// The exact bytes, header included
    #[arg(long)]
    pub(crate) raw: bool,
    /// The exact bytes in hexadecimal
    #[arg(long)]
    pub(crate) hex: bool,
}

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create dir --junction 'C:\Tools' tools
  $ pointsman get tools
  $ pointsman get --json tools
  $ pointsman get --raw tools | pointsman explain -
  $ echo '{"path":"tools"}' | pointsman get --batch"#;

pub(crate) fn run(args: &GetArgs, out: &mut Output) -> Result<Exit, Fault> {
    if args.batch {
        return batch::get(args, out);
    }
    if args.form.raw && args.paths.len() > 1 {
        return Err(Fault::usage("get", "--raw takes one path: bytes of two would run together")
            .next("name one path"));
    }
    if args.form.raw && out.is_terminal() {
        return Err(Fault::usage("get", "--raw writes bytes, and this is a terminal")
            .next("add `> FILE`, pipe it on, or use --hex"));
    }
    let mut volumes = Volumes::new(&args.place)?;
    let mut exit = Exit::Ok;
    for path in &args.paths {
        let shown = volumes.object(path).and_then(|object| show(&object, args, out));
        if let Err(fault) = shown {
            let one = out.fault(&fault.at(path));
            exit = if args.paths.len() == 1 { one } else { Exit::Some };
        }
    }
    Ok(exit)
}

fn show(object: &Object, args: &GetArgs, out: &mut Output) -> Result<(), Fault> {
    let found = object.get()?;
    if args.form.json {
        out.json(&json::of_found(object.shown(), &found));
    } else if args.form.raw {
        out.bytes(found.point.as_bytes());
    } else if args.form.hex {
        out.line(hex::encode(found.point.as_bytes()));
    } else {
        if args.paths.len() > 1 {
            out.line(format_args!("{}:", object.shown()));
        }
        describe::point(&found, out);
    }
    Ok(())
}
