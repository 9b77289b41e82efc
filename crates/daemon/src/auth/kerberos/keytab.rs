//! A keytab: the keys of services, as MIT's tools, Heimdal, Samba and `ktpass` write them. MIT Kerberos, "The keytab file format"
use super::message::Principal;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The most bytes of a keytab. (Not in its description.)
pub const KEYTAB_BYTES_MAX: usize = 1024 * 1024;

/// The most components of a principal. (Not in its description.)
const COMPONENTS_MAX: u16 = 16;

/// A key of a service.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) service: Principal,
    pub(super) version: u32,
    pub(super) etype: usize,
    pub(super) value: Vec<u8>,
}

/// The keys of one file.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Keytab(Vec<Key>);

/// What is wrong with a keytab, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeytabError {
    /// It has more than [`KEYTAB_BYTES_MAX`] bytes.
    TooLong,
    /// It does not begin with 05 02; 05 01 is the form of the byte order of one machine, which nothing writes any more.
    Version,
    /// The entry at this offset does not fit its own length.
    Entry {
        /// In bytes from the start of the file.
        at: usize,
    },
    /// There is no key in it.
    Empty,
    /// It belongs to another user than root and the one who runs this.
    Foreign {
        /// The number of its owner.
        owner: u32,
    },
    /// Others may read or write it, or the group may write it.
    Exposed {
        /// Its permissions.
        mode: u32,
    },
    /// The host refuses.
    Io(ErrorKind),
}

impl fmt::Display for KeytabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeytabError::TooLong => write!(f, "it has more than {KEYTAB_BYTES_MAX} bytes"),
            KeytabError::Version => {
                write!(f, "it is no keytab of version 5.2: its first bytes are not 05 02")
            }
            KeytabError::Entry { at } => write!(f, "the entry at byte {at} is damaged"),
            KeytabError::Empty => write!(f, "there is no key in it"),
            KeytabError::Foreign { owner } => write!(f, "it belongs to user {owner}, not to who runs this"),
            KeytabError::Exposed { mode } => {
                write!(
                    f,
                    "its mode is {mode:04o}, and whoever reads it can be anybody here; run: chmod 600 on it"
                )
            }
            KeytabError::Io(kind) => write!(f, "{kind}"),
        }
    }
}

impl std::error::Error for KeytabError {}

impl Keytab {
    /// Reads a file that belongs to who runs this (or to root) and that others can neither read nor write.
    pub fn load(path: &Path) -> Result<Keytab, KeytabError> {
        let io = |error: std::io::Error| KeytabError::Io(error.kind());
        let file = File::open(path).map_err(io)?;
        let found = file.metadata().map_err(io)?;
        if found.uid() != rustix::process::geteuid().as_raw() && found.uid() != 0 {
            return Err(KeytabError::Foreign { owner: found.uid() });
        }
        if found.mode() & 0o027 != 0 {
            return Err(KeytabError::Exposed { mode: found.mode() & 0o7777 });
        }
        let mut bytes = Vec::new();
        file.take(KEYTAB_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
        Keytab::parse(&bytes)
    }

    /// Reads the bytes of a keytab.
    pub fn parse(bytes: &[u8]) -> Result<Keytab, KeytabError> {
        if bytes.len() > KEYTAB_BYTES_MAX {
            return Err(KeytabError::TooLong);
        }
        let mut rest = bytes.strip_prefix(&[5, 2]).ok_or(KeytabError::Version)?;
        let mut keys = Vec::new();
        while !rest.is_empty() {
            let wrong = KeytabError::Entry { at: bytes.len() - rest.len() };
            let size = i32::from_be_bytes(take(&mut rest).ok_or(wrong)?);
            // Zero ends the file; a negative size is a hole of that many bytes.
            if size == 0 {
                break;
            }
            let len = usize::try_from(size.unsigned_abs()).map_err(|_| wrong)?;
            let (entry, after) = rest.split_at_checked(len).ok_or(wrong)?;
            rest = after;
            if size > 0 {
                keys.push(Key::parse(entry).ok_or(wrong)?);
            }
        }
        if keys.is_empty() { Err(KeytabError::Empty) } else { Ok(Keytab(keys)) }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True of no keytab at all; never of what was read from a file.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys of a service: those of the version that is asked for, and then the others, since versions are written in
    /// a byte by some tools. Names of machines are compared without case.
    pub(super) fn keys_of<'a>(
        &'a self,
        service: &'a Principal,
        etype: usize,
        version: Option<u32>,
    ) -> impl Iterator<Item = &'a Key> {
        let all = move || self.0.iter().filter(move |key| key.etype == etype && key.service.is_like(service));
        let is_right = move |key: &&Key| version.is_none_or(|version| key.version == version);
        all().filter(is_right).chain(all().filter(move |key| !is_right(key)))
    }
}

impl Key {
    fn parse(mut entry: &[u8]) -> Option<Key> {
        let count = u16::from_be_bytes(take(&mut entry)?);
        if count > COMPONENTS_MAX {
            return None;
        }
        let realm = text(&mut entry)?;
        let name = (0..count).map(|_| text(&mut entry)).collect::<Option<Vec<String>>>()?;
        let _name_type: [u8; 4] = take(&mut entry)?;
        let _timestamp: [u8; 4] = take(&mut entry)?;
        let [version] = take(&mut entry)?;
        let etype = usize::from(u16::from_be_bytes(take(&mut entry)?));
        let value = counted(&mut entry)?.to_vec();
        // Behind the key there may be the whole of a version that does not fit into a byte.
        let version = match take(&mut entry).map(u32::from_be_bytes) {
            Some(whole) if whole != 0 => whole,
            _ => u32::from(version),
        };
        Some(Key { service: Principal { realm, name }, version, etype, value })
    }
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*head)
}

fn counted<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u16::from_be_bytes(take(from)?);
    let (head, rest) = from.split_at_checked(usize::from(len))?;
    *from = rest;
    Some(head)
}

fn text(from: &mut &[u8]) -> Option<String> {
    String::from_utf8(counted(from)?.to_vec()).ok()
}
