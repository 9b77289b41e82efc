//! `pointsman restore`: the points that `pointsman save` wrote, put back; each that is not gets a line that says why.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::build::Wanted;
use crate::point::json::LxForm;
use crate::point::saved::{self, Record};
use crate::volume::{CreateKind, Durability, Expected, SetRequest, Volumes};
use clap::Args;
use nt::{FileAttributes, NtStatus};
use places::{Basic, Place};
use reparse::Tag;
use serde_json::json;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Restore the reparse points that `save` wrote
///
/// Each point is put back byte for byte, with the attributes and times of its object and the extended attributes of the
/// Subsystem for Linux; an object that is missing is made, its directory must be there. The whole file is checked before
/// anything is changed. A point whose directory is behind a link is not restored. The exit code is 1 when one was not.
#[derive(Args, Debug)]
#[command(after_help = super::save::EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// The directory below which they are restored; it need not be the one they were saved from
    root_of_points: PathBuf,
    /// The file; - is stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// What to do with points of a tag: keep (restore them), drop (remove such a point if it is there), or skip (leave the
    /// object as it is). May be repeated; `all` is every tag that is not named
    #[arg(long = "policy", value_name = "TAG=keep|drop|skip")]
    policies: Vec<PolicyArg>,
    /// Replace whatever tag an object has now
    #[arg(long)]
    replace_tag: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// JSON lines instead of text
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// What to do with a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Policy {
    Keep,
    Drop,
    Skip,
}

/// One `--policy`; no tag is all the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PolicyArg(Option<Tag>, Policy);

/// No file of points that is read is larger.
const FILE_BYTES_MAX: u64 = 1 << 30;
const WHAT: &str = "restore the reparse point";

/// What became of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Done {
    Restored,
    /// It was there already.
    Same,
    Dropped,
    Skipped,
}

pub(crate) fn run(args: &RestoreArgs, out: &mut Output) -> Result<Exit, Fault> {
    let records = saved::read(&text(&args.file)?).map_err(|fault| fault.at(&args.file))?;
    let mut volumes = Volumes::new(&args.place)?.durability(Durability::Deferred);
    let mut reachable = HashSet::new();
    let mut counts = [0u64; 4];
    let mut failed = 0u64;
    for record in &records {
        let done = record.path().and_then(|below| {
            let path = joined(&args.root_of_points, &below);
            let done = restore(args, record, &path, &mut volumes, &mut reachable);
            done.map(|done| (path.clone(), done)).map_err(|fault| fault.at(&path))
        });
        match done {
            Ok((path, done)) => {
                if let Some(count) = counts.get_mut(done as usize) {
                    *count += 1;
                }
                tell(args, &path, &record.tag, done, out);
            }
            Err(fault) => {
                failed += 1;
                out.fault(&fault);
            }
        }
    }
    if !args.dry_run {
        volumes.sync()?;
    }
    let [restored, same, dropped, skipped] = counts;
    match args.json {
        true => out.json(&json!({ "summary": { "points": records.len(), "restored": restored, "same": same,
            "dropped": dropped, "skipped": skipped, "failed": failed, "dry_run": args.dry_run } })),
        false => {
            let would = if args.dry_run { " (nothing was changed)" } else { "" };
            out.line(format_args!(
                "points: {}, restored: {restored}, there already: {same}, dropped: {dropped}, skipped: {skipped}, \
                 failed: {failed}{would}",
                records.len()
            ));
        }
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Some })
}

/// A line for each point of which something else was done than restoring it; in a dry run for each.
fn tell(args: &RestoreArgs, path: &Path, tag: &str, done: Done, out: &mut Output) {
    let word = match done {
        Done::Restored if args.dry_run => "would be restored",
        Done::Dropped if args.dry_run => "would be dropped",
        Done::Restored | Done::Same => return,
        Done::Dropped => "dropped",
        Done::Skipped => "skipped",
    };
    match args.json {
        true => out.json(&json!({ "path": path.to_string_lossy(), "tag": tag, "done": word })),
        false => out.line(format_args!("{}: {tag}: {word}", path.display())),
    }
}

fn restore(
    args: &RestoreArgs,
    record: &Record,
    path: &Path,
    volumes: &mut Volumes,
    reachable: &mut HashSet<PathBuf>,
) -> Result<Done, Fault> {
    let tag: Tag = record.tag.parse().map_err(|error| Fault::input(WHAT, error))?;
    let policy = policy_of(&args.policies, tag);
    if policy == Policy::Skip {
        return Ok(Done::Skipped);
    }
    require_reachable(&args.root_of_points, path, volumes, reachable)?;
    let object = volumes.object(path)?;
    let now = match object.get() {
        Ok(found) => Some(found),
        Err(fault) if fault.is_missing() => None,
        Err(fault) => return Err(fault),
    };
    if policy == Policy::Drop {
        let there = now.is_some_and(|found| found.point.tag() == tag);
        if there && !args.dry_run {
            object.delete(Some(tag), None).or_else(|_| object.delete(None, None))?;
        }
        return Ok(if there { Done::Dropped } else { Done::Skipped });
    }
    let (bytes, lx) = (record.bytes()?, record.lx.map(LxForm::metadata).unwrap_or_default());
    let basic = record.basic()?;
    let same = now.is_some_and(|found| found.point.as_bytes() == bytes && found.lx == lx);
    if args.dry_run {
        return Ok(if same { Done::Same } else { Done::Restored });
    }
    if !same {
        let kind = if record.directory { CreateKind::Dir } else { CreateKind::File };
        let expected = if args.replace_tag { Expected::Whatever } else { Expected::SameTagOrNone };
        let wanted = Wanted { bytes: bytes.clone(), lx, warning: None };
        object.set(&SetRequest { wanted, expected, create: Some(kind) })?;
        if object.get()?.point.as_bytes() != bytes {
            return Err(Fault::input(WHAT, "the bytes there differ: something else changed them"));
        }
    }
    if let Some(basic) = basic {
        object.set_basic(&settable(basic))?;
    }
    Ok(if same { Done::Same } else { Done::Restored })
}

/// The root itself when nothing is below it.
fn joined(root: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() { root.to_owned() } else { root.join(below) }
}

/// What lies behind a link lies elsewhere, whatever the saved path says.
fn require_reachable(
    root: &Path,
    path: &Path,
    volumes: &mut Volumes,
    reachable: &mut HashSet<PathBuf>,
) -> Result<(), Fault> {
    let behind = || {
        Fault::status(WHAT, NtStatus::OBJECT_PATH_NOT_FOUND)
            .because("its directory is, or lies behind, a link")
            .next("restore it below the directory that the link leads to")
    };
    let below = path.strip_prefix(root).unwrap_or(path);
    for ancestor in below.ancestors().skip(1).filter(|ancestor| !ancestor.as_os_str().is_empty()) {
        let directory = root.join(ancestor);
        if reachable.contains(&directory) {
            break;
        }
        let is_host = matches!(Place::parse(directory.as_os_str()), Place::Host(_));
        if is_host && directory.symlink_metadata().is_ok_and(|facts| facts.is_symlink()) {
            return Err(behind());
        }
        match volumes.object(&directory)?.get() {
            Ok(found) if !found.point.tag().is_directory() => return Err(behind()),
            Err(fault) if !fault.is_missing() => return Err(fault),
            Ok(_) | Err(_) => drop(reachable.insert(directory)),
        }
    }
    Ok(())
}

/// What a file system decides itself is left out; that nothing is left is said.
fn settable(basic: Basic) -> Basic {
    let own = FileAttributes::DIRECTORY | FileAttributes::REPARSE_POINT;
    let attributes = basic.attributes.without(own);
    let attributes = if attributes.0 == 0 { FileAttributes::NORMAL } else { attributes };
    Basic { attributes, ..basic }
}

fn policy_of(policies: &[PolicyArg], tag: Tag) -> Policy {
    let of = |wanted: Option<Tag>| policies.iter().rev().find(|PolicyArg(named, _)| *named == wanted);
    of(Some(tag)).or_else(|| of(None)).map_or(Policy::Keep, |PolicyArg(_, policy)| *policy)
}

fn text(file: &Path) -> Result<Vec<u8>, Fault> {
    let failed = |error: io::Error| Fault::io("read the saved points", &error).at(file);
    let mut text = Vec::new();
    let read = match file.as_os_str() == "-" {
        true => io::stdin().lock().take(FILE_BYTES_MAX).read_to_end(&mut text),
        false => File::open(file).map_err(failed)?.take(FILE_BYTES_MAX).read_to_end(&mut text),
    };
    read.map_err(failed)?;
    Ok(text)
}

impl FromStr for PolicyArg {
    type Err = String;

    fn from_str(text: &str) -> Result<PolicyArg, String> {
        const FORM: &str = "write it TAG=keep, TAG=drop, TAG=skip, or all=...";
        let (tag, policy) = text.split_once('=').ok_or(FORM)?;
        let policy = match policy {
            "keep" => Policy::Keep,
            "drop" => Policy::Drop,
            "skip" => Policy::Skip,
            _ => return Err(FORM.into()),
        };
        match tag {
            "all" => Ok(PolicyArg(None, policy)),
            tag => tag.parse().map(|tag| PolicyArg(Some(tag), policy)).map_err(|_| FORM.into()),
        }
    }
}
