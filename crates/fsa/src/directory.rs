//! Querying a directory. [MS-FSA] 2.1.5.6.3
//!
//! A listing is a snapshot of names, made when it begins; each entry's facts are looked up when it is given, so going on
//! costs the same wherever the listing stands. Names come in the order of their upper case, as on NTFS. Where the snapshots of all
//! listings take too much room, a listing makes its own anew each time and goes on behind the last name that it gave.
mod entry;
mod order;
mod remembered;
mod reparse_index;

use crate::context::SecurityContext;
use crate::host::{Glance, Host, HostEntry, HostError, HostFault, HostName, meta};
use crate::opens::{Open, OpenId};
use crate::path::NAME_UNITS_MAX;
use crate::pattern::{Pattern, is_wildcard};
use crate::query::{Facts, Information, require_len};
use crate::refusal::{ComponentFault, Refusal, Why};
use crate::short_name::short_name;
use crate::volume::Volume;
use entry::{Entry, Layout};
use nt::security::access_check;
use nt::{AccessMask, FileInformationClass as Class, NtStatus, Utf16};
pub use remembered::LISTINGS_BYTES_MAX;
pub(crate) use remembered::Listings;
use remembered::Room;
pub(crate) use reparse_index::is_reparse_index;

/// The most entries that are glanced at together.
const GLANCES_MAX: usize = 4096;

/// What a query of a directory asks for. [MS-FSA] 2.1.5.6
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DirectoryQuery<'a> {
    /// What to give of each entry.
    pub class: Class,
    /// The most bytes to give.
    pub len_max: usize,
    /// Begin again.
    pub restart: bool,
    /// One entry at the most.
    pub single: bool,
    /// Which names; empty for all. Only the first query of a listing and a restart look at it. (For
    /// FileReparsePointInformation: the bytes of a tag.)
    pub pattern: &'a [u16],
}

/// A query, and whose eyes it is for.
#[derive(Clone, Copy)]
struct Asks<'a> {
    query: &'a DirectoryQuery<'a>,
    /// Who sees only what they may read; without one everything is seen.
    reader: Option<&'a SecurityContext>,
}

/// A listing that an open has begun.
#[derive(Default)]
pub(crate) struct Listing {
    /// QueryPattern: `None` until the first query.
    pattern: Option<Vec<u16>>,
    /// The names that match, `None` until the snapshot.
    names: Option<Vec<Listed>>,
    /// How many of them have been given.
    given: usize,
    /// The room that the names take.
    room: Option<Room>,
    /// The last name that was given, where there was no room for the others.
    behind: Option<Place>,
    /// Entries of the volume's reparse index, for the one directory that has it.
    points: reparse_index::Points,
}

/// Where a name stands in a listing: names that differ in nothing but case stand in the order of the host's bytes.
type Place = (Vec<u16>, Vec<u8>);

/// One name of a snapshot.
enum Listed {
    /// `.`
    Itself,
    /// `..`
    Parent,
    /// An entry.
    Name(HostEntry),
}

impl<H: Host> Volume<H> {
    /// Entries of the directory, as many as fit. [MS-FSA] 2.1.5.6
    ///
    /// NO_MORE_FILES ends a listing, NO_SUCH_FILE one that has nothing at all. There is no resuming by index: as on NTFS,
    /// an index means nothing.
    pub fn query_directory(&self, id: OpenId, query: &DirectoryQuery<'_>) -> Result<Information, Refusal> {
        self.query_directory_for(None, id, query)
    }

    /// The same without the entries that a caller may not read: those whose descriptors do not give FILE_GENERIC_READ. (What
    /// the directory's own rights would add does not count.) [MS-SMB2] 3.3.5.18, DoAccessBasedDirectoryEnumeration
    pub fn query_directory_for(
        &self,
        reader: Option<&SecurityContext>,
        id: OpenId,
        query: &DirectoryQuery<'_>,
    ) -> Result<Information, Refusal> {
        let open = self.open_of(id)?;
        let asks = Asks { query, reader: reader.filter(|cx| !cx.bypass) };
        if query.class == Class::REPARSE_POINT_INFORMATION {
            return self.query_reparse_index(&open, query);
        }
        let Some(layout) = Layout::of(query.class) else {
            return Err(refuse(NtStatus::INVALID_INFO_CLASS, "no class of directory information"));
        };
        require_len(query.class, layout.name_at(), query.len_max)?;
        if !open.is_directory() {
            return Err(Refusal::parameter("only directories are listed"));
        }
        open.require(AccessMask::FILE_READ_DATA)?;
        let mut listing = open.cursors.listing();
        let first = listing.pattern.is_none();
        if first || (query.restart && !query.pattern.is_empty()) {
            check_pattern(query.pattern)?;
            listing.pattern = Some(query.pattern.to_vec());
            listing.forget();
        }
        if query.restart {
            listing.forget();
        }
        if listing.names.is_none() {
            let pattern = Pattern::new(listing.pattern.as_deref().unwrap_or_default());
            let names = self.snapshot(&open, &pattern)?;
            let behind = listing.behind.take();
            listing.given = behind.map_or(0, |last| names.partition_point(|listed| listed.place() <= last));
            listing.names = Some(names);
        }
        let filled = self.fill(&open, &mut listing, asks, layout, first);
        let most = self.options.listings_bytes_max.unwrap_or(LISTINGS_BYTES_MAX);
        listing.settle(&self.listings, most);
        filled
    }

    /// Entries from where the listing stands.
    fn fill(
        &self,
        open: &Open<H>,
        listing: &mut Listing,
        asks: Asks<'_>,
        layout: Layout,
        first: bool,
    ) -> Result<Information, Refusal> {
        let query = asks.query;
        let mut bytes = Vec::new();
        // Where the last entry begins, once there is one.
        let mut last = None;
        let mut glances = Vec::new().into_iter();
        let names = listing.names.as_deref().unwrap_or_default();
        while let Some(listed) = names.get(listing.given) {
            if query.single && last.is_some() {
                break;
            }
            let glance = match glances.next() {
                Some(glance) => glance,
                None => {
                    let rest = names.get(listing.given..).unwrap_or_default();
                    let (ahead, end) = self.glance_ahead(open, rest, asks, layout, bytes.len());
                    glances = ahead.into_iter();
                    bytes.reserve(end.saturating_sub(bytes.len()));
                    glances.next().flatten()
                }
            };
            let Some(found) = self.listed_entry(open, listed, layout, asks.reader, glance)? else {
                listing.given += 1; // removed since the snapshot, or hidden
                continue;
            };
            let end = bytes.len();
            let at = end.next_multiple_of(8);
            bytes.resize(at, 0);
            bytes = layout.encode(bytes, &found);
            if bytes.len() > query.len_max {
                let Some(_) = last else {
                    // Only a first entry is given in part, and it stays the next one. [MS-FSA] 2.1.5.6.3
                    return Ok(Information::cut(bytes, query.len_max - query.len_max % 2));
                };
                bytes.truncate(end);
                break;
            }
            if let Some(before) = last.replace(at) {
                let next = u32::try_from(at - before).unwrap_or(u32::MAX);
                if let Some(field) = bytes.get_mut(before..before + 4) {
                    field.copy_from_slice(&next.to_le_bytes());
                }
            }
            listing.given += 1;
        }
        if last.is_none() {
            let status = if first { NtStatus::NO_SUCH_FILE } else { NtStatus::NO_MORE_FILES };
            return Err(refuse(status, "no further name of the directory matches"));
        }
        Ok(Information::whole(bytes))
    }

    /// Glances at those of the names that will fit behind `len` bytes, as far as can be told before. Also says where they end.
    fn glance_ahead(
        &self,
        open: &Open<H>,
        names: &[Listed],
        asks: Asks<'_>,
        layout: Layout,
        len: usize,
    ) -> (Vec<Option<Glance>>, usize) {
        // A descriptor is no glance's to tell.
        if asks.query.single || asks.reader.is_some() || layout == Layout::NAMES {
            return (Vec::new(), len);
        }
        let (mut end, mut entries) = (len, Vec::new());
        for listed in names {
            let Listed::Name(entry) = listed else { break };
            let next = end.next_multiple_of(8) + layout.len_of(entry.name.0.len());
            if next > asks.query.len_max || entries.len() == GLANCES_MAX {
                break;
            }
            end = next;
            entries.push(entry);
        }
        (self.host.glance(&open.file.node(), &entries, &meta::GLANCED), end)
    }

    /// The names that match, `.` and `..` first. The volume's root has neither of those. A link's own listing has nothing
    /// else. [MS-FSA] 2.1.5.6.3; Windows: a link lists only the two: semantics 3.6
    fn snapshot(&self, open: &Open<H>, pattern: &Pattern) -> Result<Vec<Listed>, Refusal> {
        let node = open.file.node();
        let mut names = Vec::new();
        if open.link.lock().parent.is_some() || self.options.root_is_folder {
            let dot = u16::from(b'.');
            names.extend(pattern.matches(&[dot]).then_some(Listed::Itself));
            names.extend(pattern.matches(&[dot, dot]).then_some(Listed::Parent));
        }
        if self.object(node.clone())?.tag_in_the_way().is_some() {
            return Ok(names);
        }
        if let Pattern::Name(name) = pattern {
            // One name is looked up, however large the directory is.
            if names.is_empty() {
                let found = self.host.lookup(&node, name)?;
                names.extend(found.map(|(_, name)| Listed::Name(HostEntry { name, inode: 0 })));
            }
            return Ok(names);
        }
        let is_large = self.host.stat(&node)?.size > remembered::LARGE_DIRECTORY_BYTES;
        let _turn = is_large.then(|| self.listings.turn());
        let mut entries = self.host.entries(&node)?;
        if *pattern != Pattern::All {
            entries.retain(|entry| pattern.matches(&shown(&entry.name).0));
        }
        names.extend(order::by_upper_case(entries).into_iter().map(Listed::Name));
        Ok(names)
    }

    /// What is known of an entry now; `None` when it is gone, or not for this reader to see.
    fn listed_entry(
        &self,
        open: &Open<H>,
        listed: &Listed,
        layout: Layout,
        reader: Option<&SecurityContext>,
        glance: Option<Glance>,
    ) -> Result<Option<Entry>, Refusal> {
        if let (Listed::Name(entry), Some(glance)) = (listed, glance)
            && let Some(found) = self.glanced_entry(entry, layout, &glance)
        {
            return Ok(Some(found));
        }
        let (name, node) = match listed {
            Listed::Itself => (Utf16::from("."), open.file.node()),
            Listed::Parent => {
                let parent = open.link.lock().parent.clone();
                (Utf16::from(".."), parent.map_or_else(|| open.file.node(), |(node, _)| node))
            }
            Listed::Name(entry) => match self.host.open_entry(&open.file.node(), &entry.name) {
                Ok(node) => (shown(&entry.name), node),
                Err(HostError { fault: HostFault::NotFound, .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
        };
        if let (Some(cx), Listed::Name(_)) = (reader, listed) {
            match self.descriptor(&node) {
                Ok(descriptor) => {
                    if access_check(descriptor.as_ref(), &cx.token, AccessMask::FILE_GENERIC_READ).is_err() {
                        return Ok(None);
                    }
                }
                Err(HostError { fault: HostFault::NotFound, .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        if layout == Layout::NAMES {
            return Ok(Some(Entry { name, facts: None, ea_size: 0, short_name: Vec::new() }));
        }
        let mut facts = match self.meta(&node) {
            Ok(meta) => Facts::of(&meta),
            Err(HostError { fault: HostFault::NotFound, .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if layout.is_posix() {
            self.tell_posix_kind(&node, &mut facts)?;
        }
        let counts_eas = layout.has_ea_size() && facts.tag == 0;
        let ea_size = if counts_eas { meta::ea_size(&meta::ea_list(&self.host, &node)?) } else { 0 };
        let short_name = match listed {
            Listed::Name(_) => self.listed_short_name(layout, &name),
            Listed::Itself | Listed::Parent => Vec::new(),
        };
        Ok(Some(Entry { name, facts: Some(facts), ea_size, short_name }))
    }

    /// The same of an entry that was glanced at; `None` when more must be known of it.
    fn glanced_entry(&self, entry: &HostEntry, layout: Layout, glance: &Glance) -> Option<Entry> {
        let (meta, has_eas) = meta::of_glance(glance);
        let facts = Facts::of(&meta);
        let asks_more =
            (facts.tag != 0 && layout.is_posix()) || (facts.tag == 0 && has_eas && layout.has_ea_size());
        if asks_more {
            return None;
        }
        let name = shown(&entry.name);
        let short_name = self.listed_short_name(layout, &name);
        Some(Entry { name, facts: Some(facts), ea_size: 0, short_name })
    }

    fn listed_short_name(&self, layout: Layout, name: &Utf16) -> Vec<u16> {
        match self.options.short_names && layout.has_short_name() {
            true => short_name(&name.0).unwrap_or_default(),
            false => Vec::new(),
        }
    }
}

/// A name of the host in UTF-16: one that is no text has a spelling, too.
pub(crate) fn shown(name: &HostName) -> Utf16 {
    Utf16(crate::host::name::decode(&name.0))
}

/// Any name that a file can have, wildcards, `.` and `..` allowed. [MS-FSA] 2.1.5.6.3
fn check_pattern(pattern: &[u16]) -> Result<(), Refusal> {
    let fault = if pattern.len() > NAME_UNITS_MAX {
        Some((0, ComponentFault::TooLong(pattern.len())))
    } else {
        let illegal = |unit: u16| unit < 0x20 || matches!(unit, 0x2F | 0x5C | 0x3A | 0x7C);
        let at = pattern.iter().position(|unit| illegal(*unit) && !is_wildcard(*unit));
        at.and_then(|at| pattern.get(at).map(|unit| (at, ComponentFault::Character(*unit))))
    };
    match fault {
        Some((at, fault)) => Err(Refusal::new(NtStatus::OBJECT_NAME_INVALID, Why::Component { at, fault })),
        None => Ok(()),
    }
}

pub(crate) fn refuse(status: NtStatus, what: &'static str) -> Refusal {
    Refusal::new(status, Why::Object(what))
}
