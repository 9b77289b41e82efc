//! Images in other formats whose headers lie: small images of each format are damaged, opened, and read. What is refused is
//! refused without a panic, and nothing takes more memory than the image could fill.
use crate::ntfs_image::unpack;
use ntfs::{ImageFile, Medium, partitions};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
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

/// CRC-32C of each byte, by which vhdx checks its headers: without it a lie is told by its checksum alone.
static CRC32C: LazyLock<[u32; 256]> = LazyLock::new(|| {
    let of = |byte: usize| {
        let byte = u32::try_from(byte).unwrap_or(0);
        (0..8).fold(byte, |crc, _| (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg()))
    };
    std::array::from_fn(of)
});

fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let entry = usize::from(crc.to_le_bytes()[0] ^ byte);
        (crc >> 8) ^ CRC32C.get(entry).copied().unwrap_or(0)
    };
    !bytes.iter().fold(!0, step)
}

/// A checksum: of which bytes, where in the file it stands, and what makes it.
type Seal = (Range<usize>, usize, fn(&[u8]) -> [u8; 4]);

/// The checksums that stand over the headers of a vhdx or a vhd.
fn seals(name: &str) -> Vec<Seal> {
    let crc = |bytes: &[u8]| crc32c(bytes).to_le_bytes();
    let complement = |bytes: &[u8]| {
        (!bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)))).to_be_bytes()
    };
    match name {
        "vhdx" => vec![
            (0x10000..0x11000, 0x10004, crc),
            (0x20000..0x21000, 0x20004, crc),
            (0x30000..0x40000, 0x30004, crc),
            (0x40000..0x50000, 0x40004, crc),
        ],
        "vhd" => vec![(0..512, 64, complement), (512..1536, 548, complement)],
        _ => Vec::new(),
    }
}

/// An image in a file that is kept from one input to the next: to write it anew each time took more than all the rest.
struct Scratch {
    name: &'static str,
    path: PathBuf,
    file: File,
    original: &'static [u8],
}

impl Scratch {
    /// In memory where the machine has such a file system.
    fn new((name, original): &'static (&'static str, Vec<u8>)) -> io::Result<Scratch> {
        let shared = std::path::Path::new("/dev/shm");
        let folder = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
        let thread = format!("{:?}", std::thread::current().id());
        let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
        let number = original.len();
        let path = folder.join(format!("pointsman-fuzz-{}-{thread}-{number}.{name}", std::process::id()));
        let file = File::create(&path)?;
        file.write_all_at(original, 0)?;
        Ok(Scratch { name, path, file, original })
    }

    fn with(
        &self,
        changes: &BTreeMap<usize, u8>,
        cut: Option<u64>,
        look: impl FnOnce(&Scratch),
    ) -> io::Result<()> {
        for (place, byte) in changes {
            self.file.write_all_at(&[*byte], *place as u64)?;
        }
        cut.map_or(Ok(()), |len| self.file.set_len(len))?;
        look(self);
        if let Some(cut) = cut {
            let from = usize::try_from(cut).unwrap_or(usize::MAX).min(self.original.len());
            self.file.write_all_at(self.original.get(from..).unwrap_or_default(), cut)?;
        }
        for place in changes.keys() {
            self.file.write_all_at(&[self.original.get(*place).copied().unwrap_or(0)], *place as u64)?;
        }
        Ok(())
    }

    /// Puts right the checksums over bytes that were changed.
    fn seal(&self, changes: &mut BTreeMap<usize, u8>) {
        for (range, sum_at, sum) in seals(self.name) {
            if changes.range(range.clone()).next().is_none() {
                continue;
            }
            let mut part = self.original.get(range.clone()).unwrap_or_default().to_vec();
            for (place, byte) in changes.range(range.clone()) {
                part.get_mut(place - range.start).into_iter().for_each(|at| *at = *byte);
            }
            part.iter_mut().skip(sum_at - range.start).take(4).for_each(|byte| *byte = 0);
            changes.extend((sum_at..).zip(sum(&part)));
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file in memory that is left behind is a pity and no more.
        let _ = std::fs::remove_file(&self.path);
    }
}

thread_local! {
    static SCRATCHES: RefCell<BTreeMap<usize, Scratch>> = const { RefCell::new(BTreeMap::new()) };
}

/// Which format, whether its checksums are put right, a length to cut it to, and changes: place and value.
pub fn container(input: &[u8]) {
    let Some(([format, flags, cut @ ..], mut rest)) = input.split_first_chunk::<4>() else { return };
    let number = usize::from(*format) % FIXTURES.len();
    let Some(fixture) = FIXTURES.get(number) else { return };
    let mut changes = BTreeMap::new();
    for _ in 0..PATCHES_MAX {
        let Some(([a, b, kind, value], behind)) = rest.split_first_chunk::<4>() else { break };
        rest = behind;
        let place = usize::from(u16::from_le_bytes([*a, *b]));
        let place = if kind % 4 == 3 { place * 61 } else { hot(fixture.0, place) };
        let new = match kind % 3 {
            0 => vec![*value],
            1 => vec![*value; 4],
            _ => vec![0xFF; usize::from(value % 9)],
        };
        changes.extend((place..fixture.1.len()).zip(new));
    }
    let cut = (flags & 0x0E == 0x0E).then(|| u64::from(u16::from_le_bytes(*cut)) * 64);
    let cut = cut.filter(|cut| *cut < fixture.1.len() as u64);
    SCRATCHES.with_borrow_mut(|scratches| {
        let made = match scratches.remove(&number) {
            Some(scratch) => Ok(scratch),
            None => Scratch::new(fixture),
        };
        assert!(made.is_ok(), "an image cannot be written: {:?}", made.err());
        let Ok(scratch) = made else { return };
        if flags & 1 == 1 {
            scratch.seal(&mut changes);
        }
        let done = scratch.with(&changes, cut, look);
        assert!(done.is_ok(), "an image cannot be written: {done:?}");
        scratches.insert(number, scratch);
    });
}

/// Reads over each boundary of what any of the formats cuts a disk into.
fn look(scratch: &Scratch) {
    const UNIT: u64 = 65_536;
    let Ok(image) = ImageFile::open(&scratch.path, true, None) else { return };
    let _ = partitions(&image);
    let mut buffer = vec![0; 6000];
    let end = image.len().min(READ_MAX);
    let boundaries = (0..end / UNIT).map(|number| (number * UNIT).saturating_sub(3000));
    for at in boundaries.chain([image.len().saturating_sub(6000)]) {
        let _ = image.read_at(at, &mut buffer);
    }
}
