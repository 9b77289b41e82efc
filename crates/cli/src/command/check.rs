//! `pointsman check`: what is stored, against itself.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::fault_of::{failure_fault, place_fault};
use crate::output::Output;
use clap::Args;
use fsa::{Checked, Finding, Wrong};
use ntfs::Partition;
use places::{Place, check_image, check_tree};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Check the reparse points and other attributes stored below a directory
///
/// Finds what a crash, another program or a careless copy left behind: values that cannot be read, points that Windows
/// would refuse, parts of large points that are missing, or that nothing needs any more. --repair puts right what can be:
/// a reparse point is never removed. Nothing else should write to the tree meanwhile. The exit code is 1 when something
/// is wrong still.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Where to begin; large points kept by commands with --root DIR are kept, and checked, in DIR
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// Put right what can be
    #[arg(long)]
    repair: bool,
    /// JSON lines instead of text
    #[arg(long)]
    pub(crate) json: bool,
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
    let checked = check_image(image, partition, args.repair, |path, finding, done| {
        repaired += u64::from(done);
        let what = format!("{:?}", finding.wrong);
        match args.json {
            true => out.json(&json!({ "path": path, "wrong": what, "repaired": done })),
            false if done => out.line(format_args!("{path}: {what}: put right")),
            false => out.line(format_args!("{path}: {what}")),
        }
    });
    let checked = checked.map_err(|failure| failure_fault(failure).at(image))?;
    let (objects, points, findings) = (checked.files, checked.points, checked.findings);
    summary(&Checked { objects, points, findings, repaired }, args.json, out);
    Ok(if findings == repaired { Exit::Ok } else { Exit::Some })
}

fn show(finding: &Finding, in_json: bool, out: &mut Output) {
    let Finding { path, wrong, repaired } = finding;
    let path = if path.units().is_empty() { String::from("(the store)") } else { path.to_string() };
    let (what, step) = words(wrong);
    if in_json {
        out.json(&json!({ "path": path, "wrong": what, "repaired": repaired, "next": step }));
        return;
    }
    match (repaired, step) {
        (true, _) => out.line(format_args!("{path}: {what}: put right")),
        (false, None) => out.line(format_args!("{path}: {what}")),
        (false, Some(step)) => out.line(format_args!("{path}: {what}\n  next: {step}")),
    }
}

/// What is wrong, and what to do about it.
fn words(wrong: &Wrong) -> (String, Option<&'static str>) {
    const REPAIR: Option<&str> = Some("add --repair");
    const SET_ANEW: Option<&str> =
        Some("set the point anew with `pointsman set`, or restore the file from a backup");
    match wrong {
        Wrong::StaleBit { set: true } => {
            ("marked as a reparse point for Samba, and it is none".into(), REPAIR)
        }
        Wrong::StaleBit { set: false } => ("a reparse point, and not marked as one for Samba".into(), REPAIR),
        Wrong::Attributes(fault) => (format!("user.DOSATTRIB cannot be read ({fault:?})"), REPAIR),
        Wrong::Point { len } => {
            (format!("user.SmbReparse holds {len} bytes that are no reparse point"), SET_ANEW)
        }
        Wrong::Buffer(why) => (format!("Windows would refuse the reparse point: {why}"), SET_ANEW),
        Wrong::BlobMissing(id) => (format!("the kept part {id:?} of the reparse point is missing"), SET_ANEW),
        Wrong::BlobDamaged(id) => (format!("the kept part {id:?} of the reparse point is damaged"), SET_ANEW),
        Wrong::Security(fault) => (format!("security.NTACL cannot be read ({fault:?})"), None),
        Wrong::Orphan(id) => (format!("the kept part {id:?} belongs to no reparse point"), REPAIR),
        Wrong::Unreadable(error) => {
            (format!("cannot be looked at: {error}"), Some("run as the owner, or as root"))
        }
        other => (format!("{other:?}"), None),
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
