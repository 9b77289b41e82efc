//! How the facts of NT lie on a host: in extended attributes, in the form that Samba gives them, so that a tree can be
//! served by either in turn. docs/DISK-FORMAT.md says every byte.
//!
//! Nothing read here is trusted: anyone who can write a file can write its attributes.
mod dosattrib;
mod ea;
mod host_file;
mod ndr;
mod ntacl;
mod point;
mod room;
mod stream;

pub use dosattrib::{Changed, DosAttrib};
pub use ea::{EA_NAME_BYTES_MAX, EA_VALUE_BYTES_MAX, Ea, ea_list, ea_name_is_valid, ea_set, ea_size};
pub use host_file::SpecialForm;
pub use ntacl::NtAcl;
pub(crate) use point::is_buffer_of;
pub use point::{PointForm, PointHead, REPARSE_BYTES_MAX, decode_head, encode_stub};
pub use stream::{
    STREAM_BYTES_MAX, StreamEntry, StreamName, stream_create, stream_find, stream_list, stream_read,
    stream_remove, stream_rename, stream_write,
};

use core::fmt;
use nt::{FileAttributes, FileTime};

use super::{Glance, Host, HostError, HostFault, HostResult, NodeKind, NodeStat, Seen, Values};
use room::set_with_room;

/// Attributes and creation time.
pub const DOSATTRIB: &str = "user.DOSATTRIB";
/// The reparse point.
pub const SMB_REPARSE: &str = "user.SmbReparse";
/// The security descriptor.
pub const NTACL: &str = "security.NTACL";
/// The object id, with its birth and domain: FILE_OBJECTID_BUFFER.
pub const OBJECT_ID: &str = "user.pointsman.objectid";
/// What the names of EAs have before them.
const USER_PREFIX: &str = "user.";
/// What the names of streams have before them.
const STREAM_PREFIX: &str = "user.DosStream.";
/// What the names of a long stream's further attributes have before them.
const STREAM_EXTENT_PREFIX: &str = "user.DosStreamExt.";
/// Attributes that are no EAs: Samba's list, and the older spelling of its attributes.
const RESERVED_NAMES: [&str; 6] = [
    DOSATTRIB,
    SMB_REPARSE,
    "user.SAMBA_PAI",
    "user.SAMBA_STREAMS",
    "user.org.netatalk.Metadata",
    "user.DosEAs",
];
/// Beginnings of names of attributes that are no EAs. The last is this store's own.
const RESERVED_PREFIXES: [&str; 3] = [STREAM_PREFIX, STREAM_EXTENT_PREFIX, "user.pointsman."];

/// The attributes that a caller may set and that are kept. [MS-FSA] 2.1.5.15.2
pub const SETTABLE: FileAttributes = FileAttributes(
    FileAttributes::READONLY.0
        | FileAttributes::HIDDEN.0
        | FileAttributes::SYSTEM.0
        | FileAttributes::ARCHIVE.0
        | FileAttributes::TEMPORARY.0
        | FileAttributes::OFFLINE.0
        | FileAttributes::NOT_CONTENT_INDEXED.0
        | FileAttributes::NO_SCRUB_DATA.0
        | FileAttributes::PINNED.0
        | FileAttributes::UNPINNED.0,
);
/// The attributes that are believed when found on the disk: the others are derived, or not supported here.
const BELIEVED: FileAttributes = FileAttributes(SETTABLE.0 | FileAttributes::SPARSE_FILE.0);

/// How much later than its stamp the host's change time may be where a change time was set, in units of 100 ns: 20 ms, for
/// storing it is a change too, and a kernel's clock moves in steps. docs/DISK-FORMAT.md 2
const CHANGED_SLACK: u64 = 200_000;
/// How often a change time is stored because the machine was too slow for [`CHANGED_SLACK`].
const CHANGED_TRIES: usize = 4;

/// What the store knows of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Meta {
    /// The host's own facts.
    pub stat: NodeStat,
    /// The attributes as a query shows them: DIRECTORY and REPARSE_POINT say what is, NORMAL stands for none.
    pub attributes: FileAttributes,
    /// Creation time: the stored one, or the host's, or the oldest of the host's other times.
    pub created: FileTime,
    /// Change time: the one that was set, while nothing has changed since, or the host's.
    pub changed: FileTime,
    /// The reparse point, if there is one.
    pub point: Option<PointHead>,
    /// The attributes in `user.DOSATTRIB`, as they are there; `None` without (or with an unreadable) one.
    pub stored: Option<DosAttrib>,
}

/// Why a stored attribute could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttributeFault {
    /// It ends too early.
    Short,
    /// It has a version that nobody has written yet.
    Version(u16),
    /// Its parts contradict each other.
    Shape,
}

/// Everything about an object, in one stat and two reads of attributes. Unix files without `user.DOSATTRIB` have no
/// attributes, as with Samba's `store dos attributes`.
pub fn load<H: Host>(host: &H, node: &H::Node) -> HostResult<Meta> {
    load_as(host, node, SpecialForm::default())
}

/// As [`load`]; `form` says how special files of the host appear.
pub fn load_as<H: Host>(host: &H, node: &H::Node, form: SpecialForm) -> HostResult<Meta> {
    let seen = host.look_at(node, LOOKED_POINT_AND_ATTRIBUTES)?;
    of_seen(host, node, &seen, form)
}

/// The attributes that looks at an object ask for; each look for some of the first.
pub const LOOKED: [&str; 3] = [SMB_REPARSE, DOSATTRIB, NTACL];
const LOOKED_POINT: &[&str] = &[SMB_REPARSE];
const LOOKED_POINT_AND_ATTRIBUTES: &[&str] = &[SMB_REPARSE, DOSATTRIB];
/// Their places among [`LOOKED`].
const AT_POINT: usize = 0;
const AT_DOSATTRIB: usize = 1;
const AT_NTACL: usize = 2;

/// How much of an object is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// What it is.
    Kind,
    /// And its reparse point.
    Point,
    /// And its attributes.
    Attributes,
    /// And its security descriptor.
    Security,
}

impl Depth {
    /// The names that a look of this depth asks for.
    pub fn wanted(self) -> &'static [&'static str] {
        match self {
            Depth::Kind => &[],
            Depth::Point => LOOKED_POINT,
            Depth::Attributes => LOOKED_POINT_AND_ATTRIBUTES,
            Depth::Security => &LOOKED,
        }
    }
}

/// What a look at an object comes to. What it did not ask for reads as none.
pub fn of_seen<H: Host>(host: &H, node: &H::Node, seen: &Seen, form: SpecialForm) -> HostResult<Meta> {
    let stat = seen.stat;
    if !matches!(stat.kind, NodeKind::File | NodeKind::Directory) {
        return Ok(Meta::new(stat, None, Some(host_file::head(host, node, &stat, form)?)));
    }
    let (stored, point) = match &seen.values {
        Some(values) => {
            let stored = values.get(AT_DOSATTRIB).flatten();
            let stored = stored.and_then(|value| DosAttrib::decode(value).ok());
            (stored, values.get(AT_POINT).flatten().map(decode_head))
        }
        None => (
            stored_attributes(host, node)?,
            optional(host.xattr(node, SMB_REPARSE))?.map(|value| decode_head(&value)),
        ),
    };
    Ok(Meta::new(stat, stored, point))
}

/// The reparse point among values that a look gave, if it asked for it.
pub fn point_in(values: &Values) -> Option<Option<&[u8]>> {
    values.get(AT_POINT)
}

/// What [`NTACL`] has among values that a look gave, if it asked for it.
pub fn security_in(values: &Values) -> Option<Option<&[u8]>> {
    values.get(AT_NTACL)
}

/// The attributes that [`of_glance`] wants values of.
pub const GLANCED: [&str; 2] = [DOSATTRIB, SMB_REPARSE];

/// What [`load`] would give of an entry that was glanced at, and whether it has EAs.
pub fn of_glance(glance: &Glance) -> (Meta, bool) {
    let value = |wanted: &str| {
        let found = glance.xattrs.iter().find(|(name, _)| name == wanted);
        found.and_then(|(_, value)| value.as_deref())
    };
    let stored = value(DOSATTRIB).and_then(|value| DosAttrib::decode(value).ok());
    let has_eas = glance.xattrs.iter().any(|(name, _)| ea::is_ea(name));
    (Meta::new(glance.stat, stored, value(SMB_REPARSE).map(decode_head)), has_eas)
}

/// The reparse point of a file or directory, and what is stored of its attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// The reparse point, if there is one.
    pub point: Option<PointHead>,
    /// Whether [`DOSATTRIB`] has the bit for it.
    pub mark: Mark,
}

/// Samba's REPARSE_POINT bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// What [`DOSATTRIB`] has; `None` where there is none that can be read.
    Read(Option<DosAttrib>),
    /// It is set, as was seen before.
    Known,
}

impl Default for Mark {
    fn default() -> Mark {
        Mark::Read(None)
    }
}

/// What a set must know of a file or directory. One that is bare costs one look, at the names of its attributes; one with
/// attributes a look more for each of the two. `marked` says that the object had a point when it was last looked at, and
/// the bit for it: if it still has one, that is all, and the bit is not looked at again.
pub fn held<H: Host>(host: &H, node: &H::Node, marked: bool) -> HostResult<Held> {
    let read_point = || Ok(optional(host.xattr(node, SMB_REPARSE))?.map(|value| decode_head(&value)));
    if marked && let Some(point) = read_point()? {
        return Ok(Held { point: Some(point), mark: Mark::Known });
    }
    let names = names(host, node)?;
    let has = |name: &str| names.iter().any(|found| found == name);
    let stored = if has(DOSATTRIB) { stored_attributes(host, node)? } else { None };
    let point = if has(SMB_REPARSE) { read_point()? } else { None };
    Ok(Held { point, mark: Mark::Read(stored) })
}

impl Meta {
    /// Puts together what was read.
    pub fn new(stat: NodeStat, stored: Option<DosAttrib>, point: Option<PointHead>) -> Meta {
        let kept = stored.unwrap_or_default();
        let created = kept.created.or(stat.born);
        let is_as_set = |set: &Changed| stat.changed.0 <= set.stamp.0.saturating_add(CHANGED_SLACK);
        let changed = kept.changed.filter(is_as_set).map_or(stat.changed, |set| set.time);
        Meta {
            attributes: shown(kept.attributes, &stat, point.is_some()),
            created: created.unwrap_or_else(|| stat.accessed.min(stat.modified).min(stat.changed)),
            changed,
            stat,
            point,
            stored,
        }
    }

    /// True for a directory.
    pub fn is_directory(&self) -> bool {
        self.stat.kind == NodeKind::Directory
    }
}

/// The attributes as a query shows them.
fn shown(stored: FileAttributes, stat: &NodeStat, has_point: bool) -> FileAttributes {
    let mut shown = stored & BELIEVED;
    if stat.kind == NodeKind::Directory {
        shown |= FileAttributes::DIRECTORY;
    }
    if has_point {
        shown |= FileAttributes::REPARSE_POINT;
    }
    if stat.compressed {
        shown |= FileAttributes::COMPRESSED;
    }
    if shown.is_empty() { FileAttributes::NORMAL } else { shown }
}

/// The whole reparse buffer, header included; `None` where the object is no reparse point.
pub fn point<H: Host>(host: &H, node: &H::Node) -> HostResult<Option<Vec<u8>>> {
    point_as(host, node, SpecialForm::default())
}

/// As [`point()`]; `form` says how special files of the host appear.
pub fn point_as<H: Host>(host: &H, node: &H::Node, form: SpecialForm) -> HostResult<Option<Vec<u8>>> {
    let seen = host.look_at(node, LOOKED_POINT)?;
    if !matches!(seen.stat.kind, NodeKind::File | NodeKind::Directory) {
        return host_file::buffer(host, node, &seen.stat, form).map(Some);
    }
    let value = match seen.values.as_ref().and_then(point_in) {
        Some(value) => value.map(<[u8]>::to_vec),
        None => optional(host.xattr(node, SMB_REPARSE))?,
    };
    value.map(|value| whole_point(host, node, value)).transpose()
}

/// The whole buffer of what is stored of a reparse point.
pub fn whole_point<H: Host>(host: &H, node: &H::Node, value: Vec<u8>) -> HostResult<Vec<u8>> {
    let corrupt = HostError { call: "point", fault: HostFault::Corrupt };
    let head = decode_head(&value);
    match head.form {
        PointForm::Whole => Ok(value),
        PointForm::Stub(id) => {
            let buffer = host.blob(node, id)?.ok_or(corrupt)?;
            is_buffer_of(&buffer, &head).map_err(|_| corrupt)?;
            Ok(buffer)
        }
        PointForm::HostFile | PointForm::Damaged => Err(corrupt),
    }
}

/// Sets or replaces the reparse point, in one step: `buffer` is kept byte for byte. Then `user.DOSATTRIB` gets the
/// REPARSE_POINT bit, if it lacks it, for Samba's eyes only.
pub fn set_point<H: Host>(host: &H, node: &H::Node, buffer: &[u8]) -> HostResult<()> {
    let stored = stored_attributes(host, node)?;
    set_point_from(host, node, Mark::Read(stored), buffer).map(drop)
}

/// As [`set_point`], for a caller that has just looked at the object: `known` is [`Held::mark`]. True when the bit is set
/// now.
pub fn set_point_from<H: Host>(host: &H, node: &H::Node, known: Mark, buffer: &[u8]) -> HostResult<bool> {
    room::set_point(host, node, buffer)?;
    match known {
        Mark::Known => Ok(true),
        Mark::Read(stored) => mark(host, node, stored, true),
    }
}

/// Removes the reparse point, in one step; false when there was none. Then the bit for Samba goes.
pub fn remove_point<H: Host>(host: &H, node: &H::Node) -> HostResult<bool> {
    let was_there = host.remove_xattr(node, SMB_REPARSE)?;
    mark(host, node, stored_attributes(host, node)?, false)?;
    Ok(was_there)
}

/// Brings Samba's REPARSE_POINT bit in line, and says whether it is. Where there is no room for it, there is none: it is no
/// truth of ours.
fn mark<H: Host>(host: &H, node: &H::Node, stored: Option<DosAttrib>, set: bool) -> HostResult<bool> {
    let kept = stored.unwrap_or_default();
    if kept.attributes.contains(FileAttributes::REPARSE_POINT) == set {
        return Ok(true);
    }
    let bare = kept.attributes.without(FileAttributes::REPARSE_POINT | FileAttributes::NORMAL);
    let attributes = if set { bare | FileAttributes::REPARSE_POINT } else { bare };
    let value = DosAttrib { attributes, ..kept.without_changed() }.encode();
    match set_with_room(host, node, DOSATTRIB, &value) {
        Err(HostError { fault: HostFault::AttributesFull, .. }) => Ok(false),
        other => other.map(|()| true),
    }
}

/// Brings Samba's REPARSE_POINT bit in line with the truth, for the check. False when it was right already.
pub fn mark_truth<H: Host>(host: &H, node: &H::Node, meta: &Meta) -> HostResult<bool> {
    let bit = meta.stored.is_some_and(|stored| stored.attributes.contains(FileAttributes::REPARSE_POINT));
    mark(host, node, meta.stored, meta.point.is_some())?;
    Ok(bit != meta.point.is_some())
}

/// Stores attributes: of `attributes` those in [`SETTABLE`]; the rest stays as it is.
pub fn set_attributes<H: Host>(host: &H, node: &H::Node, attributes: FileAttributes) -> HostResult<()> {
    set_basic(host, node, Some(attributes), None)
}

/// As [`set_attributes`], for an object that was just made and has none; tells what is stored.
pub fn set_first_attributes<H: Host>(
    host: &H,
    node: &H::Node,
    attributes: FileAttributes,
) -> HostResult<Option<DosAttrib>> {
    let attributes = (attributes & SETTABLE).without(FileAttributes::NORMAL);
    if attributes.is_empty() {
        return Ok(None);
    }
    let new = DosAttrib { attributes, ..DosAttrib::default() };
    set_with_room(host, node, DOSATTRIB, &new.encode())?;
    Ok(Some(new))
}

/// Stores whether the file is sparse.
pub fn set_sparse<H: Host>(host: &H, node: &H::Node, sparse: bool) -> HostResult<()> {
    let kept = stored_attributes(host, node)?.unwrap_or_default();
    let bare = kept.attributes.without(FileAttributes::SPARSE_FILE | FileAttributes::NORMAL);
    let attributes = if sparse { bare | FileAttributes::SPARSE_FILE } else { bare };
    if attributes == kept.attributes {
        return Ok(());
    }
    set_with_room(host, node, DOSATTRIB, &DosAttrib { attributes, ..kept.without_changed() }.encode())
}

/// Stores the creation time.
pub fn set_created<H: Host>(host: &H, node: &H::Node, created: FileTime) -> HostResult<()> {
    set_basic(host, node, None, Some(created))
}

/// Stores attributes, creation time or both, in one step; writes nothing when nothing changes.
pub fn set_basic<H: Host>(
    host: &H,
    node: &H::Node,
    attributes: Option<FileAttributes>,
    created: Option<FileTime>,
) -> HostResult<()> {
    let stored = stored_attributes(host, node)?;
    let kept = stored.unwrap_or_default();
    let attributes =
        attributes.map_or(kept.attributes, |wanted| (wanted & SETTABLE) | kept.attributes.without(SETTABLE));
    let new = DosAttrib {
        attributes: attributes.without(FileAttributes::NORMAL),
        created: created.or(kept.created),
        changed: None,
    };
    if stored.map(DosAttrib::without_changed) == Some(new)
        || (stored.is_none() && new == DosAttrib::default())
    {
        return Ok(());
    }
    set_with_room(host, node, DOSATTRIB, &new.encode())
}

/// Sets the change time, which is shown until the object changes again. A host's own link or special file has no place for it,
/// nor has an object whose attributes are full: then it stays the host's.
pub fn set_changed<H: Host>(host: &H, node: &H::Node, time: FileTime) -> HostResult<()> {
    let kept = stored_attributes(host, node)?.unwrap_or_default();
    let mut stamp = host.now();
    for _ in 0..CHANGED_TRIES {
        let value = DosAttrib { changed: Some(Changed { time, stamp }), ..kept }.encode();
        match set_with_room(host, node, DOSATTRIB, &value) {
            Err(HostError { fault: HostFault::NotSupported | HostFault::AttributesFull, .. }) => {
                return Ok(());
            }
            other => other?,
        }
        let changed = host.stat(node)?.changed;
        if changed.0 <= stamp.0.saturating_add(CHANGED_SLACK) {
            return Ok(());
        }
        stamp = changed;
    }
    Ok(())
}

/// The object id; one of another length is as none.
pub fn object_id<H: Host>(host: &H, node: &H::Node) -> HostResult<Option<[u8; 64]>> {
    Ok(optional(host.xattr(node, OBJECT_ID))?.and_then(|value| value.try_into().ok()))
}

/// Stores the object id, or removes it.
pub fn set_object_id<H: Host>(host: &H, node: &H::Node, id: Option<&[u8; 64]>) -> HostResult<()> {
    match id {
        Some(id) => set_with_room(host, node, OBJECT_ID, id),
        None => host.remove_xattr(node, OBJECT_ID).map(drop),
    }
}

/// The security descriptor, self-relative; `None` where none is stored or the host lets nobody store one.
pub fn security<H: Host>(host: &H, node: &H::Node) -> HostResult<Option<Vec<u8>>> {
    Ok(stored_acl(host, node)?.map(|acl| acl.descriptor))
}

/// Stores a security descriptor, self-relative. What `security.NTACL` held besides stays: the hashes of the host's
/// permissions, which this does not change.
pub fn set_security<H: Host>(host: &H, node: &H::Node, descriptor: &[u8]) -> HostResult<()> {
    let acl = match stored_acl(host, node)? {
        Some(acl) => acl.with_descriptor(descriptor.to_vec()),
        None => NtAcl::new(descriptor.to_vec()),
    };
    let value = acl.encode().map_err(|_| HostError { call: "set_security", fault: HostFault::Corrupt })?;
    set_with_room(host, node, NTACL, &value)
}

/// As [`set_security`], for an object that was just made and has none.
pub fn set_first_security<H: Host>(host: &H, node: &H::Node, descriptor: &[u8]) -> HostResult<()> {
    let acl = NtAcl::new(descriptor.to_vec());
    let value = acl.encode().map_err(|_| HostError { call: "set_security", fault: HostFault::Corrupt })?;
    set_with_room(host, node, NTACL, &value)
}

/// `security.NTACL` as it is stored; one that may not be read is as none.
pub fn security_value<H: Host>(host: &H, node: &H::Node) -> HostResult<Option<Vec<u8>>> {
    match optional(host.xattr(node, NTACL)) {
        Err(HostError { fault: HostFault::Denied, .. }) => Ok(None),
        other => other,
    }
}

/// `security.NTACL`; an unreadable one is as none.
fn stored_acl<H: Host>(host: &H, node: &H::Node) -> HostResult<Option<NtAcl>> {
    Ok(security_value(host, node)?.and_then(|value| NtAcl::decode(&value).ok()))
}

/// `user.DOSATTRIB`; an unreadable one is as none, as with Samba. The check finds it.
fn stored_attributes<H: Host>(host: &H, node: &H::Node) -> HostResult<Option<DosAttrib>> {
    Ok(optional(host.xattr(node, DOSATTRIB))?.and_then(|value| DosAttrib::decode(&value).ok()))
}

/// The names of an object's attributes; none where the host has none for it.
fn names<H: Host>(host: &H, node: &H::Node) -> HostResult<Vec<String>> {
    match host.xattr_names(node) {
        Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(Vec::new()),
        other => other,
    }
}

/// An attribute that the host cannot have is one that is not there.
fn optional(read: HostResult<Option<Vec<u8>>>) -> HostResult<Option<Vec<u8>>> {
    match read {
        Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(None),
        other => other,
    }
}

impl fmt::Display for AttributeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AttributeFault::Short => f.write_str("it ends too early"),
            AttributeFault::Version(version) => write!(f, "version {version} is unknown"),
            AttributeFault::Shape => f.write_str("its parts contradict each other"),
        }
    }
}

impl core::error::Error for AttributeFault {}
