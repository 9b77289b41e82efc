//! An object inside an image. The object store finds it, over every link on the way; the image itself is read and changed.
use crate::failure::Failure;
use crate::host_object::unfollowed;
use crate::image::{ImagePort, ImageVolume};
use crate::object::{
    Asker, Basic, CreateKind, End, Expected, Found, Object, Resolution, Rest, Search, SetRequest, StreamFacts,
};
use crate::request as lx;
use fsa::{OpenRequest, Volume};
use nt::{AccessMask, CreateOptions, FileAttributes, Guid, NtStatus, Utf16};
use ntfs::{ExtendedAttribute, FileRef, NewFile};
use reparse::lx_ea::LxMetadata;
use reparse::{RawReparse, SetEx, Tag};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

const BACKSLASH: u16 = b'\\' as u16;
const SET: &str = "set the reparse point";
const EAS: &str = "set extended attributes";

/// An object inside an image.
pub(crate) struct ImageObject {
    pub(crate) image: Arc<ImageVolume>,
    /// The image as the object store sees it.
    pub(crate) store: Arc<Volume<ImagePort>>,
    /// The path from the volume's root: `\a\b`, and `\` for the root.
    pub(crate) path: Utf16,
    /// What a path inside begins with: `IMAGE!`, and the partition.
    pub(crate) prefix: OsString,
    pub(crate) asker: Asker,
}

impl Object for ImageObject {
    fn path(&self) -> &Utf16 {
        &self.path
    }

    fn place_of(&self, path: &Utf16) -> OsString {
        let mut place = self.prefix.clone();
        let names = path.units().split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty());
        let mut any = false;
        for name in names {
            any = true;
            place.push("/");
            place.push(OsStr::from_bytes(&Utf16(name.to_vec()).to_wtf8()));
        }
        if !any {
            place.push("/");
        }
        place
    }

    fn get(&self) -> Result<Found, Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        self.found(file)
    }

    fn rest(&self) -> Result<Rest, Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        self.image.read("look at the object", |image| {
            let eas = image.eas(file)?;
            let streams = image.streams(file)?;
            let others = eas.iter().filter(|ea| !lx::is_lx(&ea.name));
            Ok(Rest {
                size: image.facts(file)?.data_len,
                other_eas: others.map(|ea| String::from_utf8_lossy(&ea.name).into_owned()).collect(),
                streams: streams
                    .iter()
                    .filter(|stream| !stream.name.units().is_empty())
                    .map(|stream| stream.name.to_string())
                    .collect(),
            })
        })
    }

    fn set(&self, request: &SetRequest) -> Result<(), Failure> {
        let kind = match request.create {
            None => CreateOptions::NONE,
            Some(CreateKind::File) => CreateOptions::NON_DIRECTORY_FILE,
            Some(CreateKind::Directory) => CreateOptions::DIRECTORY_FILE,
        };
        match (self.located("open", kind), request.create) {
            (Ok(file), _) => self.set_on(file, request),
            (Err(failure), Some(kind)) if failure.status() == Some(NtStatus::OBJECT_NAME_NOT_FOUND) => {
                self.create(kind, request)
            }
            (Err(failure), _) => Err(failure),
        }
    }

    fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        let input = lx::delete_input(tag, guid, || self.found(file))?;
        let now = self.asker.now;
        self.image.write("delete the reparse point", |image| image.delete(file, &input.encode(), now))?;
        Ok(input.tag())
    }

    fn resolve(&self) -> Resolution {
        let request = OpenRequest::existing(self.path.units(), AccessMask::FILE_READ_ATTRIBUTES);
        let (opened, hops) = self.store.open_tracing(&self.asker.context, &request);
        let end = opened.map_err(|error| unfollowed(&self.path, &hops, error)).and_then(|opened| {
            let open = self.store.open_of(opened.id).map_err(Failure::refused("follow"))?;
            let (path, directory) = (open.path(), open.file.is_directory());
            drop(open);
            self.store.close(opened.id).map_err(Failure::refused("close"))?;
            Ok(End { place: self.place_of(&path), directory })
        });
        Resolution { hops, end }
    }

    fn basic(&self) -> Result<Basic, Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        let facts = self.image.read("look at the object", |image| image.facts(file))?;
        let standard = facts.standard;
        let kind = if facts.is_directory { FileAttributes::DIRECTORY } else { FileAttributes::NONE };
        Ok(Basic {
            created: standard.created,
            accessed: standard.accessed,
            written: standard.written,
            changed: standard.changed,
            attributes: standard.attributes | kind,
        })
    }

    fn set_basic(&self, basic: &Basic) -> Result<(), Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        let basic = ntfs::Basic {
            created: basic.created,
            written: basic.written,
            changed: basic.changed,
            accessed: basic.accessed,
            attributes: basic.attributes,
        };
        let now = self.asker.now;
        self.image.write("set attributes and times", |image| image.set_basic(file, &basic, now))
    }

    fn search(&self, search: &Search<'_>) -> Result<(), Failure> {
        let directory = self.located("open", CreateOptions::NONE)?;
        super::search::run(&self.image, directory, search)
    }

    fn streams(&self) -> Result<Vec<StreamFacts>, Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        let streams = self.image.read("look at the object", |image| image.streams(file))?;
        let facts = streams.into_iter().map(|stream| StreamFacts {
            name: stream.name.to_string(),
            len: stream.len,
            present: stream.present,
            form: stream.form,
            is_resident: stream.is_resident,
        });
        Ok(facts.collect())
    }

    fn read(&self, stream: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        self.image.read("read the data", |image| image.read_data(file, stream, offset, buffer))
    }

    fn read_content(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let file = self.located("open", CreateOptions::NONE)?;
        self.image.read("read the data", |image| image.read_content(file, offset, buffer))
    }
}

impl ImageObject {
    /// The object itself, whatever tag it has; links before the last name are followed.
    fn located(&self, what: &'static str, kind: CreateOptions) -> Result<FileRef, Failure> {
        self.file_at(what, &self.path, CreateOptions::OPEN_REPARSE_POINT | kind)
    }

    fn file_at(&self, what: &'static str, path: &Utf16, options: CreateOptions) -> Result<FileRef, Failure> {
        let mut request = OpenRequest::existing(path.units(), AccessMask::FILE_READ_ATTRIBUTES);
        request.options = options;
        let opened = self.store.open(&self.asker.context, &request);
        let opened = opened.map_err(|error| Failure::Open { what, path: path.clone(), error })?;
        let open = self.store.open_of(opened.id).map_err(Failure::refused(what))?;
        let file = open.file.node();
        drop(open);
        self.store.close(opened.id).map_err(Failure::refused("close"))?;
        Ok(file)
    }

    fn found(&self, file: FileRef) -> Result<Found, Failure> {
        self.image.read("get the reparse point", |image| {
            let point = image.get(file)?;
            let (_, oddities) = RawReparse::decode(point.as_bytes()).unwrap_or((point.clone(), Vec::new()));
            let directory = image.facts(file)?.is_directory;
            let lx =
                if lx::may_have_lx(point.tag()) { lx_of(&image.eas(file)?) } else { LxMetadata::default() };
            Ok(Found { point, oddities, directory, lx })
        })
    }

    /// The EAs first, then the point, as WSL does; if the point is refused, the EAs are put back.
    fn set_on(&self, file: FileRef, request: &SetRequest) -> Result<(), Failure> {
        let now = self.asker.now;
        let extended = lx::expected_now(request.expected, || self.found(file))?;
        let extended = match extended {
            None => None,
            Some((flags, existing_tag, existing_guid)) => {
                let refused = |error: reparse::SetError| {
                    let error = ntfs::Error::Request { status: error.status(), why: ntfs::Why::Set(error) };
                    self.image.failure(SET, error)
                };
                let point = RawReparse::decode_set(&request.bytes).map_err(refused)?;
                Some(SetEx { flags, existing_tag, existing_guid, point })
            }
        };
        let wanted = eas_of(&request.lx);
        let before = if wanted.is_empty() { Vec::new() } else { self.image.read(EAS, |i| i.eas(file))? };
        if !wanted.is_empty() {
            let merged = merged(&before, &wanted);
            self.image.write(EAS, |image| image.set_eas(file, &merged, now))?;
        }
        let done = self.image.write(SET, |image| match &extended {
            None => image.set(file, &request.bytes, now),
            Some(extended) => image.set_ex(file, &extended.encode(), now),
        });
        if done.is_err() && !wanted.is_empty() {
            // the refusal is what the user must hear of, whatever becomes of this
            let _ = self.image.write(EAS, |image| image.set_eas(file, &before, now));
        }
        done
    }

    /// The object with its point, in one operation.
    fn create(&self, kind: CreateKind, request: &SetRequest) -> Result<(), Failure> {
        if let Expected::Tag { tag: Some(_), or_none: false, .. } = request.expected {
            let status = NtStatus::IO_REPARSE_TAG_MISMATCH;
            let reason = Some("the object does not exist, so it has no tag to compare with".into());
            return Err(Failure::Status { what: SET, status, reason, next: Some("leave --if-tag out") });
        }
        let units = self.path.units();
        let at = units.iter().rposition(|unit| *unit == BACKSLASH).unwrap_or(0);
        let (parent, name) = units.split_at(at);
        let parent = if parent.is_empty() { Utf16(vec![BACKSLASH]) } else { Utf16(parent.to_vec()) };
        let name = Utf16(name.get(1..).unwrap_or_default().to_vec());
        let parent = self.file_at("open", &parent, CreateOptions::DIRECTORY_FILE)?;
        let new = NewFile {
            is_directory: kind == CreateKind::Directory,
            attributes: FileAttributes::NONE,
            eas: eas_of(&request.lx),
            point: Some(request.bytes.clone()),
        };
        let now = self.asker.now;
        self.image.write(SET, |image| image.create(parent, &name, &new, now)).map(|_| ())
    }
}

fn lx_of(eas: &[ExtendedAttribute]) -> LxMetadata {
    lx::of_eas(eas.iter().map(|ea| (ea.name.as_slice(), ea.value.as_slice())))
}

fn eas_of(lx: &LxMetadata) -> Vec<ExtendedAttribute> {
    let pairs = lx.encode().into_iter();
    pairs
        .map(|(name, value)| ExtendedAttribute { name: name.as_bytes().to_vec(), value, is_needed: false })
        .collect()
}

/// What was there, with these in place of those of the same names.
fn merged(before: &[ExtendedAttribute], wanted: &[ExtendedAttribute]) -> Vec<ExtendedAttribute> {
    let replaced =
        |ea: &&ExtendedAttribute| !wanted.iter().any(|new| new.name.eq_ignore_ascii_case(&ea.name));
    before.iter().filter(replaced).chain(wanted).cloned().collect()
}
