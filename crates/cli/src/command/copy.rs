//! `pointsman copy`: a reparse point from one object to another, byte for byte, with the EAs that belong to it.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::build::Wanted;
use crate::volume::{CreateKind, Durability, Expected, Rest, SetRequest, Volumes};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Copy a reparse point to another file or directory, byte for byte
///
/// The target is made if it is missing, as a file or a directory like the source. The EAs $LXUID, $LXGID, $LXMOD and
/// $LXDEV go along. Data, other EAs, streams, times and permissions do not; what the source has of them is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CopyArgs {
    /// The file or directory that carries the point
    source: PathBuf,
    /// The file or directory that shall carry it
    target: PathBuf,
    /// Replace whatever tag the target has now
    #[arg(long)]
    replace_tag: bool,
    /// Refuse if the target does not exist
    #[arg(long)]
    no_create: bool,
    /// Report the result, and errors, as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create file --wsl-char 1:3 --lx-mode 666 null
  $ pointsman copy null null2
  $ pointsman get null2"#;

pub(crate) fn run(args: &CopyArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes = Volumes::new(&args.place)?.durability(Durability::WriteThrough);
    let looked = volumes.object(&args.source).and_then(|object| Ok((object.get()?, object.rest()?)));
    let (source, rest) = looked.map_err(|fault| fault.at(&args.source))?;
    let kind = if source.directory { CreateKind::Dir } else { CreateKind::File };
    let request = SetRequest {
        wanted: Wanted { bytes: source.point.as_bytes().to_vec(), lx: source.lx, warning: None },
        expected: if args.replace_tag { Expected::Whatever } else { Expected::SameTagOrNone },
        create: (!args.no_create).then_some(kind),
    };
    let copied = volumes.object(&args.target).and_then(|object| {
        object.set(&request)?;
        object.get()
    });
    let copied = copied.map_err(|fault| fault.at(&args.target))?;
    if copied.point.encode_get() != source.point.encode_get() || copied.lx != source.lx {
        let fault =
            Fault::input("compare what was copied", "the target's bytes differ: something else changed it");
        return Err(fault.at(&args.target).next("run the same command again"));
    }
    let left = left_behind(&rest, source.directory);
    if args.json {
        let (from, to) = (args.source.to_string_lossy(), args.target.to_string_lossy());
        let size = source.point.as_bytes().len();
        out.json(&json!({ "source": from, "target": to, "ok": true, "bytes": size, "not_carried": left }));
    } else if !left.is_empty() {
        out.note(format_args!("{}: not carried: {}", args.source.display(), left.join(", ")));
    }
    Ok(Exit::Ok)
}

/// What the source has that a copy of its point does not carry.
fn left_behind(source: &Rest, is_directory: bool) -> Vec<String> {
    let mut left = Vec::new();
    if source.size > 0 && !is_directory {
        left.push(format!("{} bytes of data", source.size));
    }
    if !source.other_eas.is_empty() {
        left.push(format!("extended attributes {}", source.other_eas.join(", ")));
    }
    if !source.streams.is_empty() {
        left.push(format!("streams {}", source.streams.join(", ")));
    }
    left
}
