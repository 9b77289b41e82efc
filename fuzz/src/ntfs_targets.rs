//! NTFS images that lie: bytes are changed where structures are, beneath their update sequences, then everything is read,
//! or something is written. Nothing panics; what is refused has changed nothing; what is done can be taken back exactly.
use crate::ntfs_image::{IMAGE, Layered};
use nt::{FileAttributes, FileTime, Utf16};
use ntfs::{
    Basic, ExtendedAttribute, FileRef, Medium, NewFile, OpenOptions, Partition, Volume, WalkOptions, undo,
};
use std::sync::LazyLock;

const NOW: FileTime = FileTime(133_000_000_000_000_000);
/// Changes and operations that one input may ask for.
const PATCHES_MAX: usize = 24;
const OPERATIONS_MAX: usize = 6;
const SECTOR: usize = 512;

/// Where the fixture's records and index blocks begin.
static BLOCKS: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let is_block = |chunk: &[u8]| chunk.starts_with(b"FILE") || chunk.starts_with(b"INDX");
    let sectors = IMAGE.chunks(SECTOR).enumerate();
    sectors.filter(|(_, chunk)| is_block(chunk)).map(|(number, _)| number * SECTOR).collect()
});

/// Reads the numbers that an input is made of.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, &[][..]), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    fn number(&mut self) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()]))
    }
}

/// Damages an image as the input says: how many changes, and each with its place and value.
fn damaged(input: &mut Input<'_>) -> Layered {
    let image = Layered::default();
    for _ in 0..usize::from(input.byte()).min(PATCHES_MAX) {
        let value: Vec<u8> = match input.byte() % 6 {
            0 => vec![input.byte()],
            1 => vec![input.byte(), input.byte()],
            2 => vec![0xFF; 1 + usize::from(input.byte() % 8)],
            3 => vec![0; 1 + usize::from(input.byte() % 8)],
            4 => (0..4).map(|_| input.byte()).collect(),
            _ => (0..8).map(|_| input.byte()).collect(),
        };
        let place = if input.byte().is_multiple_of(8) {
            // Anywhere, the boot sector more often.
            let at = input.number() * if input.byte().is_multiple_of(2) { 1 } else { 64 };
            Some(at)
        } else {
            let block = BLOCKS.get(input.number() % BLOCKS.len().max(1)).copied();
            block.map(|block| beneath(block, input.number() % 4096))
        };
        if let Some(place) = place {
            let _ = image.write_at(place as u64, &value);
        }
    }
    image
}

/// Where a byte of a block lies: the last two of each sector are kept in the update sequence array.
fn beneath(block: usize, within: usize) -> usize {
    let array = IMAGE.get(block + 4..).and_then(|rest| rest.first_chunk::<2>());
    let array = usize::from(u16::from_le_bytes(array.copied().unwrap_or_default()));
    match (within % SECTOR).checked_sub(SECTOR - 2) {
        Some(odd) => block + array + 2 * (1 + within / SECTOR) + odd,
        None => block + within,
    }
}

fn options() -> OpenOptions {
    // The boot sector itself is among what lies, so the place of the volume is not left to it.
    OpenOptions { partition: Partition::Offset(0), force_dirty: true, ..OpenOptions::default() }
}

/// Reads everything that can be asked.
pub fn ntfs_read(input: &[u8]) {
    let image = damaged(&mut Input(input));
    let _ = ntfs::partitions(&image);
    let Ok(volume) = Volume::on(image, &options()) else { return };
    let by_index = volume.reparse_points().ok().flatten();
    let by_index = by_index.into_iter().flatten().filter_map(Result::ok);
    let by_walk = volume.walk(WalkOptions { deleted: true }).filter_map(Result::ok);
    let points: Vec<_> = by_index.chain(by_walk).take(10_000).collect();
    for point in &points {
        if point.is_deleted {
            let _ = volume.get_deleted(point.file.record());
        } else {
            let _ = volume.get(point.file);
            let _ = volume.facts(point.file);
            let _ = volume.path_of(point.file);
            let _ = volume.eas(point.file);
            let _ = volume.streams(point.file);
            let _ = volume.read_content(point.file, 0, &mut [0; 5000]);
        }
    }
    // What is left of deleted files is bounded by what a point can have, whatever the records say.
    for remains in volume.deleted_points().filter_map(Result::ok).take(1000) {
        assert!(remains.point.len() <= reparse::LENIENT_BYTES_MAX, "no point is longer");
    }
    let _ = volume.check(|_| {});
    for path in ["link", "many/name 17", "a/b/junction", "none", "first/x"] {
        let _ = volume.find(path);
    }
    for directory in ["", "many", "$Extend"] {
        let _ = volume.find(directory).and_then(|directory| volume.entries(directory));
    }
}

/// Writes: after each operation the image holds all of it or nothing, and it can be taken back.
pub fn ntfs_write(input: &[u8]) {
    let mut input = Input(input);
    let image = damaged(&mut input);
    for _ in 0..OPERATIONS_MAX {
        let Ok(mut volume) = Volume::on(image.clone(), &options()) else { return };
        if input.0.is_empty() {
            return;
        }
        let before = image.differences();
        let is_done = operate(&mut volume, &mut input);
        let after = image.differences();
        if !is_done {
            assert!(before == after, "a refusal has changed something");
        } else if before != after {
            assert!(undo(&image).is_ok(), "what is done can be taken back");
            assert!(image.differences() == before, "undo brings the former bytes");
            // And again, so that the next operation meets it.
            for (number, sector) in after {
                let _ = image.write_at(number * SECTOR as u64, &sector);
            }
        }
    }
}

const PATHS: &[&str] = &[
    "link",
    "plain",
    "first",
    "large",
    "a",
    "a/b",
    "a/b/junction",
    "many",
    "many/name 17",
    "many/name 39",
    "fifo",
];

fn operate(volume: &mut Volume<Layered>, input: &mut Input<'_>) -> bool {
    let kind = input.byte();
    let path = PATHS.get(usize::from(input.byte()) % PATHS.len()).copied().unwrap_or_default();
    let Ok(file) = volume.find(path) else { return false };
    match kind % 7 {
        0 => set(volume, file, &point(input)),
        1 => match volume.get(file) {
            Ok(stored) => {
                let head = reparse::RawReparse::new(stored.tag(), stored.guid(), &[]);
                head.is_ok_and(|head| volume.delete(file, &head.encode(), NOW).is_ok())
            }
            Err(_) => false,
        },
        2 | 3 => {
            let is_directory = kind % 7 == 3;
            let name = Utf16::from("n".repeat(1 + usize::from(input.byte() % 255)).as_str());
            let new = NewFile { is_directory, point: Some(point(input)), ..NewFile::default() };
            let point = new.point.clone().unwrap_or_default();
            match volume.create(file, &name, &new, NOW) {
                Ok(made) => {
                    assert!(stored(volume, made) == Some(point), "what was made is there");
                    true
                }
                Err(_) => false,
            }
        }
        4 => {
            let value = vec![7; input.number() % 3000];
            let ea = ExtendedAttribute { name: b"NAME".to_vec(), value, is_needed: false };
            volume.set_eas(file, &[ea], NOW).is_ok()
        }
        5 => {
            let attributes = FileAttributes(u32::from(input.byte()));
            let (created, written, changed, accessed) = (NOW, NOW, NOW, NOW);
            let basic = Basic { created, written, changed, accessed, attributes };
            volume.set_basic(file, &basic, NOW).is_ok()
        }
        _ => repair(volume),
    }
}

fn set(volume: &mut Volume<Layered>, file: FileRef, bytes: &[u8]) -> bool {
    let done = volume.set(file, bytes, NOW).is_ok();
    assert!(!done || stored(volume, file).as_deref() == Some(bytes), "what was set is there");
    done
}

/// What a fresh look at the image finds.
fn stored(volume: &Volume<Layered>, file: FileRef) -> Option<Vec<u8>> {
    let again = Volume::on(volume.medium().clone(), &options()).ok()?;
    again.get(file).ok().map(|point| point.encode())
}

fn point(input: &mut Input<'_>) -> Vec<u8> {
    let made = match input.byte() % 3 {
        0 => reparse::Symlink::relative("..\\x").map(|link| link.raw().clone()),
        1 => reparse::MountPoint::new("\\??\\C:\\x", "x").map(|mount| mount.raw().clone()),
        _ => {
            let data = vec![5; input.number() % 16_000];
            reparse::RawReparse::new(reparse::Tag(0x0000_BEEF), Some(nt::Guid([7; 16])), &data)
        }
    };
    made.map(|raw| raw.encode()).unwrap_or_default()
}

/// Repairs the first finding that can be.
fn repair(volume: &mut Volume<Layered>) -> bool {
    let mut findings = Vec::new();
    if volume.check(|finding| findings.push(finding)).is_err() {
        return false;
    }
    findings.iter().any(|finding| volume.repair(finding, NOW).is_ok_and(|done| done))
}

/// An undo journal that is any bytes, under a checksum that holds.
pub fn ntfs_journal(input: &[u8]) {
    let (pending, body) = input.split_first().map_or((true, input), |(first, rest)| (first % 2 == 0, rest));
    let mut journal = b"PMUNDO02".to_vec();
    journal.extend_from_slice(&(body.len() as u64 + 28).to_le_bytes());
    journal.extend_from_slice(&(IMAGE.len() as u64).to_le_bytes());
    journal.extend_from_slice(body);
    let sum = crc32fast::hash(&journal);
    journal.extend_from_slice(&sum.to_le_bytes());
    let image = Layered::default();
    let _ = image.begin(&journal);
    if !pending {
        let _ = image.complete(false);
    }
    let _ = undo(&image);
}
