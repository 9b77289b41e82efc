//! The lines of a saved set of points: docs/SAVE.md.
use crate::fault::Fault;
use crate::point::hex;
use crate::point::json::LxForm;
use nt::{FileAttributes, FileTime};
use places::Basic;
use reparse::Tag;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// The version of the form that is written and read.
pub(crate) const VERSION: u32 = 1;
const READ: &str = "read the saved points";

/// The first line.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) pointsman_save: u32,
    pub(crate) root: String,
}

/// A point.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    pub(crate) directory: bool,
    pub(crate) tag: String,
    bytes: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basic: Option<BasicForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lx: Option<LxForm>,
}

/// Attributes and times; a time is a decimal number of 100 ns since 1601 in a string, which no reader of JSON rounds.
#[derive(Serialize, Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct BasicForm {
    attributes: String,
    created: String,
    accessed: String,
    written: String,
    changed: String,
}

/// The last line: how many points there are, and the SHA-256 of every byte before this line.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tail {
    pub(crate) points: u64,
    pub(crate) sha256: String,
}

impl Record {
    /// Of a point at `path` below the root.
    pub(crate) fn new(
        path: &Path,
        directory: bool,
        tag: Tag,
        bytes: &[u8],
        basic: Option<Basic>,
        lx: Option<LxForm>,
    ) -> Record {
        let path_hex = path.to_str().is_none().then(|| hex::encode(path.as_os_str().as_bytes()));
        Record {
            path: path.to_string_lossy().into_owned(),
            path_hex,
            directory,
            tag: format!("0x{:08X}", tag.0),
            bytes: hex::encode(bytes),
            basic: basic.map(|basic| BasicForm {
                attributes: format!("0x{:08X}", basic.attributes.0),
                created: basic.created.0.to_string(),
                accessed: basic.accessed.0.to_string(),
                written: basic.written.0.to_string(),
                changed: basic.changed.0.to_string(),
            }),
            lx,
        }
    }

    /// The path below the root. One that would lead out of it is refused.
    pub(crate) fn path(&self) -> Result<PathBuf, Fault> {
        let path = match &self.path_hex {
            None => PathBuf::from(&self.path),
            Some(text) => {
                let bytes = hex::decode(text).map_err(|error| Fault::input(READ, error))?;
                PathBuf::from(OsString::from_vec(bytes))
            }
        };
        match path.components().all(|component| matches!(component, Component::Normal(_))) {
            true => Ok(path),
            false => Err(Fault::input(READ, "the path leads out of the root").at(&path)),
        }
    }

    /// The point's bytes.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Fault> {
        hex::decode(&self.bytes).map_err(|error| Fault::input(READ, error))
    }

    /// Attributes and times, where they were saved.
    pub(crate) fn basic(&self) -> Result<Option<Basic>, Fault> {
        let Some(form) = &self.basic else { return Ok(None) };
        let bad = |error: std::num::ParseIntError| Fault::input(READ, error);
        let time = |text: &str| text.parse().map(FileTime).map_err(bad);
        let attributes = form.attributes.strip_prefix("0x").unwrap_or_default();
        let attributes = u32::from_str_radix(attributes, 16).map_err(bad)?;
        Ok(Some(Basic {
            created: time(&form.created)?,
            accessed: time(&form.accessed)?,
            written: time(&form.written)?,
            changed: time(&form.changed)?,
            attributes: FileAttributes(attributes),
        }))
    }
}

/// The checksum of these bytes, as the last line has it.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

/// The points of a file that is whole: the version known, the checksum right, no line missing.
pub(crate) fn read(text: &[u8]) -> Result<Vec<Record>, Fault> {
    const CUT: &str = "the file is cut off: its last line, with the checksum, is missing";
    let body = text.strip_suffix(b"\n").ok_or_else(|| Fault::input(READ, CUT))?;
    let at = body.iter().rposition(|byte| *byte == b'\n').ok_or_else(|| Fault::input(READ, CUT))?;
    let (records, tail) = body.split_at(at + 1);
    let tail: Tail = serde_json::from_slice(tail).map_err(|_| Fault::input(READ, CUT))?;
    if tail.sha256 != checksum(records) {
        return Err(Fault::input(READ, "the checksum is another: the file was changed or damaged"));
    }
    let mut lines = records.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let head = lines.next().unwrap_or_default();
    let head: Head = serde_json::from_slice(head).map_err(|error| Fault::input(READ, error))?;
    if head.pointsman_save != VERSION {
        return Err(Fault::input(READ, format!("version {} is not known", head.pointsman_save)));
    }
    let records: Vec<Record> = lines
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .map_err(|error| Fault::input(READ, error))?;
    match records.len() as u64 == tail.points {
        true => Ok(records),
        false => Err(Fault::input(READ, "there are more or fewer points than the last line says")),
    }
}
