//! How points, attributes, EAs and streams lie on a host that has as little room as ext4, and what a check finds.
//! docs/DISK-FORMAT.md
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that cannot go on fails
use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::host::meta::{self, DOSATTRIB, DosAttrib, PointForm, SMB_REPARSE};
use fsa::host::{Host, HostFault, Make, XattrMode};
use fsa::{Finding, Wrong, check};
use nt::{FileAttributes, FileTime};

type Node = <MemoryHost as Host>::Node;

fn like_ext4() -> (MemoryHost, Node) {
    let host = MemoryHost::new(MemoryOptions::LIKE_EXT4);
    let name: Vec<u16> = "file".encode_utf16().collect();
    let (node, _) = host.create(&host.root(), &name, Make::File).unwrap();
    (host, node)
}

/// A buffer of this many bytes in all, with a Microsoft tag.
fn buffer(len: usize, fill: u8) -> Vec<u8> {
    let data_len = u16::try_from(len - 8).unwrap();
    let mut bytes = 0x8000_4711u32.to_le_bytes().to_vec();
    bytes.extend_from_slice(&data_len.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.resize(len, fill);
    bytes
}

fn form(host: &MemoryHost, node: &Node) -> PointForm {
    meta::load(host, node).unwrap().point.unwrap().form
}

fn findings(host: &MemoryHost, repair: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    check(host, repair, |finding| found.push(finding)).unwrap();
    found
}

#[test]
fn a_point_that_fits_is_the_whole_attribute_and_samba_gets_its_bit() {
    let (host, node) = like_ext4();
    meta::set_point(&host, &node, &buffer(100, 1)).unwrap();
    assert_eq!(host.xattr(&node, SMB_REPARSE).unwrap(), Some(buffer(100, 1)));
    let stored = DosAttrib::decode(&host.xattr(&node, DOSATTRIB).unwrap().unwrap()).unwrap();
    assert_eq!(stored.attributes, FileAttributes::REPARSE_POINT);
    assert!(meta::remove_point(&host, &node).unwrap());
    let stored = DosAttrib::decode(&host.xattr(&node, DOSATTRIB).unwrap().unwrap()).unwrap();
    assert_eq!(stored.attributes, FileAttributes::NONE);
    assert!(!meta::remove_point(&host, &node).unwrap(), "there is none any more");
}

#[test]
fn points_of_every_length_are_kept_where_attributes_have_four_thousand_bytes() {
    let (host, node) = like_ext4();
    for len in (8..16_384).step_by(509).chain([3900, 4000, 4040, 4096, 16_383, 16_384]) {
        let fill = u8::try_from(len % 251).unwrap();
        meta::set_point(&host, &node, &buffer(len, fill)).unwrap();
        assert_eq!(meta::point(&host, &node).unwrap(), Some(buffer(len, fill)), "{len}");
        let loaded = meta::load(&host, &node).unwrap();
        assert!(loaded.attributes.contains(FileAttributes::REPARSE_POINT));
        assert_eq!(usize::from(loaded.point.unwrap().data_len), len - 8);
        let stored = loaded.stored.unwrap();
        assert!(stored.attributes.contains(FileAttributes::REPARSE_POINT), "{len}: the bit has room, too");
    }
}

/// A 3,980 byte buffer fills the block; attributes set afterwards must still have room.
#[test]
fn a_point_gives_way_to_attributes_eas_and_streams() {
    for len in [3900, 3950, 3980, 4000] {
        let (host, node) = like_ext4();
        meta::set_point(&host, &node, &buffer(len, 1)).unwrap();
        meta::set_basic(&host, &node, Some(FileAttributes::HIDDEN), Some(FileTime(5))).unwrap();
        meta::ea_set(&host, &node, b"NAME", &[7; 2000]).unwrap();
        let stream = meta::stream_create(&host, &node, &[0x73]).unwrap();
        meta::stream_write(&host, &node, &stream, &[8; 1000]).unwrap();
        assert!(matches!(form(&host, &node), PointForm::Stub(_)));
        assert_eq!(meta::point(&host, &node).unwrap(), Some(buffer(len, 1)));
        let loaded = meta::load(&host, &node).unwrap();
        assert_eq!(loaded.attributes, FileAttributes::HIDDEN | FileAttributes::REPARSE_POINT);
        assert_eq!(loaded.created, FileTime(5));
        assert_eq!(meta::stream_read(&host, &node, &stream).unwrap(), Some(vec![8; 1000]));
        let full = meta::ea_set(&host, &node, b"MORE", &[7; 3000]).unwrap_err();
        assert_eq!(full.fault, HostFault::AttributesFull, "there is no end of room");
    }
}

#[test]
fn attributes_are_not_written_when_nothing_changes() {
    let (host, node) = like_ext4();
    meta::set_basic(&host, &node, Some(FileAttributes::ARCHIVE), None).unwrap();
    meta::set_point(&host, &node, &buffer(100, 1)).unwrap();
    let before = host.counts().changes;
    meta::set_basic(&host, &node, Some(FileAttributes::ARCHIVE), None).unwrap();
    assert_eq!(host.counts().changes, before);
    meta::set_point(&host, &node, &buffer(100, 2)).unwrap();
    assert_eq!(host.counts().changes, before + 1, "a replacement is one change");
}

#[test]
fn loading_costs_one_stat_and_two_reads_of_attributes() {
    let (host, node) = like_ext4();
    meta::set_point(&host, &node, &buffer(16_384, 1)).unwrap();
    let before = host.counts().reads;
    meta::load(&host, &node).unwrap();
    assert_eq!(host.counts().reads - before, 3, "and the head needs no look beside the tree");
}

#[test]
fn a_file_that_unix_made_has_no_attributes() {
    let (host, node) = like_ext4();
    assert_eq!(meta::load(&host, &node).unwrap().attributes, FileAttributes::NORMAL);
}

#[test]
fn eas_are_found_in_any_case_and_keep_the_spelling_that_the_disk_has() {
    let (host, node) = like_ext4();
    host.set_xattr(&node, "user.mixedCase", b"1", XattrMode::Any).unwrap();
    host.set_xattr(&node, "user.bad:name", b"1", XattrMode::Any).unwrap();
    meta::ea_set(&host, &node, b"MixedCASE", b"2").unwrap();
    meta::ea_set(&host, &node, b"new", b"3").unwrap();
    assert_eq!(host.xattr(&node, "user.mixedCase").unwrap(), Some(b"2".to_vec()));
    assert_eq!(host.xattr(&node, "user.NEW").unwrap(), Some(b"3".to_vec()));
    let names: Vec<_> = meta::ea_list(&host, &node).unwrap().into_iter().map(|ea| ea.name).collect();
    assert_eq!(names, [b"MIXEDCASE".to_vec(), b"NEW".to_vec()]);
    meta::ea_set(&host, &node, b"mixedcase", b"").unwrap();
    assert_eq!(host.xattr(&node, "user.mixedCase").unwrap(), None);
}

#[test]
fn a_stream_is_its_data_and_a_zero_byte_and_extents_of_sambas_are_read() {
    let (host, node) = like_ext4();
    let stream = meta::stream_create(&host, &node, &[0x53]).unwrap();
    assert_eq!(host.xattr(&node, "user.DosStream.S:$DATA").unwrap(), Some(vec![0]));
    host.set_xattr(&node, "user.DosStream.S:$DATA", b"one\x02", XattrMode::Any).unwrap();
    host.set_xattr(&node, "user.DosStreamExt.1.S:$DATA", b"two", XattrMode::Any).unwrap();
    host.set_xattr(&node, "user.DosStreamExt.2.S:$DATA", b"three", XattrMode::Any).unwrap();
    assert_eq!(meta::stream_read(&host, &node, &stream).unwrap(), Some(b"onetwothree".to_vec()));
    assert!(meta::stream_find(&host, &node, &[0x73]).unwrap().is_some(), "in any case");
    meta::stream_write(&host, &node, &stream, b"x").unwrap();
    assert_eq!(meta::stream_read(&host, &node, &stream).unwrap(), Some(b"x".to_vec()));
    assert_eq!(host.xattr(&node, "user.DosStreamExt.1.S:$DATA").unwrap(), None);
    assert!(meta::ea_list(&host, &node).unwrap().is_empty(), "streams are no EAs");
}

/// The Nth change fails, for every N: the point is the old one or the new one, whole.
#[test]
fn a_failure_at_any_call_leaves_the_old_point_or_the_new_one() {
    for (old, new) in [(100, 200), (100, 16_384), (16_384, 100), (16_000, 16_384), (3990, 4000)] {
        for n in 1.. {
            let (host, node) = like_ext4();
            meta::set_point(&host, &node, &buffer(old, 1)).unwrap();
            host.fail_at(n);
            let result = meta::set_point(&host, &node, &buffer(new, 2));
            let found = meta::point(&host, &node).unwrap().unwrap();
            assert!(found == buffer(old, 1) || found == buffer(new, 2), "{old} to {new}, call {n}");
            if result.is_ok() {
                assert_eq!(found, buffer(new, 2));
                break;
            }
        }
    }
}

#[test]
fn a_failure_at_any_call_of_a_removal_leaves_the_point_or_none() {
    for len in [100, 16_384] {
        for n in 1.. {
            let (host, node) = like_ext4();
            meta::set_point(&host, &node, &buffer(len, 1)).unwrap();
            host.fail_at(n);
            let result = meta::remove_point(&host, &node);
            let found = meta::point(&host, &node).unwrap();
            assert!(found.is_none() || found == Some(buffer(len, 1)));
            if result.is_ok() {
                assert_eq!(found, None);
                break;
            }
        }
    }
}

#[test]
fn a_check_finds_stale_bits_both_ways_and_sets_them_right() {
    let (host, node) = like_ext4();
    let bit = DosAttrib {
        attributes: FileAttributes::REPARSE_POINT | FileAttributes::HIDDEN,
        created: Some(FileTime(9)),
        changed: None,
    };
    host.set_xattr(&node, DOSATTRIB, &bit.encode(), XattrMode::Any).unwrap();
    assert_eq!(
        meta::load(&host, &node).unwrap().attributes,
        FileAttributes::HIDDEN,
        "a stale bit is not believed"
    );
    let found = findings(&host, true);
    assert_eq!((found[0].wrong, found[0].repaired), (Wrong::StaleBit { set: true }, true));
    assert_eq!(found[0].path.to_string(), r"\file");
    host.set_xattr(&node, SMB_REPARSE, &buffer(20, 1), XattrMode::Any).unwrap();
    let found = findings(&host, true);
    assert_eq!((found[0].wrong, found[0].repaired), (Wrong::StaleBit { set: false }, true));
    assert_eq!(meta::load(&host, &node).unwrap().stored, Some(bit));
    assert_eq!(findings(&host, false), []);
}

#[test]
fn a_check_finds_what_cannot_be_read() {
    let (host, node) = like_ext4();
    host.set_xattr(&node, SMB_REPARSE, b"not a buffer", XattrMode::Any).unwrap();
    host.set_xattr(&node, DOSATTRIB, b"nonsense", XattrMode::Any).unwrap();
    assert!(
        meta::load(&host, &node).unwrap().point.is_some(),
        "it is a reparse point, though nobody knows which"
    );
    assert_eq!(meta::point(&host, &node).unwrap_err().fault, HostFault::Corrupt);
    let wrong: Vec<_> = findings(&host, false).into_iter().map(|finding| finding.wrong).collect();
    assert!(wrong.contains(&Wrong::Point { len: 12 }));
    assert!(wrong.iter().any(|wrong| matches!(wrong, Wrong::Attributes(_))));
    let mount_point_on_two_bytes = [0xA000_0003u32.to_le_bytes().to_vec(), vec![2, 0, 0, 0, 1, 1]].concat();
    host.set_xattr(&node, SMB_REPARSE, &mount_point_on_two_bytes, XattrMode::Any).unwrap();
    assert!(findings(&host, false).iter().any(|finding| matches!(finding.wrong, Wrong::Buffer(_))));
}

#[test]
fn a_check_finds_values_that_nobody_names_and_names_without_a_value() {
    let (host, node) = like_ext4();
    meta::set_point(&host, &node, &buffer(16_000, 1)).unwrap();
    assert_eq!(findings(&host, false), []);
    meta::set_point(&host, &node, &buffer(16_000, 2)).unwrap();
    let found = findings(&host, true);
    assert!(matches!(found[..], [Finding { wrong: Wrong::Orphan(_), repaired: true, .. }]));
    assert_eq!(meta::point(&host, &node).unwrap(), Some(buffer(16_000, 2)), "the other one stays");
    let PointForm::Stub(id) = form(&host, &node) else { panic!("a stub") };
    host.remove_blob(id).unwrap();
    assert_eq!(findings(&host, true)[0].wrong, Wrong::BlobMissing(id));
    assert_eq!(meta::point(&host, &node).unwrap_err().fault, HostFault::Corrupt);
    assert_eq!(
        meta::load(&host, &node).unwrap().point.unwrap().tag.0,
        0x8000_4711,
        "the head is still there"
    );
}
