//! `fields`: what a person is told of each byte.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use nt::Guid;
use reparse::{
    AppExecLink, Cloud, CloudFlags, Field, LxSymlink, MountPoint, Nfs, RawReparse, Symlink, SymlinkFlags,
    Tag, ThirdParty, Wci, Wim, Wof, WofAlgorithm, fields,
};

/// One line a field: offset, length, name, value, note.
fn lines(raw: &RawReparse) -> Vec<String> {
    let line = |field: Field| {
        let note = field.note.map(|note| format!(" ({note})")).unwrap_or_default();
        format!("{} {} {}={}{note}", field.offset, field.len, field.name, field.value)
    };
    fields(raw).into_iter().map(line).collect()
}

#[test]
fn a_junction_is_told_field_by_field() {
    let junction = MountPoint::to_directory(r"C:\x").unwrap();
    assert_eq!(
        lines(junction.raw()),
        [
            "0 4 ReparseTag=0xA0000003 (IO_REPARSE_TAG_MOUNT_POINT; Microsoft's; name surrogate: stands for another \
             named object)",
            "4 2 ReparseDataLength=36 (bytes after the header of 8; 44 in all)",
            "6 2 Reserved=0x0000",
            "8 2 SubstituteNameOffset=0",
            "10 2 SubstituteNameLength=16",
            "12 2 PrintNameOffset=18",
            "14 2 PrintNameLength=8",
            r"16 16 SubstituteName=\??\C:\x (a path on a drive)",
            r"34 8 PrintName=C:\x",
            "42 2 (PathBuffer)=0000 (the NUL that ends the last name)",
        ]
    );
}

#[test]
fn a_link_that_windows_does_not_follow_is_told_with_its_status() {
    let link = Symlink::new("a/b", "a/b", SymlinkFlags::RELATIVE).unwrap();
    let all = lines(link.raw());
    assert!(all.contains(
        &"26 6 SubstituteName=a/b (Windows does not follow it: the target has a character that no file name has \
          (at character 1), STATUS_OBJECT_NAME_INVALID (0xC0000033))"
            .to_string()
    ));
    assert!(all.contains(&"16 4 Flags=1 (relative)".to_string()));
}

#[test]
fn a_third_partys_point_names_its_owner() {
    let known = "3740c860-b19b-11d9-9669-0800200c9a66".parse().unwrap();
    let point = ThirdParty::new(Tag(0x2000_0017), known, b"hi").unwrap();
    let all = lines(point.raw());
    assert!(all[0].contains("owned by OSR"), "{}", all[0]);
    assert_eq!(
        all[3],
        "8 16 ReparseGuid=3740c860-b19b-11d9-9669-0800200c9a66 (the GUID its owner is known by)"
    );
    assert_eq!(all[4], "24 2 DataBuffer=6869 (only the owner of the tag understands this)");
    let other = ThirdParty::new(Tag(0x2000_0017), Guid([1; 16]), b"").unwrap();
    assert!(lines(other.raw())[3].contains("its owner is known by 3740c860"));
}

/// The fields of a point lie end to end, from the first byte to the last, for every layout without gaps.
#[test]
fn every_byte_of_a_known_layout_is_told_once() {
    let guid = Guid([3; 16]);
    let points = [
        Nfs::symlink("a/b").unwrap().raw().clone(),
        Nfs::char_device(1, 2).raw().clone(),
        Nfs::fifo().raw().clone(),
        LxSymlink::new("/tmp").unwrap().raw().clone(),
        AppExecLink::new("p", "e", "x", "0").unwrap().raw().clone(),
        Wof::file(WofAlgorithm::LZX).raw().clone(),
        Wci::new(Tag::WCI, guid, "name").unwrap().raw().clone(),
        Wim::new(guid, [4; 20]).raw().clone(),
        Cloud::new(Tag::CLOUD_1, CloudFlags(1), 40, b"FeRp0123456789ABrest").unwrap().raw().clone(),
        Cloud::new(Tag::CLOUD_1, CloudFlags(0x8001), 40, b"packed").unwrap().raw().clone(),
        RawReparse::new(Tag::DEDUP, None, b"opaque").unwrap(),
        RawReparse::new(Tag::WOF, None, &[1, 0, 0, 0, 9, 0, 0, 0, 5]).unwrap(),
        RawReparse::decode(b"\x24\0\0\x80\0\0\0\0trailing").unwrap().0,
    ];
    for raw in points {
        let mut at = 0;
        for field in fields(&raw) {
            assert_eq!(field.offset, at, "{} in {raw:?}", field.name);
            at += field.len;
        }
        assert_eq!(at, raw.as_bytes().len(), "{raw:?}");
    }
}

#[test]
fn a_name_outside_the_data_is_told_and_nothing_panics() {
    let mut bytes = Symlink::relative("ab").unwrap().raw().encode();
    bytes[10] = 200;
    let raw = RawReparse::decode(&bytes).unwrap().0;
    assert!(lines(&raw).iter().any(|line| line.contains("reaches outside PathBuffer, which has 8 bytes")));
}
