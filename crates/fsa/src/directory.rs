//! Querying a directory. [MS-FSA] 2.1.5.6.3
//!
//! A listing is a snapshot of names, made when it begins; each entry's facts are looked up when it is given, so going on
//! costs the same wherever the listing stands. Names come in the order of their upper case, as on NTFS. Where the snapshots of all
//! listings take too much room, a listing makes its own anew each time and goes on behind the last name that it gave.
mod entry;
mod remembered;
mod reparse_index;

use crate::context::SecurityContext;
use crate::host::{Host, HostError, HostFault, HostName, meta};
use crate::opens::{Open, OpenId};
use crate::path::NAME_UNITS_MAX;
use crate::pattern::{Pattern, is_wildcard};
use crate::query::{Facts, Information, chain, require_len};
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
    Name(HostName),
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
        let mut entries: Vec<Vec<u8>> = Vec::new();
        let mut end = 0usize;
        let names = listing.names.as_deref().unwrap_or_default();
        for listed in names.get(listing.given..).unwrap_or_default() {
            if query.single && !entries.is_empty() {
                break;
            }
            let Some(found) = self.listed_entry(open, listed, layout, asks.reader)? else {
                listing.given += 1; // removed since the snapshot, or hidden
                continue;
            };
            let at = end.next_multiple_of(8);
            let encoded = layout.encode(&found);
            if at + encoded.len() > query.len_max {
                if entries.is_empty() {
                    // Only a first entry is given in part, and it stays the next one. [MS-FSA] 2.1.5.6.3
                    return Ok(Information::cut(encoded, query.len_max - query.len_max % 2));
                }
                break;
            }
            end = at + encoded.len();
            entries.push(encoded);
            listing.given += 1;
        }
        if entries.is_empty() {
            let status = if first { NtStatus::NO_SUCH_FILE } else { NtStatus::NO_MORE_FILES };
            return Err(refuse(status, "no further name of the directory matches"));
        }
        Ok(chain(&entries, 8, query.len_max))
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
                names.extend(self.host.lookup(&node, name)?.map(|(_, found)| Listed::Name(found)));
            }
            return Ok(names);
        }
        let is_large = self.host.stat(&node)?.size > remembered::LARGE_DIRECTORY_BYTES;
        let _turn = is_large.then(|| self.listings.turn());
        let entries = self.host.entries(&node)?.into_iter().map(|entry| (shown(&entry.name), entry.name));
        let mut matching: Vec<_> = entries.filter(|(name, _)| pattern.matches(&name.0)).collect();
        matching.sort_by_cached_key(|(name, host_name)| (name.to_upcased(), host_name.0.clone()));
        names.extend(matching.into_iter().map(|(_, name)| Listed::Name(name)));
        Ok(names)
    }

    /// What is known of an entry now; `None` when it is gone, or not for this reader to see.
    fn listed_entry(
        &self,
        open: &Open<H>,
        listed: &Listed,
        layout: Layout,
        reader: Option<&SecurityContext>,
    ) -> Result<Option<Entry>, Refusal> {
        let (name, node) = match listed {
            Listed::Itself => (Utf16::from("."), open.file.node()),
            Listed::Parent => {
                let parent = open.link.lock().parent.clone();
                (Utf16::from(".."), parent.map_or_else(|| open.file.node(), |(node, _)| node))
            }
            Listed::Name(host_name) => match self.host.open_entry(&open.file.node(), host_name) {
                Ok(node) => (shown(host_name), node),
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
        let has_short =
            self.options.short_names && layout.has_short_name() && matches!(listed, Listed::Name(_));
        let short_name = if has_short { short_name(&name.0).unwrap_or_default() } else { Vec::new() };
        Ok(Some(Entry { name, facts: Some(facts), ea_size, short_name }))
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
