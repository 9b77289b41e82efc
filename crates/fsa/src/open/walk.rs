//! Locating the object that a path names, over every link in it. [MS-FSA] 2.1.5.1 phase 6; docs/SPEC-NOTES.md 3 to 9
use super::parameters::{asks_attributes, makes_missing, reads_attributes_only};
use super::target::{LinkTarget, is_link};
use super::trace::Hop;
use super::{Follow, OpenError, OpenRequest, RETRIES_MAX, StoppedOnSymlink};
use crate::context::SecurityContext;
use crate::host::meta::{self, Depth};
use crate::host::name::decode;
use crate::host::{Aim, Host, HostName, HostResult, Look, Looked, NodeId, NodeStat};
use crate::link::{LinkState, Place};
use crate::object::Object;
use crate::opens::OpenId;
use crate::path::{BACKSLASH, Path, is_dot};
use crate::refusal::{ComponentFault, Refusal, TargetFault, Why};
use crate::stream::StreamName;
use crate::volume::{Volume, VolumeKind};
use nt::{CreateOptions, NtStatus, Utf16};
use reparse::{RawReparse, Tag};

/// How many links one open follows; the next one is one too many. (Windows: 63 reparse points on any given path.)
pub const HOPS_MAX: usize = 63;

/// What the path names.
pub(super) struct Located<H: Host> {
    /// The object, or that there is none of that name.
    pub(super) found: Found<H>,
    /// Where it lies, or would.
    pub(super) place: Place<H>,
    /// What the path says besides.
    pub(super) tail: Tail,
    /// The facts of the directory that it lies in, if this walk has looked at that: then it was no link.
    pub(super) above: Option<NodeStat>,
}

/// What a path, and the links in it, say of the object besides its name.
pub(super) struct Tail {
    /// The stream.
    pub(super) stream: StreamName,
    /// A backslash closes the path.
    pub(super) trailing_backslash: bool,
    /// What the links on the way say of the object's kind.
    pub(super) promised: Promised,
}

/// Whether there is an object.
#[expect(clippy::large_enum_variant, reason = "one at a time, and nearly always the large one")]
pub(super) enum Found<H: Host> {
    /// There is.
    Existing(Object<H>),
    /// There is none; the path asks for this name.
    Missing(Vec<u16>),
}

/// What the links that led to an object say of its kind. Windows: 11 holds a link to its promise; docs/SPEC-NOTES.md 9
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Promised {
    /// A mount point or a link that is a directory led here.
    pub(super) directory: bool,
    /// A symbolic link that is a file led here.
    pub(super) file: bool,
}

/// Where a walk stands: a directory and its path, which grows with the walk.
struct Standing<H: Host> {
    node: H::Node,
    id: NodeId,
    path: Vec<u16>,
    /// What it was when this walk came to it.
    stat: Option<NodeStat>,
}

/// Where a walk starts.
enum Start<H: Host> {
    Root,
    At(Standing<H>),
}

/// What a walk comes to.
#[expect(clippy::large_enum_variant, reason = "one at a time, and nearly always the large one")]
enum Step<H: Host> {
    Located(Located<H>),
    /// A link: start again from the volume's root with this path.
    Resume(Vec<u16>),
}

/// What one component comes to.
#[expect(clippy::large_enum_variant, reason = "one at a time, and nearly always the large one")]
enum Met<H: Host> {
    Missing,
    /// An object, and its name as the host has it.
    Object(Object<H>, HostName),
    Resume(Vec<u16>),
}

/// A link in the way.
struct MetLink<'a, H: Host> {
    object: &'a Object<H>,
    name: &'a HostName,
    /// Its reparse point, whole.
    stored: &'a [u8],
}

/// One walk: what it is for, and what it has learnt on the way.
struct Walk<'a> {
    request: &'a OpenRequest<'a>,
    /// Security descriptors bind the caller.
    is_bound: bool,
    promised: Promised,
    /// Where each link is told, if anybody wants to know.
    hops: Option<&'a mut Vec<Hop>>,
}

impl<H: Host> Volume<H> {
    /// Finds what a request's path names.
    pub(super) fn walk(
        &self,
        request: &OpenRequest<'_>,
        cx: &SecurityContext,
    ) -> Result<Located<H>, OpenError> {
        self.walk_telling(request, cx, None)
    }

    /// The same, telling of each link that is followed.
    pub(super) fn walk_telling<'a>(
        &self,
        request: &'a OpenRequest<'a>,
        cx: &SecurityContext,
        hops: Option<&'a mut Vec<Hop>>,
    ) -> Result<Located<H>, OpenError> {
        let path = self.parse(request.path)?;
        let start = self.start_of(request, &path)?;
        let mut walk = Walk { request, is_bound: !cx.bypass, promised: Promised::default(), hops };
        let mut text = match self.walk_once(&mut walk, &path, start)? {
            Step::Located(located) => return Ok(located),
            Step::Resume(text) => text,
        };
        for _ in 0..HOPS_MAX {
            let path = self.parse(&text)?;
            match self.walk_once(&mut walk, &path, Start::Root)? {
                Step::Located(located) => return Ok(located),
                Step::Resume(next) => text = next,
            }
        }
        Err(Refusal::new(NtStatus::REPARSE_POINT_NOT_RESOLVED, Why::Hops(HOPS_MAX)).into())
    }

    /// A path, which names no stream on a volume that has none. Windows: A colon is none of FAT's characters (smbtorture
    /// smb2.create_no_streams).
    fn parse<'a>(&self, text: &'a [u16]) -> Result<Path<'a>, OpenError> {
        let path = Path::parse(text)?;
        if self.options.kind == VolumeKind::Fat && path.stream != StreamName::default() {
            let at = path.start(path.len().saturating_sub(1));
            return Err(wrong(NtStatus::OBJECT_NAME_INVALID, at, ComponentFault::Stream));
        }
        Ok(path)
    }

    /// The directory that the path starts at: the volume's root, or an open.
    fn start_of(&self, request: &OpenRequest<'_>, path: &Path<'_>) -> Result<Start<H>, OpenError> {
        let Some(id) = request.relative_to else { return Ok(Start::Root) };
        let open = self.open_of(id)?;
        // A path that begins at an open has no leading backslash: with one it would be absolute.
        if path.text.first() == Some(&BACKSLASH) {
            return Err(wrong(NtStatus::OBJECT_NAME_INVALID, 0, ComponentFault::Empty));
        }
        let standing =
            Standing { node: open.file.node(), id: open.file.id(), path: open.path().0, stat: None };
        if path.len() > 0 {
            if !open.file.is_directory() {
                return Err(Refusal::parameter("names are looked up in directories only").into());
            }
            // Opened as a directory it was no link; to become one it must be empty, and then no name is found in it.
            if open.options.contains(CreateOptions::OPEN_REPARSE_POINT) {
                self.require_children(&standing, request)?;
            }
        }
        Ok(Start::At(standing))
    }

    /// Refuses to look below a link that is itself open. Windows: one of three statuses; docs/SPEC-NOTES.md 10
    fn require_children(&self, standing: &Standing<H>, request: &OpenRequest<'_>) -> Result<(), OpenError> {
        let tag = self.stored_head(&standing.node)?.map(|head| head.tag).filter(|tag| !tag.is_directory());
        match tag {
            Some(tag) if is_link(tag) && !request.dont_reparse => {
                let why = Why::Target(TargetFault::BelowLink);
                Err(Refusal::new(NtStatus::REPARSE_POINT_NOT_RESOLVED, why).into())
            }
            Some(tag) => Err(unfollowed(request, tag).into()),
            None => Ok(()),
        }
    }

    /// Walks the components of one path, up to its end or to a link.
    fn walk_once(&self, walk: &mut Walk<'_>, path: &Path<'_>, start: Start<H>) -> Result<Step<H>, OpenError> {
        let Some(last) = path.len().checked_sub(1) else { return self.locate_start(walk, path, start) };
        let mut at = match start {
            Start::At(standing) => standing,
            Start::Root => self.standing_at_root(path.text.len())?,
        };
        for index in 0..last {
            match self.meet(walk, path, index, &at, false)? {
                Met::Missing => {
                    let start = path.start(index);
                    return Err(wrong(NtStatus::OBJECT_PATH_NOT_FOUND, start, ComponentFault::Missing));
                }
                Met::Resume(text) => return Ok(Step::Resume(text)),
                Met::Object(object, _) if !object.is_directory() => {
                    let start = path.start(index);
                    return Err(wrong(NtStatus::OBJECT_PATH_NOT_FOUND, start, ComponentFault::NotDirectory));
                }
                Met::Object(object, name) => {
                    self.require_not_deleted(&object, at.id, &name)?;
                    at.enter(object, &name);
                }
            }
        }
        let itself = walk.request.opens_reparse_point();
        let above = at.stat;
        let (found, place) = match self.meet(walk, path, last, &at, itself)? {
            Met::Resume(text) => return Ok(Step::Resume(text)),
            Met::Object(object, name) => (Found::Existing(object), at.into_place(name, &[])),
            Met::Missing => {
                let name = path.name(last);
                if is_dot(name) && makes_missing(walk.request.disposition) {
                    return Err(wrong(NtStatus::OBJECT_NAME_INVALID, path.start(last), ComponentFault::Dots));
                }
                (Found::Missing(name.to_vec()), at.into_place(HostName(Vec::new()), name))
            }
        };
        Ok(Step::Located(Located { above, ..located(found, place, path, walk.promised) }))
    }

    /// Looks one component up. `itself` says that it is opened whatever tag it has.
    fn meet(
        &self,
        walk: &mut Walk<'_>,
        path: &Path<'_>,
        index: usize,
        at: &Standing<H>,
        itself: bool,
    ) -> Result<Met<H>, OpenError> {
        let name = path.name(index);
        if is_dot(name) {
            return Ok(Met::Missing); // no directory has it, and no host is asked: to it the name would mean the directory
        }
        for _ in 0..RETRIES_MAX {
            let is_last = index + 1 == path.len();
            let depth = self.depth_of(walk, is_last, itself);
            let aim = match is_last {
                true if reads_attributes_only(walk.request) => Aim::Attributes,
                true => Aim::Anything,
                false => Aim::Passage,
            };
            let look = Look { wanted: depth.wanted(), aim };
            let found = match self.host.look_up(&at.node, name, look)? {
                None => self.look_up_short(&at.node, name, depth)?,
                found => found,
            };
            let Some(Looked { node, name: host_name, seen }) = found else { return Ok(Met::Missing) };
            let object = self.object_seen(node, seen, depth)?;
            let Some(tag) = object.tag_in_the_way().filter(|_| !itself) else {
                return Ok(Met::Object(object, host_name));
            };
            if walk.request.dont_reparse || !is_link(tag) {
                return Err(unfollowed(walk.request, tag).into());
            }
            // Another caller may have taken the reparse point away since, or set another: then this looks again.
            let stored = match object.values.as_ref().and_then(meta::point_in).flatten() {
                Some(value) => Some(meta::whole_point(&self.host, &object.node, value.to_vec())?),
                None => self.point(&object.node)?,
            };
            if let Some(stored) = stored.filter(|stored| tag_of(stored) == Some(tag)) {
                let link = MetLink { object: &object, name: &host_name, stored: &stored };
                return self.follow(walk, link, &at.path, path.tail(index)).map(Met::Resume);
            }
        }
        Err(Refusal::new(NtStatus::SHARING_VIOLATION, Why::Restless(RETRIES_MAX)).into())
    }

    /// How deep a component is looked at.
    fn depth_of(&self, walk: &Walk<'_>, is_last: bool, itself: bool) -> Depth {
        let whole = is_last && (asks_attributes(walk.request) || walk.request.wants_facts);
        match whole {
            true if walk.is_bound => Depth::Security,
            true => Depth::Attributes,
            // Opened itself, whatever its tag, and nothing asked of it: its tag need not be known.
            false if itself || !self.options.kind.supports_reparse_points() => Depth::Kind,
            false => Depth::Point,
        }
    }

    /// Finds what has this short name, and looks at it.
    fn look_up_short(
        &self,
        dir: &H::Node,
        name: &[u16],
        depth: Depth,
    ) -> HostResult<Option<Looked<H::Node>>> {
        let Some((node, name)) = self.lookup_short(dir, name)? else { return Ok(None) };
        let seen = self.host.look_at(&node, depth.wanted())?;
        Ok(Some(Looked { node, name, seen }))
    }

    /// Where a link leads, if it is the store's to follow. [MS-FSA] 2.1.5.1 phase 6
    fn follow(
        &self,
        walk: &mut Walk<'_>,
        link: MetLink<'_, H>,
        parent: &[u16],
        tail: &[u16],
    ) -> Result<Vec<u16>, OpenError> {
        let MetLink { object, name, stored } = link;
        let corrupt = || Refusal::new(NtStatus::IO_REPARSE_DATA_INVALID, Why::Target(TargetFault::Corrupt));
        let tag = tag_of(stored).ok_or_else(corrupt)?;
        if tag == Tag::SYMLINK && walk.request.follow == Follow::Caller {
            let parsed = below(parent, name);
            return Err(stopped(stored, parsed, tail).unwrap_or_else(|| corrupt().into()));
        }
        let target = LinkTarget::of(stored).ok_or_else(corrupt)?;
        // Only what stands last says what the object it leads to must be; before, it must be a directory anyway.
        if tail.first() != Some(&BACKSLASH) {
            walk.promised.directory |= object.is_directory();
            walk.promised.file |= !object.is_directory() && !object.is_host_special();
        }
        let resumed = target.resume(parent, tail, &self.options.drives);
        if let Some(hops) = &mut walk.hops {
            hops.push(Hop::new(below(parent, name), tag, &target, resumed.as_ref().ok()));
        }
        Ok(resumed?)
    }

    /// A path without components names what it starts at.
    fn locate_start(&self, walk: &Walk<'_>, path: &Path<'_>, start: Start<H>) -> Result<Step<H>, OpenError> {
        let (standing, place) = match start {
            Start::Root => {
                let standing = self.standing_at_root(0)?;
                let place = Place {
                    parent: None,
                    name: HostName(Vec::new()),
                    path: Utf16(vec![BACKSLASH]),
                    state: LinkState::Present,
                };
                (standing, place)
            }
            Start::At(standing) => {
                let id = walk.request.relative_to.unwrap_or(OpenId(0));
                let place = self.open_of(id)?.link.lock().clone();
                (standing, place)
            }
        };
        let object = self.object(standing.node)?;
        match object.tag_in_the_way().filter(|_| !walk.request.opens_reparse_point()) {
            None => {}
            // [Windows] an open without a name is not sent elsewhere; docs/SPEC-NOTES.md 10
            Some(tag) if is_link(tag) && !walk.request.dont_reparse => {
                let why = Why::Target(TargetFault::BelowLink);
                return Err(Refusal::new(NtStatus::IO_REPARSE_DATA_INVALID, why).into());
            }
            Some(tag) => return Err(unfollowed(walk.request, tag).into()),
        }
        Ok(Step::Located(located(Found::Existing(object), place, path, walk.promised)))
    }

    /// `more_units` is how long the path may become without more memory.
    fn standing_at_root(&self, more_units: usize) -> Result<Standing<H>, OpenError> {
        let node = self.host.root();
        let id = self.host.id(&node)?;
        let mut path = Vec::with_capacity(2 + more_units);
        path.push(BACKSLASH);
        Ok(Standing { node, id, path, stat: None })
    }

    /// Nothing is opened below a directory whose name is about to go. [MS-FSA] 2.1.5.1 phase 6
    fn require_not_deleted(
        &self,
        object: &Object<H>,
        parent: NodeId,
        name: &HostName,
    ) -> Result<(), OpenError> {
        let Some(file) = self.files.find(object.id()) else { return Ok(()) };
        match file.lock().known_link(Some(parent), name).map(|link| link.lock().state) {
            Some(LinkState::DeletePending) => {
                Err(Refusal::new(NtStatus::DELETE_PENDING, Why::DeletePending).into())
            }
            _ => Ok(()),
        }
    }
}

impl<H: Host> Standing<H> {
    /// Goes into the directory that is the entry `name` of this one.
    fn enter(&mut self, directory: Object<H>, name: &HostName) {
        append(&mut self.path, name);
        self.id = directory.id();
        self.stat = Some(directory.meta.stat);
        self.node = directory.node;
    }

    /// Where the entry `name` of this directory lies; or the one that is to be made, `new`, which the host has no name for yet.
    fn into_place(self, name: HostName, new: &[u16]) -> Place<H> {
        let mut path = self.path;
        append(&mut path, &name);
        path.extend_from_slice(new);
        Place { parent: Some((self.node, self.id)), name, path: Utf16(path), state: LinkState::Present }
    }
}

/// Appends a name to the path of its directory.
fn append(path: &mut Vec<u16>, name: &HostName) {
    if path.last() != Some(&BACKSLASH) {
        path.push(BACKSLASH);
    }
    if name.0.is_ascii() {
        path.extend(name.0.iter().copied().map(u16::from));
    } else {
        path.extend(decode(&name.0));
    }
}

/// The path of an entry of a directory.
fn below(parent: &[u16], name: &HostName) -> Utf16 {
    let mut path = parent.to_vec();
    append(&mut path, name);
    Utf16(path)
}

fn located<H: Host>(found: Found<H>, place: Place<H>, path: &Path<'_>, promised: Promised) -> Located<H> {
    let tail = Tail { stream: path.stream.clone(), trailing_backslash: path.trailing_backslash, promised };
    Located { found, place, tail, above: None }
}

/// The tag of a stored reparse point.
fn tag_of(stored: &[u8]) -> Option<Tag> {
    stored.first_chunk().map(|tag| Tag(u32::from_le_bytes(*tag)))
}

/// Why a reparse point ends the open.
fn unfollowed(request: &OpenRequest<'_>, tag: Tag) -> Refusal {
    if request.dont_reparse {
        return Refusal::new(NtStatus::REPARSE_POINT_ENCOUNTERED, Why::ReparseMet(tag));
    }
    Refusal::new(NtStatus::IO_REPARSE_TAG_NOT_HANDLED, Why::TagNotHandled(tag))
}

/// The open stops at a symbolic link, which is the caller's to follow. [MS-SMB2] 2.2.2.2.1
fn stopped(stored: &[u8], parsed: Utf16, tail: &[u16]) -> Option<OpenError> {
    let (link, _) = RawReparse::decode(stored).ok()?;
    let unparsed_len = u16::try_from(tail.len() * 2).ok()?;
    let stop = StoppedOnSymlink { unparsed_len, link, parsed };
    Some(OpenError::StoppedOnSymlink(Box::new(stop)))
}

fn wrong(status: NtStatus, at: usize, fault: ComponentFault) -> OpenError {
    Refusal::new(status, Why::Component { at, fault }).into()
}
