//! The JSON form. docs/JSON.md describes it, and every example there is a test.
//!
//! Each point is an object whose `type` says its kind. The other members are its meaning. When the bytes are not those
//! that the builder of that kind writes from that meaning, a member `exact` has all of them, so nothing is lost; and it
//! is checked against the meaning on the way in.
mod text;

use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use self::text::{Bytes, GuidText, Hash, Hex, Hex64, Name, TagText};
use crate::app_exec_link::AppExecLink;
use crate::cloud::{Cloud, CloudFlags};
use crate::mount_point::MountPoint;
use crate::nfs::{Nfs, NfsObject};
use crate::point::ReparsePoint;
use crate::raw::{BuildError, DecodeError, RawReparse};
use crate::symlink::{Symlink, SymlinkFlags};
use crate::third_party::ThirdParty;
use crate::wci::Wci;
use crate::wim::Wim;
use crate::wof::{WimPointer, Wof, WofAlgorithm, WofSource};
use crate::wsl::LxSymlink;

/// Every kind of point as JSON has it.
#[derive(serde::Serialize, serde::Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Form {
    Symlink {
        substitute: Name,
        print: Name,
        relative: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    MountPoint {
        substitute: Name,
        print: Name,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    NfsSymlink {
        target: Name,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    NfsFifo {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    NfsSocket {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    NfsCharDevice {
        major: u32,
        minor: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    NfsBlockDevice {
        major: u32,
        minor: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    LxSymlink {
        version: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Bytes>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    AfUnix {},
    LxFifo {},
    LxChr {},
    LxBlk {},
    AppExecLink {
        version: u32,
        strings: Vec<Name>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    WofFile {
        algorithm: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    WofWim {
        data_source_id: Hex64,
        data_hash: Hash,
        table_hash: Hash,
        uncompressed_len: u64,
        compressed_len: u64,
        offset: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    Wci {
        tag: TagText,
        layer: GuidText,
        name: Name,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    Cloud {
        tag: TagText,
        flags: u16,
        uncompressed_len: u16,
        body: Hex,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    Wim {
        image: GuidText,
        path_hash: Hash,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    ThirdParty {
        tag: TagText,
        guid: GuidText,
        data: Hex,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
    Raw {
        tag: TagText,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guid: Option<GuidText>,
        data: Hex,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Hex>,
    },
}

impl Form {
    /// The meaning of a point, with `exact` where the meaning alone does not give its bytes back.
    fn of(point: &ReparsePoint) -> Form {
        let mut form = Form::meaning(point);
        if form.build().as_ref() != Ok(point)
            && let Some(exact) = form.exact_mut()
        {
            *exact = Some(Hex(point.to_raw().into_bytes()));
        }
        form
    }

    fn exact_mut(&mut self) -> Option<&mut Option<Hex>> {
        match self {
            Form::AfUnix {} | Form::LxFifo {} | Form::LxChr {} | Form::LxBlk {} => None,
            Form::Symlink { exact, .. }
            | Form::MountPoint { exact, .. }
            | Form::NfsSymlink { exact, .. }
            | Form::NfsFifo { exact, .. }
            | Form::NfsSocket { exact, .. }
            | Form::NfsCharDevice { exact, .. }
            | Form::NfsBlockDevice { exact, .. }
            | Form::LxSymlink { exact, .. }
            | Form::AppExecLink { exact, .. }
            | Form::WofFile { exact, .. }
            | Form::WofWim { exact, .. }
            | Form::Wci { exact, .. }
            | Form::Cloud { exact, .. }
            | Form::Wim { exact, .. }
            | Form::ThirdParty { exact, .. }
            | Form::Raw { exact, .. } => Some(exact),
        }
    }

    fn meaning(point: &ReparsePoint) -> Form {
        let exact = None;
        match point {
            ReparsePoint::Symlink(point) => Form::Symlink {
                substitute: Name(point.substitute().clone()),
                print: Name(point.print().clone()),
                relative: point.is_relative(),
                exact,
            },
            ReparsePoint::MountPoint(point) => Form::MountPoint {
                substitute: Name(point.substitute().clone()),
                print: Name(point.print().clone()),
                exact,
            },
            ReparsePoint::Nfs(point) => match *point.object() {
                NfsObject::Symlink(ref target) => Form::NfsSymlink { target: Name(target.clone()), exact },
                NfsObject::Fifo => Form::NfsFifo { exact },
                NfsObject::Socket => Form::NfsSocket { exact },
                NfsObject::CharDevice { major, minor } => Form::NfsCharDevice { major, minor, exact },
                NfsObject::BlockDevice { major, minor } => Form::NfsBlockDevice { major, minor, exact },
            },
            ReparsePoint::LxSymlink(point) => Form::LxSymlink {
                version: point.version(),
                target: point.target().map(|target| Bytes(target.to_vec())),
                exact,
            },
            ReparsePoint::AfUnix => Form::AfUnix {},
            ReparsePoint::LxFifo => Form::LxFifo {},
            ReparsePoint::LxChr => Form::LxChr {},
            ReparsePoint::LxBlk => Form::LxBlk {},
            ReparsePoint::AppExecLink(point) => Form::AppExecLink {
                version: point.version(),
                strings: point.strings().iter().cloned().map(Name).collect(),
                exact,
            },
            ReparsePoint::Wof(point) => match point.source() {
                WofSource::File { algorithm } => Form::WofFile { algorithm: algorithm.0, exact },
                WofSource::Wim(pointer) => Form::of_pointer(pointer),
            },
            ReparsePoint::Wci(point) => Form::Wci {
                tag: TagText(point.tag()),
                layer: GuidText(point.layer()),
                name: Name(point.name().clone()),
                exact,
            },
            ReparsePoint::Cloud(point) => Form::Cloud {
                tag: TagText(point.tag()),
                flags: point.flags().0,
                uncompressed_len: point.uncompressed_len(),
                body: Hex(point.body().to_vec()),
                exact,
            },
            ReparsePoint::Wim(point) => {
                Form::Wim { image: GuidText(point.image()), path_hash: Hash(*point.path_hash()), exact }
            }
            ReparsePoint::ThirdParty(point) => Form::ThirdParty {
                tag: TagText(point.tag()),
                guid: GuidText(point.guid()),
                data: Hex(point.data().to_vec()),
                exact,
            },
            ReparsePoint::Opaque(raw) => Form::raw_meaning(raw),
        }
    }

    fn of_pointer(pointer: &WimPointer) -> Form {
        Form::WofWim {
            data_source_id: Hex64(pointer.data_source_id),
            data_hash: Hash(pointer.data_hash),
            table_hash: Hash(pointer.table_hash),
            uncompressed_len: pointer.uncompressed_len,
            compressed_len: pointer.compressed_len,
            offset: pointer.offset,
            exact: None,
        }
    }

    fn raw_meaning(raw: &RawReparse) -> Form {
        Form::Raw {
            tag: TagText(raw.tag()),
            guid: raw.guid().map(GuidText),
            data: Hex(raw.data().to_vec()),
            exact: None,
        }
    }

    /// The raw form of any point, with `exact` where the parts alone do not give its bytes back.
    fn of_raw(raw: &RawReparse) -> Form {
        let mut form = Form::raw_meaning(raw);
        let plain = RawReparse::new(raw.tag(), raw.guid(), raw.data());
        if plain.as_ref() != Ok(raw)
            && let Some(exact) = form.exact_mut()
        {
            *exact = Some(Hex(raw.encode()));
        }
        form
    }

    /// The point that the builders make of the meaning; `exact` is not looked at.
    fn build(&self) -> Result<ReparsePoint, BuildError> {
        Ok(match self {
            Form::Symlink { substitute, print, relative, .. } => {
                let flags = if *relative { SymlinkFlags::RELATIVE } else { SymlinkFlags::ABSOLUTE };
                ReparsePoint::Symlink(Symlink::new(substitute.0.clone(), print.0.clone(), flags)?)
            }
            Form::MountPoint { substitute, print, .. } => {
                ReparsePoint::MountPoint(MountPoint::new(substitute.0.clone(), print.0.clone())?)
            }
            Form::NfsSymlink { target, .. } => ReparsePoint::Nfs(Nfs::symlink(target.0.clone())?),
            Form::NfsFifo { .. } => ReparsePoint::Nfs(Nfs::fifo()),
            Form::NfsSocket { .. } => ReparsePoint::Nfs(Nfs::socket()),
            Form::NfsCharDevice { major, minor, .. } => ReparsePoint::Nfs(Nfs::char_device(*major, *minor)),
            Form::NfsBlockDevice { major, minor, .. } => ReparsePoint::Nfs(Nfs::block_device(*major, *minor)),
            Form::LxSymlink { version: 1, target: None, .. } => {
                ReparsePoint::LxSymlink(LxSymlink::with_target_in_stream())
            }
            Form::LxSymlink { version: 2, target: Some(target), .. } => {
                ReparsePoint::LxSymlink(LxSymlink::new(&target.0)?)
            }
            Form::LxSymlink { .. } => {
                return Err(BuildError::Unsuitable { what: "version (1 has no target, 2 has one)" });
            }
            Form::AfUnix {} => ReparsePoint::AfUnix,
            Form::LxFifo {} => ReparsePoint::LxFifo,
            Form::LxChr {} => ReparsePoint::LxChr,
            Form::LxBlk {} => ReparsePoint::LxBlk,
            Form::AppExecLink { version, strings, .. } => {
                let strings = strings.iter().map(|string| string.0.clone()).collect();
                ReparsePoint::AppExecLink(AppExecLink::from_strings(*version, strings)?)
            }
            Form::WofFile { algorithm, .. } => ReparsePoint::Wof(Wof::file(WofAlgorithm(*algorithm))),
            &Form::WofWim {
                data_source_id: Hex64(data_source_id),
                data_hash: Hash(data_hash),
                table_hash: Hash(table_hash),
                uncompressed_len,
                compressed_len,
                offset,
                ..
            } => ReparsePoint::Wof(Wof::wim(WimPointer {
                data_source_id,
                data_hash,
                table_hash,
                uncompressed_len,
                compressed_len,
                offset,
            })?),
            Form::Wci { tag, layer, name, .. } => {
                ReparsePoint::Wci(Wci::new(tag.0, layer.0, name.0.clone())?)
            }
            Form::Cloud { tag, flags, uncompressed_len, body, .. } => {
                ReparsePoint::Cloud(Cloud::new(tag.0, CloudFlags(*flags), *uncompressed_len, &body.0)?)
            }
            Form::Wim { image, path_hash, .. } => ReparsePoint::Wim(Wim::new(image.0, path_hash.0)),
            Form::ThirdParty { tag, guid, data, .. } => {
                ReparsePoint::ThirdParty(ThirdParty::new(tag.0, guid.0, &data.0)?)
            }
            Form::Raw { tag, guid, data, .. } => {
                let raw = RawReparse::new(tag.0, guid.as_ref().map(|guid| guid.0), &data.0)?;
                ReparsePoint::from_raw(&raw).0
            }
        })
    }

    /// The point that this form describes.
    fn into_point(mut self) -> Result<ReparsePoint, FormError> {
        let exact = self.exact_mut().and_then(Option::take);
        let Some(Hex(bytes)) = exact else { return self.build().map_err(FormError::Build) };
        let (raw, _) = RawReparse::decode(&bytes).map_err(FormError::Exact)?;
        let (point, _) = ReparsePoint::from_raw(&raw);
        let agrees = Form::meaning(&point) == self || Form::raw_meaning(&raw) == self;
        if agrees { Ok(point) } else { Err(FormError::Differs) }
    }
}

/// Why an object is not a reparse point.
enum FormError {
    Build(BuildError),
    Exact(DecodeError),
    Differs,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormError::Build(error) => error.fmt(f),
            FormError::Exact(error) => write!(f, "\"exact\": {error}"),
            FormError::Differs => f.write_str("\"exact\" does not mean what the other members say"),
        }
    }
}

impl Serialize for ReparsePoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ReparsePoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ReparsePoint, D::Error> {
        Form::deserialize(deserializer)?.into_point().map_err(D::Error::custom)
    }
}

/// A raw point is written as the type `raw`, and read from any.
impl Serialize for RawReparse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form::of_raw(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawReparse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawReparse, D::Error> {
        ReparsePoint::deserialize(deserializer).map(ReparsePoint::into_raw)
    }
}
