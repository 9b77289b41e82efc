//! An object on this machine, through the object store.
use crate::failure::Failure;
use crate::object::{
    Asker, Basic, CreateKind, End, Expected, Found, Object, PointBelow, Resolution, Rest, Search, Seen,
    SetRequest, StreamFacts, Walk,
};
use crate::open::Spot;
use crate::request as lx;
use fsa::host::linux::LinuxHost;
use fsa::host::linux::scan::{Found as Scanned, ScanItem, ScanOptions, Walk as HostWalk, scan};
use fsa::host::meta::{PointForm, decode_head};
use fsa::host::{Host, HostError, NodeKind, meta};
use fsa::{Hop, OpenError, OpenId, OpenRequest, Requester, Volume};
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileInformationClass, FsctlCode, Guid,
    NtStatus, Utf16,
};
use ntfs::DataForm;
use reparse::lx_ea::LxMetadata;
use reparse::{REPARSE_BYTES_MAX, RawReparse, SetEx, SetExFlags, Tag};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// An object on this machine.
pub(crate) struct HostObject {
    pub(crate) spot: Spot,
    pub(crate) asker: Asker,
}

/// The rights to look at a point and at what belongs to it.
const LOOK: AccessMask = AccessMask(AccessMask::FILE_READ_ATTRIBUTES.0 | AccessMask::FILE_READ_EA.0);
/// The rights to change a point and the EAs that belong to it.
const CHANGE: AccessMask = AccessMask(
    AccessMask::FILE_WRITE_ATTRIBUTES.0 | AccessMask::FILE_READ_ATTRIBUTES.0 | AccessMask::FILE_WRITE_EA.0,
);
/// Ranges of data between holes that are counted.
const RANGES_MAX: usize = 1 << 20;
const LOOK_AT: &str = "look at the object";

impl Object for HostObject {
    fn path(&self) -> &Utf16 {
        &self.spot.path
    }

    fn place_of(&self, path: &Utf16) -> OsString {
        self.spot.host_path_of(path).into_os_string()
    }

    fn get(&self) -> Result<Found, Failure> {
        self.opened("open", LOOK, None, |open| open.found())
    }

    fn rest(&self) -> Result<Rest, Failure> {
        self.opened("open", LOOK, None, |open| open.rest())
    }

    fn set(&self, request: &SetRequest) -> Result<(), Failure> {
        let made = std::cell::Cell::new(false);
        let done = self.opened("open", CHANGE, request.create, |open| {
            made.set(open.made);
            open.set(request)
        });
        if done.is_err() && made.get() {
            self.remove();
        }
        done
    }

    fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Failure> {
        self.opened("open", CHANGE, None, |open| open.delete(tag, guid))
    }

    fn resolve(&self) -> Resolution {
        let request = OpenRequest::existing(self.spot.path.units(), AccessMask::FILE_READ_ATTRIBUTES);
        let (opened, hops) = self.spot.volume.open_tracing(&self.asker.context, &request);
        let end = opened.map_err(|error| unfollowed(&self.spot.path, &hops, error)).and_then(|opened| {
            let open = self.spot.volume.open_of(opened.id).map_err(Failure::refused("follow"))?;
            let (path, directory) = (open.path(), open.file.is_directory());
            drop(open);
            self.spot.volume.close(opened.id).map_err(Failure::refused("close"))?;
            Ok(End { place: self.place_of(&path), directory })
        });
        Resolution { hops, end }
    }

    fn basic(&self) -> Result<Basic, Failure> {
        self.opened("open", LOOK, None, |open| open.basic())
    }

    fn set_basic(&self, basic: &Basic) -> Result<(), Failure> {
        self.opened("open", CHANGE, None, |open| open.set_basic(basic, &self.asker))
    }

    fn search(&self, search: &Search<'_>) -> Result<(), Failure> {
        let node = self.opened("open", LOOK, None, |open| {
            let open = open.volume.open_of(open.id).map_err(Failure::refused("open"))?;
            if !open.file.is_directory() {
                return Err(not_a_directory());
            }
            Ok(open.file.node())
        })?;
        let options = ScanOptions { threads: search.threads };
        scan(self.spot.volume.host(), &node, &options, &|item| visit(&item, search));
        Ok(())
    }

    fn streams(&self) -> Result<Vec<StreamFacts>, Failure> {
        self.opened("open", LOOK, None, |open| open.streams())
    }

    fn read(&self, stream: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let access = AccessMask(AccessMask::FILE_READ_DATA.0 | LOOK.0);
        self.opened("open", access, None, |open| open.read(stream, offset, buffer))
    }

    fn read_content(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        match self.get() {
            Ok(found) => crate::wof::read(self, &found.point, offset, buffer),
            Err(failure) if failure.status() == Some(NtStatus::NOT_A_REPARSE_POINT) => {
                self.read("", offset, buffer)
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Only a directory has anything below it.
pub(crate) fn not_a_directory() -> Failure {
    let (what, status) = ("open", NtStatus::NOT_A_DIRECTORY);
    Failure::Status { what, status, reason: None, next: Some("name a directory") }
}

/// Why a path could not be followed, in terms of its last hop.
pub(crate) fn unfollowed(path: &Utf16, hops: &[Hop], error: OpenError) -> Failure {
    let last = hops.last().and_then(|hop| hop.resumed.as_ref());
    Failure::Open { what: "follow", path: last.unwrap_or(path).clone(), error }
}

impl HostObject {
    /// Opens the object itself, whatever tag it has, acts, and closes it.
    fn opened<T>(
        &self,
        what: &'static str,
        access: AccessMask,
        create: Option<CreateKind>,
        act: impl FnOnce(&OpenObject<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut request = OpenRequest::existing(self.spot.path.units(), access);
        request.options = CreateOptions::OPEN_REPARSE_POINT;
        if let Some(kind) = create {
            request.disposition = CreateDisposition::OPEN_IF;
            request.options |= match kind {
                CreateKind::File => CreateOptions::NON_DIRECTORY_FILE,
                CreateKind::Directory => CreateOptions::DIRECTORY_FILE,
            };
        }
        let opened = self.spot.volume.open(&self.asker.context, &request);
        let opened = opened.map_err(|error| Failure::Open { what, path: self.spot.path.clone(), error })?;
        let open = OpenObject {
            volume: &self.spot.volume,
            id: opened.id,
            made: opened.action == CreateAction::CREATED,
        };
        let done = act(&open);
        let closed = self.spot.volume.close(opened.id).map_err(Failure::refused("close"));
        done.and_then(|value| closed.map(|()| value))
    }

    /// Takes away an object that was made for a point that was then refused. If that fails too, an empty object stays;
    /// the refusal is what the user must hear of.
    fn remove(&self) {
        let mut request = OpenRequest::existing(self.spot.path.units(), AccessMask::DELETE);
        request.options = CreateOptions::OPEN_REPARSE_POINT | CreateOptions::DELETE_ON_CLOSE;
        if let Ok(opened) = self.spot.volume.open(&self.asker.context, &request) {
            let _ = self.spot.volume.close(opened.id);
        }
    }
}

/// An object while it is open.
struct OpenObject<'a> {
    volume: &'a Volume<LinuxHost>,
    id: OpenId,
    made: bool,
}

impl OpenObject<'_> {
    fn found(&self) -> Result<Found, Failure> {
        let refused = Failure::refused("get the reparse point");
        let reply = self
            .volume
            .fs_control(self.id, FsctlCode::GET_REPARSE_POINT, &[], REPARSE_BYTES_MAX)
            .map_err(&refused)?;
        let (point, oddities) = RawReparse::decode(&reply.output).map_err(|error| Failure::Malformed {
            what: "read the stored reparse point",
            why: error.to_string(),
            next: Some("run `pointsman check`"),
        })?;
        let open = self.volume.open_of(self.id).map_err(&refused)?;
        let directory = open.file.is_directory();
        let lx = if lx::may_have_lx(point.tag()) { self.lx()? } else { LxMetadata::default() };
        Ok(Found { point, oddities, directory, lx })
    }

    fn lx(&self) -> Result<LxMetadata, Failure> {
        let eas = self.eas()?;
        Ok(lx::of_eas(eas.iter().map(|ea| (ea.name.as_slice(), ea.value.as_slice()))))
    }

    fn eas(&self) -> Result<Vec<meta::Ea>, Failure> {
        let open = self.volume.open_of(self.id).map_err(Failure::refused("read EAs"))?;
        let list = meta::ea_list(self.volume.host(), &open.file.node());
        list.map_err(|error| Failure::refused("read EAs")(error.into()))
    }

    fn rest(&self) -> Result<Rest, Failure> {
        let open = self.volume.open_of(self.id).map_err(Failure::refused(LOOK_AT))?;
        let (host, node) = (self.volume.host(), open.file.node());
        let failed = |error: HostError| Failure::refused(LOOK_AT)(error.into());
        let others = self.eas()?.into_iter().filter(|ea| !lx::is_lx(&ea.name));
        let streams = meta::stream_list(host, &node).map_err(failed)?;
        Ok(Rest {
            size: host.stat(&node).map_err(failed)?.size,
            other_eas: others.map(|ea| String::from_utf8_lossy(&ea.name).into_owned()).collect(),
            streams: streams.iter().map(|stream| stream.name.to_string()).collect(),
        })
    }

    fn basic(&self) -> Result<Basic, Failure> {
        let open = self.volume.open_of(self.id).map_err(Failure::refused(LOOK_AT))?;
        let facts = meta::load(self.volume.host(), &open.file.node());
        let facts = facts.map_err(|error| Failure::refused(LOOK_AT)(error.into()))?;
        Ok(Basic {
            created: facts.created,
            accessed: facts.stat.accessed,
            written: facts.stat.modified,
            changed: facts.stat.changed,
            attributes: facts.attributes,
        })
    }

    /// FILE_BASIC_INFORMATION. [MS-FSCC] 2.4.7
    fn set_basic(&self, basic: &Basic, asker: &Asker) -> Result<(), Failure> {
        let mut input = Vec::with_capacity(40);
        for time in [basic.created, basic.accessed, basic.written, basic.changed] {
            input.extend_from_slice(&time.0.to_le_bytes());
        }
        input.extend_from_slice(&basic.attributes.0.to_le_bytes());
        input.extend_from_slice(&[0; 4]);
        self.volume
            .set_information(
                &asker.context,
                Requester::Local,
                self.id,
                FileInformationClass::BASIC_INFORMATION,
                &input,
            )
            .map_err(Failure::refused("set attributes and times"))
    }

    fn streams(&self) -> Result<Vec<StreamFacts>, Failure> {
        let open = self.volume.open_of(self.id).map_err(Failure::refused(LOOK_AT))?;
        let (host, node) = (self.volume.host(), open.file.node());
        let failed = |error: HostError| Failure::refused(LOOK_AT)(error.into());
        let stat = host.stat(&node).map_err(failed)?;
        let mut streams = Vec::new();
        if stat.kind == NodeKind::File {
            let ranges = host.allocated_ranges(&node, 0..stat.size, RANGES_MAX).map_err(failed)?;
            let present = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum::<u64>();
            let present = present.min(stat.size);
            let (name, form) = (String::new(), DataForm::Plain);
            streams.push(StreamFacts { name, len: stat.size, present, form, is_resident: false });
        }
        for stream in meta::stream_list(host, &node).map_err(failed)? {
            let (name, form) = (stream.name.to_string(), DataForm::Plain);
            let (len, present) = (stream.size, stream.size);
            streams.push(StreamFacts { name, len, present, form, is_resident: false });
        }
        Ok(streams)
    }

    fn read(&self, stream: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let what = "read the data";
        let open = self.volume.open_of(self.id).map_err(Failure::refused(what))?;
        let (host, node) = (self.volume.host(), open.file.node());
        let failed = |error: HostError| Failure::refused(what)(error.into());
        if stream.is_empty() {
            return host.read(&node, offset, buffer).map_err(failed);
        }
        let units: Vec<u16> = stream.encode_utf16().collect();
        let found = meta::stream_find(host, &node, &units).map_err(failed)?;
        let data = match found {
            Some(found) => meta::stream_read(host, &node, &found).map_err(failed)?,
            None => None,
        };
        let data = data.ok_or(Failure::status_of(what, NtStatus::OBJECT_NAME_NOT_FOUND))?;
        let rest = usize::try_from(offset).ok().and_then(|at| data.get(at..)).unwrap_or_default();
        let copied = buffer.iter_mut().zip(rest).map(|(to, from)| *to = *from).count();
        Ok(copied)
    }

    /// The EAs first, then the point, as WSL does: what has a WSL tag has its EAs. (openvmm, lxutil)
    fn set(&self, request: &SetRequest) -> Result<(), Failure> {
        const WHAT: &str = "set the reparse point";
        let bytes = &request.bytes;
        let (code, input) = match self.expected_now(request.expected)? {
            None => (FsctlCode::SET_REPARSE_POINT, bytes.clone()),
            Some((flags, tag, guid)) => {
                // decoded only to be put into the other form: what is wrong with it, the store says first
                let point =
                    RawReparse::decode_set(bytes).map_err(|error| Failure::refused(WHAT)(error.into()))?;
                let input = SetEx { flags, existing_tag: tag, existing_guid: guid, point };
                (FsctlCode::SET_REPARSE_POINT_EX, input.encode())
            }
        };
        let before = if request.lx == LxMetadata::default() { Vec::new() } else { self.eas()? };
        self.set_eas(&request.lx.encode())?;
        let done = self.volume.fs_control(self.id, code, &input, 0).map(|_| ());
        done.map_err(|refusal| {
            let old = |name: &str| before.iter().find(|ea| ea.name.eq_ignore_ascii_case(name.as_bytes()));
            let names = request.lx.encode().into_iter().map(|(name, _)| name);
            let eas = names.map(|name| (name, old(name).map(|ea| ea.value.clone()).unwrap_or_default()));
            // the refusal is what the user must hear of, whatever becomes of this
            let _ = self.set_eas(&eas.collect::<Vec<_>>());
            Failure::Refused { what: WHAT, refusal }
        })
    }

    /// Sets EAs; an empty value removes one.
    fn set_eas(&self, eas: &[(&str, Vec<u8>)]) -> Result<(), Failure> {
        if eas.is_empty() {
            return Ok(());
        }
        self.volume
            .set_ea(self.id, &lx::full_ea_list(eas))
            .map_err(Failure::refused("set extended attributes"))
    }

    /// What FSCTL_SET_REPARSE_POINT_EX is to compare with; `None` for the plain call.
    fn expected_now(&self, expected: Expected) -> Result<Option<(SetExFlags, Tag, Guid)>, Failure> {
        lx::expected_now(expected, || self.found())
    }

    fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Failure> {
        const WHAT: &str = "delete the reparse point";
        let input = lx::delete_input(tag, guid, || self.found())?;
        self.volume
            .fs_control(self.id, FsctlCode::DELETE_REPARSE_POINT, &input.encode(), 0)
            .map_err(Failure::refused(WHAT))?;
        Ok(input.tag())
    }
}

/// Looks at one object, on one of many threads.
fn visit(item: &ScanItem<'_>, search: &Search<'_>) -> HostWalk {
    let path = || OsString::from_vec(item.path.to_vec());
    let seen = match &item.found {
        Scanned::File(None) | Scanned::Directory(None) => Seen::Nothing,
        Scanned::File(Some(value)) => stored(value, false, search, item.path),
        Scanned::Directory(Some(value)) => stored(value, true, search, item.path),
        Scanned::Special(kind) => {
            let tag = if *kind == NodeKind::Symlink { Tag::SYMLINK } else { Tag::NFS };
            if (search.wanted)(tag) { Seen::Elsewhere { path: path(), of_host: true } } else { Seen::Nothing }
        }
        Scanned::Fault(error) => {
            Seen::Failure { path: path(), failure: Failure::refused("look at")((*error).into()) }
        }
    };
    match (search.visit)(seen) {
        Walk::On => HostWalk::On,
        Walk::Stop => HostWalk::Stop,
    }
}

/// What the value of the attribute says.
fn stored(value: &[u8], directory: bool, search: &Search<'_>, path: &[u8]) -> Seen {
    let head = decode_head(value);
    if !(search.wanted)(head.tag) {
        return Seen::Nothing;
    }
    let path = OsStr::from_bytes(path).to_owned();
    match head.form {
        PointForm::Whole => Seen::Point(PointBelow { path, directory, tag: head.tag, bytes: value.to_vec() }),
        PointForm::Stub(_) | PointForm::Damaged | PointForm::HostFile => {
            Seen::Elsewhere { path, of_host: false }
        }
    }
}
