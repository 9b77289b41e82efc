//! What disagrees on a volume is told, and put right where the file itself says how.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, NOW, TOOLS, in_memory, junction, missing, open, skip, symlink, vendor, write_back};
use nt::FileTime;
use ntfs::{Finding, MemoryImage, NewFile, OpenOptions, Volume, Wrong};
use reparse::{Tag, TargetFault};

/// When the file was changed that is going to be damaged, and nothing else.
const THEN: FileTime = FileTime(NOW.0 + 0x1234_5678);

fn find(volume: &Volume<MemoryImage>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let checked = volume.check(|finding| findings.push(finding)).unwrap();
    assert_eq!(checked.findings, findings.len() as u64);
    findings
}

fn places(bytes: &[u8], pattern: &[u8]) -> Vec<usize> {
    (0..bytes.len() - pattern.len()).filter(|at| bytes[*at..].starts_with(pattern)).collect()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// A disk with one link, and a few files besides; the link's bytes, in memory.
fn with_link() -> (Disk, Vec<u8>, ntfs::FileRef) {
    let disk = Disk::format(16, &[]);
    let mut volume = open(&disk);
    for name in ["a", "b", "c"] {
        volume.create_path(name, &NewFile::default(), NOW).unwrap();
    }
    let new = NewFile { point: Some(symlink("a")), ..NewFile::default() };
    let link = volume.create_path("link", &new, THEN).unwrap();
    drop(volume);
    let bytes = std::fs::read(disk.image()).unwrap();
    (disk, bytes, link)
}

/// The damaged image: what is found, and that repair leaves nothing to find, for us and for ntfsck.
fn assert_repaired(disk: &Disk, bytes: Vec<u8>, expected: impl Fn(&[Finding]) -> bool) {
    let mut volume = Volume::on(MemoryImage::new(bytes), &OpenOptions::default()).unwrap();
    let findings = find(&volume);
    assert!(expected(&findings), "{findings:?}");
    for finding in &findings {
        volume.repair(finding, NOW).unwrap();
    }
    let left = find(&volume);
    assert!(left.is_empty(), "{left:?}");
    write_back(disk, &volume);
    disk.check();
    assert_eq!(disk.mount().get("link"), Some(symlink("a")));
}

/// The places of the link's `$R` key.
fn r_key(bytes: &[u8], link: ntfs::FileRef) -> usize {
    let key = [Tag::SYMLINK.0.to_le_bytes().to_vec(), link.0.to_le_bytes().to_vec()].concat();
    let found = places(bytes, &key);
    let [at] = found.as_slice() else { panic!("{found:?}") };
    *at
}

#[test]
fn a_volume_in_order_has_no_findings() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for geometry in judge::GEOMETRIES {
        let disk = Disk::format(24, geometry);
        let mounted = disk.mount();
        std::fs::create_dir_all(mounted.path("d/e")).unwrap();
        for number in 0..300 {
            std::fs::write(mounted.path(&format!("d/file {number}")), "").unwrap();
        }
        std::fs::hard_link(mounted.path("d/file 3"), mounted.path("another name")).unwrap();
        for number in (0..300).step_by(3) {
            mounted.set(&format!("d/file {number}"), &symlink("..\\x"));
        }
        mounted.set("d/e", &junction("\\??\\C:\\x"));
        drop(mounted);
        let mut volume = in_memory(&disk);
        let file = volume.find("d/file 1").unwrap();
        volume.set(file, &vendor(9000), NOW).unwrap();
        let findings = find(&volume);
        assert!(findings.is_empty(), "{geometry:?} {findings:?}");
        let checked = volume.check(|_| {}).unwrap();
        assert_eq!((checked.points, checked.entries), (102, 102));
    }
}

#[test]
fn an_entry_of_a_file_that_is_gone_and_a_point_without_an_entry_are_told_and_repaired() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, mut bytes, link) = with_link();
    let at = r_key(&bytes, link);
    bytes[at + 4] = 0xEE; // a record that nobody has
    assert_repaired(&disk, bytes, |found| {
        matches!(
            found,
            [
                Finding { wrong: Wrong::EntryWithoutFile(Tag::SYMLINK), .. },
                Finding { wrong: Wrong::PointWithoutEntry(Tag::SYMLINK), .. }
            ]
        )
    });
}

#[test]
fn an_entry_of_a_file_without_a_point_is_told_and_repaired() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, mut bytes, link) = with_link();
    let at = r_key(&bytes, link);
    bytes[at + 4] -= 1; // the file before it, of the same sequence number
    assert_repaired(&disk, bytes, |found| {
        matches!(found[0].wrong, Wrong::EntryWithoutPoint(Tag::SYMLINK)) && found.len() == 2
    });
}

#[test]
fn an_entry_with_another_tag_is_told_and_repaired() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, mut bytes, link) = with_link();
    let at = r_key(&bytes, link);
    bytes[at] = 3;
    assert_repaired(&disk, bytes, |found| {
        matches!(
            found,
            [
                Finding { wrong: Wrong::EntryWrongTag { entry: Tag::MOUNT_POINT, stored: Tag::SYMLINK }, .. },
                Finding { wrong: Wrong::PointWithoutEntry(_), .. }
            ]
        )
    });
}

#[test]
fn a_wrong_tag_and_a_missing_attribute_in_a_directory_are_told_and_repaired() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, bytes, _) = with_link();
    let times = places(&bytes, &THEN.0.to_le_bytes());
    // In an entry of a directory the attributes stand 0x20 behind the time of change, the tag behind them.
    let entry = times.iter().find(|at| u32_at(&bytes, **at + 0x24) == Tag::SYMLINK.0).unwrap();
    let mut wrong_tag = bytes.clone();
    wrong_tag[entry + 0x24] = 3;
    assert_repaired(&disk, wrong_tag, |found| {
        matches!(
            found,
            [Finding {
                wrong: Wrong::Name { entry: Some(Tag::MOUNT_POINT), stored: Some(Tag::SYMLINK), .. },
                ..
            }]
        )
    });
    let mut no_bit = bytes;
    no_bit[entry + 0x21] &= !4;
    assert_repaired(&disk, no_bit, |found| {
        matches!(found, [Finding { wrong: Wrong::Name { entry: None, stored: Some(Tag::SYMLINK), .. }, .. }])
    });
}

#[test]
fn a_missing_attribute_bit_of_the_file_is_told_and_repaired() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, mut bytes, _) = with_link();
    let times = places(&bytes, &THEN.0.to_le_bytes());
    // In $STANDARD_INFORMATION the attributes stand 0x10 behind the time of change.
    let standard = times.iter().find(|at| u32_at(&bytes, **at + 0x10) == 0x420).unwrap();
    bytes[standard + 0x11] &= !4;
    assert_repaired(&disk, bytes, |found| matches!(found, [Finding { wrong: Wrong::BitMissing, .. }]));
}

/// What ntfs-3g lets anyone store: other systems' drivers and tools have written all of these.
#[test]
fn targets_that_lead_nowhere_on_windows_are_told() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mounted = disk.mount();
    std::fs::create_dir(mounted.path("no prefix")).unwrap();
    mounted.set("no prefix", &junction("C:\\x"));
    std::fs::write(mounted.path("slashes"), "").unwrap();
    mounted.set("slashes", &symlink_of("../a/b"));
    std::fs::write(mounted.path("zero"), "").unwrap();
    mounted.set("zero", &symlink_of("a\0"));
    std::fs::write(mounted.path("data"), "").unwrap();
    mounted.set("data", &symlink("x"));
    drop(mounted);
    let volume = in_memory(&disk);
    let wrong = |path: &str| {
        let file = volume.find(path).unwrap();
        let of_file = find(&volume).into_iter().filter(|finding| finding.file == Some(file));
        of_file.map(|finding| finding.wrong).collect::<Vec<_>>()
    };
    let fault = |wrong: &[Wrong]| match wrong.last() {
        Some(Wrong::Target(error)) => error.fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(&wrong("no prefix")), TargetFault::NotAbsolute);
    assert_eq!(fault(&wrong("slashes")), TargetFault::Character);
    assert!(matches!(wrong("zero").first(), Some(Wrong::Data(reparse::Oddity::NameHoldsNul { .. }))));
    assert!(wrong("data").is_empty());
}

/// A relative symbolic link with any substitute name.
fn symlink_of(target: &str) -> Vec<u8> {
    let name: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let len = u16::try_from(name.len()).unwrap();
    let mut data = Vec::new();
    for field in [len, len, 0, len] {
        data.extend_from_slice(&field.to_le_bytes());
    }
    data.extend_from_slice(&1u32.to_le_bytes());
    data.extend_from_slice(&name);
    data.extend_from_slice(&name);
    reparse::RawReparse::new(Tag::SYMLINK, None, &data).unwrap().encode()
}
