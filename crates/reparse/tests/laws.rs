//! Laws: what holds for every buffer and every value, nobody's example.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use std::ops::Range;

use nt::{Guid, Utf16};
use proptest::collection::vec;
use proptest::prelude::*;
use reparse::{
    AppExecLink, Cloud, CloudFlags, LxSymlink, MountPoint, Nfs, RawReparse, ReparsePoint, SetEx, Symlink,
    SymlinkFlags, Tag, Target, ThirdParty, Wci, Wim, WimPointer, Wof, WofAlgorithm, decode_delete, fields,
    verdict,
};

/// Failures are not written beside the tests: a fixed one becomes a test with a name.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// UTF-16 of any units, unpaired surrogates and NULs included.
fn any_name(len: Range<usize>) -> impl Strategy<Value = Utf16> {
    let unit = prop_oneof![any::<u16>(), 0x20u16..0x7F, Just(0x5C), 0xD800u16..0xE000];
    vec(unit, len).prop_map(Utf16)
}

/// UTF-16 without a NUL.
fn name_without_nul(len: Range<usize>) -> impl Strategy<Value = Utf16> {
    vec(1u16..=u16::MAX, len).prop_map(Utf16)
}

fn any_guid() -> impl Strategy<Value = Guid> {
    any::<[u8; 16]>().prop_map(Guid)
}

fn known_tag() -> impl Strategy<Value = Tag> {
    (0..Tag::ALL.len()).prop_map(|at| Tag::ALL[at].0)
}

/// A point that a builder made.
fn built() -> impl Strategy<Value = ReparsePoint> {
    let device = (any::<u32>(), any::<u32>());
    prop_oneof![
        (any_name(1..40), any_name(1..40), 0..2u32).prop_map(|(substitute, print, flags)| {
            ReparsePoint::Symlink(Symlink::new(substitute, print, SymlinkFlags(flags)).unwrap())
        }),
        (any_name(1..40), any_name(0..40)).prop_map(|(substitute, print)| ReparsePoint::MountPoint(
            MountPoint::new(substitute, print).unwrap()
        )),
        any_name(1..40).prop_map(|target| ReparsePoint::Nfs(Nfs::symlink(target).unwrap())),
        device.prop_map(|(major, minor)| ReparsePoint::Nfs(Nfs::char_device(major, minor))),
        device.prop_map(|(major, minor)| ReparsePoint::Nfs(Nfs::block_device(major, minor))),
        Just(ReparsePoint::Nfs(Nfs::fifo())),
        Just(ReparsePoint::Nfs(Nfs::socket())),
        vec(1u8..=255, 1..60).prop_map(|target| ReparsePoint::LxSymlink(LxSymlink::new(target).unwrap())),
        Just(ReparsePoint::LxSymlink(LxSymlink::with_target_in_stream())),
        Just(ReparsePoint::AfUnix),
        Just(ReparsePoint::LxFifo),
        Just(ReparsePoint::LxChr),
        Just(ReparsePoint::LxBlk),
        (any::<u32>(), vec(name_without_nul(0..20), 0..6)).prop_map(|(version, strings)| {
            ReparsePoint::AppExecLink(AppExecLink::from_strings(version, strings).unwrap())
        }),
        any::<u32>().prop_map(|algorithm| ReparsePoint::Wof(Wof::file(WofAlgorithm(algorithm)))),
        (any::<[u64; 4]>(), any::<[[u8; 20]; 2]>()).prop_map(|([id, long, short, offset], [data, table])| {
            let pointer = WimPointer {
                data_source_id: id,
                data_hash: data,
                table_hash: table,
                uncompressed_len: long,
                compressed_len: short,
                offset,
            };
            ReparsePoint::Wof(Wof::wim(pointer).unwrap())
        }),
        (any::<bool>(), any_guid(), any_name(0..40)).prop_map(|(first, layer, name)| {
            let tag = if first { Tag::WCI } else { Tag::WCI_1 };
            ReparsePoint::Wci(Wci::new(tag, layer, name).unwrap())
        }),
        (0..16u32, any::<(u16, u16)>(), vec(any::<u8>(), 0..60)).prop_map(|(which, (flags, len), body)| {
            let tag = Tag(Tag::CLOUD.0 | which << 12);
            ReparsePoint::Cloud(Cloud::new(tag, CloudFlags(flags), len, &body).unwrap())
        }),
        (any_guid(), any::<[u8; 20]>()).prop_map(|(image, hash)| ReparsePoint::Wim(Wim::new(image, hash))),
        (2..0x1_0000u32, any_guid(), vec(any::<u8>(), 0..60))
            .prop_filter("a GUID", |(_, guid, _)| *guid != Guid::NIL)
            .prop_map(|(tag, guid, data)| ReparsePoint::ThirdParty(
                ThirdParty::new(Tag(tag), guid, &data).unwrap()
            )),
    ]
}

/// A buffer with a right length and anything else: often a known tag, often a plausible layout.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop_oneof![
        Just(Tag::SYMLINK),
        Just(Tag::MOUNT_POINT),
        known_tag(),
        any::<u32>().prop_map(Tag),
        (0..0x1_0000u32).prop_map(Tag),
    ];
    let small = prop_oneof![(0..40u16).prop_map(|n| n.to_le_bytes()), any::<[u8; 2]>()];
    let data = vec(small, 0..40).prop_map(|numbers| numbers.concat());
    (tag, proptest::option::of(any_guid()), data, 0..3usize, any::<bool>(), any::<u16>()).prop_map(
        |(tag, guid, mut data, cut, odd, reserved)| {
            data.truncate(data.len().saturating_sub(cut));
            let mut bytes = RawReparse::new(tag, guid, &data).unwrap().into_bytes();
            if odd {
                bytes[6..8].copy_from_slice(&reserved.to_le_bytes());
            }
            bytes
        },
    )
}

/// Everything that reads bytes, run on these bytes; and the laws that tie the readers together.
fn read_every_way(bytes: &[u8]) {
    let strict = RawReparse::decode_set(bytes);
    assert_eq!(verdict(bytes), strict.clone().map(|_| ()));
    let _ = decode_delete(bytes);
    if let Ok(set) = SetEx::decode(bytes) {
        assert_eq!(SetEx::decode(&set.encode()), Ok(set));
    }
    match RawReparse::decode(bytes) {
        Err(_) => assert!(strict.is_err(), "Windows takes what the lenient reader refuses"),
        Ok((raw, _)) => {
            assert_eq!(raw.as_bytes(), bytes);
            if let Ok(strict) = strict {
                assert_eq!(strict, raw, "the two readers see different points");
            }
            let (point, _) = ReparsePoint::from_raw(&raw);
            assert_eq!(point.tag(), raw.tag());
            assert_eq!(point.to_raw(), raw);
            let length: usize = raw.header_len() + raw.data().len() + raw.trailing().len();
            assert_eq!(length, bytes.len());
            for field in fields(&raw) {
                let inside = field.offset + field.len <= bytes.len();
                assert!(inside || field.note.is_some(), "{field:?} is outside and says nothing");
            }
            assert_eq!(point.into_raw(), raw);
        }
    }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn no_bytes_make_a_reader_panic_or_lose_a_byte(bytes in vec(any::<u8>(), 0..200)) {
        read_every_way(&bytes);
    }

    #[test]
    fn no_plausible_buffer_makes_a_reader_panic_or_lose_a_byte(bytes in plausible()) {
        read_every_way(&bytes);
    }

    #[test]
    fn no_prefix_of_a_point_and_no_flipped_bit_makes_a_reader_panic(point in built(), bit in any::<proptest::sample::Index>()) {
        let bytes = point.to_raw().into_bytes();
        for len in 0..=bytes.len() {
            read_every_way(&bytes[..len]);
        }
        let bit = bit.index(bytes.len() * 8);
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        read_every_way(&flipped);
    }

    #[test]
    fn what_a_builder_made_is_accepted_by_windows_and_read_as_the_same_point(point in built()) {
        let bytes = point.to_raw().into_bytes();
        let raw = RawReparse::decode_set(&bytes).unwrap();
        prop_assert_eq!(ReparsePoint::from_raw(&raw).0, point);
        let (lenient, oddities) = RawReparse::decode(&bytes).unwrap();
        prop_assert_eq!(lenient, raw);
        prop_assert_eq!(oddities, []);
    }

    #[test]
    fn a_target_prints_as_the_name_it_was_read_from(name in "\\\\[?][?]\\\\(C:|UNC\\\\s|UNC\\\\s\\\\t|pipe)(\\\\[a-z.]{1,3}){0,3}\\\\?") {
        let name = Utf16::from(name.as_str());
        if let Ok(target) = Target::parse_absolute(&name) {
            prop_assert_eq!(target.to_nt_path(), name);
        }
    }

    #[test]
    fn no_name_makes_a_target_reader_panic(name in any_name(0..40)) {
        for target in [Target::parse_absolute(&name), Target::parse_relative(&name)].into_iter().flatten() {
            let again = target.to_nt_path();
            prop_assert!(again.eq_ignore_case(&name), "{again:?} is not {name:?}");
        }
    }
}

#[cfg(feature = "serde")]
mod json {
    use super::*;

    fn there_and_back(point: &ReparsePoint) -> ReparsePoint {
        serde_json::from_str(&serde_json::to_string(point).unwrap()).unwrap()
    }

    proptest! {
        #![proptest_config(config(400))]

        #[test]
        fn a_built_point_survives_json(point in built()) {
            prop_assert_eq!(there_and_back(&point), point);
        }

        #[test]
        fn any_point_survives_json_to_the_last_byte(bytes in plausible()) {
            let raw = RawReparse::decode(&bytes).unwrap().0;
            let point = ReparsePoint::from_raw(&raw).0;
            let json = serde_json::to_string(&point).unwrap();
            prop_assert_eq!(there_and_back(&point).to_raw(), raw.clone());
            let again = serde_json::to_string(&there_and_back(&point)).unwrap();
            prop_assert_eq!(again, json);
            let raw_json = serde_json::to_string(&raw).unwrap();
            prop_assert_eq!(serde_json::from_str::<RawReparse>(&raw_json).unwrap(), raw);
        }
    }
}
