//! [MS-FSCC] 2.1.2: what the bytes of a reparse point mean, where we know it.
use alloc::vec::Vec;

use crate::app_exec_link::AppExecLink;
use crate::cloud::Cloud;
use crate::mount_point::MountPoint;
use crate::nfs::Nfs;
use crate::oddity::Oddity;
use crate::raw::RawReparse;
use crate::symlink::Symlink;
use crate::tag::Tag;
use crate::third_party::ThirdParty;
use crate::wci::Wci;
use crate::wim::Wim;
use crate::wof::Wof;
use crate::wsl::LxSymlink;

/// The meaning of a reparse point. Each kind keeps the bytes it was read from, so nothing is lost on the way back:
/// `from_raw(raw).0.to_raw() == raw`, for every `raw`.
///
/// ```
/// use reparse::{RawReparse, ReparsePoint};
/// # let bytes = reparse::MountPoint::to_directory(r"C:\x")?.raw().encode();
/// let (raw, oddities) = RawReparse::decode(&bytes)?;
/// match ReparsePoint::from_raw(&raw).0 {
///     ReparsePoint::Symlink(link) => println!("a link to {}", link.substitute()),
///     ReparsePoint::MountPoint(junction) => println!("a junction to {}", junction.substitute()),
///     other => println!("{}", other.tag()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ReparsePoint {
    /// A symbolic link.
    Symlink(Symlink),
    /// A mount point, also called junction.
    MountPoint(MountPoint),
    /// A Unix object as the NFS server keeps it.
    Nfs(Nfs),
    /// A symbolic link of WSL's.
    LxSymlink(LxSymlink),
    /// A socket of the AF_UNIX family. No data.
    AfUnix,
    /// A named pipe of WSL's. No data.
    LxFifo,
    /// A character device of WSL's; its numbers are in [`LxMetadata`](crate::lx_ea::LxMetadata). No data.
    LxChr,
    /// A block device of WSL's; its numbers are in [`LxMetadata`](crate::lx_ea::LxMetadata). No data.
    LxBlk,
    /// The alias of a packaged application.
    AppExecLink(AppExecLink),
    /// A file compressed, or kept in an image, by the overlay filter.
    Wof(Wof),
    /// A placeholder in a container's layer.
    Wci(Wci),
    /// A placeholder of the cloud files filter.
    Cloud(Cloud),
    /// An object of a mounted image.
    Wim(Wim),
    /// A third party's point, with its GUID.
    ThirdParty(ThirdParty),
    /// Anything else: a tag whose data is its owner's alone, or data that its layout does not fit.
    Opaque(RawReparse),
}

impl ReparsePoint {
    /// The meaning of the bytes, and what is odd about the data. (What is odd about the envelope,
    /// [`RawReparse::decode`] tells.) It never fails: what cannot be understood is [`Opaque`](ReparsePoint::Opaque), and
    /// where it should have been understood an oddity says why.
    pub fn from_raw(raw: &RawReparse) -> (ReparsePoint, Vec<Oddity>) {
        let mut oddities = Vec::new();
        let point = ReparsePoint::read(raw, &mut oddities);
        (point.unwrap_or_else(|| ReparsePoint::Opaque(raw.clone())), oddities)
    }

    fn read(raw: &RawReparse, oddities: &mut Vec<Oddity>) -> Option<ReparsePoint> {
        Some(match raw.tag() {
            Tag::SYMLINK => ReparsePoint::Symlink(Symlink::read(raw, oddities)?),
            Tag::MOUNT_POINT => ReparsePoint::MountPoint(MountPoint::read(raw, oddities)?),
            Tag::NFS => ReparsePoint::Nfs(Nfs::read(raw, oddities)?),
            Tag::LX_SYMLINK => ReparsePoint::LxSymlink(LxSymlink::read(raw, oddities)?),
            Tag::AF_UNIX => bare(raw, ReparsePoint::AfUnix, oddities)?,
            Tag::LX_FIFO => bare(raw, ReparsePoint::LxFifo, oddities)?,
            Tag::LX_CHR => bare(raw, ReparsePoint::LxChr, oddities)?,
            Tag::LX_BLK => bare(raw, ReparsePoint::LxBlk, oddities)?,
            Tag::APPEXECLINK => ReparsePoint::AppExecLink(AppExecLink::read(raw, oddities)?),
            Tag::WOF => ReparsePoint::Wof(Wof::read(raw, oddities)?),
            Tag::WCI | Tag::WCI_1 => ReparsePoint::Wci(Wci::read(raw, oddities)?),
            Tag::WIM => ReparsePoint::Wim(Wim::read(raw, oddities)?),
            tag if tag.is_cloud() => ReparsePoint::Cloud(Cloud::read(raw, oddities)?),
            tag if !tag.is_microsoft() => ReparsePoint::ThirdParty(ThirdParty::read(raw)?),
            _ => return None,
        })
    }

    /// The bytes.
    pub fn to_raw(&self) -> RawReparse {
        match self.raw() {
            Some(raw) => raw.clone(),
            None => RawReparse::fixed(self.tag(), []),
        }
    }

    /// The bytes.
    pub fn into_raw(self) -> RawReparse {
        match self {
            ReparsePoint::Symlink(point) => point.into_raw(),
            ReparsePoint::MountPoint(point) => point.into_raw(),
            ReparsePoint::Nfs(point) => point.into_raw(),
            ReparsePoint::LxSymlink(point) => point.into_raw(),
            ReparsePoint::AppExecLink(point) => point.into_raw(),
            ReparsePoint::Wof(point) => point.into_raw(),
            ReparsePoint::Wci(point) => point.into_raw(),
            ReparsePoint::Cloud(point) => point.into_raw(),
            ReparsePoint::Wim(point) => point.into_raw(),
            ReparsePoint::ThirdParty(point) => point.into_raw(),
            ReparsePoint::Opaque(raw) => raw,
            ReparsePoint::AfUnix | ReparsePoint::LxFifo | ReparsePoint::LxChr | ReparsePoint::LxBlk => {
                RawReparse::fixed(self.tag(), [])
            }
        }
    }

    /// The tag.
    pub fn tag(&self) -> Tag {
        match self {
            ReparsePoint::AfUnix => Tag::AF_UNIX,
            ReparsePoint::LxFifo => Tag::LX_FIFO,
            ReparsePoint::LxChr => Tag::LX_CHR,
            ReparsePoint::LxBlk => Tag::LX_BLK,
            ReparsePoint::Symlink(_) => Tag::SYMLINK,
            ReparsePoint::MountPoint(_) => Tag::MOUNT_POINT,
            ReparsePoint::Nfs(_) => Tag::NFS,
            ReparsePoint::LxSymlink(_) => Tag::LX_SYMLINK,
            ReparsePoint::AppExecLink(_) => Tag::APPEXECLINK,
            ReparsePoint::Wof(_) => Tag::WOF,
            ReparsePoint::Wim(_) => Tag::WIM,
            ReparsePoint::Wci(point) => point.tag(),
            ReparsePoint::Cloud(point) => point.tag(),
            ReparsePoint::ThirdParty(point) => point.tag(),
            ReparsePoint::Opaque(raw) => raw.tag(),
        }
    }

    /// The bytes; `None` for the kinds that are a tag and nothing else.
    fn raw(&self) -> Option<&RawReparse> {
        match self {
            ReparsePoint::Symlink(point) => Some(point.raw()),
            ReparsePoint::MountPoint(point) => Some(point.raw()),
            ReparsePoint::Nfs(point) => Some(point.raw()),
            ReparsePoint::LxSymlink(point) => Some(point.raw()),
            ReparsePoint::AppExecLink(point) => Some(point.raw()),
            ReparsePoint::Wof(point) => Some(point.raw()),
            ReparsePoint::Wci(point) => Some(point.raw()),
            ReparsePoint::Cloud(point) => Some(point.raw()),
            ReparsePoint::Wim(point) => Some(point.raw()),
            ReparsePoint::ThirdParty(point) => Some(point.raw()),
            ReparsePoint::Opaque(raw) => Some(raw),
            ReparsePoint::AfUnix | ReparsePoint::LxFifo | ReparsePoint::LxChr | ReparsePoint::LxBlk => None,
        }
    }
}

/// A kind that is a tag and nothing else. NTFS stores data with these tags too, and then the bytes are kept as they are.
fn bare(raw: &RawReparse, point: ReparsePoint, oddities: &mut Vec<Oddity>) -> Option<ReparsePoint> {
    if !raw.data().is_empty() {
        oddities
            .push(Oddity::DataLong { what: "tag, which has no data of its own,", extra: raw.data().len() });
    }
    (raw.data().is_empty() && raw.has_plain_envelope()).then_some(point)
}
