//! What mkntfs and ntfs-3g put on a disk, we read.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, TOOLS, junction, missing, skip, symlink, vendor};
use ntfs::{Error, FilePath, Image, OpenOptions, Partition, Refused, Remains, WalkOptions, Why};
use reparse::Tag;
use std::collections::BTreeSet;
use std::io::{Seek, SeekFrom, Write};

fn read_only() -> OpenOptions {
    OpenOptions { read_only: true, ..OpenOptions::default() }
}

#[test]
fn what_ntfs_3g_sets_is_read_on_every_geometry() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for geometry in judge::GEOMETRIES {
        let disk = Disk::format(24, geometry);
        let mounted = disk.mount();
        std::fs::create_dir_all(mounted.path("Users/Ünïcode/deep")).unwrap();
        std::fs::create_dir(mounted.path("junction")).unwrap();
        for name in ["Users/link", "Users/Ünïcode/large", "Users/Ünïcode/deep/gone"] {
            std::fs::write(mounted.path(name), "").unwrap();
        }
        let points = [
            ("Users/link", symlink("..\\x")),
            ("junction", junction("\\??\\C:\\x")),
            ("Users/Ünïcode/large", vendor(16_000)),
        ];
        for (path, bytes) in &points {
            mounted.set(path, bytes);
        }
        drop(mounted);
        let volume = Image::open(&disk.image(), &read_only()).unwrap();
        let mut files = BTreeSet::new();
        for (path, bytes) in &points {
            let file = volume.find(&path.to_uppercase()).unwrap();
            assert_eq!(volume.get(file).unwrap().as_bytes(), bytes, "{geometry:?} {path}");
            let whole: Vec<_> = path.split('/').map(nt::Utf16::from).collect();
            assert_eq!(volume.path_of(file).unwrap(), FilePath::Whole(whole));
            files.insert(file);
        }
        let by_index: Vec<_> = volume.reparse_points().unwrap().unwrap().map(Result::unwrap).collect();
        let by_walk: BTreeSet<_> = volume.walk(WalkOptions::default()).map(Result::unwrap).collect();
        assert_eq!(by_index.iter().copied().collect::<BTreeSet<_>>(), by_walk, "{geometry:?}");
        assert_eq!(by_walk.iter().map(|point| point.file).collect::<BTreeSet<_>>(), files);
        assert!(by_index.is_sorted(), "{by_index:?}");
        let gone = volume.find("Users/Ünïcode/deep/gone").unwrap();
        assert!(matches!(volume.get(gone), Err(Error::Request { why: Why::NoReparsePoint, .. })));
    }
}

#[test]
fn a_directory_of_many_names_is_listed_in_order_and_searched_without_case() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(32, &[]);
    let mounted = disk.mount();
    std::fs::create_dir(mounted.path("many")).unwrap();
    for number in 0..3000 {
        std::fs::write(mounted.path(&format!("many/Name number {number}")), "").unwrap();
    }
    for number in (0..3000).step_by(10) {
        mounted.set(&format!("many/Name number {number}"), &symlink(&format!("{number}")));
    }
    drop(mounted);
    let volume = Image::open(&disk.image(), &read_only()).unwrap();
    let entries = volume.entries(volume.find("many").unwrap()).unwrap();
    assert_eq!(entries.len(), 3000);
    assert!(entries.is_sorted_by(|a, b| volume.compare_names(&a.name.name, &b.name.name).is_lt()));
    let found = volume.find("MANY/nAME NUMBER 1234").unwrap();
    assert_eq!(
        volume.path_of(found).unwrap(),
        FilePath::Whole(vec!["many".into(), "Name number 1234".into()])
    );
    let points: Vec<_> = volume.reparse_points().unwrap().unwrap().map(Result::unwrap).collect();
    assert_eq!(points.len(), 300);
    assert!(points.iter().all(|point| point.tag == Tag::SYMLINK));
    assert_eq!(volume.walk(WalkOptions::default()).count(), 300);
}

#[test]
fn a_file_with_hundreds_of_hard_links_has_all_of_its_names() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(24, &[]);
    let mounted = disk.mount();
    std::fs::write(mounted.path("first"), "").unwrap();
    for number in 0..300 {
        std::fs::hard_link(mounted.path("first"), mounted.path(&format!("link number {number}"))).unwrap();
    }
    mounted.set("first", &symlink("x"));
    drop(mounted);
    let volume = Image::open(&disk.image(), &read_only()).unwrap();
    let file = volume.find("link number 299").unwrap();
    assert_eq!(volume.find("first").unwrap(), file);
    assert_eq!(volume.names(file).unwrap().len(), 301);
    assert_eq!(volume.get(file).unwrap().tag(), Tag::SYMLINK);
}

#[test]
fn a_deleted_reparse_point_is_seen_on_request_and_said_to_be_deleted() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mounted = disk.mount();
    std::fs::write(mounted.path("gone"), "").unwrap();
    mounted.set("gone", &symlink("x"));
    drop(mounted);
    let mounted = disk.mount();
    std::fs::remove_file(mounted.path("gone")).unwrap();
    drop(mounted);
    let volume = Image::open(&disk.image(), &read_only()).unwrap();
    assert_eq!(volume.walk(WalkOptions::default()).count(), 0);
    let seen: Vec<_> = volume.walk(WalkOptions { deleted: true }).map(Result::unwrap).collect();
    let [point] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(point.is_deleted);
    assert_eq!(volume.get_deleted(point.file.record()).unwrap().unwrap(), symlink("x"));
}

/// ntfs-3g deletes; then it writes over what was free.
#[test]
fn what_is_left_of_deleted_points_is_told_with_what_became_of_its_place() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mounted = disk.mount();
    std::fs::create_dir_all(mounted.path("kept/gone folder")).unwrap();
    let points =
        [("kept/link", symlink("x")), ("kept/gone folder/inner", symlink("y")), ("large", vendor(16_000))];
    for (path, point) in &points {
        std::fs::write(mounted.path(path), "").unwrap();
        mounted.set(path, point);
    }
    std::fs::write(mounted.path("kept/data"), vec![0x5A; 100_000]).unwrap();
    mounted.set("kept/data", &vendor(10));
    std::fs::create_dir(mounted.path("junction")).unwrap();
    mounted.set("junction", &junction("\\??\\C:\\x"));
    drop(mounted);
    let before = Image::open(&disk.image(), &read_only()).unwrap();
    assert_eq!(before.deleted_points().count(), 0);
    let files = ["kept/link", "kept/gone folder/inner", "large", "kept/data", "junction"];
    let references = files.map(|path| before.find(path).unwrap());
    drop(before);
    let mounted = disk.mount();
    for path in ["kept/link", "kept/gone folder/inner", "large", "kept/data"] {
        std::fs::remove_file(mounted.path(path)).unwrap();
    }
    // A point that was taken away leaves no remains: its file is in use.
    run_setfattr_remove(&mounted, "junction");
    std::fs::remove_dir(mounted.path("kept/gone folder")).unwrap();
    drop(mounted);
    let volume = Image::open(&disk.image(), &read_only()).unwrap();
    let seen: Vec<_> = volume.deleted_points().map(Result::unwrap).collect();
    assert_eq!(seen.len(), 4, "{seen:?}");
    let of = |file: ntfs::FileRef| seen.iter().find(|point| point.file.record() == file.record()).unwrap();
    for (file, (path, point)) in references.iter().zip(&points) {
        let found = of(*file);
        assert_eq!(found.file.sequence(), file.sequence() + 1, "{path}: deletion counts up");
        assert_eq!(
            (found.tag, found.is_directory),
            (reparse::RawReparse::decode(point).unwrap().0.tag(), false)
        );
        assert_eq!(&found.point, point, "{path}");
        assert_eq!(found.names[0].name, path.rsplit('/').next().unwrap().into());
    }
    assert_eq!(of(references[0]).path, FilePath::Whole(vec!["kept".into(), "link".into()]));
    assert_eq!(of(references[1]).path, FilePath::Orphan(vec!["inner".into()]), "its directory is gone");
    assert_eq!(of(references[0]).point_remains, Remains::InRecord);
    assert_eq!(of(references[2]).point_remains, Remains::Clusters { clusters: 4, reused: 0 });
    let data = of(references[3]);
    assert_eq!((data.data_len, data.data_remains), (100_000, Remains::Clusters { clusters: 25, reused: 0 }));
    drop(volume);
    // Everything that is free is written over; records are not, for one file is enough.
    let mounted = disk.mount();
    let mut file = std::fs::File::create(mounted.path("filler")).unwrap();
    while file.write_all(&[0xEE; 65_536]).is_ok() {}
    drop((file, mounted));
    let volume = Image::open(&disk.image(), &read_only()).unwrap();
    let seen: Vec<_> = volume.deleted_points().map(Result::unwrap).collect();
    let of = |file: ntfs::FileRef| seen.iter().find(|point| point.file.record() == file.record());
    let data = of(references[3]).unwrap();
    assert_eq!(data.data_remains, Remains::Clusters { clusters: 25, reused: 25 });
    let large = of(references[2]).unwrap();
    assert_eq!(large.point_remains, Remains::Clusters { clusters: 4, reused: 4 });
    assert!(large.tag == Tag(0xEEEE_EEEE) && large.point != points[2].1, "what is read is another's");
}

/// Takes a point away, as ntfs-3g does it.
fn run_setfattr_remove(mounted: &judge::Mounted<'_>, path: &str) {
    let path = mounted.path(path);
    judge::run("setfattr", &["-h", "-x", "system.ntfs_reparse_data", path.to_str().unwrap()]);
}

/// A disk with an MBR or a GPT of our own making, and the volume in the second partition.
fn partitioned(disk: &Disk, gpt: bool) -> std::path::PathBuf {
    let volume = std::fs::read(disk.image()).unwrap();
    let sectors = u32::try_from(volume.len() / 512).unwrap();
    let start = 2048u32;
    let path = disk.beside(if gpt { "gpt.img" } else { "mbr.img" });
    let mut file = std::fs::File::create(&path).unwrap();
    let mut mbr = vec![0; 512];
    mbr[510..].copy_from_slice(&[0x55, 0xAA]);
    let entry = |kind: u8, start: u32, len: u32| {
        let mut entry = [0u8; 16];
        entry[4] = kind;
        entry[8..12].copy_from_slice(&start.to_le_bytes());
        entry[12..].copy_from_slice(&len.to_le_bytes());
        entry
    };
    if gpt {
        mbr[446..462].copy_from_slice(&entry(0xEE, 1, u32::MAX));
        let mut header = vec![0; 512];
        header[..8].copy_from_slice(b"EFI PART");
        header[12..16].copy_from_slice(&92u32.to_le_bytes());
        header[72..80].copy_from_slice(&2u64.to_le_bytes());
        header[80..84].copy_from_slice(&128u32.to_le_bytes());
        header[84..88].copy_from_slice(&128u32.to_le_bytes());
        let sum = crc32fast::hash(&header[..92]);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
        let mut table = vec![0; 128 * 128];
        table[128..144].fill(0xA2);
        table[160..168].copy_from_slice(&u64::from(start).to_le_bytes());
        table[168..176].copy_from_slice(&u64::from(start + sectors - 1).to_le_bytes());
        file.write_all(&mbr).unwrap();
        file.write_all(&header).unwrap();
        file.write_all(&table).unwrap();
    } else {
        mbr[446..462].copy_from_slice(&entry(0x83, 64, 64));
        mbr[462..478].copy_from_slice(&entry(0x07, start, sectors));
        file.write_all(&mbr).unwrap();
    }
    file.seek(SeekFrom::Start(u64::from(start) * 512)).unwrap();
    file.write_all(&volume).unwrap();
    path
}

#[test]
fn a_volume_in_a_partition_is_found_by_number_by_offset_and_when_it_is_the_only_one() {
    if let Some(why) = missing(&["mkntfs"]) {
        return skip(&why);
    }
    let disk = Disk::format(8, &[]);
    for gpt in [false, true] {
        let path = partitioned(&disk, gpt);
        for partition in [Partition::Only, Partition::Number(2), Partition::Offset(1 << 20)] {
            let volume = Image::open(&path, &OpenOptions { partition, ..read_only() }).unwrap();
            assert_eq!(volume.find("$Extend").unwrap().record(), 11, "gpt {gpt} {partition:?}");
        }
        let missing = Image::open(&path, &OpenOptions { partition: Partition::Number(3), ..read_only() });
        assert!(matches!(missing, Err(Error::Refused(Refused::NoPartition))));
        let another = Image::open(&path, &OpenOptions { partition: Partition::Number(1), ..read_only() });
        assert!(another.is_err());
    }
}

#[test]
fn an_image_in_use_by_one_is_refused_to_another() {
    if let Some(why) = missing(&["mkntfs"]) {
        return skip(&why);
    }
    let disk = Disk::format(8, &[]);
    let first = Image::open(&disk.image(), &OpenOptions::default()).unwrap();
    let second = Image::open(&disk.image(), &read_only());
    assert!(matches!(second, Err(Error::Refused(Refused::Locked))));
    drop(first);
    // At once, though other tests fork children, which have the same open file until they become other programs.
    Image::open(&disk.image(), &read_only()).unwrap();
}
