//! A reparse point in words, for `get`.
use crate::output::Output;
use crate::point::hex;
use crate::volume::Found;
use nt::Utf16;
use reparse::{NfsObject, RawReparse, ReparsePoint, Tag, WofSource};

/// The most bytes of data that are shown in hexadecimal on one line.
const SHOWN_BYTES_MAX: usize = 32;

/// Writes what the point is and says.
pub(crate) fn point(found: &Found, out: &mut Output) {
    let (point, in_data) = ReparsePoint::from_raw(&found.point);
    let carrier = if found.directory { "a directory" } else { "a file" };
    out.line(format_args!("{}, on {carrier}", kind(&point)));
    row(out, "tag", &found.point.tag().to_string());
    for (name, value) in parts(&point) {
        row(out, name, &value);
    }
    row(out, "size", &format!("{} bytes", found.point.as_bytes().len()));
    for (name, value) in lx_parts(found) {
        row(out, name, &value);
    }
    for oddity in found.oddities.iter().chain(&in_data) {
        row(out, "odd", &oddity.to_string());
    }
}

/// What it is, in a few words.
pub(crate) fn kind(point: &ReparsePoint) -> &'static str {
    match point {
        ReparsePoint::Symlink(link) if link.is_relative() => "a symbolic link, relative",
        ReparsePoint::Symlink(_) => "a symbolic link, absolute",
        ReparsePoint::MountPoint(_) => "a junction (mount point)",
        ReparsePoint::Nfs(nfs) => match nfs.object() {
            NfsObject::Symlink(_) => "a symbolic link of an NFS server",
            NfsObject::CharDevice { .. } => "a character device of an NFS server",
            NfsObject::BlockDevice { .. } => "a block device of an NFS server",
            NfsObject::Fifo => "a named pipe of an NFS server",
            NfsObject::Socket => "a socket of an NFS server",
        },
        ReparsePoint::LxSymlink(_) => "a symbolic link of the Windows Subsystem for Linux",
        ReparsePoint::AfUnix => "a local socket (AF_UNIX)",
        ReparsePoint::LxFifo => "a named pipe of the Windows Subsystem for Linux",
        ReparsePoint::LxChr => "a character device of the Windows Subsystem for Linux",
        ReparsePoint::LxBlk => "a block device of the Windows Subsystem for Linux",
        ReparsePoint::AppExecLink(_) => "an alias that starts a packaged app",
        ReparsePoint::Wof(_) => "a file compressed or kept in an image by the Windows Overlay Filter",
        ReparsePoint::Wci(_) => "a file of a container layer",
        ReparsePoint::Cloud(_) => "a placeholder of a cloud provider",
        ReparsePoint::Wim(_) => "an object of a mounted image",
        ReparsePoint::ThirdParty(_) => "a third party's reparse point",
        ReparsePoint::Opaque(raw) => unread(raw.tag()),
        _ => "a reparse point",
    }
}

/// What has no meaning to us: because it is its owner's, or because the data does not fit the tag.
fn unread(tag: Tag) -> &'static str {
    match tag {
        Tag::SYMLINK => "a symbolic link whose data cannot be read",
        Tag::MOUNT_POINT => "a junction (mount point) whose data cannot be read",
        Tag::NFS | Tag::LX_SYMLINK | Tag::APPEXECLINK | Tag::WOF | Tag::WCI | Tag::WCI_1 | Tag::WIM => {
            "a reparse point whose data cannot be read"
        }
        tag if tag.is_cloud() => "a placeholder of a cloud provider whose data cannot be read",
        tag if tag.name().is_some() => "a reparse point whose data is its owner's",
        _ => "a reparse point of a tag that nobody published",
    }
}

/// Where a link leads, for one line of a listing.
pub(crate) fn target(point: &ReparsePoint) -> Option<String> {
    match point {
        ReparsePoint::Symlink(link) => Some(link.substitute().to_string()),
        ReparsePoint::MountPoint(junction) => Some(junction.substitute().to_string()),
        ReparsePoint::LxSymlink(link) => link.target().map(|t| String::from_utf8_lossy(t).into_owned()),
        ReparsePoint::Nfs(nfs) => match nfs.object() {
            NfsObject::Symlink(target) => Some(target.to_string()),
            _ => None,
        },
        ReparsePoint::AppExecLink(link) => link.executable().map(ToString::to_string),
        _ => None,
    }
}

fn parts(point: &ReparsePoint) -> Vec<(&'static str, String)> {
    let name = |name: &Utf16| if name.units().is_empty() { "(empty)".to_owned() } else { name.to_string() };
    match point {
        ReparsePoint::Symlink(link) => {
            vec![("substitute", name(link.substitute())), ("print", name(link.print()))]
        }
        ReparsePoint::MountPoint(junction) => {
            vec![("substitute", name(junction.substitute())), ("print", name(junction.print()))]
        }
        ReparsePoint::Nfs(nfs) => match nfs.object() {
            NfsObject::Symlink(target) => vec![("target", name(target))],
            NfsObject::CharDevice { major, minor } | NfsObject::BlockDevice { major, minor } => {
                vec![("device", format!("{major}:{minor}"))]
            }
            NfsObject::Fifo | NfsObject::Socket => Vec::new(),
        },
        ReparsePoint::LxSymlink(link) => match link.target() {
            Some(target) => vec![("target", String::from_utf8_lossy(target).into_owned())],
            None => vec![("target", "in the file's data (version 1)".to_owned())],
        },
        ReparsePoint::AppExecLink(link) => {
            let names = ["package", "entry point", "executable", "type"];
            let named = names.into_iter().chain(std::iter::repeat("string"));
            named.zip(link.strings()).map(|(title, string)| (title, name(string))).collect()
        }
        ReparsePoint::Wof(wof) => match wof.source() {
            WofSource::File { algorithm } => {
                let number = algorithm.0.to_string();
                vec![("algorithm", algorithm.name().map_or(number, str::to_owned))]
            }
            WofSource::Wim(pointer) => vec![("image", format!("data source 0x{:x}", pointer.data_source_id))],
        },
        ReparsePoint::Wci(wci) => vec![("layer", wci.layer().to_string()), ("name", name(wci.name()))],
        ReparsePoint::Wim(wim) => vec![("image", wim.image().to_string())],
        ReparsePoint::ThirdParty(point) => {
            let owner = point.tag().vendor().map(|vendor| ("owner", vendor.owner.to_owned()));
            owner
                .into_iter()
                .chain([("guid", point.guid().to_string()), ("data", data(point.raw()))])
                .collect()
        }
        ReparsePoint::Cloud(cloud) => vec![("data", data(cloud.raw()))],
        ReparsePoint::Opaque(raw) => vec![("data", data(raw))],
        _ => Vec::new(),
    }
}

fn data(raw: &RawReparse) -> String {
    let data = raw.data();
    match data.get(..SHOWN_BYTES_MAX) {
        Some(head) if data.len() > SHOWN_BYTES_MAX => {
            format!("{}... ({} bytes)", hex::encode(head), data.len())
        }
        _ if data.is_empty() => "none".to_owned(),
        _ => hex::encode(data),
    }
}

fn lx_parts(found: &Found) -> Vec<(&'static str, String)> {
    let lx = &found.lx;
    let is_device = matches!(found.point.tag(), Tag::LX_CHR | Tag::LX_BLK);
    let device = match lx.device {
        Some((major, minor)) => Some(format!("{major}:{minor}")),
        None if is_device => Some("missing: the EA $LXDEV should say it".to_owned()),
        None => None,
    };
    let rows = [
        ("device", device),
        ("mode", lx.mode.map(|mode| format!("{mode:o}"))),
        ("uid", lx.uid.map(|uid| uid.to_string())),
        ("gid", lx.gid.map(|gid| gid.to_string())),
    ];
    rows.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

fn row(out: &mut Output, name: &str, value: &str) {
    out.line(format_args!("  {name:<11} {value}"));
}
