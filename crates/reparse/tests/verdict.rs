//! What Windows says of a buffer at SET and at DELETE. Every test names the public test or text it follows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use nt::{Guid, NtStatus};
use reparse::{
    DeleteRequest, Fault, MountPoint, RawReparse, SetEx, SetExFlags, Symlink, SymlinkFlags, Tag,
    decode_delete, verdict,
};

const OWNER: Guid = Guid([7; 16]);

fn status_of_set(input: &[u8]) -> NtStatus {
    RawReparse::decode_set(input).map_or_else(|error| error.status(), |_| NtStatus::SUCCESS)
}

fn status_of_delete(input: &[u8]) -> NtStatus {
    decode_delete(input).map_or_else(|error| error.status(), |_| NtStatus::SUCCESS)
}

/// An envelope around data, in either form, its length right.
fn envelope(tag: u32, guid: Option<Guid>, data: &[u8]) -> Vec<u8> {
    RawReparse::new(Tag(tag), guid, data).unwrap().encode()
}

/// Puts a 16-bit number into a buffer.
fn patch(bytes: &[u8], at: usize, value: u16) -> Vec<u8> {
    let mut patched = bytes.to_vec();
    patched[at..at + 2].copy_from_slice(&value.to_le_bytes());
    patched
}

/// samba, python/samba/tests/reparsepoints.py, test_create_reparse
#[test]
fn no_input_is_an_invalid_buffer_size() {
    assert_eq!(status_of_set(b""), NtStatus::INVALID_BUFFER_SIZE);
    assert_eq!(status_of_delete(b""), NtStatus::INVALID_BUFFER_SIZE);
}

/// samba, python/samba/tests/reparsepoints.py, test_create_reparse
#[test]
fn one_to_fourteen_bytes_of_filler_are_invalid_data() {
    for len in 1..15 {
        assert_eq!(status_of_set(&vec![b'0'; len]), NtStatus::IO_REPARSE_DATA_INVALID, "{len} bytes");
    }
}

/// samba, python/samba/tests/reparsepoints.py, test_create_reparse
#[test]
fn the_length_must_be_exact() {
    let bytes = envelope(0x8000_0025, None, b"asdfasdfasdfasdfasdfasdf");
    let longer = [bytes.as_slice(), b"0"].concat();
    assert_eq!(status_of_set(&bytes), NtStatus::SUCCESS);
    assert_eq!(status_of_set(&longer), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(status_of_set(&bytes[..bytes.len() - 1]), NtStatus::IO_REPARSE_DATA_INVALID);
}

/// [MS-FSA] 2.1.5.10.37: 16,384 bytes with the header.
#[test]
fn the_limit_counts_the_header() {
    for (guid, tag, header) in [(None, 0x8000_DEADu32, 8), (Some(OWNER), 0xBEEF, 24)] {
        let data = vec![1; 16_384 - header];
        assert_eq!(status_of_set(&envelope(tag, guid, &data)), NtStatus::SUCCESS);
        let mut over = envelope(tag, guid, &data);
        over.push(1);
        let over = patch(&over, 4, u16::try_from(16_385 - header).unwrap());
        let error = RawReparse::decode_set(&over).unwrap_err();
        assert_eq!((error.fault, error.status()), (Fault::TooLong, NtStatus::IO_REPARSE_DATA_INVALID));
    }
}

/// WinBtrfs, src/tests/reparse.cpp, reparse14
#[test]
fn a_third_partys_tag_needs_a_guid() {
    assert_eq!(status_of_set(&envelope(0xBEEF, None, b"hello")), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(status_of_set(&envelope(0xBEEF, Some(OWNER), b"hello")), NtStatus::SUCCESS);
    assert_eq!(
        status_of_set(&envelope(0xBEEF, Some(Guid::NIL), b"hello")),
        NtStatus::IO_REPARSE_DATA_INVALID
    );
}

/// [MS-FSCC] 2.3.82 for the short form; ReactOS' FsRtlValidateReparsePointBuffer for the other.
#[test]
fn the_reserved_tags_are_invalid_data_in_the_short_form_and_invalid_tags_with_a_guid() {
    for tag in [0, 1] {
        assert_eq!(status_of_set(&envelope(tag, None, b"")), NtStatus::IO_REPARSE_DATA_INVALID);
        assert_eq!(status_of_set(&envelope(tag, Some(OWNER), b"")), NtStatus::IO_REPARSE_TAG_INVALID);
    }
    assert_eq!(status_of_set(&envelope(2, Some(OWNER), b"")), NtStatus::SUCCESS);
    assert_eq!(status_of_set(&envelope(0x8001_0001, None, b"")), NtStatus::IO_REPARSE_TAG_INVALID);
}

/// The driver kit lets a Microsoft tag come in either form; FsRtlValidateReparsePointBuffer takes two out.
#[test]
fn microsoft_tags_may_come_with_a_guid_but_symlinks_and_mount_points_may_not() {
    assert_eq!(status_of_set(&envelope(0x8000_DEAD, Some(OWNER), b"x")), NtStatus::SUCCESS);
    for point in [
        Symlink::relative("x").unwrap().raw().clone(),
        MountPoint::to_directory(r"C:\x").unwrap().raw().clone(),
    ] {
        let with_guid = envelope(point.tag().0, Some(OWNER), point.data());
        assert_eq!(verdict(&with_guid).unwrap_err().fault, Fault::GuidRefused);
        assert_eq!(status_of_set(&with_guid), NtStatus::IO_REPARSE_DATA_INVALID);
    }
}

/// Wine, dlls/ntdll/tests/file.c, test_reparse_points: an empty target is refused at SET, a nonsensical one is not.
#[test]
fn a_symlink_with_an_empty_name_is_refused_and_its_target_is_not_read() {
    let link = Symlink::new("bogus<>*|", "y", SymlinkFlags::ABSOLUTE).unwrap().raw().encode();
    assert_eq!(status_of_set(&link), NtStatus::SUCCESS);
    for length_field in [10, 14] {
        let error = RawReparse::decode_set(&patch(&link, length_field, 0)).unwrap_err();
        assert_eq!(error.fault, Fault::NameEmpty);
        assert_eq!(error.offset, length_field);
        assert_eq!(error.status(), NtStatus::IO_REPARSE_DATA_INVALID);
    }
}

/// ReactOS, FsRtlValidateReparsePointBuffer: both lengths, parity, then the two ranges.
#[test]
fn a_symlinks_names_must_be_whole_units_inside_the_data() {
    let link = Symlink::new("ab", "cd", SymlinkFlags::RELATIVE).unwrap().raw().encode();
    for field in [8, 10, 12, 14] {
        let odd = RawReparse::decode_set(&patch(&link, field, 1)).unwrap_err();
        assert_eq!((odd.fault, odd.offset), (Fault::NameUneven, field));
        let outside = RawReparse::decode_set(&patch(&link, field, 0xFFFE)).unwrap_err();
        assert_eq!(outside.fault, Fault::NameOutside);
        assert_eq!(outside.status(), NtStatus::IO_REPARSE_DATA_INVALID);
    }
    // names in either order, overlapping, or the same bytes are all taken
    assert_eq!(status_of_set(&patch(&patch(&link, 8, 0), 12, 4)), NtStatus::SUCCESS);
    assert_eq!(status_of_set(&patch(&link, 8, 0)), NtStatus::SUCCESS);
    assert_eq!(status_of_set(&envelope(Tag::SYMLINK.0, None, &[0; 11])), NtStatus::IO_REPARSE_DATA_INVALID);
}

/// Wine, dlls/ntdll/tests/file.c: "other layouts fail"; Dokany's empty print name is in the same layout.
#[test]
fn a_mount_points_names_have_one_layout() {
    let junction = MountPoint::new(r"\??\C:\bogus", r"C:\bogus").unwrap().raw().encode();
    assert_eq!(status_of_set(&junction), NtStatus::SUCCESS);
    for (field, value) in [(8, 2), (12, 24), (12, 28), (14, 14), (10, 22)] {
        let error = RawReparse::decode_set(&patch(&junction, field, value)).unwrap_err();
        assert_eq!((error.fault, error.status()), (Fault::Layout, NtStatus::IO_REPARSE_DATA_INVALID));
    }
    let no_print = MountPoint::new(r"\??\C:\bogus", "").unwrap().raw().encode();
    assert_eq!(status_of_set(&no_print), NtStatus::SUCCESS);
    assert_eq!(
        status_of_set(&envelope(Tag::MOUNT_POINT.0, None, &[0; 7])),
        NtStatus::IO_REPARSE_DATA_INVALID
    );
}

/// [MS-FSCC] 2.1.2.2: Reserved is ignored on input; [MS-FSA] 2.1.5.10.14 gives 0 back.
#[test]
fn the_reserved_field_is_taken_kept_and_given_back_as_zero() {
    let odd = patch(&envelope(0x8000_DEAD, None, b"x"), 6, 0xABCD);
    let raw = RawReparse::decode_set(&odd).unwrap();
    assert_eq!(raw.reserved(), 0xABCD);
    assert_eq!(raw.encode(), odd);
    assert_eq!(raw.encode_get(), envelope(0x8000_DEAD, None, b"x"));
}

/// Wine, dlls/ntdll/tests/file.c, test_reparse_points: lengths of a DELETE.
#[test]
fn a_delete_is_eight_or_twenty_four_bytes_and_has_no_data() {
    let header = envelope(Tag::MOUNT_POINT.0, None, b"");
    let with_guid = envelope(Tag::MOUNT_POINT.0, Some(Guid::NIL), b"");
    assert_eq!(decode_delete(&header), Ok(DeleteRequest { tag: Tag::MOUNT_POINT, guid: None }));
    assert_eq!(decode_delete(&with_guid), Ok(DeleteRequest { tag: Tag::MOUNT_POINT, guid: None }));
    for len in (1..40).filter(|len| !matches!(len, 8 | 24)) {
        let mut bytes = with_guid.clone();
        bytes.resize(len, 0);
        assert_eq!(status_of_delete(&bytes), NtStatus::IO_REPARSE_DATA_INVALID, "{len} bytes");
    }
    for bytes in [patch(&header, 4, 1), patch(&with_guid, 4, 16), patch(&envelope(3, None, b""), 4, 1)] {
        assert_eq!(status_of_delete(&bytes), NtStatus::IO_REPARSE_DATA_INVALID);
    }
}

/// Wine (tag 0), WPTS IoCtlRequest S34 and S36 (0 and 1), WinBtrfs reparse14 (third party in eight bytes).
#[test]
fn a_delete_needs_a_tag_that_can_be_stored_and_a_third_partys_guid() {
    for tag in [0, 1] {
        assert_eq!(status_of_delete(&envelope(tag, Some(Guid::NIL), b"")), NtStatus::IO_REPARSE_TAG_INVALID);
        assert_eq!(status_of_delete(&envelope(tag, None, b"")), NtStatus::IO_REPARSE_TAG_INVALID);
    }
    assert_eq!(status_of_delete(&envelope(0xBEEF, None, b"")), NtStatus::IO_REPARSE_DATA_INVALID);
    assert_eq!(status_of_delete(&envelope(0xBEEF, Some(Guid::NIL), b"")), NtStatus::IO_REPARSE_DATA_INVALID);
    let request = decode_delete(&envelope(0xBEEF, Some(OWNER), b"")).unwrap();
    assert_eq!(request, DeleteRequest { tag: Tag(0xBEEF), guid: Some(OWNER) });
}

/// phnt, ntioapi.h, REPARSE_DATA_BUFFER_EX: 32 bytes, then the plain input.
#[test]
fn the_extended_set_carries_what_must_be_there_and_what_shall_be() {
    let point = Symlink::relative("x").unwrap().raw().clone();
    let set = SetEx {
        flags: SetExFlags::GIVEN_TAG_OR_NONE,
        existing_tag: Tag::MOUNT_POINT,
        existing_guid: Guid::NIL,
        point: point.clone(),
    };
    let bytes = set.encode();
    assert_eq!(&bytes[..8], [1, 0, 0, 0, 3, 0, 0, 0xA0]);
    assert_eq!(&bytes[32..], point.as_bytes());
    assert_eq!(SetEx::decode(&bytes), Ok(set));
    assert_eq!(SetEx::decode(b"").unwrap_err().status(), NtStatus::INVALID_BUFFER_SIZE);
    for len in 1..bytes.len() {
        assert_eq!(
            SetEx::decode(&bytes[..len]).unwrap_err().status(),
            NtStatus::IO_REPARSE_DATA_INVALID,
            "{len}"
        );
    }
    let error = SetEx::decode(&patch(&bytes, 32 + 10, 0)).unwrap_err();
    assert_eq!((error.fault, error.offset), (Fault::NameEmpty, 42));
    assert_eq!(SetEx::decode(&patch(&bytes, 0, 3)).unwrap_err().status(), NtStatus::INVALID_PARAMETER);
}

#[test]
fn a_refusal_says_which_field_and_what_it_wanted() {
    let mut bytes = envelope(Tag::MOUNT_POINT.0, None, &[0; 12]);
    bytes[12] = 4;
    let error = verdict(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a mount point's names must each end in a NUL, the substitute name first, with no gap: \
         PrintNameOffset at byte 12 is 4, wanted 2"
    );
}
