//! The lenient reader: what is found on disks is read, kept, and what is odd about it is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use nt::Guid;
use reparse::{DecodeError, LENIENT_BYTES_MAX, Oddity, RawReparse, ReparsePoint, Symlink, Tag, verdict};

/// A symlink from its four numbers, flags and PathBuffer.
fn symlink(numbers: [u16; 4], flags: u32, path: &[u8]) -> Vec<u8> {
    let mut data: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    data.extend_from_slice(&flags.to_le_bytes());
    data.extend_from_slice(path);
    RawReparse::new(Tag::SYMLINK, None, &data).unwrap().encode()
}

/// Reads both levels; checks that nothing was lost.
fn read(bytes: &[u8]) -> (ReparsePoint, Vec<Oddity>) {
    let (raw, mut oddities) = RawReparse::decode(bytes).unwrap();
    let (point, more) = ReparsePoint::from_raw(&raw);
    oddities.extend(more);
    assert_eq!(raw.encode(), bytes);
    assert_eq!(point.to_raw(), raw);
    assert_eq!(point.clone().into_raw(), raw);
    (point, oddities)
}

fn link(point: ReparsePoint) -> Symlink {
    match point {
        ReparsePoint::Symlink(link) => link,
        other => panic!("{other:?} is no symlink"),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn names_may_be_in_either_order_with_or_without_nuls() {
    let (point, oddities) = read(&symlink([0, 4, 4, 4], 1, &utf16("abcd")));
    assert_eq!(oddities, [Oddity::SubstituteFirst]);
    assert_eq!(link(point).print().to_string(), "cd");
    let (point, oddities) = read(&symlink([0, 4, 6, 4], 1, &utf16("ab\0cd\0")));
    assert_eq!(oddities, [Oddity::SubstituteFirst]);
    assert_eq!(link(point).substitute().to_string(), "ab");
    let (_, oddities) = read(&symlink([6, 4, 0, 4], 1, &utf16("ab\0cd\0")));
    assert_eq!(oddities, [Oddity::Layout]);
}

#[test]
fn names_that_overlap_are_read_and_told() {
    let (point, oddities) = read(&symlink([0, 8, 4, 4], 1, &utf16("abcd")));
    assert_eq!(oddities, [Oddity::NamesOverlap, Oddity::SubstituteFirst]);
    let link = link(point);
    assert_eq!((link.substitute().to_string(), link.print().to_string()), ("abcd".into(), "cd".into()));
    let (_, oddities) = read(&symlink([0, 4, 0, 4], 1, &utf16("ab")));
    assert_eq!(oddities, [Oddity::NamesOverlap, Oddity::Layout]);
}

#[test]
fn an_empty_print_name_is_read_and_told() {
    let bytes = symlink([0, 4, 0, 0], 1, &utf16("ab"));
    let (point, oddities) = read(&bytes);
    assert_eq!(oddities, [Oddity::NameEmpty { what: "print name" }]);
    assert!(link(point).print().units().is_empty());
    assert!(verdict(&bytes).is_err());
}

#[test]
fn odd_lengths_are_told_and_the_half_unit_is_kept() {
    let (point, oddities) = read(&symlink([2, 3, 0, 2], 1, b"c\0a\0b"));
    assert_eq!(oddities, [Oddity::NameUneven { what: "substitute name", offset: 2, len: 3 }]);
    assert_eq!(link(point).substitute().to_string(), "a");
}

#[test]
fn a_name_outside_the_data_leaves_the_point_opaque() {
    let (point, oddities) = read(&symlink([0, 4, 4, 40], 1, &utf16("abcd")));
    assert_eq!(oddities, [Oddity::NameOutside { what: "print name", offset: 4, len: 40, room: 8 }]);
    assert!(matches!(point, ReparsePoint::Opaque(_)));
    assert_eq!(point.tag(), Tag::SYMLINK);
}

#[test]
fn flags_of_the_system_and_unknown_ones_are_told() {
    // samba, smb2symlink.py: Windows answers with 0x20000001 over SMB
    let (point, oddities) = read(&symlink([2, 2, 0, 2], 0x2000_0001, &utf16("aa")));
    assert_eq!(oddities, [Oddity::FlagsOfSystem { bits: 0x2000_0000 }]);
    let link = link(point);
    assert!(link.is_relative());
    assert_eq!(link.flags().stored().0, 1);
    let (_, oddities) = read(&symlink([2, 2, 0, 2], 6, &utf16("aa")));
    assert_eq!(oddities, [Oddity::FlagsUnknown { bits: 6 }]);
}

#[test]
fn unpaired_surrogates_and_nuls_in_names_are_told_and_kept() {
    let (point, oddities) = read(&symlink([2, 2, 0, 2], 1, &[0, 0, 0x00, 0xD8]));
    let ill = Oddity::NameIllFormed { what: "substitute name" };
    assert_eq!(oddities, [ill, Oddity::NameHoldsNul { what: "print name" }]);
    assert_eq!(link(point).substitute().units(), [0xD800]);
}

#[test]
fn what_is_odd_about_the_envelope_is_told() {
    let owner = Guid([7; 16]);
    let third = RawReparse::new(Tag(0xBEEF), Some(owner), b"hi").unwrap().encode();
    assert_eq!(read(&third).1, []);
    let trailing = [third.as_slice(), &[0; 6]].concat();
    let (point, oddities) = read(&trailing);
    assert_eq!(oddities, [Oddity::TrailingBytes { len: 6 }]);
    assert!(
        matches!(point, ReparsePoint::ThirdParty(ref point) if point.guid() == owner && point.data() == b"hi")
    );

    let bare = RawReparse::new(Tag(0xBEEF), None, b"hi").unwrap().encode();
    let (point, oddities) = read(&bare);
    assert_eq!(oddities, [Oddity::GuidMissing { tag: Tag(0xBEEF) }]);
    assert!(matches!(point, ReparsePoint::Opaque(_)));

    let microsoft = RawReparse::new(Tag::LX_FIFO, Some(owner), b"").unwrap().encode();
    let (point, oddities) = read(&microsoft);
    assert_eq!(oddities, [Oddity::GuidOnMicrosoftTag { tag: Tag::LX_FIFO }]);
    assert!(matches!(point, ReparsePoint::Opaque(_)));

    let mut reserved = RawReparse::new(Tag::LX_FIFO, None, b"").unwrap().encode();
    reserved[6] = 5;
    assert_eq!(read(&reserved).1, [Oddity::ReservedNotZero { value: 5 }]);
    let nil = RawReparse::new(Tag(0xBEEF), Some(Guid::NIL), b"").unwrap().encode();
    assert_eq!(read(&nil).1, [Oddity::GuidNil]);
    assert_eq!(read(&[0; 8]).1[0], Oddity::TagReserved { tag: Tag(0) });
}

#[test]
fn bytes_without_a_whole_header_or_all_their_data_are_no_reparse_point() {
    assert_eq!(RawReparse::decode(&[0; 7]).unwrap_err(), DecodeError::HeaderTruncated { got: 7 });
    let mut bytes = RawReparse::new(Tag::WOF, None, &[1; 16]).unwrap().encode();
    bytes.truncate(20);
    assert_eq!(RawReparse::decode(&bytes).unwrap_err(), DecodeError::DataTruncated { declared: 16, got: 12 });
    let long = vec![0; LENIENT_BYTES_MAX + 1];
    assert_eq!(RawReparse::decode(&long).unwrap_err(), DecodeError::TooLong { got: long.len() });
}

/// 64 KiB of data cannot be stored, yet an archive may hold it; it is read and told.
#[test]
fn more_than_windows_stores_is_read_and_told() {
    let mut bytes = vec![0; 8 + 65_535];
    bytes[..8].copy_from_slice(&[0xAD, 0xDE, 0, 0x80, 0xFF, 0xFF, 0, 0]);
    assert_eq!(read(&bytes).1, [Oddity::OverLimit { len: 65_543 }]);
}

#[test]
fn a_mount_point_in_any_layout_is_read_and_told() {
    let data = [&[8, 0, 8, 0, 0, 0, 8, 0], utf16("C:\\a").as_slice(), utf16("\\??\\").as_slice()].concat();
    let bytes = RawReparse::new(Tag::MOUNT_POINT, None, &data).unwrap().encode();
    let (point, oddities) = read(&bytes);
    assert_eq!(oddities, [Oddity::Layout]);
    let ReparsePoint::MountPoint(point) = point else { panic!("{point:?}") };
    assert_eq!((point.substitute().to_string(), point.print().to_string()), (r"\??\".into(), r"C:\a".into()));
}
