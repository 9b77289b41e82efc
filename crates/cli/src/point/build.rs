//! From the options of `set` to the bytes to set and the EAs that go with them.
use crate::fault::Fault;
use crate::point::args::{DeviceArg, KindArgs, WofArg};
use crate::point::names::{self, LinkNames, Meant};
use crate::point::{hex, json};
use reparse::lx_ea::LxMetadata;
use reparse::{
    AppExecLink, BuildError, LxSymlink, MountPoint, Nfs, RawReparse, Symlink, SymlinkFlags, Tag, Wci, Wof,
    WofAlgorithm,
};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What to set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wanted {
    /// The input of the control code: exactly what the user gave, or what Windows would write.
    pub(crate) bytes: Vec<u8>,
    /// What goes into EAs beside it.
    pub(crate) lx: LxMetadata,
    /// What the user may not expect.
    pub(crate) warning: Option<&'static str>,
}

/// The most bytes read of a file or of stdin that should hold one reparse point, as bytes or as JSON.
pub(crate) const INPUT_BYTES_MAX: u64 = 1024 * 1024;

/// The kinds of file in a Unix mode, as `$LXMOD` has them.
const S_IFIFO: u32 = 0o010_000;
const S_IFCHR: u32 = 0o020_000;
const S_IFBLK: u32 = 0o060_000;
const S_IFLNK: u32 = 0o120_000;
const S_IFSOCK: u32 = 0o140_000;

/// What the options ask for.
pub(crate) fn wanted(kind: &KindArgs) -> Result<Wanted, Fault> {
    let lx = lx_metadata(kind)?;
    if let Some(file) = &kind.raw {
        return Ok(Wanted { bytes: read_input(file)?, lx, warning: None });
    }
    if let Some(text) = &kind.hex {
        let bytes = hex::decode(text).map_err(|error| Fault::input("read --hex", error))?;
        return Ok(Wanted { bytes, lx, warning: None });
    }
    if let Some(file) = &kind.json {
        let text = read_input(file)?;
        return json::wanted_of(&text).map_err(|fault| fault.at(file));
    }
    let (bytes, warning) = built(kind)?;
    Ok(Wanted { bytes, lx, warning })
}

/// A point that is built, and what to warn of.
fn built(kind: &KindArgs) -> Result<(Vec<u8>, Option<&'static str>), Fault> {
    if let Some(target) = &kind.symlink {
        let meant = match (kind.details.relative, kind.details.absolute) {
            (true, _) => Meant::Relative,
            (_, true) => Meant::Absolute,
            _ => Meant::Detected,
        };
        let names = names::of_symlink(target, meant).map_err(|error| bad_target(target, error))?;
        return Ok((symlink(&names, kind.details.print.as_deref())?, names.warning));
    }
    if let Some(target) = &kind.junction {
        let names = names::of_junction(target).map_err(|error| bad_target(target, error))?;
        return Ok((junction(&names, kind.details.print.as_deref())?, names.warning));
    }
    if kind.details.print.is_some() {
        return Err(Fault::usage("set", "--print goes with --symlink or --junction"));
    }
    other(kind).map(|point| (point, None))
}

/// The bytes of a symlink with these names.
pub(crate) fn symlink(names: &LinkNames, print: Option<&str>) -> Result<Vec<u8>, Fault> {
    let flags = if names.relative { SymlinkFlags::RELATIVE } else { SymlinkFlags::ABSOLUTE };
    let print = print.unwrap_or(&names.print);
    let point = Symlink::new(names.substitute.as_str(), print, flags).map_err(bad_build)?;
    Ok(point.raw().encode())
}

/// The bytes of a junction with these names.
pub(crate) fn junction(names: &LinkNames, print: Option<&str>) -> Result<Vec<u8>, Fault> {
    let print = print.unwrap_or(&names.print);
    let point = MountPoint::new(names.substitute.as_str(), print).map_err(bad_build)?;
    Ok(point.raw().encode())
}

/// A point of any kind but Windows' own links.
fn other(kind: &KindArgs) -> Result<Vec<u8>, Fault> {
    let bare = |tag| RawReparse::new(tag, None, &[]);
    let raw = if let Some(target) = &kind.wsl {
        LxSymlink::new(target).map(|point| point.raw().clone())
    } else if kind.wsl_fifo {
        bare(Tag::LX_FIFO)
    } else if kind.af_unix {
        bare(Tag::AF_UNIX)
    } else if kind.wsl_char.is_some() {
        bare(Tag::LX_CHR)
    } else if kind.wsl_block.is_some() {
        bare(Tag::LX_BLK)
    } else if let Some(target) = &kind.nfs_symlink {
        Nfs::symlink(target.as_str()).map(|point| point.raw().clone())
    } else if kind.nfs_fifo {
        Ok(Nfs::fifo().raw().clone())
    } else if kind.nfs_socket {
        Ok(Nfs::socket().raw().clone())
    } else if let Some(DeviceArg { major, minor }) = kind.nfs_char {
        Ok(Nfs::char_device(major, minor).raw().clone())
    } else if let Some(DeviceArg { major, minor }) = kind.nfs_block {
        Ok(Nfs::block_device(major, minor).raw().clone())
    } else if let Some(package) = &kind.app_exec_link {
        let details = &kind.details;
        let entry_point = details.entry_point.as_deref().unwrap_or_default();
        let executable = details.executable.as_deref().unwrap_or_default();
        AppExecLink::new(package.as_str(), entry_point, executable, details.app_type.as_str())
            .map(|point| point.raw().clone())
    } else if let Some(algorithm) = kind.wof {
        Ok(Wof::file(algorithm.into()).raw().clone())
    } else if let Some(layer) = kind.wci {
        let name = kind.details.wci_name.as_deref().unwrap_or_default();
        Wci::new(Tag::WCI, layer, name).map(|point| point.raw().clone())
    } else if let Some(tag) = kind.tag {
        let data = kind.details.data.as_deref().unwrap_or_default();
        let data = hex::decode(data).map_err(|error| Fault::input("read --data", error))?;
        RawReparse::new(tag, kind.details.guid, &data)
    } else {
        return Err(
            Fault::usage("set", "no reparse point is named").next("name one, such as --symlink TARGET")
        );
    };
    raw.map(|raw| raw.encode()).map_err(bad_build)
}

/// The EAs: the device number that LX_CHR and LX_BLK need, and what else was asked for.
fn lx_metadata(kind: &KindArgs) -> Result<LxMetadata, Fault> {
    let details = &kind.details;
    let file_type = if kind.wsl.is_some() {
        S_IFLNK
    } else if kind.wsl_fifo {
        S_IFIFO
    } else if kind.af_unix {
        S_IFSOCK
    } else if kind.wsl_char.is_some() {
        S_IFCHR
    } else if kind.wsl_block.is_some() {
        S_IFBLK
    } else if details.lx_mode.is_some() || details.lx_uid.is_some() || details.lx_gid.is_some() {
        return Err(Fault::usage("set", "--lx-mode, --lx-uid and --lx-gid go with --wsl... or --af-unix"));
    } else {
        return Ok(LxMetadata::default());
    };
    Ok(LxMetadata {
        uid: details.lx_uid,
        gid: details.lx_gid,
        mode: details.lx_mode.map(|mode| file_type | mode.0),
        device: kind.wsl_char.or(kind.wsl_block).map(|device| (device.major, device.minor)),
    })
}

/// The whole of a file, or of stdin for `-`, within a limit.
pub(crate) fn read_input(file: &Path) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        io::stdin().lock().take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| file.take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| Fault::io("read", &error).at(file))?;
    if bytes.len() as u64 > INPUT_BYTES_MAX {
        let why = format!("it has more than {INPUT_BYTES_MAX} bytes, which is no reparse point");
        return Err(Fault::input("read", why).at(file));
    }
    Ok(bytes)
}

pub(crate) fn bad_target(target: &str, error: names::NamesError) -> Fault {
    Fault::usage("make a link's names", error).of(target).next(error.next())
}

pub(crate) fn bad_build(error: BuildError) -> Fault {
    Fault::input("build the reparse point", error)
}

impl From<WofArg> for WofAlgorithm {
    fn from(arg: WofArg) -> WofAlgorithm {
        match arg {
            WofArg::Xpress4k => WofAlgorithm::XPRESS4K,
            WofArg::Xpress8k => WofAlgorithm::XPRESS8K,
            WofArg::Xpress16k => WofAlgorithm::XPRESS16K,
            WofArg::Lzx => WofAlgorithm::LZX,
        }
    }
}
