//! A volume whose free space is in scattered pieces: the MFT, directories, points and extended attributes in hundreds of
//! runs, which take several records to tell of.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{
    Disk, NOW, TOOLS, assert_agree, header, in_memory, missing, records_of_mft, skip, symlink, vendor,
    write_back,
};
use nt::NtStatus;
use ntfs::{Error, ExtendedAttribute, MemoryImage, NewFile, Volume};

/// Fills a disk with files in six directories, and takes every second away: between those that stay, nothing free is
/// longer than one of them was. Its directories' names are `d0` to `d5`.
fn scattered(mebibytes: u64, args: &[&str], len: usize) -> Disk {
    let disk = Disk::format(mebibytes, args);
    let mounted = disk.mount();
    for directory in 0..6 {
        std::fs::create_dir(mounted.path(&format!("d{directory}"))).unwrap();
    }
    let name = |number: usize| format!("d{}/file {number}", number % 6);
    let mut made = 0;
    while std::fs::write(mounted.path(&name(made)), vec![7; len]).is_ok() {
        made += 1;
    }
    for number in (0..made).step_by(2) {
        std::fs::remove_file(mounted.path(&name(number))).unwrap();
    }
    drop(mounted);
    disk
}

/// Makes files until the MFT has grown by so many records, or the disk is full; how many files there are. What is
/// refused has changed nothing.
fn fill(volume: &mut Volume<MemoryImage>, records: u64) -> usize {
    let before = volume.record_count();
    let mut number = 0;
    while volume.record_count() < before + records {
        let new = NewFile { point: Some(point(number)), ..NewFile::default() };
        let bytes = (number % 64 == 0).then(|| volume.medium().bytes());
        match volume.create_path(&format!("d{}/new {number}", number % 6), &new, NOW) {
            Ok(_) => number += 1,
            Err(Error::Request { status: NtStatus::DISK_FULL, .. }) => {
                assert!(bytes.is_none_or(|bytes| bytes == volume.medium().bytes()));
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    number
}

fn point(number: usize) -> Vec<u8> {
    if number.is_multiple_of(3) { symlink("..\\x") } else { vendor(500 + number % 400) }
}

#[test]
fn an_mft_in_hundreds_of_pieces_is_read_grown_and_written() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for (mebibytes, args, len, records, parts) in [
        // Base record and one more, as ntfs-3g begins it.
        (20, &["-c", "1024", "-z", "1"][..], 1500, 300, 1),
        // Clusters of half a record: the runs of the MFT fill several records.
        (16, &["-c", "512", "-z", "1"], 1100, 1200, 3),
        // Records of 4 KiB, which hold more.
        (16, &["-s", "4096", "-z", "1"], 5000, 100, 1),
    ] {
        let disk = scattered(mebibytes, args, len);
        let mut volume = in_memory(&disk);
        let made = fill(&mut volume, records);
        assert!(made > 90, "{args:?}: {made}");
        write_back(&disk, &volume);
        disk.check();
        assert_agree(&disk, &format!("{args:?}"));
        let holding = records_of_mft(&disk);
        assert!(holding >= parts, "{args:?}: the MFT is in {holding} records");
        let mounted = disk.mount();
        for at in (0..made).step_by(31) {
            assert_eq!(mounted.get(&format!("d{}/new {at}", at % 6)), Some(point(at)), "{args:?}");
        }
        // ntfs-3g goes on from there: it grows the same MFT.
        for at in 0..40 {
            let _ = std::fs::write(mounted.path(&format!("d0/theirs {at}")), "");
        }
        drop(mounted);
        disk.check();
        let mut volume = in_memory(&disk);
        for at in (0..made).step_by(2) {
            let file = volume.find(&format!("d{}/new {at}", at % 6)).unwrap();
            volume.delete(file, &header(&point(at)), NOW).unwrap();
        }
        write_back(&disk, &volume);
        disk.check();
        assert_agree(&disk, &format!("{args:?} after deletes"));
    }
}

/// The longest of each, with clusters of 512 bytes among which none is next to another: their mapping pairs fill more
/// than a record.
#[test]
fn attributes_in_more_pieces_than_a_record_tells_of_are_set_replaced_and_taken_away() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    // A name of its own in a record, and two clusters of data.
    let disk = scattered(20, &["-c", "512", "-z", "1"], 900);
    let mut volume = in_memory(&disk);
    let file = volume.create_path("d1/scattered", &NewFile::default(), NOW).unwrap();
    let eas = |bytes: usize| -> Vec<ExtendedAttribute> {
        let ea = |at: usize| ExtendedAttribute {
            name: format!("NUMBER{at}").into_bytes(),
            value: vec![u8::try_from(at).unwrap(); 2000],
            is_needed: false,
        };
        (0..bytes / 2020).map(ea).collect()
    };
    for (len, point) in [(64_000, vendor(16_360)), (20_000, vendor(9000)), (64_500, vendor(16_360))] {
        volume.set_eas(file, &eas(len), NOW).unwrap();
        volume.set(file, &point, NOW).unwrap();
        assert_eq!(volume.eas(file).unwrap(), eas(len));
        assert_eq!(volume.get(file).unwrap().as_bytes(), point);
    }
    write_back(&disk, &volume);
    disk.check();
    assert_agree(&disk, "scattered");
    let mounted = disk.mount();
    assert_eq!(mounted.get("d1/scattered"), Some(vendor(16_360)));
    let raw = mounted.get_xattr("d1/scattered", "system.ntfs_ea").unwrap();
    assert!(raw.len() > 60_000 && raw.windows(8).any(|window| window == b"NUMBER30"), "{}", raw.len());
    drop(mounted);
    let before = volume.medium().bytes();
    volume.set_eas(file, &[], NOW).unwrap();
    volume.delete(file, &header(&vendor(16_360)), NOW).unwrap();
    write_back(&disk, &volume);
    disk.check();
    // And each is taken back, to the exact bytes.
    ntfs::undo(volume.medium()).unwrap();
    assert!(volume.medium().bytes() != before);
}

/// As many names as Windows allows a file, each as long as can be: the attribute list lies in clusters of its own.
#[test]
fn a_file_with_a_thousand_long_names_carries_a_point() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for args in [&["-c", "512"][..], &["-s", "4096"]] {
        let disk = Disk::format(24, args);
        let mounted = disk.mount();
        std::fs::write(mounted.path("first"), "").unwrap();
        for number in 0..1000 {
            let name = format!("{number}{}", "n".repeat(200));
            std::fs::hard_link(mounted.path("first"), mounted.path(&name)).unwrap();
        }
        drop(mounted);
        let mut volume = in_memory(&disk);
        let file = volume.find("first").unwrap();
        for point in [symlink("x"), symlink("another target that is somewhat longer")] {
            volume.set(file, &point, NOW).unwrap();
        }
        write_back(&disk, &volume);
        disk.check();
        assert_agree(&disk, &format!("{args:?}"));
        volume.delete(file, &header(&symlink("x")), NOW).unwrap();
        volume.set(file, &vendor(16_360), NOW).unwrap();
        write_back(&disk, &volume);
        disk.check();
        assert_agree(&disk, &format!("{args:?}, in clusters"));
        assert_eq!(disk.mount().get(&format!("999{}", "n".repeat(200))), Some(vendor(16_360)));
    }
}
