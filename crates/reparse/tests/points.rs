//! The typed kinds: what the builders write, byte for byte, and what they refuse.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use nt::{Guid, Utf16};
use reparse::{
    AppExecLink, BuildError, Cloud, CloudFlags, LxSymlink, MountPoint, Nfs, RawReparse, ReparsePoint,
    Symlink, SymlinkFlags, Tag, ThirdParty, Wci, Wim, WimPointer, Wof, WofAlgorithm, WofBacking, WofSource,
};

fn meaning(raw: &RawReparse) -> ReparsePoint {
    let (point, oddities) = ReparsePoint::from_raw(raw);
    assert_eq!(oddities, [], "{raw:?}");
    assert_eq!(point.to_raw(), *raw);
    point
}

/// openvmm, lxutil/src/windows/util.rs and samba's sample: print name first, no NULs. [MS-FSCC] 2.1.2.4
#[test]
fn a_symlink_is_written_as_windows_writes_it() {
    let link = Symlink::new("bar", "ba", SymlinkFlags::RELATIVE).unwrap();
    let path = b"b\0a\0b\0a\0r\0";
    let expected = [&[0x0C, 0, 0, 0xA0, 22, 0, 0, 0, 4, 0, 6, 0, 0, 0, 4, 0, 1, 0, 0, 0], &path[..]].concat();
    assert_eq!(link.raw().as_bytes(), expected);
    assert_eq!(meaning(link.raw()), ReparsePoint::Symlink(link));
}

/// [MS-FSCC] 2.1.2.6
#[test]
fn the_five_kinds_of_nfs_object_have_their_types_and_lengths() {
    let cases = [
        (Nfs::symlink("a/b").unwrap(), "4c4e4b01000000006100 2f006200", 14),
        (Nfs::char_device(0x42, 0x62), "43485200000000004200000062000000", 16),
        (Nfs::block_device(8, 1), "424c4b00000000000800000001000000", 16),
        (Nfs::fifo(), "4649464f00000000", 8),
        (Nfs::socket(), "534f434b00000000", 8),
    ];
    for (nfs, hex, len) in cases {
        let data: String = nfs.raw().data().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(data, hex.replace(' ', ""));
        assert_eq!(nfs.raw().data().len(), len);
        assert_eq!(meaning(nfs.raw()), ReparsePoint::Nfs(nfs));
    }
    let longest = "x".repeat(1025);
    assert!(Nfs::symlink(longest.as_str()).is_ok());
    let longer = "x".repeat(1026);
    assert!(matches!(Nfs::symlink(longer.as_str()), Err(BuildError::TooLong { len: 2052, max: 2050, .. })));
}

/// openvmm, lxutil/src/windows/fs.rs: versions 1 and 2. [MS-FSCC] 2.1.2.7
#[test]
fn a_wsl_link_has_its_target_here_or_in_the_stream() {
    let two = LxSymlink::new("/tmp").unwrap();
    assert_eq!(two.raw().as_bytes(), b"\x1d\0\0\xa0\x08\0\0\0\x02\0\0\0/tmp");
    assert_eq!(meaning(two.raw()), ReparsePoint::LxSymlink(two));
    let one = LxSymlink::with_target_in_stream();
    assert_eq!(one.raw().as_bytes(), b"\x1d\0\0\xa0\x04\0\0\0\x01\0\0\0");
    assert_eq!(one.target(), None);
    assert_eq!(meaning(one.raw()), ReparsePoint::LxSymlink(one));
    assert!(LxSymlink::new([b'x'; 4096]).is_ok());
    assert!(LxSymlink::new([b'x'; 4097]).is_err());
    assert!(LxSymlink::new("a\0b").is_err());
}

/// openvmm, lxutil/src/windows/mod.rs, mknod: eight bytes, nothing but the tag.
#[test]
fn wsls_special_files_are_a_tag_and_nothing_else() {
    let kinds = [
        (ReparsePoint::AfUnix, 0x23u8),
        (ReparsePoint::LxFifo, 0x24),
        (ReparsePoint::LxChr, 0x25),
        (ReparsePoint::LxBlk, 0x26),
    ];
    for (point, low) in kinds {
        let raw = point.to_raw();
        assert_eq!(raw.as_bytes(), [low, 0, 0, 0x80, 0, 0, 0, 0]);
        assert_eq!(meaning(&raw), point);
    }
}

/// cygwin, winsup/cygwin/path.cc: a version, then four strings, each ended by a NUL.
#[test]
fn an_application_link_has_four_strings() {
    let alias = AppExecLink::new("p", "p!a", "C:\\a.exe", "0").unwrap();
    let data = alias.raw().data();
    assert_eq!(&data[..12], b"\x03\0\0\0p\0\0\0p\0!\0");
    assert_eq!(data.len(), 4 + 2 * (2 + 4 + 9 + 2));
    assert_eq!(alias.entry_point(), Some(&Utf16::from("p!a")));
    assert_eq!(alias.kind(), Some(&Utf16::from("0")));
    assert_eq!(meaning(alias.raw()), ReparsePoint::AppExecLink(alias));
    assert!(matches!(AppExecLink::new("a\0b", "", "", ""), Err(BuildError::Nul { .. })));
}

/// ntfs-3g-system-compression, src/system_compression.c: 16 bytes on disk; the driver kit: 20 in the control's input.
#[test]
fn a_compressed_file_is_told_differently_on_disk_and_to_the_filter() {
    let point = Wof::file(WofAlgorithm::LZX);
    assert_eq!(point.raw().data(), [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(meaning(point.raw()), ReparsePoint::Wof(point));
    let backing = WofBacking::File { algorithm: WofAlgorithm::LZX, flags: 1 };
    assert_eq!(backing.encode(), [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(WofBacking::decode(&backing.encode()), Some(backing.clone()));
    assert!((0..16).all(|len| WofBacking::decode(&backing.encode()[..len]).is_none()));
    let wim = WofBacking::Wim { flags: 0, data_source_id: 5, data_hash: [9; 20] };
    assert_eq!(wim.encode().len(), 8 + 36);
    assert_eq!(WofBacking::decode(&wim.encode()), Some(wim));
}

/// wimlib, include/wimlib/wof.h, wof_rpdata_disk
#[test]
fn a_pointer_into_an_image_has_two_hashes_and_three_sizes() {
    let pointer = WimPointer {
        data_source_id: 1,
        data_hash: [2; 20],
        table_hash: [3; 20],
        uncompressed_len: 4,
        compressed_len: 5,
        offset: 6,
    };
    let point = Wof::wim(pointer.clone()).unwrap();
    let data = point.raw().data();
    assert_eq!(data.len(), 88);
    assert_eq!(&data[..24], [1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((data[24], data[44], data[64], data[72], data[80]), (2, 3, 4, 5, 6));
    assert_eq!(point.source(), &WofSource::Wim(pointer));
    assert_eq!(meaning(point.raw()), ReparsePoint::Wof(point));
}

#[test]
fn a_container_placeholder_names_its_layer() {
    let layer = "92a23bd8-99f5-4fd6-807c-c56f3a063c52".parse().unwrap();
    let point = Wci::new(Tag::WCI_1, layer, "Files\\a").unwrap();
    let data = point.raw().data();
    assert_eq!(&data[..12], [1, 0, 0, 0, 0, 0, 0, 0, 0xD8, 0x3B, 0xA2, 0x92]);
    assert_eq!(&data[24..28], [14, 0, b'F', 0]);
    assert_eq!(meaning(point.raw()), ReparsePoint::Wci(point));
    assert!(Wci::new(Tag::WOF, layer, "x").is_err());
}

/// FileTest, ReparseDataHsm.h; the header agrees with syncthing issue 4542 (tests/vectors/cloud_onedrive_root.txt).
#[test]
fn a_cloud_placeholder_tells_its_record_when_not_compressed() {
    let body = *b"FeRp\x01\0\0\0\x50\0\0\0\x02\0\x07\0rest";
    let point = Cloud::new(Tag::CLOUD_6, CloudFlags(1), 24, &body).unwrap();
    let record = point.record().unwrap();
    assert_eq!((&record.magic, record.len, record.elements), (b"FeRp", 0x50, 7));
    assert_eq!(meaning(point.raw()), ReparsePoint::Cloud(point));
    let compressed = Cloud::new(Tag::CLOUD, CloudFlags(0x8001), 24, &body).unwrap();
    assert!(compressed.flags().is_compressed() && compressed.flags().revision() == 1);
    assert_eq!(compressed.record(), None);
    assert!(Cloud::new(Tag::WOF, CloudFlags(1), 0, b"").is_err());
}

#[test]
fn a_mounted_images_object_has_a_guid_and_a_hash() {
    let point = Wim::new(Guid([1; 16]), [2; 20]);
    assert_eq!(point.raw().data(), [[1; 16].as_slice(), &[2; 20]].concat());
    assert_eq!(meaning(point.raw()), ReparsePoint::Wim(point));
}

#[test]
fn a_third_partys_point_needs_its_own_tag_and_a_guid() {
    let owner = Guid([7; 16]);
    let point = ThirdParty::new(Tag(0xBEEF), owner, b"x").unwrap();
    assert_eq!(point.raw().as_bytes().len(), 25);
    assert_eq!(meaning(point.raw()), ReparsePoint::ThirdParty(point));
    for (tag, guid) in
        [(Tag::WOF, owner), (Tag(1), owner), (Tag(0x0100_0000), owner), (Tag(0xBEEF), Guid::NIL)]
    {
        assert!(ThirdParty::new(tag, guid, b"").is_err());
    }
    assert!(ThirdParty::new(Tag(0xBEEF), owner, &[0; 16_360]).is_ok());
    assert!(ThirdParty::new(Tag(0xBEEF), owner, &[0; 16_361]).is_err());
}

#[test]
fn names_may_fill_the_buffer_and_not_a_byte_more() {
    // 16,384 - 8 - 12 bytes of names for a symlink; 8 + 8 + 4 less for a mount point
    let half = "x".repeat((16_384 - 20) / 4);
    assert_eq!(
        Symlink::new(half.as_str(), half.as_str(), SymlinkFlags::RELATIVE).unwrap().raw().as_bytes().len(),
        16_384
    );
    let more = format!("{half}x");
    let error = Symlink::new(more.as_str(), half.as_str(), SymlinkFlags::RELATIVE).unwrap_err();
    assert!(matches!(error, BuildError::TooLong { len: 16_366, max: 16_364, .. }));
    assert!(MountPoint::new(half.as_str(), half.as_str()).is_ok());
    assert!(MountPoint::new(more.as_str(), half.as_str()).is_err());
    let huge = "x".repeat(40_000);
    assert!(Symlink::new(huge.as_str(), "x", SymlinkFlags::RELATIVE).is_err());
    assert!(MountPoint::new("x", huge.as_str()).is_err());
    assert!(matches!(Symlink::new("", "x", SymlinkFlags::RELATIVE), Err(BuildError::Empty { .. })));
    assert!(matches!(MountPoint::new("", "x"), Err(BuildError::Empty { .. })));
}

#[test]
fn a_volume_is_mounted_by_its_guid() {
    let volume: Guid = "92a23bd8-99f5-4fd6-807c-c56f3a063c52".parse().unwrap();
    let point = MountPoint::to_volume(volume).unwrap();
    assert_eq!(point.substitute().to_string(), r"\??\Volume{92a23bd8-99f5-4fd6-807c-c56f3a063c52}\");
    assert!(point.print().units().is_empty());
    assert_eq!(meaning(point.raw()), ReparsePoint::MountPoint(point));
}
