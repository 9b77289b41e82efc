//! `pointsman retarget`: where many links lead, rewritten by prefix. Shown first, done with `--apply`, undone with `--undo`.
use crate::args::PlaceArgs;
use crate::command::undo::{self, Change, UndoFile};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::build::Wanted;
use crate::point::describe;
use crate::point::prefix::Rewrite;
use crate::progress::Progress;
use crate::volume::{Durability, Expected, SetRequest, Volumes};
use clap::Args;
use reparse::lx_ea::LxMetadata;
use reparse::{LxSymlink, MountPoint, Nfs, NfsObject, RawReparse, ReparsePoint, Symlink, Tag};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Rewrite where links and junctions lead, by prefix
///
/// Nothing is changed without --apply: the links that would be are listed. --from and --to are written as targets are
/// typed: C:\old, \\server\share, ..\old for relative links, /mnt/old for those of Unix (WSL, NFS). A prefix ends where a
/// name ends, and letters compare without case, except in Unix targets.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RetargetArgs {
    /// The directory below which links are looked for
    #[arg(required_unless_present = "undo", conflicts_with = "undo")]
    directory: Option<PathBuf>,
    /// The prefix to replace
    #[arg(
        long,
        value_name = "PREFIX",
        required_unless_present = "undo",
        conflicts_with = "undo",
        allow_hyphen_values = true
    )]
    from: Option<String>,
    /// What to put in its place
    #[arg(
        long,
        value_name = "PREFIX",
        required_unless_present = "undo",
        conflicts_with = "undo",
        allow_hyphen_values = true
    )]
    to: Option<String>,
    /// Change the links
    #[arg(long, conflicts_with = "undo")]
    apply: bool,
    /// Where --apply records what each link was, before it is changed; the file must not exist
    #[arg(long, value_name = "FILE", default_value = "pointsman-undo.jsonl", conflicts_with = "undo")]
    undo_file: PathBuf,
    /// Put back what an undo file records
    #[arg(long, value_name = "FILE")]
    undo: Option<PathBuf>,
    /// JSON lines instead of text
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create dir --junction 'C:\old\bin' bin
  $ pointsman set --create file --symlink 'C:\Old\a.txt' a
  $ pointsman retarget . --from 'C:\old' --to 'D:\new'
  $ pointsman retarget . --from 'C:\old' --to 'D:\new' --apply
  $ pointsman retarget --undo pointsman-undo.jsonl"#;

/// How many changes are recorded, and on the disk, before the first of them is made.
const GROUP: usize = 64;

pub(crate) fn run(args: &RetargetArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes = Volumes::new(&args.place)?.durability(Durability::Deferred);
    if let Some(file) = &args.undo {
        return undo::run(file, &mut volumes, args.json, out);
    }
    let (Some(directory), Some(from), Some(to)) = (&args.directory, &args.from, &args.to) else {
        return Err(Fault::usage("retarget", "a directory, --from and --to are needed"));
    };
    let rewrite = Rewrite::new(from, to).map_err(|error| Fault::usage("retarget", error))?;
    let (changes, unread) = plan(directory, &rewrite, &mut volumes)?;
    for fault in &unread {
        out.fault(fault);
    }
    let planned = if unread.is_empty() { Exit::Ok } else { Exit::Some };
    for change in &changes {
        show(change, args.json, out);
    }
    let count = changes.len();
    if count > 0 && args.apply {
        return apply(args, &changes, &mut volumes, out).map(|applied| applied.or(planned));
    }
    match args.json {
        true => out.json(&json!({ "summary": { "links": count, "changed": 0 } })),
        false if count == 0 => out.line("no link leads there"),
        false => out.line(format_args!("links that would be changed: {count}; add --apply to change them")),
    }
    Ok(planned)
}

/// Every link below `directory` that leads to the prefix, in the order of their paths; and what could not be looked at,
/// where more of them may be.
fn plan(
    directory: &Path,
    rewrite: &Rewrite,
    volumes: &mut Volumes,
) -> Result<(Vec<Change>, Vec<Fault>), Fault> {
    let mut progress = Progress::new("objects seen");
    let mut changes = Vec::new();
    let is_link = |tag| matches!(tag, Tag::SYMLINK | Tag::MOUNT_POINT | Tag::LX_SYMLINK | Tag::NFS);
    let unread = volumes.scan(directory, None, &is_link, &mut |seen, found| {
        if let Some(found) = found
            && !found.of_host
            && let Ok((raw, _)) = RawReparse::decode(&found.bytes)
            && let Some(after) = rewritten(&raw, rewrite)
        {
            changes.push(Change { path: found.path.clone(), before: found.bytes.clone(), after });
        }
        progress.at(seen, changes.len() as u64);
        true
    })?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((changes, unread))
}

/// The bytes of a link after the rewriting; `None` for what is no link, or leads elsewhere, or would be too long.
fn rewritten(raw: &RawReparse, rewrite: &Rewrite) -> Option<Vec<u8>> {
    let (point, _) = ReparsePoint::from_raw(raw);
    let new = match point {
        ReparsePoint::Symlink(link) => {
            let (substitute, print) = rewrite.windows(link.substitute(), link.print(), link.is_relative())?;
            Symlink::new(substitute, print, link.flags().stored()).ok()?.raw().clone()
        }
        ReparsePoint::MountPoint(junction) => {
            let (substitute, print) = rewrite.windows(junction.substitute(), junction.print(), false)?;
            MountPoint::new(substitute, print).ok()?.raw().clone()
        }
        ReparsePoint::LxSymlink(link) => LxSymlink::new(rewrite.unix(link.target()?)?).ok()?.raw().clone(),
        ReparsePoint::Nfs(nfs) => match nfs.object() {
            NfsObject::Symlink(target) => {
                let target = String::from_utf8(rewrite.unix(target.to_text()?.as_bytes())?).ok()?;
                Nfs::symlink(target.as_str()).ok()?.raw().clone()
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(new.encode())
}

fn show(change: &Change, in_json: bool, out: &mut Output) {
    let target = |bytes: &[u8]| {
        let (raw, _) = RawReparse::decode(bytes).ok()?;
        describe::target(&ReparsePoint::from_raw(&raw).0)
    };
    let (from, to) = (target(&change.before).unwrap_or_default(), target(&change.after).unwrap_or_default());
    let path = change.path.to_string_lossy();
    match in_json {
        true => out.json(&json!({ "path": path, "from": from, "to": to })),
        false => out.line(format_args!("{path}: {from} -> {to}")),
    }
}

/// Changes the links, group by group: recorded, then changed. A link that somebody changed since the plan is left.
fn apply(
    args: &RetargetArgs,
    changes: &[Change],
    volumes: &mut Volumes,
    out: &mut Output,
) -> Result<Exit, Fault> {
    let mut undo = UndoFile::create(&args.undo_file)?;
    let mut progress = Progress::new("links changed");
    let (mut changed, mut failed) = (0u64, 0u64);
    for group in changes.chunks(GROUP) {
        undo.record(group)?;
        for change in group {
            match change_one(change, volumes) {
                Ok(()) => changed += 1,
                Err(fault) => {
                    failed += 1;
                    out.fault(&fault.at(&change.path));
                }
            }
            progress.at(changed + failed, changed);
        }
    }
    drop(progress);
    volumes.sync()?;
    let file = args.undo_file.display();
    match args.json {
        true => out.json(&json!({ "summary": {
            "links": changes.len(), "changed": changed, "failed": failed, "durable": true, "undo": file.to_string() } })),
        false => {
            out.line(format_args!("links changed: {changed}, failed: {failed}"));
            out.line(format_args!("to go back: pointsman retarget --undo {file}"));
        }
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Some })
}

fn change_one(change: &Change, volumes: &mut Volumes) -> Result<(), Fault> {
    let object = volumes.object(&change.path)?;
    if object.get()?.point.as_bytes() != change.before {
        return Err(Fault::input("change the link", "somebody changed it meanwhile, so it is left as it is"));
    }
    let wanted = Wanted { bytes: change.after.clone(), lx: LxMetadata::default(), warning: None };
    object.set(&SetRequest { wanted, expected: Expected::SameTagOrNone, create: None })
}
