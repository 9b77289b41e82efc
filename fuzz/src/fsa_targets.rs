//! Targets of the object store: what others wrote into attributes, paths, and sequences of operations.

use fsa::host::meta::{self, DosAttrib, NtAcl, decode_head};
use fsa::host::{Host, Make, XattrMode, memory::MemoryHost, memory::MemoryOptions};
use fsa::{Follow, OpenId, OpenRequest, SecurityContext, Volume, VolumeOptions};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, FsctlCode, ShareAccess, Utf16};

/// Opens that a sequence may hold at once.
const OPENS_MAX: usize = 8;
/// Operations that one input may ask for.
const OPERATIONS_MAX: usize = 200;

/// The attributes of a file, in the hands of anyone who can write it: each decoder, then the whole object.
///
/// The input's first byte says which attribute gets the rest.
pub fn xattrs(input: &[u8]) {
    let _ = DosAttrib::decode(input);
    let _ = decode_head(input);
    if let Ok(acl) = NtAcl::decode(input) {
        let encoded = acl.encode();
        assert!(encoded.is_ok(), "what was decoded can be encoded");
    }
    let Some((which, value)) = input.split_first() else { return };
    let host = MemoryHost::new(MemoryOptions::default());
    let Ok((node, _)) = host.create(&host.root(), Utf16::from("f").units(), Make::File) else { return };
    let name = match which % 5 {
        0 => meta::SMB_REPARSE,
        1 => meta::DOSATTRIB,
        2 => meta::NTACL,
        3 => "user.DosStream.s:$DATA",
        _ => "user.ea",
    };
    if host.set_xattr(&node, name, value, XattrMode::Any).is_err() {
        return;
    }
    let _ = meta::load(&host, &node);
    let _ = meta::point(&host, &node);
    let _ = meta::ea_list(&host, &node);
    let _ = meta::stream_list(&host, &node);
    let _ = meta::security(&host, &node);
    open_and_get(host);
}

/// Opens what an attacker prepared, both ways, and reads its point.
fn open_and_get(host: MemoryHost) {
    let volume = Volume::new(host, VolumeOptions::default());
    let cx = SecurityContext::superuser();
    let path = Utf16::from("f");
    for options in [CreateOptions::OPEN_REPARSE_POINT, CreateOptions::NONE] {
        let request =
            OpenRequest { options, ..OpenRequest::existing(path.units(), AccessMask::FILE_READ_ATTRIBUTES) };
        if let Ok(opened) = volume.open(&cx, &request) {
            let _ = volume.fs_control(opened.id, FsctlCode::GET_REPARSE_POINT, &[], 16_384);
            let _ = volume.close(opened.id);
        }
    }
}

/// Any path at all against a small tree with links in it; what opens must be what the tree has.
pub fn path(input: &[u8]) {
    let volume = Volume::new(MemoryHost::new(MemoryOptions::default()), VolumeOptions::default());
    let cx = SecurityContext::superuser();
    for (name, target) in [("link", ".\\dir"), ("loop", "loop"), ("up", "..\\..\\x"), ("dangling", "nothing")]
    {
        plant(&volume, &cx, name, target);
    }
    let units: Vec<u16> = input
        .chunks(2)
        .map(|pair| pair.iter().rev().fold(0, |sum, byte| sum << 8 | u16::from(*byte)))
        .collect();
    for follow in [Follow::Store, Follow::Caller] {
        let request =
            OpenRequest { follow, ..OpenRequest::existing(&units, AccessMask::FILE_READ_ATTRIBUTES) };
        if let Ok(opened) = volume.open(&cx, &request) {
            assert!(volume.close(opened.id).is_ok(), "what was opened can be closed");
        }
    }
}

fn plant(volume: &Volume<MemoryHost>, cx: &SecurityContext, name: &str, target: &str) {
    let path = Utf16::from(name);
    let request = OpenRequest {
        disposition: CreateDisposition::CREATE,
        ..OpenRequest::existing(path.units(), AccessMask::FILE_WRITE_ATTRIBUTES)
    };
    let Ok(opened) = volume.open(cx, &request) else { return };
    if let Ok(link) = reparse::Symlink::relative(target) {
        let _ = volume.fs_control(opened.id, FsctlCode::SET_REPARSE_POINT, &link.raw().encode(), 0);
    }
    let _ = volume.close(opened.id);
}

/// A sequence of operations, drawn from the input. After each SET that succeeds, GET gives the same bytes, but for what is
/// not kept.
pub fn sequence(input: &[u8]) {
    let write_unix_links = input.len() % 2 == 1;
    let options = VolumeOptions { events: true, write_unix_links, ..VolumeOptions::default() };
    let volume = Volume::new(MemoryHost::new(MemoryOptions::default()), options);
    let mut run =
        Run { volume, cx: SecurityContext::superuser(), opens: Vec::new(), input, write_unix_links };
    for _ in 0..OPERATIONS_MAX {
        if run.step().is_none() {
            break;
        }
    }
    let opens = std::mem::take(&mut run.opens);
    for id in opens {
        let closed = run.volume.close(id);
        assert!(closed.is_ok(), "an open cannot be closed: {closed:?}");
    }
}

/// What a sequence has done so far, and the input that is left.
struct Run<'a> {
    volume: Volume<MemoryHost>,
    cx: SecurityContext,
    opens: Vec<OpenId>,
    input: &'a [u8],
    write_unix_links: bool,
}

impl Run<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.input.split_first()?;
        self.input = rest;
        Some(*first)
    }

    /// As many bytes as the next byte says, of those that are left.
    fn bytes(&mut self) -> Option<Vec<u8>> {
        let len = usize::from(self.byte()?).min(self.input.len());
        let (head, tail) = self.input.split_at(len);
        self.input = tail;
        Some(head.to_vec())
    }

    fn open_id(&mut self) -> Option<OpenId> {
        let which = usize::from(self.byte()?);
        self.opens.get(which % OPENS_MAX).or(self.opens.last()).copied().or(Some(OpenId(0)))
    }

    fn step(&mut self) -> Option<()> {
        match self.byte()? % 8 {
            0 | 1 => self.open()?,
            2 => self.set()?,
            3 => {
                let (id, input) = (self.open_id()?, self.bytes()?);
                let _ = self.volume.fs_control(id, FsctlCode::DELETE_REPARSE_POINT, &input, 0);
            }
            4 => {
                let (id, room) = (self.open_id()?, usize::from(self.byte()?) * 64);
                let _ = self.volume.fs_control(id, FsctlCode::GET_REPARSE_POINT, &[], room);
            }
            5 => {
                let (id, bytes) = (self.open_id()?, self.bytes()?);
                let _ = self.volume.write(id, 0, &bytes);
                let _ = self.volume.read(id, 0, 64);
            }
            6 => {
                let (id, input) = (self.open_id()?, self.bytes()?);
                let _ = self.volume.fs_control(id, FsctlCode::SET_REPARSE_POINT_EX, &input, 0);
            }
            _ => {
                let id = self.open_id()?;
                self.opens.retain(|open| *open != id);
                let _ = self.volume.close(id);
            }
        }
        Some(())
    }

    fn open(&mut self) -> Option<()> {
        const NAMES: [&str; 8] = ["a", "d", "d\\b", "A", "a:s", "d\\..\\a", "d\\b\\c", "link\\a"];
        let name = NAMES.get(usize::from(self.byte()?) % NAMES.len())?;
        let (disposition, flags) = (self.byte()?, self.byte()?);
        let path = Utf16::from(*name);
        let mut options = CreateOptions::NONE;
        for (bit, option) in [
            (1, CreateOptions::OPEN_REPARSE_POINT),
            (2, CreateOptions::DIRECTORY_FILE),
            (4, CreateOptions::DELETE_ON_CLOSE),
            (8, CreateOptions::NON_DIRECTORY_FILE),
        ] {
            if flags & bit != 0 {
                options |= option;
            }
        }
        let request = OpenRequest {
            relative_to: None,
            path: path.units(),
            desired_access: AccessMask(0x0001_01BF),
            share_access: ShareAccess(u32::from(flags >> 5) | 3),
            disposition: CreateDisposition(u32::from(disposition % 7)),
            options,
            attributes: FileAttributes(u32::from(disposition >> 3)),
            eas: &[],
            follow: if flags & 16 == 0 { Follow::Store } else { Follow::Caller },
            dont_reparse: false,
            wants_facts: true,
            security: None,
            allocation: u64::from(flags) << 10,
            mode: None,
            oplock_key: None,
            parent_oplock_key: None,
        };
        if let Ok(opened) = self.volume.open(&self.cx, &request) {
            self.opens.push(opened.id);
        }
        if self.opens.len() > OPENS_MAX {
            let oldest = self.opens.remove(0);
            assert!(self.volume.close(oldest).is_ok(), "an open can be closed");
        }
        Some(())
    }

    fn set(&mut self) -> Option<()> {
        let (id, given) = (self.open_id()?, self.bytes()?);
        if self.volume.fs_control(id, FsctlCode::SET_REPARSE_POINT, &given, 0).is_err() {
            return Some(());
        }
        let reply = self.volume.fs_control(id, FsctlCode::GET_REPARSE_POINT, &[], 16_384);
        let got = reply.map(|reply| reply.output).unwrap_or_default();
        let as_unix_link = || self.write_unix_links && relative_link(&got).is_some();
        if as_unix_link() && relative_link(&got) == relative_link(&given) {
            return Some(());
        }
        assert_eq!(got, as_stored(&given), "what was set is what is got");
        Some(())
    }
}

/// Where a relative link leads. A real Unix link keeps that, and not where its two names lay in the buffer.
fn relative_link(buffer: &[u8]) -> Option<Utf16> {
    let (raw, _) = reparse::RawReparse::decode(buffer).ok()?;
    match reparse::ReparsePoint::from_raw(&raw).0 {
        reparse::ReparsePoint::Symlink(link) if link.flags().is_relative() => Some(link.substitute().clone()),
        _ => None,
    }
}

/// What a store keeps of a buffer that it accepted: all but Reserved, and of a symlink's flags all but the system's nibble
/// (docs/SPEC-NOTES.md; the semantics 1.5.1).
fn as_stored(given: &[u8]) -> Vec<u8> {
    const RESERVED: std::ops::Range<usize> = 6..8;
    const SYMLINK_FLAGS_HIGHEST: usize = 19;
    let is_symlink = given.starts_with(&reparse::Tag::SYMLINK.0.to_le_bytes());
    let kept = |(at, byte): (usize, &u8)| match at {
        _ if RESERVED.contains(&at) => 0,
        SYMLINK_FLAGS_HIGHEST if is_symlink => byte & 0x0F,
        _ => *byte,
    };
    given.iter().enumerate().map(kept).collect()
}
