//! qcow2, QEMU's format, by the crate `imago`. (qemu.org, docs/interop/qcow2.txt)
//!
//! An image that names another file, for what it does not hold itself or for its data, is refused: the name comes from the
//! image, and could be any file of this machine.
use super::{Container, again};
use crate::fields::{bytes_at, size};
use imago::file::File as Storage;
use imago::qcow2::Qcow2;
use imago::{DenyImplicitOpenGate, FormatAccess, FormatDriverBuilder, StorageOpenOptions};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of the header of version 2; version 3 says its length behind them.
const HEADER_2: usize = 72;
/// Bytes of the header that are looked at.
const HEAD_LEN: usize = 112;
/// Of each feature's name in the table of them.
const FEATURE_LEN: u32 = 48;
const FEATURE_NAMES: u32 = 0x6803_F857;
/// No header has more extensions.
const EXTENSIONS_MAX: usize = 64;

struct Image(FormatAccess<Storage>);

pub(super) fn open(file: &File, _path: &Path) -> Result<Box<dyn Container>, String> {
    check(file)?;
    let options = StorageOpenOptions::new().write(false);
    let storage = Storage::from_open_file(again(file)?, options).map_err(|error| error.to_string())?;
    let image = Qcow2::<Storage>::builder(storage).open(DenyImplicitOpenGate::default());
    Ok(Box::new(Image(FormatAccess::new(image.map_err(|error| error.to_string())?))))
}

impl Container for Image {
    fn len(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read(buffer, offset)
    }
}

/// What imago 0.2.6 would open elsewhere, or panic at: a table of feature names whose last entry is cut off.
fn check(file: &File) -> Result<(), String> {
    let mut head = [0; HEAD_LEN];
    file.read_exact_at(&mut head, 0).map_err(|error| error.to_string())?;
    let number = |at: usize| word(&head, at).ok_or("its header is cut off");
    if number(8)? != 0 || number(12)? != 0 {
        return Err(
            "it holds the differences from another image; `qemu-img convert` makes one of both".into()
        );
    }
    if number(32)? != 0 {
        return Err("it is encrypted".into());
    }
    let mut at = match number(4)? {
        2 => HEADER_2,
        _ => size(u64::from(number(100)?)).map_err(|fault| fault.0.to_owned())?,
    };
    for _ in 0..EXTENSIONS_MAX {
        let mut extension = [0; 8];
        // Where no extension is, the image ends.
        if file.read_exact_at(&mut extension, at as u64).is_err() {
            return Ok(());
        }
        let (kind, len) = (word(&extension, 0).unwrap_or(0), word(&extension, 4).unwrap_or(0));
        match kind {
            0 => return Ok(()),
            FEATURE_NAMES if !len.is_multiple_of(FEATURE_LEN) => {
                return Err("its table of feature names is cut off".into());
            }
            _ => {}
        }
        let len = size(u64::from(len)).map_err(|fault| fault.0.to_owned())?.next_multiple_of(8);
        at = at.checked_add(8 + len).ok_or("its header extensions have no end")?;
    }
    Err("its header extensions have no end".into())
}

/// A big-endian number.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes_at(bytes, at, 4).ok()?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes))
}
