//! Every field of a reparse point: where it is, what it holds, what that means. For people who look at bytes.
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use nt::{Guid, Utf16};

use crate::hex;
use crate::raw::{GUID_HEADER_LEN, HEADER_LEN, RawReparse};
use crate::symlink::SymlinkFlags;
use crate::tag::Tag;
use crate::target::{Target, TargetError};
use crate::wof::WofAlgorithm;

/// One field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// The specification's name of the field.
    pub name: &'static str,
    /// Where it begins, from the first byte of the header.
    pub offset: usize,
    /// Its length in bytes.
    pub len: usize,
    /// What it holds, as text.
    pub value: String,
    /// What that means, or what is wrong with it.
    pub note: Option<String>,
}

/// Every field, in the order of the bytes; the names of a symlink or a mount point follow the four numbers that say
/// where they are. Every byte of the header and of a fixed part is in one field. Nothing fails: what a layout cannot
/// explain is given as bytes.
///
/// ```
/// use reparse::{MountPoint, fields};
/// let junction = MountPoint::to_directory(r"C:\x")?;
/// let all = fields(junction.raw());
/// assert_eq!(all[0].name, "ReparseTag");
/// assert!(all.iter().any(|field| field.name == "SubstituteName" && field.value == r"\??\C:\x"));
/// # Ok::<(), reparse::BuildError>(())
/// ```
pub fn fields(raw: &RawReparse) -> Vec<Field> {
    let mut walk = Walk { bytes: raw.as_bytes(), at: 0, end: raw.as_bytes().len(), found: Vec::new() };
    header(raw, &mut walk);
    walk.end = raw.header_len() + raw.data().len();
    // A layout that ends early leaves the rest of the data to be shown as bytes.
    let _ = match raw.tag() {
        Tag::SYMLINK => names(&mut walk, true),
        Tag::MOUNT_POINT => names(&mut walk, false),
        Tag::NFS => nfs(&mut walk),
        Tag::LX_SYMLINK => lx_symlink(&mut walk),
        Tag::APPEXECLINK => app_exec_link(&mut walk),
        Tag::WOF => wof(&mut walk),
        Tag::WCI | Tag::WCI_1 => wci(&mut walk),
        Tag::WIM => wim(&mut walk),
        tag if tag.is_cloud() => cloud(&mut walk),
        _ => None,
    };
    let note = match raw.tag() {
        Tag::AF_UNIX | Tag::LX_FIFO | Tag::LX_CHR | Tag::LX_BLK => "this tag has no data of its own",
        _ => "only the owner of the tag understands this",
    };
    walk.rest("DataBuffer", note);
    walk.end = raw.as_bytes().len();
    walk.rest("(trailing)", "bytes after the data; Windows would refuse them");
    walk.found
}

/// The place reached in the bytes, and what was found before it.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    found: Vec<Field>,
}

impl<'a> Walk<'a> {
    fn left(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    fn push(&mut self, name: &'static str, len: usize, value: String, note: Option<String>) {
        self.found.push(Field { name, offset: self.at, len, value, note });
        self.at += len;
    }

    fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.left().first_chunk().copied()
    }

    fn u16(&mut self, name: &'static str, note: impl FnOnce(u16) -> Option<String>) -> Option<u16> {
        let value = u16::from_le_bytes(self.array()?);
        self.push(name, 2, value.to_string(), note(value));
        Some(value)
    }

    fn u32(&mut self, name: &'static str, note: impl FnOnce(u32) -> Option<String>) -> Option<u32> {
        let value = u32::from_le_bytes(self.array()?);
        self.push(name, 4, value.to_string(), note(value));
        Some(value)
    }

    fn u64(&mut self, name: &'static str, note: impl FnOnce(u64) -> Option<String>) -> Option<u64> {
        let value = u64::from_le_bytes(self.array()?);
        self.push(name, 8, format!("0x{value:X}"), note(value));
        Some(value)
    }

    fn guid(&mut self, name: &'static str, note: Option<String>) -> Option<Guid> {
        let value = Guid(self.array()?);
        self.push(name, 16, value.to_string(), note);
        Some(value)
    }

    fn hex(&mut self, name: &'static str, len: usize) -> Option<()> {
        let value = hex::encode(self.left().get(..len)?);
        self.push(name, len, value, None);
        Some(())
    }

    /// UTF-16 text of so many bytes.
    fn text(&mut self, name: &'static str, len: usize) -> Option<()> {
        let text = text_of(self.left().get(..len)?);
        self.push(name, len, text, None);
        Some(())
    }

    fn rest(&mut self, name: &'static str, note: &str) {
        let left = self.left();
        if !left.is_empty() {
            self.push(name, left.len(), hex::encode(left), Some(note.to_string()));
        }
    }
}

fn text_of(bytes: &[u8]) -> String {
    let (pairs, _half) = bytes.as_chunks::<2>();
    Utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect()).to_string()
}

fn plain<T>(_: T) -> Option<String> {
    None
}

fn note_if(condition: bool, note: &str) -> Option<String> {
    condition.then(|| note.to_string())
}

fn header(raw: &RawReparse, walk: &mut Walk<'_>) {
    let tag = raw.tag();
    walk.push("ReparseTag", 4, format!("0x{:08X}", tag.0), Some(tag_note(tag)));
    let (data_len, whole) = (raw.data().len(), raw.as_bytes().len());
    let note = match whole - raw.trailing().len() - data_len {
        GUID_HEADER_LEN => {
            format!("bytes after the header of {GUID_HEADER_LEN}, which has a GUID; {whole} in all")
        }
        _ => format!("bytes after the header of {HEADER_LEN}; {whole} in all"),
    };
    walk.push("ReparseDataLength", 2, data_len.to_string(), Some(note));
    let reserved = raw.reserved();
    let note = note_if(reserved != 0, "not 0; Windows ignores it and gives 0 back");
    walk.push("Reserved", 2, format!("0x{reserved:04X}"), note);
    if let Some(guid) = raw.guid() {
        let note = match tag.vendor().and_then(|vendor| vendor.guid) {
            _ if tag.is_microsoft() => Some("a Microsoft tag needs no GUID; Windows ignores it".to_string()),
            _ if guid == Guid::NIL => Some("all zeroes; Windows refuses it".to_string()),
            Some(known) if known == guid => Some("the GUID its owner is known by".to_string()),
            Some(known) => Some(format!("its owner is known by {known}")),
            None => None,
        };
        walk.push("ReparseGuid", 16, guid.to_string(), note);
    }
}

fn tag_note(tag: Tag) -> String {
    let mut note = String::from(tag.name().unwrap_or("not a tag anybody published"));
    let owner = match tag.vendor() {
        Some(vendor) => format!("owned by {}", vendor.owner),
        None if tag.is_microsoft() => "Microsoft's".to_string(),
        None => "a third party's".to_string(),
    };
    note.push_str("; ");
    note.push_str(&owner);
    for (holds, meaning) in [
        (tag.is_name_surrogate(), "; name surrogate: stands for another named object"),
        (tag.is_directory(), "; a directory with it may have children"),
        (!tag.is_valid(), "; Windows refuses this tag"),
    ] {
        if holds {
            note.push_str(meaning);
        }
    }
    note
}

fn names(walk: &mut Walk<'_>, symlink: bool) -> Option<()> {
    let substitute_offset = walk.u16("SubstituteNameOffset", plain)?;
    let substitute_len =
        walk.u16("SubstituteNameLength", |len| note_if(len % 2 != 0, "odd: not whole units"))?;
    let print_offset = walk.u16("PrintNameOffset", plain)?;
    let print_len = walk.u16("PrintNameLength", |len| note_if(len % 2 != 0, "odd: not whole units"))?;
    let flags =
        if symlink { SymlinkFlags(walk.u32("Flags", symlink_flags_note)?) } else { SymlinkFlags::ABSOLUTE };
    let path_at = walk.at;
    let path = walk.left();
    let mut covered = 0;
    for (name, offset, len) in
        [("SubstituteName", substitute_offset, substitute_len), ("PrintName", print_offset, print_len)]
    {
        let (offset, len) = (usize::from(offset), usize::from(len));
        let bytes = path.get(offset..).and_then(|tail| tail.get(..len));
        let (value, note) = match bytes {
            None => {
                (String::new(), Some(format!("reaches outside PathBuffer, which has {} bytes", path.len())))
            }
            Some(bytes) => {
                covered = covered.max(offset + len);
                let note = (name == "SubstituteName").then(|| target_note(bytes, flags)).flatten();
                (text_of(bytes), note)
            }
        };
        walk.found.push(Field { name, offset: path_at + offset, len, value, note });
    }
    walk.at = path_at + covered;
    let left = walk.left();
    if !left.is_empty() {
        let note =
            if left == [0, 0] { "the NUL that ends the last name" } else { "bytes that belong to no name" };
        walk.push("(PathBuffer)", left.len(), hex::encode(left), Some(note.to_string()));
    }
    Some(())
}

fn symlink_flags_note(flags: u32) -> Option<String> {
    let flags = SymlinkFlags(flags);
    let mut note = String::from(if flags.is_relative() { "relative" } else { "absolute" });
    if flags != flags.stored() {
        note.push_str("; the high nibble is the system's and is not stored");
    }
    if flags.stored().0 > 1 {
        note.push_str("; has unknown bits");
    }
    Some(note)
}

fn target_note(name: &[u8], flags: SymlinkFlags) -> Option<String> {
    let name = Utf16::from_le_bytes(name)?;
    let relative = flags.is_relative();
    let parsed = if relative { Target::parse_relative(&name) } else { Target::parse_absolute(&name) };
    Some(match parsed {
        Ok(target) => String::from(match target {
            Target::Drive { .. } => "a path on a drive",
            Target::Volume { .. } => "a path on a volume told by its GUID",
            Target::Unc { .. } => "a path on a server's share",
            Target::DosDevice { .. } => "a path below a DOS device's name",
            Target::Device { .. } => "a path in the NT namespace",
            Target::Rooted { .. } => "relative to the root of the link's volume",
            Target::Relative { .. } => "relative to the link's directory",
        }),
        Err(error @ TargetError { .. }) => format!("Windows does not follow it: {error}, {}", error.status()),
    })
}

fn nfs(walk: &mut Walk<'_>) -> Option<()> {
    let kinds: [(u64, &str); 5] = [
        (0x0000_0000_014B_4E4C, "LNK: a symbolic link"),
        (0x0000_0000_0052_4843, "CHR: a character device"),
        (0x0000_0000_004B_4C42, "BLK: a block device"),
        (0x0000_0000_4F46_4946, "FIFO: a named pipe"),
        (0x0000_0000_4B43_4F53, "SOCK: a socket"),
    ];
    let known = |value: u64| kinds.iter().find(|(kind, _)| *kind == value).map(|(_, name)| *name);
    let kind = walk.u64("Type", |value| Some(known(value).unwrap_or("not a type we know").to_string()))?;
    match known(kind)?.get(..3)? {
        "LNK" => walk.text("Target", walk.left().len()),
        "CHR" | "BLK" => {
            walk.u32("Major", plain)?;
            walk.u32("Minor", plain).map(|_| ())
        }
        _ => None,
    }
}

fn lx_symlink(walk: &mut Walk<'_>) -> Option<()> {
    let version = walk.u32("Version", |version| note_if(version == 1, "the target is the file's data"))?;
    if version == 2 {
        let left = walk.left();
        walk.push("Target", left.len(), String::from_utf8_lossy(left).into_owned(), None);
    }
    Some(())
}

fn app_exec_link(walk: &mut Walk<'_>) -> Option<()> {
    walk.u32("Version", |version| note_if(version != 3, "3 in every capture"))?;
    let mut names = ["PackageId", "EntryPoint", "Executable", "ApplicationType"].into_iter();
    loop {
        let (pairs, _half) = walk.left().as_chunks::<2>();
        let units = pairs.iter().position(|pair| *pair == [0, 0])?;
        let value = text_of(walk.left().get(..units * 2)?);
        walk.push(names.next().unwrap_or("String"), units * 2 + 2, value, None);
    }
}

fn wof(walk: &mut Walk<'_>) -> Option<()> {
    walk.u32("Version", |version| note_if(version != 1, "1 is the one we know"))?;
    let provider = walk.u32("Provider", |provider| match provider {
        1 => Some("WIM: the data is in an image".to_string()),
        2 => Some("file: the data is in the stream WofCompressedData".to_string()),
        _ => Some("not a provider we know".to_string()),
    })?;
    match provider {
        2 => {
            walk.u32("ProviderVersion", plain)?;
            let name = |algorithm| WofAlgorithm(algorithm).name().map(ToString::to_string);
            walk.u32("Algorithm", name).map(|_| ())
        }
        1 => {
            walk.u64("ProviderVersion", plain)?;
            walk.u64("DataSourceId", plain)?;
            walk.hex("ResourceHash", 20)?;
            walk.hex("TableHash", 20)?;
            walk.u64("UncompressedSize", plain)?;
            walk.u64("CompressedSize", plain)?;
            walk.u64("OffsetInImage", plain).map(|_| ())
        }
        _ => None,
    }
}

fn wci(walk: &mut Walk<'_>) -> Option<()> {
    walk.u32("Version", plain)?;
    walk.u32("Reserved", plain)?;
    walk.guid("LayerGuid", None)?;
    let len = walk.u16("NameLength", plain)?;
    walk.text("Name", usize::from(len))
}

fn wim(walk: &mut Walk<'_>) -> Option<()> {
    walk.guid("ImageGuid", None)?;
    walk.hex("PathHash", 20)
}

fn cloud(walk: &mut Walk<'_>) -> Option<()> {
    let note = |flags: u16| {
        Some(String::from(if flags & 0x8000 != 0 {
            "the body is compressed"
        } else {
            "the body is not compressed"
        }))
    };
    let flags = walk.u16("Flags", note)?;
    walk.u16("Length", |_| Some("of header and body, not compressed".to_string()))?;
    if flags & 0x8000 == 0 {
        let magic: [u8; 4] = walk.array()?;
        walk.push("Magic", 4, magic.escape_ascii().to_string(), None);
        walk.u32("Crc32", plain)?;
        walk.u32("RecordLength", plain)?;
        walk.u16("RecordFlags", plain)?;
        walk.u16("NumberOfElements", plain)?;
    }
    None
}
