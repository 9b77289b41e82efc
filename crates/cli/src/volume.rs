//! What commands do to objects, in the terms of the user: an object by its path, a point found on it, a point to set.
//! The only file of the command that knows the object store's calls.
use crate::args::PlaceArgs;
use crate::fault::Fault;
use crate::fault_of::{open_fault, place_fault, refusal_fault};
use crate::login::Remotes;
use crate::point::build::Wanted;
use crate::remote_object::RemoteObject;
use crate::scan::Scanned;
use fsa::host::linux::{LinuxHost, LinuxNode};
use fsa::host::{Host, meta};
use fsa::{Hop, OpenError, OpenId, OpenRequest, SecurityContext, TargetFault, Why};
use nt::security::Privileges;
use nt::{AccessMask, CreateAction, CreateDisposition, CreateOptions, FsctlCode, Guid, NtStatus, Utf16};
use places::{Place, Places, Spot};
use remote::{Address, Evaluation};
use reparse::lx_ea::{LX_DEVICE, LX_GID, LX_MODE, LX_UID, LxMetadata};
use reparse::{Oddity, REPARSE_BYTES_MAX, RawReparse, SetEx, SetExFlags, Tag};
use serde::Deserialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to make where there is no object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CreateKind {
    /// An empty file
    File,
    /// An empty directory
    Dir,
}

/// When a change counts as done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Durability {
    /// When it is on the disk
    #[default]
    WriteThrough,
    /// When the host has it; a crash of the machine may undo it, whole
    Deferred,
}

/// What a set expects of the object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// The same tag or none: FSCTL_SET_REPARSE_POINT.
    SameTagOrNone,
    /// This tag (none at all for `None`): FSCTL_SET_REPARSE_POINT_EX.
    Tag { tag: Option<Tag>, guid: Option<Guid>, or_none: bool },
    /// Whatever is there: looked at first, then FSCTL_SET_REPARSE_POINT_EX.
    Whatever,
}

/// A set, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SetRequest {
    pub(crate) wanted: Wanted,
    pub(crate) expected: Expected,
    pub(crate) create: Option<CreateKind>,
}

/// A point as it was found, and what carries it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) point: RawReparse,
    /// What is odd about the envelope.
    pub(crate) oddities: Vec<Oddity>,
    pub(crate) directory: bool,
    pub(crate) lx: LxMetadata,
    /// Bytes of data; looked up by [`Object::get_whole`] alone, as are the names after it.
    pub(crate) size: u64,
    pub(crate) other_eas: Vec<String>,
    pub(crate) streams: Vec<String>,
}

/// The volumes that the paths of one command lie on, opened when first met.
pub(crate) struct Volumes {
    places: Places,
    context: SecurityContext,
    remotes: Remotes,
    /// What drives and shares are on servers.
    remote_drives: Vec<(reparse::Volume, Address)>,
    /// What drives and shares are directories of this machine.
    local_drives: Vec<places::Drive>,
}

/// An object by its path. It need not exist.
pub(crate) struct Object {
    at: At,
    shown: String,
}

/// Where an object is.
pub(crate) enum At {
    /// On a volume of this machine.
    Local(LocalObject),
    /// On a share.
    Remote(RemoteObject),
}

/// An object on a volume of this machine.
pub(crate) struct LocalObject {
    spot: Spot,
    context: SecurityContext,
}

/// Where a path leads.
pub(crate) struct Resolution {
    pub(crate) hops: Vec<Hop>,
    pub(crate) end: Result<End, Fault>,
}

/// The object at the end of a path.
pub(crate) struct End {
    pub(crate) host_path: PathBuf,
    pub(crate) directory: bool,
}

/// The rights to look at a point and at what belongs to it.
pub(crate) const LX_NAMES: [&str; 4] = [LX_UID, LX_GID, LX_MODE, LX_DEVICE];
const LOOK: AccessMask = AccessMask(AccessMask::FILE_READ_ATTRIBUTES.0 | AccessMask::FILE_READ_EA.0);
/// The rights to change a point and the EAs that belong to it.
const CHANGE: AccessMask = AccessMask(
    AccessMask::FILE_WRITE_ATTRIBUTES.0 | AccessMask::FILE_READ_ATTRIBUTES.0 | AccessMask::FILE_WRITE_EA.0,
);

impl Volumes {
    /// As the options say.
    pub(crate) fn new(args: &PlaceArgs) -> Result<Volumes, Fault> {
        let (mut remote_drives, mut local_drives) = (Vec::new(), Vec::new());
        for drive in &args.drives {
            match Place::parse(drive.0.directory.as_os_str()) {
                Place::Smb(text) => remote_drives.push((drive.0.volume.clone(), address_of(&text)?)),
                _ => local_drives.push(drive.0.clone()),
            }
        }
        let places = Places::new(args.root.as_deref(), local_drives.clone()).map_err(place_fault)?;
        let mut context = SecurityContext::superuser();
        if args.no_privilege {
            context.token.privileges = context.token.privileges.without(Privileges::CREATE_SYMBOLIC_LINK);
        }
        let remotes = Remotes::new(&args.remote);
        Ok(Volumes { places, context, remotes, remote_drives, local_drives })
    }

    /// With this durability for what is changed.
    pub(crate) fn durability(mut self, durability: Durability) -> Volumes {
        self.places = self.places.durability(match durability {
            Durability::WriteThrough => fsa::Durability::WriteThrough,
            Durability::Deferred => fsa::Durability::Deferred,
        });
        self
    }

    /// The object at `path`, which is not followed.
    pub(crate) fn object(&mut self, path: &Path) -> Result<Object, Fault> {
        let shown = path.display().to_string();
        let at = match Place::parse(path.as_os_str()) {
            Place::Smb(text) => At::Remote(self.remote(&address_of(&text)?)?),
            place => At::Local(self.local(&place.into_host().map_err(place_fault)?)?),
        };
        Ok(Object { at, shown })
    }

    pub(crate) fn local(&mut self, path: &Path) -> Result<LocalObject, Fault> {
        let spot = self.places.spot(path).map_err(place_fault)?;
        Ok(LocalObject { spot, context: self.context.clone() })
    }

    pub(crate) fn remote(&mut self, address: &Address) -> Result<RemoteObject, Fault> {
        let share = self.remotes.share(address)?;
        Ok(RemoteObject { share, address: address.clone(), evaluation: self.remotes.evaluation() })
    }

    /// What drives and shares are on servers.
    pub(crate) fn remote_drives(&self) -> &[(reparse::Volume, Address)] {
        &self.remote_drives
    }

    /// What drives and shares are directories of this machine.
    pub(crate) fn local_drives(&self) -> &[places::Drive] {
        &self.local_drives
    }

    /// Which links are followed.
    pub(crate) fn evaluation(&self) -> Evaluation {
        self.remotes.evaluation()
    }

    /// Returns when all that was changed is on the disk.
    pub(crate) fn sync(&self) -> Result<(), Fault> {
        self.places.volumes().try_for_each(|volume| {
            volume.host().sync_all().map_err(|error| refusal_fault("flush the volume", &error.into()))
        })
    }

    /// Why a link that was found leads nowhere; `None` when it leads to an object.
    pub(crate) fn dangles(&mut self, scanned: &Scanned) -> Option<String> {
        match self.resolve(&scanned.path) {
            Ok(resolution) => resolution.end.err().map(|fault| fault.short()),
            Err(fault) => Some(fault.short()),
        }
    }
}

impl Object {
    /// The path as the user wrote it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Where it is.
    pub(crate) fn into_at(self) -> At {
        self.at
    }

    /// The point, and what belongs to it.
    pub(crate) fn get(&self) -> Result<Found, Fault> {
        match &self.at {
            At::Local(object) => object.get(),
            At::Remote(object) => object.get(),
        }
    }

    /// The point, and what else the object has.
    pub(crate) fn get_whole(&self) -> Result<Found, Fault> {
        match &self.at {
            At::Local(object) => object.get_whole(),
            At::Remote(object) => object.get_whole(),
        }
    }

    /// Sets a point. What was made for it goes again if it is refused.
    pub(crate) fn set(&self, request: &SetRequest) -> Result<(), Fault> {
        match &self.at {
            At::Local(object) => object.set(request),
            At::Remote(object) => object.set(request),
        }
    }

    /// Removes the point; with a tag or a GUID, only if it has them. Gives the tag that was there.
    pub(crate) fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Fault> {
        match &self.at {
            At::Local(object) => object.delete(tag, guid),
            At::Remote(object) => object.delete(tag, guid),
        }
    }
}

/// The address that a text names.
fn address_of(text: &OsStr) -> Result<Address, Fault> {
    const WHAT: &str = "read the address";
    let address = text.to_str().ok_or_else(|| Fault::usage(WHAT, "an address is UTF-8"))?;
    Address::parse(address).map_err(|error| {
        Fault::usage(WHAT, error)
            .of(text.to_string_lossy())
            .next("write it smb://[user@]host[:port]/share/path")
    })
}

impl LocalObject {
    fn get(&self) -> Result<Found, Fault> {
        self.opened("open", LOOK, None, |open| open.found())
    }

    fn get_whole(&self) -> Result<Found, Fault> {
        self.opened("open", LOOK, None, |open| {
            let mut found = open.found()?;
            open.add_rest(&mut found)?;
            Ok(found)
        })
    }

    fn set(&self, request: &SetRequest) -> Result<(), Fault> {
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

    fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Fault> {
        self.opened("open", CHANGE, None, |open| open.delete(tag, guid))
    }

    /// The path from its volume's root.
    pub(crate) fn path(&self) -> &Utf16 {
        &self.spot.path
    }

    /// Where the path leads, through every link, as Windows would follow them; and whether the last leads to a drive or a
    /// share that is not on this volume.
    pub(crate) fn resolve(&self) -> (Resolution, bool) {
        let request = OpenRequest::existing(self.spot.path.units(), AccessMask::FILE_READ_ATTRIBUTES);
        let (opened, hops) = self.spot.volume.open_tracing(&self.context, &request);
        let unknown = matches!(&opened, Err(OpenError::Refused(refusal))
            if refusal.why == Why::Target(TargetFault::UnknownDevice));
        let end = opened.map_err(|error| self.unfollowed(&hops, &error)).and_then(|opened| {
            let open =
                self.spot.volume.open_of(opened.id).map_err(|refusal| refusal_fault("follow", &refusal))?;
            let (path, directory) = (open.path(), open.file.is_directory());
            drop(open);
            self.spot.volume.close(opened.id).map_err(|refusal| refusal_fault("close", &refusal))?;
            Ok(End { host_path: self.spot.host_path_of(&path), directory })
        });
        (Resolution { hops, end }, unknown)
    }

    /// The volume, and the object on its host, which must be a directory.
    pub(crate) fn directory_node(&self) -> Result<(Arc<fsa::Volume<LinuxHost>>, LinuxNode), Fault> {
        let node = self.opened("open", LOOK, None, |open| {
            let open = open.volume.open_of(open.id).map_err(|refusal| refusal_fault("open", &refusal))?;
            if !open.file.is_directory() {
                return Err(Fault::status("open", NtStatus::NOT_A_DIRECTORY).next("name a directory"));
            }
            Ok(open.file.node())
        })?;
        Ok((Arc::clone(&self.spot.volume), node))
    }

    /// Why a path could not be followed, in terms of its last hop.
    fn unfollowed(&self, hops: &[Hop], error: &OpenError) -> Fault {
        let last = hops.last().and_then(|hop| hop.resumed.as_ref());
        let fault = open_fault("follow", last.unwrap_or(&self.spot.path), error);
        let missing =
            matches!(error.status(), NtStatus::OBJECT_NAME_NOT_FOUND | NtStatus::OBJECT_PATH_NOT_FOUND);
        match last {
            Some(_) if missing => fault.next("make what the last hop leads to, or set the link anew"),
            _ => fault,
        }
    }

    /// Opens the object itself, whatever tag it has, acts, and closes it.
    fn opened<T>(
        &self,
        what: &'static str,
        access: AccessMask,
        create: Option<CreateKind>,
        act: impl FnOnce(&OpenObject<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut request = OpenRequest::existing(self.spot.path.units(), access);
        request.options = CreateOptions::OPEN_REPARSE_POINT;
        if let Some(kind) = create {
            request.disposition = CreateDisposition::OPEN_IF;
            request.options |= match kind {
                CreateKind::File => CreateOptions::NON_DIRECTORY_FILE,
                CreateKind::Dir => CreateOptions::DIRECTORY_FILE,
            };
        }
        let opened = self.spot.volume.open(&self.context, &request);
        let opened = opened.map_err(|error| open_fault(what, &self.spot.path, &error))?;
        let open = OpenObject {
            volume: &self.spot.volume,
            id: opened.id,
            made: opened.action == CreateAction::CREATED,
        };
        let done = act(&open);
        let closed = self.spot.volume.close(opened.id).map_err(|refusal| refusal_fault("close", &refusal));
        done.and_then(|value| closed.map(|()| value))
    }

    /// Takes away an object that was made for a point that was then refused. If that fails too, an empty object stays;
    /// the refusal is what the user must hear of.
    fn remove(&self) {
        let mut request = OpenRequest::existing(self.spot.path.units(), AccessMask::DELETE);
        request.options = CreateOptions::OPEN_REPARSE_POINT | CreateOptions::DELETE_ON_CLOSE;
        if let Ok(opened) = self.spot.volume.open(&self.context, &request) {
            let _ = self.spot.volume.close(opened.id);
        }
    }
}

/// An object while it is open.
struct OpenObject<'a> {
    volume: &'a fsa::Volume<LinuxHost>,
    id: OpenId,
    made: bool,
}

impl OpenObject<'_> {
    fn found(&self) -> Result<Found, Fault> {
        let refused = |refusal| refusal_fault("get the reparse point", &refusal);
        let reply = self
            .volume
            .fs_control(self.id, FsctlCode::GET_REPARSE_POINT, &[], REPARSE_BYTES_MAX)
            .map_err(refused)?;
        let (point, oddities) = RawReparse::decode(&reply.output).map_err(|error| {
            Fault::input("read the stored reparse point", error).next("run `pointsman check`")
        })?;
        let open = self.volume.open_of(self.id).map_err(refused)?;
        let directory = open.file.is_directory();
        let lx = if may_have_lx(point.tag()) { self.lx()? } else { LxMetadata::default() };
        Ok(Found { point, oddities, directory, lx, size: 0, other_eas: Vec::new(), streams: Vec::new() })
    }

    /// The EAs of the Subsystem for Linux. One of a wrong length is as good as none, to Windows too.
    fn lx(&self) -> Result<LxMetadata, Fault> {
        let eas = self.eas()?;
        let pairs =
            eas.iter().filter_map(|ea| Some((std::str::from_utf8(&ea.name).ok()?, ea.value.as_slice())));
        Ok(LxMetadata::decode(pairs).unwrap_or_default())
    }

    fn eas(&self) -> Result<Vec<meta::Ea>, Fault> {
        let open = self.volume.open_of(self.id).map_err(|refusal| refusal_fault("read EAs", &refusal))?;
        meta::ea_list(self.volume.host(), &open.file.node())
            .map_err(|error| refusal_fault("read EAs", &error.into()))
    }

    /// What a copy of the point does not carry.
    fn add_rest(&self, found: &mut Found) -> Result<(), Fault> {
        let open =
            self.volume.open_of(self.id).map_err(|refusal| refusal_fault("look at the object", &refusal))?;
        let (host, node) = (self.volume.host(), open.file.node());
        let failed = |error: fsa::host::HostError| refusal_fault("look at the object", &error.into());
        found.size = host.stat(&node).map_err(failed)?.size;
        let is_lx = |name: &[u8]| LX_NAMES.iter().any(|lx| lx.as_bytes().eq_ignore_ascii_case(name));
        let others = self.eas()?.into_iter().filter(|ea| !is_lx(&ea.name));
        found.other_eas = others.map(|ea| String::from_utf8_lossy(&ea.name).into_owned()).collect();
        let streams = meta::stream_list(host, &node).map_err(failed)?;
        found.streams = streams.iter().map(|stream| stream.name.to_string()).collect();
        Ok(())
    }

    /// The EAs first, then the point, as WSL does: what has a WSL tag has its EAs. (openvmm, lxutil)
    fn set(&self, request: &SetRequest) -> Result<(), Fault> {
        const WHAT: &str = "set the reparse point";
        let bytes = &request.wanted.bytes;
        let (code, input) = match self.expected_now(request.expected)? {
            None => (FsctlCode::SET_REPARSE_POINT, bytes.clone()),
            Some((flags, tag, guid)) => {
                // decoded only to be put into the other form: what is wrong with it, the store says first
                let point =
                    RawReparse::decode_set(bytes).map_err(|error| refusal_fault(WHAT, &error.into()))?;
                let input = SetEx { flags, existing_tag: tag, existing_guid: guid, point };
                (FsctlCode::SET_REPARSE_POINT_EX, input.encode())
            }
        };
        let before = if request.wanted.lx == LxMetadata::default() { Vec::new() } else { self.eas()? };
        self.set_eas(&request.wanted.lx.encode())?;
        let done = self.volume.fs_control(self.id, code, &input, 0).map(|_| ());
        done.map_err(|refusal| {
            let old = |name: &str| before.iter().find(|ea| ea.name.eq_ignore_ascii_case(name.as_bytes()));
            let names = request.wanted.lx.encode().into_iter().map(|(name, _)| name);
            let eas = names.map(|name| (name, old(name).map(|ea| ea.value.clone()).unwrap_or_default()));
            // the refusal is what the user must hear of, whatever becomes of this
            let _ = self.set_eas(&eas.collect::<Vec<_>>());
            refusal_fault(WHAT, &refusal)
        })
    }

    /// Sets EAs; an empty value removes one.
    fn set_eas(&self, eas: &[(&str, Vec<u8>)]) -> Result<(), Fault> {
        if eas.is_empty() {
            return Ok(());
        }
        self.volume
            .set_ea(self.id, &full_ea_list(eas))
            .map_err(|refusal| refusal_fault("set extended attributes", &refusal))
    }

    /// What FSCTL_SET_REPARSE_POINT_EX is to compare with; `None` for the plain call.
    fn expected_now(&self, expected: Expected) -> Result<Option<(SetExFlags, Tag, Guid)>, Fault> {
        match expected {
            Expected::SameTagOrNone => Ok(None),
            Expected::Tag { tag, guid, or_none } => {
                let flags = if or_none { SetExFlags::GIVEN_TAG_OR_NONE } else { SetExFlags(0) };
                Ok(Some((flags, tag.unwrap_or(Tag::RESERVED_ZERO), guid.unwrap_or(Guid::NIL))))
            }
            Expected::Whatever => match self.found() {
                Ok(found) => {
                    Ok(Some((SetExFlags(0), found.point.tag(), found.point.guid().unwrap_or(Guid::NIL))))
                }
                Err(fault) if fault.is_status(NtStatus::NOT_A_REPARSE_POINT) => Ok(None),
                Err(fault) => Err(fault),
            },
        }
    }

    fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Fault> {
        const WHAT: &str = "delete the reparse point";
        let (tag, guid) = match (tag, guid) {
            (Some(tag), guid) => (tag, guid),
            (None, _) => {
                let found = self.found()?;
                (found.point.tag(), found.point.guid().filter(|_| !found.point.tag().is_microsoft()))
            }
        };
        // a header alone: too short for its tag only where the user left the GUID out, which the store then says
        let input = RawReparse::new(tag, guid, &[]).map_err(|error| Fault::input(WHAT, error))?;
        self.volume
            .fs_control(self.id, FsctlCode::DELETE_REPARSE_POINT, &input.encode(), 0)
            .map_err(|refusal| refusal_fault(WHAT, &refusal))?;
        Ok(tag)
    }
}

/// A FILE_FULL_EA_INFORMATION list: offset of the next entry, flags, length of the name, length of the value, the name
/// and a NUL, the value; each entry begins at a multiple of four. [MS-FSCC] 2.4.16
pub(crate) fn full_ea_list(eas: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for (number, (name, value)) in eas.iter().enumerate() {
        let len = (8 + name.len() + 1 + value.len()).next_multiple_of(4);
        let next = if number + 1 == eas.len() { 0 } else { len };
        list.extend_from_slice(&u32::try_from(next).unwrap_or(0).to_le_bytes());
        list.extend_from_slice(&[0, u8::try_from(name.len()).unwrap_or(0)]);
        list.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
        list.extend_from_slice(name.as_bytes());
        list.push(0);
        list.extend_from_slice(value);
        list.resize(list.len().next_multiple_of(4), 0);
    }
    list
}

/// Tags whose points need EAs, or may have them.
pub(crate) fn may_have_lx(tag: Tag) -> bool {
    matches!(tag, Tag::LX_SYMLINK | Tag::LX_FIFO | Tag::LX_CHR | Tag::LX_BLK | Tag::AF_UNIX)
}
