//! Files and directories that we make are files and directories to ntfs-3g and its tools.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, NOW, TOOLS, in_memory, junction, missing, open, run, skip, symlink, vendor, write_back};
use nt::{FileAttributes, NtStatus, Utf16};
use ntfs::{Basic, ExtendedAttribute, NewFile, WalkOptions, Why};
use std::collections::BTreeSet;

fn file(point: Option<Vec<u8>>) -> NewFile {
    NewFile { point, ..NewFile::default() }
}

fn directory(point: Option<Vec<u8>>) -> NewFile {
    NewFile { is_directory: true, point, ..NewFile::default() }
}

#[test]
fn what_we_make_ntfs_3g_finds_with_its_point_on_every_geometry() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for geometry in judge::GEOMETRIES {
        let disk = Disk::format(24, geometry);
        let mut volume = open(&disk);
        volume.create_path("a", &directory(None), NOW).unwrap();
        volume.create_path("a/Ünï", &directory(None), NOW).unwrap();
        let made = [
            ("a/Ünï/link", file(Some(symlink("..\\x")))),
            ("a/Ünï/junction", directory(Some(junction("\\??\\C:\\x")))),
            ("a/large", file(Some(vendor(16_360)))),
            ("a/plain", file(None)),
        ];
        for (path, new) in &made {
            let reference = volume.create_path(path, new, NOW).unwrap();
            assert_eq!(volume.find(path).unwrap(), reference);
        }
        drop(volume);
        disk.check();
        let mounted = disk.mount();
        for (path, new) in &made {
            assert_eq!(mounted.get(path), new.point, "{geometry:?} {path}");
        }
        assert!(std::fs::metadata(mounted.path("a/plain")).unwrap().is_file());
        // And it goes on from there.
        std::fs::write(mounted.path("a/plain"), vec![7; 100_000]).unwrap();
        std::fs::write(mounted.path("a/Ünï/another"), "x").unwrap();
        std::fs::remove_file(mounted.path("a/large")).unwrap();
        drop(mounted);
        disk.check();
        let volume = open(&disk);
        assert_eq!(volume.facts(volume.find("A/PLAIN").unwrap()).unwrap().data_len, 100_000);
        assert_eq!(volume.walk(WalkOptions::default()).count(), 2);
    }
}

#[test]
fn a_directory_splits_under_thousands_of_names_and_the_mft_grows() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for geometry in [&[][..], &["-c", "65536"], &["-s", "4096"]] {
        let disk = Disk::format(64, geometry);
        let mut volume = in_memory(&disk);
        let many = volume.create_path("many", &directory(None), NOW).unwrap();
        let mut random = fastrand::Rng::with_seed(11);
        let mut names: Vec<String> =
            (0..1500).map(|number| format!("{} {number}", "n".repeat(random.usize(1..120)))).collect();
        random.shuffle(&mut names);
        for name in &names {
            volume.create(many, &Utf16::from(name.as_str()), &file(Some(symlink(name))), NOW).unwrap();
        }
        judge::assert_points(&volume, names.len());
        write_back(&disk, &volume);
        disk.check();
        let mounted = disk.mount();
        let listed: BTreeSet<String> = std::fs::read_dir(mounted.path("many"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(listed, names.iter().cloned().collect(), "{geometry:?}");
        for name in names.iter().step_by(97) {
            assert_eq!(mounted.get(&format!("many/{name}")), Some(symlink(name)));
        }
        for name in &names {
            std::fs::remove_file(mounted.path(&format!("many/{name}"))).unwrap();
        }
        std::fs::remove_dir(mounted.path("many")).unwrap();
        drop(mounted);
        disk.check();
        judge::assert_points(&open(&disk), 0);
    }
}

#[test]
fn extended_attributes_times_and_attributes_are_those_that_were_given() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mut volume = open(&disk);
    let ea = |name: &str, value: &[u8]| ExtendedAttribute {
        name: name.into(),
        value: value.into(),
        is_needed: false,
    };
    let eas = vec![ea("$LXMOD", &[0xA4, 0x11, 0, 0]), ea("$LXUID", &[1, 0, 0, 0])];
    let fifo = reparse::RawReparse::new(reparse::Tag::LX_FIFO, None, &[]).unwrap().encode();
    let new = NewFile { eas: eas.clone(), point: Some(fifo.clone()), ..NewFile::default() };
    let made = volume.create_path("fifo", &new, NOW).unwrap();
    assert_eq!(volume.eas(made).unwrap(), eas);
    let time = |days: u64| nt::FileTime(NOW.0 - days * 864_000_000_000);
    let attributes = FileAttributes::HIDDEN | FileAttributes::SYSTEM;
    let basic = Basic { created: time(4), written: time(3), changed: time(2), accessed: time(1), attributes };
    volume.set_basic(made, &basic, NOW).unwrap();
    let standard = volume.facts(made).unwrap().standard;
    assert_eq!(standard.attributes, attributes | FileAttributes::REPARSE_POINT);
    assert_eq!(
        (standard.created, standard.written, standard.changed, standard.accessed),
        (time(4), time(3), time(2), time(1))
    );
    drop(volume);
    disk.check();
    let mounted = disk.mount();
    assert_eq!(mounted.get("fifo"), Some(fifo));
    let raw = mounted.get_xattr("fifo", "system.ntfs_ea").unwrap();
    assert!(raw.windows(6).any(|window| window == b"$LXMOD"), "{raw:?}");
    drop(mounted);
    let mut volume = open(&disk);
    let many: Vec<_> = (0..100).map(|number| ea(&format!("user.{number}"), &[7; 300])).collect();
    volume.set_eas(made, &many, NOW).unwrap();
    assert_eq!(volume.eas(made).unwrap(), many);
    volume.set_eas(made, &[], NOW).unwrap();
    assert!(volume.eas(made).unwrap().is_empty());
    drop(volume);
    disk.check();
}

/// With permissions, ntfs-3g keeps descriptors in $Secure, as Windows does; without, in the file itself.
#[test]
fn a_new_file_has_the_security_of_its_directory() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let secure = "permissions,streams_interface=xattr";
    let mounted = disk.mount_with(secure);
    std::fs::create_dir(mounted.path("owned")).unwrap();
    run("chmod", &["0750", mounted.path("owned").to_str().unwrap()]);
    drop(mounted);
    let mut volume = open(&disk);
    let owned = volume.find("owned").unwrap();
    let id = volume.facts(owned).unwrap().standard.security_id;
    assert_ne!(id, 0, "ntfs-3g has put it into $Secure");
    for (name, new) in [("owned/file", file(Some(symlink("x")))), ("owned/directory", directory(None))] {
        let made = volume.create_path(name, &new, NOW).unwrap();
        assert_eq!(volume.facts(made).unwrap().standard.security_id, id);
    }
    volume.create_path("file", &file(None), NOW).unwrap();
    drop(volume);
    disk.check();
    let mounted = disk.mount_with(secure);
    let acl = |path: &str| mounted.get_xattr(path, "system.ntfs_acl").unwrap();
    assert_eq!(acl("owned/directory"), acl("owned"));
    let root = nt::security::SecurityDescriptor::decode(&acl("")).unwrap();
    assert_eq!(nt::security::SecurityDescriptor::decode(&acl("file")).unwrap(), root);
}

#[test]
fn what_cannot_be_made_changes_nothing() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mut volume = open(&disk);
    volume.create_path("junction", &directory(Some(junction("\\??\\C:\\x"))), NOW).unwrap();
    volume.create_path("file", &file(None), NOW).unwrap();
    let before = std::fs::read(disk.image()).unwrap();
    let long = "x".repeat(256);
    let refusals = [
        ("FILE", file(None), NtStatus::OBJECT_NAME_COLLISION),
        ("", file(None), NtStatus::OBJECT_NAME_COLLISION),
        ("file/x", file(None), NtStatus::NOT_A_DIRECTORY),
        ("none/x", file(None), NtStatus::OBJECT_PATH_NOT_FOUND),
        ("junction/x", file(None), NtStatus::DIRECTORY_IS_A_REPARSE_POINT),
        ("a:b", file(None), NtStatus::OBJECT_NAME_INVALID),
        (&long, file(None), NtStatus::OBJECT_NAME_INVALID),
        ("$Extend/x", file(None), NtStatus::ACCESS_DENIED),
        ("x", file(Some(junction("\\??\\C:\\x"))), NtStatus::NOT_A_DIRECTORY),
        ("x", file(Some(vec![1, 2, 3])), NtStatus::IO_REPARSE_DATA_INVALID),
    ];
    for (path, new, status) in refusals {
        assert_eq!(volume.create_path(path, &new, NOW).unwrap_err().status(), status, "{path}");
    }
    let bad = ExtendedAttribute { name: Vec::new(), value: Vec::new(), is_needed: false };
    let new = NewFile { eas: vec![bad], ..NewFile::default() };
    let refused = volume.create_path("x", &new, NOW).unwrap_err();
    assert!(matches!(refused, ntfs::Error::Request { why: Why::BadEa(_), .. }));
    assert_eq!(std::fs::read(disk.image()).unwrap(), before);
    // No refusal has taken a record: the next file has the one behind the last.
    let last = volume.find("file").unwrap().record();
    assert_eq!(volume.create_path("x", &file(None), NOW).unwrap().record(), last + 1);
}
