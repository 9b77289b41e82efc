//! `pointsman resolve`: where a path leads, hop by hop, and the object or the status at its end.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::volume::Volumes;
use clap::Args;
use fsa::Hop;
use reparse::Tag;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Follow links and junctions as Windows would, and show each hop
///
/// `\` is the root of the volume (--root, or the top of the mount) or of the share. An absolute target needs to be told
/// where its drive or share lies, with --drive C:=DIR or --drive '\\server\share=smb://host/share'. Links on a server are
/// followed only in the classes that --symlink-evaluation names. The exit code is 4 when Windows would end in an error,
/// which is then named.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ResolveArgs {
    /// The path to follow
    path: PathBuf,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = r#"Examples:
  $ echo hello > report.txt
  $ pointsman set --create file --symlink report.txt latest
  $ pointsman set --create dir --junction 'C:\' c
  $ pointsman resolve latest
  $ pointsman resolve --root . --drive C:=. c/latest"#;

pub(crate) fn run(args: &ResolveArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes = Volumes::new(&args.place)?;
    let resolution = volumes.resolve(&args.path).map_err(|fault| fault.at(&args.path))?;
    if args.json {
        let hops: Vec<Value> = resolution.hops.iter().map(hop_json).collect();
        let end = match &resolution.end {
            Ok(end) => json!({ "path": end.place.to_string_lossy(), "kind": kind(end.directory) }),
            Err(fault) => json!({ "error": fault.json() }),
        };
        out.json(&json!({ "path": args.path.to_string_lossy(), "hops": hops, "end": end }));
        return Ok(resolution.end.map_or_else(|fault| fault.exit(), |_| Exit::Ok));
    }
    out.line(args.path.display());
    for (number, hop) in resolution.hops.iter().enumerate() {
        let rule = rule(hop);
        out.line(format_args!("  {}. {} is {rule}: {}", number + 1, hop.link, hop.target));
        if let Some(path) = &hop.resumed {
            out.line(format_args!("     goes on at {path}"));
        }
    }
    let end = resolution.end.map_err(|fault| fault.at(&args.path))?;
    out.line(format_args!("ends at {}, a {}", end.place.display(), kind(end.directory)));
    Ok(Exit::Ok)
}

/// By which rule a link is followed. [MS-FSCC] 2.1.2.4 and 2.1.2.5
fn rule(hop: &Hop) -> &'static str {
    let rooted = hop.target.units().first() == Some(&u16::from(b'\\'));
    match (hop.tag == Tag::MOUNT_POINT, hop.relative, rooted) {
        (true, _, _) => "a junction to",
        (_, true, true) => "a link relative to the volume's root",
        (_, true, false) => "a link relative to its directory",
        (_, false, _) => "a link to the NT path",
    }
}

fn hop_json(hop: &Hop) -> Value {
    json!({
        "link": hop.link.to_string(),
        "tag_name": hop.tag.name(),
        "relative": hop.relative,
        "target": hop.target.to_string(),
        "goes_on_at": hop.resumed.as_ref().map(ToString::to_string),
    })
}

fn kind(directory: bool) -> &'static str {
    if directory { "directory" } else { "file" }
}
