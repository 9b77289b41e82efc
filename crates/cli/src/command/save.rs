//! `pointsman save`: every reparse point below a directory, as lines that `pointsman restore` takes.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::json::LxForm;
use crate::point::saved::{Head, Record, Tail, VERSION, checksum};
use crate::progress::Progress;
use crate::scan::Scanned;
use crate::volume::Volumes;
use clap::Args;
use std::path::{Path, PathBuf};

/// Save every reparse point below a directory, to be restored later
///
/// Writes JSON lines to stdout: each point's tag, exact bytes, the kind of object that carries it, its attributes, times and
/// path, and the extended attributes that belong to a tag of the Subsystem for Linux. The last line has a checksum of all
/// before it. docs/SAVE.md has the form. Data, owners and permissions are not saved.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SaveArgs {
    /// Where to begin
    root_of_search: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(crate) const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create dir --junction 'C:\Tools' tools
  $ pointsman save . > points.jsonl
  $ pointsman delete tools
  $ pointsman restore . points.jsonl"#;

pub(crate) fn run(args: &SaveArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes = Volumes::new(&args.place)?;
    let mut progress = Progress::new("objects seen");
    let mut found: Vec<Scanned> = Vec::new();
    let mut unread = volumes.scan(&args.root_of_search, None, &|_| true, &mut |seen, scanned| {
        found.extend(scanned.filter(|scanned| !scanned.of_host));
        progress.at(seen, found.len() as u64);
        true
    })?;
    drop(progress);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let root = args.root_of_search.to_string_lossy().into_owned();
    let mut text = line(&Head { pointsman_save: VERSION, root })?;
    let mut points = 0;
    for scanned in &found {
        match record(&mut volumes, &args.root_of_search, scanned) {
            Ok(record) => {
                text.extend(line(&record)?);
                points += 1;
            }
            Err(fault) => unread.push(fault.at(&scanned.path)),
        }
    }
    let tail = Tail { points, sha256: checksum(&text) };
    text.extend(line(&tail)?);
    out.bytes(&text);
    for fault in &unread {
        out.fault(fault);
    }
    Ok(if unread.is_empty() { Exit::Ok } else { Exit::Some })
}

/// The point as it is now, whole.
fn record(volumes: &mut Volumes, root: &Path, scanned: &Scanned) -> Result<Record, Fault> {
    let below = scanned.path.strip_prefix(root).unwrap_or(&scanned.path);
    let object = volumes.object(&scanned.path)?;
    let found = object.get()?;
    let lx = LxForm::of(&found.lx);
    let (tag, bytes) = (found.point.tag(), found.point.as_bytes());
    Ok(Record::new(below, found.directory, tag, bytes, Some(object.basic()?), lx))
}

fn line(value: &impl serde::Serialize) -> Result<Vec<u8>, Fault> {
    let mut line = serde_json::to_vec(value).map_err(|error| Fault::input("write the points", error))?;
    line.push(b'\n');
    Ok(line)
}
