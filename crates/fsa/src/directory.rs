//! Querying a directory. [MS-FSA] 2.1.5.6.3
//!
//! A listing is a snapshot of names, made when it begins; each entry's facts are looked up when it is given, so going on
//! costs the same wherever the listing stands. Names come in the order of their upper case, as on NTFS. Where the snapshots of all
//! listings take too much room, a listing makes its own anew each time and goes on behind the last name that it gave.
mod ahead;
mod entry;
mod order;
mod recalled;
mod remembered;
mod reparse_index;
mod snapshot;

use crate::context::SecurityContext;
use crate::host::name::decode_into;
use crate::host::{Host, HostError, HostFault, HostName, HostNames, When, meta};
use crate::opens::{Open, OpenId};
use crate::path::NAME_UNITS_MAX;
use crate::pattern::{Pattern, is_wildcard};
use crate::query::{Facts, Information, require_len};
use crate::refusal::{ComponentFault, Refusal, Why};
use crate::short_name::short_name;
use crate::volume::Volume;
use ahead::{Look, Seen, Slot};
use entry::{Entry, Known, Layout};
use nt::security::access_check;
use nt::{AccessMask, FileInformationClass as Class, NtStatus, Utf16};
pub use remembered::LISTINGS_BYTES_MAX;
pub(crate) use remembered::Listings;
use remembered::Room;
pub(crate) use reparse_index::is_reparse_index;
use snapshot::{Dot, Listed, Place, Snapshot};
use std::sync::Arc;

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

/// What was seen of entries that follow each other.
struct Rows {
    /// The first, by its place in the listing.
    from: usize,
    seen: Vec<Option<Seen>>,
}

/// A listing that an open has begun.
#[derive(Default)]
pub(crate) struct Listing {
    /// QueryPattern: `None` until the first query.
    pattern: Option<Vec<u16>>,
    /// The names that match, `None` until the snapshot.
    names: Option<Snapshot>,
    /// How many of them have been given.
    given: usize,
    /// The room that the names take.
    room: Option<Room>,
    /// The last name that was given, where there was no room for the others.
    behind: Option<Place>,
    /// What was seen of those that come next.
    ahead: Option<Arc<Slot>>,
    /// What was seen of them was not true any more when it was asked for: it is not looked ahead again.
    looked_in_vain: bool,
    /// Entries of the volume's reparse index, for the one directory that has it.
    points: reparse_index::Points,
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
            listing.given = behind.map_or(0, |last| names.count_to(&last));
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
        let mut look = self.looked_ahead(listing);
        let mut bytes = Vec::new();
        // Where the last entry begins, once there is one.
        let mut last = None;
        let mut count = 0;
        let mut units = Vec::new();
        // Where a look began, and what was seen since.
        let mut rows = Rows { from: listing.given, seen: Vec::new() };
        let Listing { names, given, .. } = &mut *listing;
        let nothing = Snapshot::default();
        let names = names.as_ref().unwrap_or(&nothing);
        bytes.reserve(query.len_max.min(layout.len_of(16).saturating_mul(names.len() - *given)));
        while let Some(listed) = names.get(*given) {
            if query.single && last.is_some() {
                break;
            }
            let seen = look.next().unwrap_or_else(|| {
                let (next, end) = self.look(open, (names, *given), (asks, layout), bytes.len(), When::Now);
                bytes.reserve(end.saturating_sub(bytes.len()));
                self.remember(open, names, &mut rows, &look);
                look = next;
                look.next().flatten()
            });
            rows.seen.push(look.heard().and(seen));
            let Some(known) = self.known_of(open, listed, (asks, layout), seen, &mut units)? else {
                *given += 1; // removed since the snapshot, or hidden
                continue;
            };
            let end = bytes.len();
            let at = end.next_multiple_of(8);
            bytes.resize(at, 0);
            bytes = layout.encode(bytes, &Entry { name: &units, known });
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
            *given += 1;
            count += 1;
        }
        self.remember(open, names, &mut rows, &look);
        if last.is_none() {
            let status = if first { NtStatus::NO_SUCH_FILE } else { NtStatus::NO_MORE_FILES };
            return Err(refuse(status, "no further name of the directory matches"));
        }
        self.look_ahead(open, listing, (asks, layout), count);
        Ok(Information::whole(bytes))
    }

    /// Remembers what was seen of the entries since a look began.
    fn remember(&self, open: &Open<H>, names: &Snapshot, rows: &mut Rows, look: &Look) {
        let (from, seen) = (rows.from, core::mem::take(&mut rows.seen));
        rows.from += seen.len();
        if let (Some(heard), Some(from)) = (look.heard(), names.at_name(from)) {
            self.remember_seen(open.file.id(), (&names.names, from), seen, heard);
        }
    }

    /// The names that match, `.` and `..` first. The volume's root has neither of those. A link's own listing has nothing
    /// else. [MS-FSA] 2.1.5.6.3; Windows: a link lists only the two: semantics 3.6
    fn snapshot(&self, open: &Open<H>, pattern: &Pattern) -> Result<Snapshot, Refusal> {
        let node = open.file.node();
        let mut dots = Vec::new();
        if open.link.lock().parent.is_some() || self.options.root_is_folder {
            dots.extend([Dot::Itself, Dot::Parent].into_iter().filter(|dot| pattern.matches(&dot.name().0)));
        }
        if self.object(node.clone())?.tag_in_the_way().is_some() {
            return Ok(Snapshot::new(dots, &HostNames::default()));
        }
        if let Pattern::Name(name) = pattern {
            // One name is looked up, however large the directory is.
            let mut names = HostNames::default();
            if dots.is_empty()
                && let Some((_, name)) = self.host.lookup(&node, name)?
            {
                names.push(&name.0, 0);
            }
            return Ok(Snapshot::new(dots, &names));
        }
        let stat = self.host.stat(&node)?;
        let is_all = *pattern == Pattern::All;
        if is_all && let Some(names) = self.recalled_names(stat.id) {
            return Ok(Snapshot::of_ordered(names).with_dots(dots));
        }
        let _turn = (stat.size > remembered::LARGE_DIRECTORY_BYTES).then(|| self.listings.turn());
        self.remember_names((&node, stat.id), is_all && stat.size > remembered::SMALL_DIRECTORY_BYTES, || {
            let mut names = self.host.names(&node)?;
            if !is_all {
                let mut units = Vec::new();
                names.retain(|name| {
                    decode_into(name, &mut units);
                    pattern.matches(&units)
                });
            }
            Ok(Snapshot::new(dots, &names))
        })
    }

    /// What is known of an entry now, with its name in `units`; `None` when it is gone, or not for this reader to see.
    fn known_of(
        &self,
        open: &Open<H>,
        listed: Listed<'_>,
        (asks, layout): (Asks<'_>, Layout),
        seen: Option<Seen>,
        units: &mut Vec<u16>,
    ) -> Result<Option<Known>, Refusal> {
        match listed {
            Listed::Dot(dot) => *units = dot.name().0,
            Listed::Name(entry) => decode_into(entry.name, units),
        }
        if let Some(known) = seen.and_then(|seen| self.known_by_look(layout, seen, units)) {
            return Ok(Some(known));
        }
        let node = match listed {
            Listed::Dot(Dot::Itself) => open.file.node(),
            Listed::Dot(Dot::Parent) => {
                let parent = open.link.lock().parent.clone();
                parent.map_or_else(|| open.file.node(), |(node, _)| node)
            }
            Listed::Name(entry) => match self.host.open_entry(&open.file.node(), &entry.to_name()) {
                Ok(node) => node,
                Err(HostError { fault: HostFault::NotFound, .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
        };
        if let (Some(cx), Listed::Name(_)) = (asks.reader, listed) {
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
            return Ok(Some(Known { facts: None, ea_size: 0, short_name: Vec::new() }));
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
            Listed::Name(_) => self.listed_short_name(layout, units),
            Listed::Dot(_) => Vec::new(),
        };
        Ok(Some(Known { facts: Some(facts), ea_size, short_name }))
    }

    /// The same of an entry that was looked at; `None` when more must be known of it.
    fn known_by_look(&self, layout: Layout, (facts, has_eas): Seen, name: &[u16]) -> Option<Known> {
        let asks_more =
            (facts.tag != 0 && layout.is_posix()) || (facts.tag == 0 && has_eas && layout.has_ea_size());
        if asks_more {
            return None;
        }
        let short_name = self.listed_short_name(layout, name);
        Some(Known { facts: Some(facts), ea_size: 0, short_name })
    }

    fn listed_short_name(&self, layout: Layout, name: &[u16]) -> Vec<u16> {
        match self.options.short_names && layout.has_short_name() {
            true => short_name(name).unwrap_or_default(),
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
