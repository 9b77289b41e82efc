//! `pointsman check`: what is stored, against itself.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::fault_of::{failure_fault, place_fault};
use crate::output::Output;
use crate::volume::now;
use clap::Args;
use fsa::host::meta::AttributeFault;
use fsa::{Checked, Finding, Wrong};
use ntfs::Partition;
use places::{ImageCheck, Place, check_image, check_tree};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Check the reparse points and other attributes stored below a directory, or on the volume of an image
///
/// Finds what a crash, another program or a careless copy left behind: values that cannot be read, points that Windows
/// would refuse, parts of large points that are missing, or that nothing needs any more. --repair puts right what can be:
/// a reparse point is never removed. Nothing else should write to the tree meanwhile. The exit code is 1 when something
/// is wrong still.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Where to begin, or IMAGE!/, whose volume is checked whole; large points kept by commands with --root DIR are kept, and checked, in DIR
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// Put right what can be
    #[arg(long)]
    repair: bool,
    /// JSON lines instead of text
    #[arg(long)]
    pub(crate) json: bool,
    /// Repair a volume in an image though it is marked dirty: what is written may build on damage that is there.
    #[arg(long, requires = "repair")]
    force: bool,
}

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create file --symlink x link
  $ pointsman check
  $ pointsman check --repair --json ."#;

pub(crate) fn run(args: &CheckArgs, out: &mut Output) -> Result<Exit, Fault> {
    let place = Place::parse(args.directory.as_os_str());
    if let Place::Image { image, partition, .. } = &place {
        return of_image(args, image, *partition, out);
    }
    let directory = place.into_host().map_err(place_fault)?;
    let checked = check_tree(&directory, args.repair, |finding| show(&finding, args.json, out));
    let checked = checked.map_err(place_fault)?;
    summary(&checked, args.json, out);
    Ok(if checked.findings == checked.repaired { Exit::Ok } else { Exit::Some })
}

/// The whole volume of an image, whatever path in it is named.
fn of_image(args: &CheckArgs, image: &Path, partition: Partition, out: &mut Output) -> Result<Exit, Fault> {
    let mut repaired = 0u64;
    let how = ImageCheck { repair: args.repair, force_dirty: args.force, now: now() };
    let checked = check_image(image, partition, &how, |path, finding, done| {
        repaired += u64::from(done);
        let step = if finding.wrong.is_repairable() { REPAIR } else { image_step(&finding.wrong) };
        let told = Told { path, kind: finding.wrong.kind(), wrong: &finding.wrong.to_string(), next: step };
        told.tell(done, args.json, out);
    });
    let checked = checked.map_err(|failure| failure_fault(failure).at(image))?;
    let (objects, points, findings) = (checked.files, checked.points, checked.findings);
    summary(&Checked { objects, points, findings, repaired }, args.json, out);
    Ok(if findings == repaired { Exit::Ok } else { Exit::Some })
}

fn show(finding: &Finding, in_json: bool, out: &mut Output) {
    let Finding { path, wrong, repaired } = finding;
    let path = if path.units().is_empty() { String::from("(the store)") } else { path.to_string() };
    let (kind, what, step) = words(wrong);
    Told { path: &path, kind, wrong: &what, next: step }.tell(*repaired, in_json, out);
}

/// A finding as it is told.
struct Told<'a> {
    path: &'a str,
    /// A word that stays the same from version to version: docs/CLI.md has all of them.
    kind: &'static str,
    wrong: &'a str,
    next: Option<&'static str>,
}

impl Told<'_> {
    fn tell(&self, repaired: bool, in_json: bool, out: &mut Output) {
        let Told { path, kind, wrong, next } = self;
        match (repaired, next) {
            (true, _) if in_json => {
                out.json(&json!({ "path": path, "kind": kind, "wrong": wrong, "repaired": true }));
            }
            (false, Some(next)) if in_json => out.json(
                &json!({ "path": path, "kind": kind, "wrong": wrong, "repaired": false, "next": next }),
            ),
            (false, None) if in_json => {
                out.json(&json!({ "path": path, "kind": kind, "wrong": wrong, "repaired": false }));
            }
            (true, _) => out.line(format_args!("{path}: {wrong}: put right")),
            (false, None) => out.line(format_args!("{path}: {wrong}")),
            (false, Some(step)) => out.line(format_args!("{path}: {wrong}\n  next: {step}")),
        }
    }
}

const REPAIR: Option<&str> = Some("add --repair");

/// What to do about what the volume itself cannot tell how to put right.
fn image_step(wrong: &ntfs::Wrong) -> Option<&'static str> {
    use ntfs::Wrong as Image;
    match wrong {
        Image::Refused(_) | Image::Data(_) | Image::Target(_) | Image::NoPoint => {
            Some("`pointsman explain` shows the bytes; set the point anew with `pointsman set`, or delete it")
        }
        Image::MountPointOnFile | Image::LinkOnData(_) => {
            Some("Windows does not let it be set there; `pointsman delete` keeps the file and its data")
        }
        Image::Names { .. } | Image::Unreadable(_) => Some("run chkdsk on Windows"),
        _ => None,
    }
}

/// What is wrong, in a word that stays the same, and in words for people; and what to do about it.
fn words(wrong: &Wrong) -> (&'static str, String, Option<&'static str>) {
    const SET_ANEW: Option<&str> =
        Some("set the point anew with `pointsman set`, or restore the file from a backup");
    match wrong {
        Wrong::StaleBit { set: true } => {
            ("bit_without_point", "marked as a reparse point for Samba, and it is none".into(), REPAIR)
        }
        Wrong::StaleBit { set: false } => {
            ("bit_missing", "a reparse point, and not marked as one for Samba".into(), REPAIR)
        }
        Wrong::Attributes(fault) => {
            ("attributes_unreadable", format!("user.DOSATTRIB cannot be read: {}", reason(*fault)), REPAIR)
        }
        Wrong::Point { len } => (
            "no_reparse_point",
            format!("user.SmbReparse holds {len} bytes that are no reparse point"),
            SET_ANEW,
        ),
        Wrong::Buffer(why) => ("refused", format!("Windows would refuse the reparse point: {why}"), SET_ANEW),
        Wrong::BlobMissing(id) => {
            ("part_missing", format!("the kept part {id:?} of the reparse point is missing"), SET_ANEW)
        }
        Wrong::BlobDamaged(id) => {
            ("part_damaged", format!("the kept part {id:?} of the reparse point is damaged"), SET_ANEW)
        }
        Wrong::Security(fault) => {
            ("security_unreadable", format!("security.NTACL cannot be read: {}", reason(*fault)), None)
        }
        Wrong::Orphan(id) => {
            ("part_without_point", format!("the kept part {id:?} belongs to no reparse point"), REPAIR)
        }
        Wrong::Leftover => {
            ("leftover", "an object whose maker died before it gave it its name".into(), REPAIR)
        }
        Wrong::Unreadable(error) => {
            ("unreadable", format!("cannot be looked at: {error}"), Some("run as the owner, or as root"))
        }
        _ => ("other", "something that this version of the command has no words for".into(), None),
    }
}

fn reason(fault: AttributeFault) -> String {
    match fault {
        AttributeFault::Short => "it ends too early".into(),
        AttributeFault::Version(version) => format!("version {version} is not known"),
        AttributeFault::Shape => "its parts contradict each other".into(),
    }
}

fn summary(checked: &Checked, in_json: bool, out: &mut Output) {
    let Checked { objects, points, findings, repaired } = checked;
    if in_json {
        out.json(&json!({ "summary": {
            "objects": objects, "points": points, "findings": findings, "repaired": repaired } }));
        return;
    }
    out.line(format_args!(
        "objects: {objects}, reparse points: {points}, findings: {findings}, put right: {repaired}"
    ));
}
