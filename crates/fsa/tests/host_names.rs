//! Laws of names: bytes to UTF-16 and back.
use fsa::host::HostFault;
use fsa::host::name::{NAME_BYTES_MAX, decode, encode_exact, encode_new, same_in_any_case};
use proptest::prelude::*;

/// Bytes in which UTF-8, WTF-8 and bytes that are neither meet often.
fn host_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        (0xA0_u8..0xC0, 0x80_u8..0xC0).prop_map(|(middle, last)| vec![0xED, middle, last]),
        Just(vec![0xED, 0xB2]),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Units in which surrogates meet often.
fn units() -> impl Strategy<Value = Vec<u16>> {
    let unit = prop_oneof![0xD800_u16..0xE000, 0xDC80_u16..0xDD00, any::<u16>(), 0x20_u16..0x7F];
    prop::collection::vec(unit, 0..12)
}

fn has_reserved(bytes: &[u8]) -> bool {
    matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') || bytes.contains(&0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn every_host_name_comes_back_from_utf_16(bytes in host_bytes()) {
        match encode_exact(&decode(&bytes)) {
            Some(name) => prop_assert_eq!(name.0, bytes),
            None => prop_assert!(has_reserved(&bytes)),
        }
    }

    #[test]
    fn distinct_host_names_stay_distinct(a in host_bytes(), b in host_bytes()) {
        prop_assert_eq!(a == b, decode(&a) == decode(&b));
    }

    #[test]
    fn a_name_is_kept_exactly_or_refused(name in units()) {
        match encode_new(&name) {
            Ok(host_name) => {
                prop_assert_eq!(decode(&host_name.0), name);
                prop_assert!(!has_reserved(&host_name.0) && host_name.0.len() <= NAME_BYTES_MAX);
            }
            Err(fault) => prop_assert_eq!(fault, HostFault::NameInvalid),
        }
    }

    #[test]
    fn well_formed_names_are_their_utf_8(text in "[^/\0]{1,60}") {
        prop_assume!(text != "." && text != "..");
        let name: Vec<u16> = text.encode_utf16().collect();
        prop_assert_eq!(encode_exact(&name).map(|name| name.0), Some(text.into_bytes()));
    }

    #[test]
    fn case_does_not_change_whether_a_name_can_be(name in units()) {
        let raised: Vec<u16> = name.iter().map(|unit| nt::upcase(*unit)).collect();
        prop_assert!(same_in_any_case(&name, &raised));
        prop_assert_eq!(encode_exact(&name).is_some(), encode_exact(&raised).is_some());
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_low_surrogates() {
    assert_eq!(decode(b"caf\xE9"), [0x63, 0x61, 0x66, 0xDCE9]);
    assert_eq!(decode(b"\xFF\x80"), [0xDCFF, 0xDC80]);
    assert_eq!(decode(b"\xED\xA0\x80x"), [0xD800, 0x78]);
}

#[test]
fn what_would_join_into_a_character_is_taken_byte_by_byte() {
    // Two halves of a pair, each in WTF-8: the pair itself has another form in bytes.
    let halves = decode(b"\xED\xA0\x80\xED\xB0\x80");
    assert_eq!(halves, [0xDCED, 0xDCA0, 0xDC80, 0xDC00]);
    // A high half, then a byte that is no UTF-8 and stands as a low one.
    assert_eq!(decode(b"\xED\xA0\x80\xE9"), [0xDCED, 0xDCA0, 0xDC80, 0xDCE9]);
    // U+DC80 to U+DCFF stand for bytes, so in WTF-8 they are taken byte by byte.
    assert_eq!(decode(b"\xED\xB2\x80"), [0xDCED, 0xDCB2, 0xDC80]);
}

#[test]
fn units_that_would_be_another_name_are_refused() {
    for name in [&[0xDCC3, 0xDCA9][..], &[0xD800, 0xDC00, 0x2F], &[0xDCED, 0xDCA0, 0xDC81], &[0x2E, 0x2E]] {
        assert_eq!(encode_new(name), Err(HostFault::NameInvalid), "{name:04X?}");
    }
}

#[test]
fn no_character_beyond_ascii_has_an_upper_case_in_it() {
    // The store's folder is told by its name in ASCII letters of any case.
    for unit in 0x80..=u16::MAX {
        assert!(nt::upcase(unit) >= 0x80, "{unit:04X}");
    }
}
