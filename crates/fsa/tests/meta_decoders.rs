//! The attributes' decoders against values that Samba's own library made, and against arbitrary bytes.
//!
//! The hexadecimal values were printed by Samba 4.17 (`ndr_pack` of `samba.dcerpc.xattr`, Debian's python3-samba), so
//! they stand where that package is missing; tests/samba_python.rs asks the library itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that cannot go on fails
use fsa::host::BlobId;
use fsa::host::meta::{
    AttributeFault, DosAttrib, NtAcl, PointForm, REPARSE_BYTES_MAX, decode_head, encode_stub,
};
use nt::{FileAttributes, FileTime, Guid};
use proptest::prelude::*;
use reparse::Tag;

const CREATED: FileTime = FileTime(0x1122_3344_5566_7788);

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn archive(created: Option<FileTime>) -> DosAttrib {
    DosAttrib { attributes: FileAttributes::ARCHIVE, created, changed: None }
}

#[test]
fn version_1_of_samba_is_read() {
    let value =
        hex("30 78 32 30 00 00 01 00 01 00 00 00 20 00 00 00 33 00 00 00 33 00 00 00 00 00 00 00 33 00 00 00
        00 00 00 00 88 77 66 55 44 33 22 11 33 00 00 00 00 00 00 00");
    assert_eq!(DosAttrib::decode(&value), Ok(archive(Some(CREATED))));
}

#[test]
fn version_3_of_samba_is_read_and_its_flags_are_obeyed() {
    let value = "30 78 32 30 00 00 03 00 03 00 00 00 FLAG 00 00 00 20 00 00 00 33 00 00 00 33 00 00 00 00 00 00 00 33 00
        00 00 00 00 00 00 88 77 66 55 44 33 22 11 33 00 00 00 00 00 00 00";
    assert_eq!(DosAttrib::decode(&hex(&value.replace("FLAG", "33"))), Ok(archive(Some(CREATED))));
    assert_eq!(DosAttrib::decode(&hex(&value.replace("FLAG", "01"))), Ok(archive(None)));
}

#[test]
fn version_4_of_samba_is_read() {
    let value = hex(
        "00 00 04 00 04 00 00 00 33 00 00 00 20 00 00 00 33 00 00 00 00 00 00 00 88 77 66 55 44 33 22 11",
    );
    assert_eq!(DosAttrib::decode(&value), Ok(archive(Some(CREATED))));
}

#[test]
fn version_5_is_read_and_written_as_samba_writes_it() {
    let value = hex("00 00 05 00 05 00 00 00 11 00 00 00 20 00 00 00 88 77 66 55 44 33 22 11");
    assert_eq!(DosAttrib::decode(&value), Ok(archive(Some(CREATED))));
    assert_eq!(archive(Some(CREATED)).encode(), value);
}

#[test]
fn the_text_of_samba_3_is_read_with_and_without_its_nul() {
    let hidden = DosAttrib { attributes: FileAttributes::HIDDEN, created: None, changed: None };
    assert_eq!(DosAttrib::decode(b"0x2"), Ok(hidden));
    assert_eq!(DosAttrib::decode(b"0x2\0"), Ok(hidden));
}

#[test]
fn a_version_from_the_future_is_refused() {
    let value = hex("00 00 06 00 06 00 00 00 11 00 00 00 20 00 00 00");
    assert_eq!(DosAttrib::decode(&value), Err(AttributeFault::Version(6)));
}

/// The descriptor O:BAG:SYD:(A;;FA;;;WD), self-relative, and what Samba's NDR puts before it.
const DESCRIPTOR: &str = "01 00 04 80 14 00 00 00 24 00 00 00 00 00 00 00 30 00 00 00 01 02 00 00 00 00 00 05 20 00 00 00
    20 02 00 00 01 01 00 00 00 00 00 05 12 00 00 00 02 00 1c 00 01 00 00 00 00 00 14 00 ff 01 1f 00 01 01 00 00 00 00 00 01
    00 00 00 00";

#[test]
fn a_new_descriptor_is_stored_in_version_1_with_offsets_from_the_start_of_the_attribute() {
    let value = NtAcl::new(hex(DESCRIPTOR)).encode().unwrap();
    assert_eq!(value[..8], hex("01 00 01 00 00 00 02 00"));
    assert_eq!(value[12..16], 0x1Cu32.to_le_bytes(), "owner at 8 + 20, as Samba counts");
    assert_eq!(NtAcl::decode(&value).unwrap().descriptor, hex(DESCRIPTOR));
}

#[test]
fn the_hashes_of_version_4_survive_a_new_descriptor() {
    let mut value = hex("04 00 04 00 00 00 02 00 04 00 02 00 01 00");
    value.extend_from_slice(&[0xAA; 64]);
    value.extend_from_slice(b"posix_acl\0");
    value.extend_from_slice(&[0; 8]);
    value.extend_from_slice(&[0xBB; 64]);
    assert_eq!(value.len(), 160);
    let mut descriptor = hex(DESCRIPTOR);
    for at in [4, 8, 16] {
        descriptor[at] += 160;
    }
    let whole = [value.clone(), descriptor].concat();
    let acl = NtAcl::decode(&whole).unwrap();
    assert_eq!(acl.descriptor, hex(DESCRIPTOR));
    assert_eq!(acl.clone().encode().unwrap(), whole);
    let other = acl.with_descriptor(hex("01 00 04 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
    assert_eq!(other.encode().unwrap()[..160], value);
}

#[test]
fn an_offset_outside_the_descriptor_is_refused() {
    let mut descriptor = hex(DESCRIPTOR);
    descriptor[4..8].copy_from_slice(&0x1000u32.to_le_bytes());
    assert_eq!(NtAcl::new(descriptor).encode(), Err(AttributeFault::Shape));
}

fn buffer(tag: u32, guid: Option<Guid>, data_len: usize) -> Vec<u8> {
    let mut bytes = tag.to_le_bytes().to_vec();
    bytes.extend_from_slice(&u16::try_from(data_len).unwrap().to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(guid.as_ref().map_or(&[][..], |guid| &guid.0));
    bytes.resize(bytes.len() + data_len, 0x5A);
    bytes
}

#[test]
fn a_stub_is_told_from_a_buffer_at_every_length() {
    let guid = Guid([7; 16]);
    for data_len in 0..=REPARSE_BYTES_MAX - 24 {
        for (tag, owner) in
            [(0x8000_4711, None), (0x8000_4711, Some(guid)), (0x0000_BEEF, Some(guid)), (0x0000_BEEF, None)]
        {
            let whole = buffer(tag, owner, data_len);
            let head = decode_head(&whole);
            assert_eq!(head.form, PointForm::Whole, "{tag:x} {data_len}");
            let Some(stub) = encode_stub(&whole, BlobId([9; 32])) else {
                assert!(data_len <= 64, "only a short buffer has no stub: {data_len}");
                continue;
            };
            let stub_head = decode_head(&stub);
            assert_eq!(stub_head.form, PointForm::Stub(BlobId([9; 32])));
            assert_eq!((stub_head.tag, stub_head.data_len), (Tag(tag), head.data_len));
            assert_eq!(stub_head.guid, head.guid, "the head is whole without the blob");
            assert!(stub.len() < data_len);
        }
    }
}

#[test]
fn a_buffer_that_ends_early_is_damaged_and_keeps_its_tag() {
    let mut whole = buffer(0x8000_4711, None, 100);
    whole.pop();
    let head = decode_head(&whole);
    assert_eq!((head.tag, head.form), (Tag(0x8000_4711), PointForm::Damaged));
    assert_eq!(decode_head(&[]).form, PointForm::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = DosAttrib::decode(&bytes);
        let _ = decode_head(&bytes);
        if let Ok(acl) = NtAcl::decode(&bytes) {
            prop_assert_eq!(acl.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn no_bytes_after_a_true_beginning_make_a_decoder_panic(
        version in 1u16..6,
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let version = version.to_le_bytes();
        let attributes = [&b"0x20\0\0"[..], &version, &version, &bytes].concat();
        let _ = DosAttrib::decode(&attributes);
        let acl = [&version[..], &version, &[0, 0, 2, 0], &bytes].concat();
        if let Ok(decoded) = NtAcl::decode(&acl) {
            prop_assert_eq!(decoded.encode().unwrap(), acl);
        }
    }

    #[test]
    fn what_is_written_is_read_back(attributes: u32, created in proptest::option::of(1u64..)) {
        let value = DosAttrib { attributes: FileAttributes(attributes), created: created.map(FileTime), changed: None };
        prop_assert_eq!(DosAttrib::decode(&value.encode()), Ok(value));
    }
}
