//! What we write, ntfs-3g reads, and its tools find nothing wrong with.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{
    Disk, NOW, TOOLS, assert_points, header, in_memory, junction, missing, open, skip, symlink, vendor,
    write_back,
};
use nt::NtStatus;
use reparse::{SetEx, SetExFlags, Tag};

#[test]
fn what_we_set_ntfs_3g_reads_on_every_geometry() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for geometry in judge::GEOMETRIES {
        let disk = Disk::format(24, geometry);
        let mounted = disk.mount();
        std::fs::create_dir_all(mounted.path("a/b")).unwrap();
        for name in ["link", "a/large", "a/gone"] {
            std::fs::write(mounted.path(name), "").unwrap();
        }
        std::fs::hard_link(mounted.path("link"), mounted.path("a/other name of link")).unwrap();
        drop(mounted);
        let points =
            [("link", symlink("..\\x")), ("a/b", junction("\\??\\C:\\x")), ("a/large", vendor(16_360))];
        let mut volume = open(&disk);
        for (path, bytes) in &points {
            let file = volume.find(path).unwrap();
            volume.set(file, bytes, NOW).unwrap();
            assert_eq!(volume.get(file).unwrap().as_bytes(), bytes);
            assert_eq!(volume.facts(file).unwrap().standard.changed, NOW);
        }
        let gone = volume.find("a/gone").unwrap();
        volume.set(gone, &vendor(9000), NOW).unwrap();
        volume.set(gone, &vendor(20), NOW).unwrap();
        volume.delete(gone, &header(&vendor(20)), NOW).unwrap();
        assert_points(&volume, 3);
        let link = volume.find("link").unwrap();
        for directory in ["", "a"] {
            let entries = volume.entries(volume.find(directory).unwrap()).unwrap();
            let entry = entries.iter().find(|entry| entry.file == link).unwrap();
            assert!(entry.name.is_reparse_point());
            assert_eq!((Tag(entry.name.tag_or_ea), entry.name.changed), (Tag::SYMLINK, NOW));
        }
        assert!(!volume.state().is_dirty);
        drop(volume);
        disk.check();
        let mounted = disk.mount();
        for (path, bytes) in &points {
            assert_eq!(mounted.get(path).as_ref(), Some(bytes), "{geometry:?} {path}");
        }
        assert_eq!(mounted.get("a/gone"), None);
        // And ntfs-3g goes on from there: its index takes out what we put in.
        std::fs::remove_file(mounted.path("a/large")).unwrap();
        mounted.set("a/gone", &symlink("y"));
        drop(mounted);
        assert_points(&open(&disk), 3);
    }
}

#[test]
fn the_index_of_reparse_points_splits_and_merges() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(32, &[]);
    let mounted = disk.mount();
    let count = 1500;
    for number in 0..count {
        std::fs::write(mounted.path(&format!("{number}")), "").unwrap();
    }
    drop(mounted);
    // In memory, for the disk would be flushed several times a change.
    let mut volume = in_memory(&disk);
    let files: Vec<_> = (0..count).map(|number| volume.find(&number.to_string()).unwrap()).collect();
    let mut order: Vec<usize> = (0..count).collect();
    fastrand::Rng::with_seed(5).shuffle(&mut order);
    for at in &order {
        volume.set(files[*at], &symlink("x"), NOW).unwrap();
    }
    assert_points(&volume, count);
    write_back(&disk, &volume);
    disk.check();
    let mounted = disk.mount();
    assert_eq!(mounted.get("77"), Some(symlink("x")));
    drop(mounted);
    let mut volume = in_memory(&disk);
    for (gone, at) in order.iter().rev().enumerate() {
        volume.delete(files[*at], &header(&symlink("x")), NOW).unwrap();
        if gone % 250 == 0 {
            assert_points(&volume, count - 1 - gone);
        }
    }
    assert_points(&volume, 0);
    write_back(&disk, &volume);
    disk.check();
    let mounted = disk.mount();
    mounted.set("3", &symlink("y"));
    drop(mounted);
    assert_points(&open(&disk), 1);
}

#[test]
fn a_tag_is_replaced_by_another_only_by_the_extended_form() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mounted = disk.mount();
    std::fs::write(mounted.path("file"), "").unwrap();
    std::fs::write(mounted.path("data"), "data").unwrap();
    drop(mounted);
    let mut volume = open(&disk);
    let file = volume.find("file").unwrap();
    volume.set(file, &symlink("x"), NOW).unwrap();
    let before = std::fs::read(disk.image()).unwrap();
    let refusals = [
        (volume.set(file, &vendor(8), NOW), NtStatus::IO_REPARSE_TAG_MISMATCH),
        (volume.delete(file, &header(&vendor(8)), NOW), NtStatus::IO_REPARSE_TAG_MISMATCH),
        (volume.set(file, &junction("\\??\\C:\\x"), NOW), NtStatus::NOT_A_DIRECTORY),
        (volume.set(file, &[], NOW), NtStatus::INVALID_BUFFER_SIZE),
        (volume.set(volume.find("data").unwrap(), &symlink("x"), NOW), NtStatus::IO_REPARSE_DATA_INVALID),
        (
            volume.delete(volume.find("data").unwrap(), &header(&symlink("x")), NOW),
            NtStatus::NOT_A_REPARSE_POINT,
        ),
        (volume.set(volume.find("").unwrap(), &symlink("x"), NOW), NtStatus::DIRECTORY_NOT_EMPTY),
        (volume.set(volume.find("$Extend/$Reparse").unwrap(), &symlink("x"), NOW), NtStatus::ACCESS_DENIED),
    ];
    for (index, (outcome, status)) in refusals.into_iter().enumerate() {
        assert_eq!(outcome.unwrap_err().status(), status, "refusal {index}");
    }
    assert_eq!(std::fs::read(disk.image()).unwrap(), before, "a refusal changes nothing");
    let (point, _) = reparse::RawReparse::decode(&vendor(700)).unwrap();
    let input = SetEx {
        flags: SetExFlags::default(),
        existing_tag: Tag::SYMLINK,
        existing_guid: nt::Guid::NIL,
        point,
    };
    volume.set_ex(file, &input.encode(), NOW).unwrap();
    assert_points(&volume, 1);
    drop(volume);
    disk.check();
    assert_eq!(disk.mount().get("file"), Some(vendor(700)));
}
