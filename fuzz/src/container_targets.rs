//! Images in other formats whose headers lie: small images of each format are damaged, opened, and read. What is refused is
//! refused without a panic, and nothing takes more memory than the image could fill.
use crate::ntfs_image::unpack;
use ntfs::{ImageFile, Medium, partitions};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Changes that one input may ask for.
const PATCHES_MAX: usize = 16;
/// The longest image that is read to its end.
const READ_MAX: u64 = 8 << 20;

/// A small disk in each format, packed as `ntfs_image` does; `ntfs_fixture` says how they are made.
static FIXTURES: LazyLock<[(&str, Vec<u8>); 6]> = LazyLock::new(|| {
    let fixtures: [(&str, &[u8]); 6] = [
        ("qcow2", include_bytes!("../fixtures/qcow2.runs")),
        ("vhd", include_bytes!("../fixtures/vhd.runs")),
        ("vhdx", include_bytes!("../fixtures/vhdx.runs")),
        ("vmdk", include_bytes!("../fixtures/vmdk.runs")),
        ("vmdk", include_bytes!("../fixtures/vmdk_packed.runs")),
        ("E01", include_bytes!("../fixtures/e01.runs")),
    ];
    fixtures.map(|(name, packed)| (name, unpack(packed)))
});

/// Where headers and tables of a format are; a damaged byte there says more than one in the data.
fn hot(name: &str, chance: usize) -> usize {
    let places: &[(usize, usize)] = match name {
        "vhdx" => &[(0x10000, 0x80), (0x30000, 0x60), (0x200000, 0x100), (0x210000, 0x80), (0x300000, 0x40)],
        "qcow2" => &[(0, 0x200), (0x10000, 0x40), (0x20000, 0x40), (0x30000, 0x40), (0x40000, 0x40)],
        "vhd" => &[(0, 0x60), (0x200, 0x60), (0x600, 0x20)],
        _ => &[(0, 0x200), (0x200, 0x400), (0x2a00, 0x40)],
    };
    places.get(chance % places.len()).map_or(0, |(at, len)| at + (chance / places.len()) % len)
}

/// CRC-32C, which vhdx has in its headers: without it a lie is told by its checksum alone.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg()))
    })
}

/// Puts right the checksums that stand over the headers of a vhdx or a vhd.
fn sealed(name: &str, bytes: &mut [u8]) {
    let seal = |bytes: &mut [u8], at: usize, len: usize, sum_at: usize, sum: fn(&[u8]) -> [u8; 4]| {
        if let Some(part) = bytes.get_mut(at..at + len) {
            part.iter_mut().skip(sum_at).take(4).for_each(|byte| *byte = 0);
            let sum = sum(part);
            part.iter_mut().skip(sum_at).zip(sum).for_each(|(place, byte)| *place = byte);
        }
    };
    let crc = |bytes: &[u8]| crc32c(bytes).to_le_bytes();
    let complement = |bytes: &[u8]| {
        (!bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)))).to_be_bytes()
    };
    match name {
        "vhdx" => {
            for at in [0x10000, 0x20000] {
                seal(bytes, at, 4096, 4, crc);
            }
            for at in [0x30000, 0x40000] {
                seal(bytes, at, 65_536, 4, crc);
            }
        }
        "vhd" => {
            seal(bytes, 0, 512, 64, complement);
            seal(bytes, 512, 1024, 36, complement);
        }
        _ => {}
    }
}

/// The file that an input is put into: of this thread, in memory where the machine has such a file system.
fn scratch(name: &str) -> PathBuf {
    let folder =
        if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() };
    let thread = format!("{:?}", std::thread::current().id());
    let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
    folder.join(format!("pointsman-fuzz-{}-{thread}.{name}", std::process::id()))
}

/// Which format, whether its checksums are put right, a length to cut it to, and changes: place and value.
pub fn container(input: &[u8]) {
    let Some(([format, flags, cut @ ..], mut rest)) = input.split_first_chunk::<4>() else { return };
    let Some((name, image)) = FIXTURES.get(usize::from(*format) % FIXTURES.len()) else { return };
    let mut bytes = image.clone();
    for _ in 0..PATCHES_MAX {
        let Some(([a, b, kind, value], behind)) = rest.split_first_chunk::<4>() else { break };
        rest = behind;
        let place = usize::from(u16::from_le_bytes([*a, *b]));
        let place = if kind % 4 == 3 { place * 61 } else { hot(name, place) };
        let new = match kind % 3 {
            0 => vec![*value],
            1 => vec![*value; 4],
            _ => vec![0xFF; usize::from(value % 9)],
        };
        bytes.iter_mut().skip(place).zip(new).for_each(|(place, byte)| *place = byte);
    }
    if flags & 1 == 1 {
        sealed(name, &mut bytes);
    }
    if flags & 0x0E == 0x0E {
        bytes.truncate(usize::from(u16::from_le_bytes(*cut)) * 64);
    }
    let path = scratch(name);
    let written = File::create(&path).and_then(|file| file.write_all_at(&bytes, 0));
    if written.is_ok()
        && let Ok(image) = ImageFile::open(&path, true, None)
    {
        let _ = partitions(&image);
        let mut buffer = vec![0; 60_000];
        let end = image.len().min(READ_MAX);
        for at in (0..end).step_by(buffer.len()).chain([image.len().saturating_sub(60_000)]) {
            let _ = image.read_at(at, &mut buffer);
        }
    }
    let _ = std::fs::remove_file(&path);
}
