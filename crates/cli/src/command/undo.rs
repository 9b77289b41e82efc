//! The undo file of `retarget`: what each link was, on the disk before the link is changed; and the way back.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::build::Wanted;
use crate::point::hex;
use crate::volume::{Expected, SetRequest, Volumes};
use reparse::lx_ea::LxMetadata;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The most bytes of one record: a path, and the hexadecimal of two points.
const LINE_BYTES_MAX: u64 = 256 * 1024;

/// A link that is to be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    pub(crate) path: PathBuf,
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
}

/// A line of the file. The path is absolute; one that is not UTF-8 has its bytes beside it.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Record {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    before: String,
    after: String,
}

/// An undo file that is being written.
pub(crate) struct UndoFile {
    file: File,
    path: PathBuf,
}

impl UndoFile {
    /// Makes the file, which must not exist, and makes sure that its name is on the disk.
    pub(crate) fn create(path: &Path) -> Result<UndoFile, Fault> {
        let failed = |error: io::Error| Fault::io("make the undo file", &error).at(path);
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
            let fault = failed(error);
            fault.next("name another file with --undo-file FILE; an old one may still be needed")
        })?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent).and_then(|directory| directory.sync_all()).map_err(failed)?;
        Ok(UndoFile { file, path: path.to_owned() })
    }

    /// Writes what will be changed, and returns when it is on the disk.
    pub(crate) fn record(&mut self, changes: &[Change]) -> Result<(), Fault> {
        let mut lines = Vec::new();
        for change in changes {
            let path = std::path::absolute(&change.path);
            let path = path.map_err(|error| Fault::io("write the undo file", &error).at(&change.path))?;
            let path_hex = path.to_str().is_none().then(|| hex::encode(path.as_os_str().as_bytes()));
            let record = Record {
                path: path.to_string_lossy().into_owned(),
                path_hex,
                before: hex::encode(&change.before),
                after: hex::encode(&change.after),
            };
            serde_json::to_writer(&mut lines, &record)
                .map_err(|error| Fault::input("write the undo file", error))?;
            lines.push(b'\n');
        }
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        written.map_err(|error| Fault::io("write the undo file", &error).at(&self.path))
    }
}

/// Puts every link back that is still what `retarget` made of it. Others are told and left.
pub(crate) fn run(
    path: &Path,
    volumes: &mut Volumes,
    in_json: bool,
    out: &mut Output,
) -> Result<Exit, Fault> {
    let changes = read(path)?;
    let (mut restored, mut left) = (0u64, 0u64);
    for change in changes.iter().rev() {
        match restore(change, volumes) {
            Ok(done) => {
                restored += u64::from(done);
                if in_json {
                    out.json(&json!({ "path": change.path.to_string_lossy(), "ok": true, "restored": done }));
                }
            }
            Err(fault) => {
                left += 1;
                out.fault(&fault.at(&change.path));
            }
        }
    }
    volumes.sync()?;
    match in_json {
        true => out.json(&json!({ "summary": { "restored": restored, "left": left, "durable": true } })),
        false => out.line(format_args!("links put back: {restored}, left: {left}")),
    }
    Ok(if left == 0 { Exit::Ok } else { Exit::Some })
}

/// Puts one link back. False when it is what it was already.
fn restore(change: &Change, volumes: &mut Volumes) -> Result<bool, Fault> {
    let object = volumes.object(&change.path)?;
    let now = object.get()?.point;
    if now.as_bytes() == change.before {
        return Ok(false);
    }
    if now.as_bytes() != change.after {
        let fault = Fault::input("put the link back", "somebody changed it since, so it is left as it is");
        return Err(
            fault.next("look with `pointsman get`; `set --hex` sets the bytes of `before` in the undo file")
        );
    }
    let wanted = Wanted { bytes: change.before.clone(), lx: LxMetadata::default(), warning: None };
    object.set(&SetRequest { wanted, expected: Expected::SameTagOrNone, create: None })?;
    Ok(true)
}

/// The changes that a file records. A last line that a crash cut off was never acted upon, and is passed over.
fn read(path: &Path) -> Result<Vec<Change>, Fault> {
    let failed = |error| Fault::io("read the undo file", &error).at(path);
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut changes = Vec::new();
    for number in 1u64.. {
        let mut line = Vec::new();
        file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let bad = |why: String| Fault::input("read the undo file", format!("line {number}: {why}")).at(path);
        let record: Record = serde_json::from_slice(&line).map_err(|error| bad(error.to_string()))?;
        let bytes = |text: &str| hex::decode(text).map_err(|error| bad(error.to_string()));
        let path = match &record.path_hex {
            None => PathBuf::from(record.path),
            Some(hex) => PathBuf::from(OsString::from_vec(bytes(hex)?)),
        };
        changes.push(Change { path, before: bytes(&record.before)?, after: bytes(&record.after)? });
    }
    Ok(changes)
}
