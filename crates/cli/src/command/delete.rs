//! `pointsman delete`: FSCTL_DELETE_REPARSE_POINT. The object, its data and its EAs stay.
use crate::args::{BatchArgs, PlaceArgs};
use crate::command::batch;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::volume::Volumes;
use clap::Args;
use nt::Guid;
use reparse::Tag;
use serde_json::json;
use std::path::PathBuf;

/// Remove the reparse point from a file or directory, and keep the file or directory
///
/// With --tag, only that tag is removed, as FSCTL_DELETE_REPARSE_POINT does it; without, whatever tag is there.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeleteArgs {
    /// Files or directories
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) paths: Vec<PathBuf>,
    /// The tag that must be there, by name or as 0x...
    #[arg(long, value_name = "TAG", conflicts_with = "batch")]
    pub(crate) tag: Option<Tag>,
    /// The owner's GUID that must be there, for a third party's --tag
    #[arg(long, value_name = "GUID", requires = "tag")]
    pub(crate) guid: Option<Guid>,
    /// Report results and errors as JSON lines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
}

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create dir --junction 'C:\Tools' tools
  $ pointsman delete tools
  $ pointsman set --symlink 'other.txt' --create file a.txt
  $ pointsman delete --tag SYMLINK a.txt
  $ pointsman set --create file --symlink x b.txt
  $ echo '{"path":"b.txt"}' | pointsman delete --batch"#;

pub(crate) fn run(args: &DeleteArgs, out: &mut Output) -> Result<Exit, Fault> {
    args.batch.check()?;
    if args.batch.batch {
        return batch::delete(args, out);
    }
    let mut volumes = Volumes::new(&args.place)?;
    let mut exit = Exit::Ok;
    for path in &args.paths {
        let deleted = volumes.object(path).and_then(|object| object.delete(args.tag, args.guid));
        match deleted {
            Ok(tag) if args.json => out.json(
                &json!({ "path": path.to_string_lossy(), "ok": true, "tag": format!("0x{:08X}", tag.0) }),
            ),
            Ok(_) => {}
            Err(fault) => {
                let one = out.fault(&fault.at(path));
                exit = if args.paths.len() == 1 { one } else { Exit::Some };
            }
        }
    }
    Ok(exit)
}
