//! The lines of batch mode.
use crate::fault::Fault;
use crate::point::build::{self, Wanted};
use crate::point::names::{self, Meant};
use crate::point::{hex, json};
use crate::volume::{CreateKind, Expected, SetRequest};
use nt::Guid;
use reparse::lx_ea::LxMetadata;
use reparse::{RawReparse, Tag};
use serde::Deserialize;
use serde_json::Value;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// One line of `set --batch`: a path, exactly one way to name a point, and how to set it.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetLine {
    path: Option<PathBuf>,
    path_hex: Option<String>,
    create: Option<CreateKind>,
    if_tag: Option<String>,
    if_guid: Option<String>,
    #[serde(default)]
    or_none: bool,
    #[serde(default)]
    replace_tag: bool,
    point: Option<Value>,
    hex: Option<String>,
    symlink: Option<String>,
    junction: Option<String>,
    print: Option<String>,
    tag: Option<String>,
    guid: Option<String>,
    data: Option<String>,
}

/// One line of `get --batch`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetLine {
    path: Option<PathBuf>,
    path_hex: Option<String>,
}

/// One line of `delete --batch`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteLine {
    path: Option<PathBuf>,
    path_hex: Option<String>,
    tag: Option<String>,
    guid: Option<String>,
}

/// The path of a line: its text, or its bytes in hexadecimal, as `find --json` gives them for a name that is not UTF-8.
pub(crate) trait LinePath {
    /// The path, or why there is none.
    fn path(&self) -> Result<PathBuf, Fault>;
}

macro_rules! line_path {
    ($($line:ty),*) => {
        $(impl LinePath for $line {
            fn path(&self) -> Result<PathBuf, Fault> {
                path_of(self.path.as_ref(), self.path_hex.as_deref())
            }
        })*
    };
}
line_path!(SetLine, GetLine, DeleteLine);

fn path_of(path: Option<&PathBuf>, hex: Option<&str>) -> Result<PathBuf, Fault> {
    if let Some(text) = hex {
        let bytes = hex::decode(text).map_err(|error| Fault::input("read path_hex", error))?;
        return Ok(PathBuf::from(OsString::from_vec(bytes)));
    }
    path.cloned().ok_or_else(|| Fault::input("read the line", "it names no path"))
}

impl SetLine {
    /// What the line asks for.
    pub(crate) fn request(self) -> Result<SetRequest, Fault> {
        let expected = self.expected()?;
        let create = self.create;
        let ways = [
            self.point.is_some(),
            self.hex.is_some(),
            self.symlink.is_some(),
            self.junction.is_some(),
            self.tag.is_some(),
        ];
        if ways.iter().filter(|given| **given).count() != 1 {
            return Err(Fault::input("read the line", "name one of point, hex, symlink, junction and tag"));
        }
        Ok(SetRequest { wanted: self.wanted()?, expected, create })
    }

    fn wanted(self) -> Result<Wanted, Fault> {
        let print = self.print.as_deref();
        if let Some(point) = self.point {
            return json::wanted_of_point(point);
        }
        let (bytes, warning) = if let Some(target) = self.symlink {
            let names =
                names::of_symlink(&target, Meant::Detected).map_err(|e| build::bad_target(&target, e))?;
            (build::symlink(&names, print)?, names.warning)
        } else if let Some(target) = self.junction {
            let names = names::of_junction(&target).map_err(|e| build::bad_target(&target, e))?;
            (build::junction(&names, print)?, names.warning)
        } else if let Some(text) = self.hex {
            (hex::decode(&text).map_err(|error| Fault::input("read hex", error))?, None)
        } else {
            let (tag, guid) = tag_and_guid(self.tag.as_deref(), self.guid.as_deref())?;
            let tag = tag.ok_or_else(|| Fault::input("read the line", "a tag is missing"))?;
            let data = hex::decode(self.data.as_deref().unwrap_or_default());
            let data = data.map_err(|error| Fault::input("read data", error))?;
            (RawReparse::new(tag, guid, &data).map_err(build::bad_build)?.encode(), None)
        };
        Ok(Wanted { bytes, lx: LxMetadata::default(), warning })
    }

    fn expected(&self) -> Result<Expected, Fault> {
        if self.replace_tag {
            return Ok(Expected::Whatever);
        }
        let Some(tag) = self.if_tag.as_deref() else { return Ok(Expected::SameTagOrNone) };
        let (tag, guid) = match tag {
            "none" => (None, None),
            tag => tag_and_guid(Some(tag), self.if_guid.as_deref())?,
        };
        Ok(Expected::Tag { tag, guid, or_none: self.or_none })
    }
}

impl DeleteLine {
    /// The tag and the GUID that must be there.
    pub(crate) fn tag_and_guid(&self) -> Result<(Option<Tag>, Option<Guid>), Fault> {
        tag_and_guid(self.tag.as_deref(), self.guid.as_deref())
    }
}

fn tag_and_guid(tag: Option<&str>, guid: Option<&str>) -> Result<(Option<Tag>, Option<Guid>), Fault> {
    let tag = tag.map(str::parse::<Tag>).transpose().map_err(|error| Fault::input("read tag", error))?;
    let guid = guid.map(str::parse::<Guid>).transpose().map_err(|error| Fault::input("read guid", error))?;
    Ok((tag, guid))
}
