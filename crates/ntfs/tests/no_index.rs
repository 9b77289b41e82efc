//! A volume without `$Extend\$Reparse`: its points are found by the MFT, and the file is made when a point is set.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, NOW, TOOLS, assert_points, header, junction, missing, open, ours, skip, symlink, vendor};
use ntfs::{NewFile, Wrong};
use std::process::Command;

/// A volume of mkntfs's whose `$Reparse` goes by another name, so that nobody finds it.
fn without_index() -> Disk {
    let disk = Disk::format(16, &[]);
    let mut bytes = std::fs::read(disk.image()).unwrap();
    let utf16 = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let (name, other) = (utf16("$Reparse"), utf16("$Reparsf"));
    let at: Vec<usize> = (0..bytes.len() - 16).filter(|at| bytes[*at..].starts_with(&name)).collect();
    assert_eq!(at.len(), 2, "the file's own name, and its entry in $Extend");
    at.into_iter().for_each(|at| bytes[at..at + 16].copy_from_slice(&other));
    std::fs::write(disk.image(), bytes).unwrap();
    disk.check();
    disk
}

#[test]
fn the_index_is_made_when_a_point_is_set_and_ntfs_3g_goes_on_with_it() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = without_index();
    let mounted = disk.mount();
    std::fs::create_dir(mounted.path("dir")).unwrap();
    for name in ["link", "theirs", "gone"] {
        std::fs::write(mounted.path(name), "").unwrap();
    }
    // ntfs-3g has no way to set a point here; so it is no judge of what is right, but of what we made below.
    let refused = Command::new("setfattr")
        .args(["-h", "-n", "system.ntfs_reparse_data", "-v", "0x0c0000a000000000"])
        .arg(mounted.path("theirs"))
        .output()
        .unwrap();
    assert!(!refused.status.success());
    drop(mounted);
    let mut volume = open(&disk);
    assert!(volume.reparse_points().unwrap().is_none());
    for (path, point) in [("link", symlink("x")), ("dir", junction("\\??\\C:\\x")), ("gone", vendor(3000))] {
        let file = volume.find(path).unwrap();
        volume.set(file, &point, NOW).unwrap();
    }
    assert_points(&volume, 3);
    let gone = volume.find("gone").unwrap();
    volume.delete(gone, &header(&vendor(3000)), NOW).unwrap();
    let index = volume.find("$Extend/$Reparse").unwrap();
    assert!(volume.facts(index).unwrap().standard.security_id != 0, "as $ObjId beside it");
    drop(volume);
    disk.check();
    let mounted = disk.mount();
    assert_eq!(mounted.get("link"), Some(symlink("x")));
    assert_eq!(mounted.get("dir"), Some(junction("\\??\\C:\\x")));
    mounted.set("theirs", &symlink("y"));
    std::fs::remove_file(mounted.path("link")).unwrap();
    drop(mounted);
    disk.check();
    let volume = open(&disk);
    assert_points(&volume, 2);
    assert_eq!(ours(&volume).len(), 2);
}

/// Points that were there before the index went are listed in the new one, by the next set or by repair.
#[test]
fn points_without_an_index_are_told_and_listed_by_repair_and_by_the_next_set() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for by_repair in [true, false] {
        let disk = Disk::format(16, &[]);
        let mut volume = open(&disk);
        for number in 0..300 {
            let new = NewFile { point: Some(symlink("x")), ..NewFile::default() };
            volume.create_path(&format!("link {number}"), &new, NOW).unwrap();
        }
        drop(volume);
        let mut bytes = std::fs::read(disk.image()).unwrap();
        let name: Vec<u8> = "$Reparse".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let at: Vec<usize> = (0..bytes.len() - 16).filter(|at| bytes[*at..].starts_with(&name)).collect();
        at.into_iter().for_each(|at| bytes[at + 14] = b'f');
        std::fs::write(disk.image(), bytes).unwrap();
        let mut volume = open(&disk);
        let mut findings = Vec::new();
        volume.check(|finding| findings.push(finding)).unwrap();
        assert!(
            matches!(findings.as_slice(), [finding] if matches!(finding.wrong, Wrong::NoIndex)),
            "{findings:?}"
        );
        // Without an index there is nothing to take an entry out of.
        let file = volume.find("link 7").unwrap();
        volume.delete(file, &header(&symlink("x")), NOW).unwrap();
        assert!(volume.reparse_points().unwrap().is_none());
        if by_repair {
            assert!(volume.repair(&findings[0], NOW).unwrap());
            assert_points(&volume, 299);
        } else {
            volume.set(file, &vendor(20), NOW).unwrap();
            assert_points(&volume, 300);
        }
        drop(volume);
        disk.check();
        assert_eq!(disk.mount().get("link 299"), Some(symlink("x")));
    }
}
