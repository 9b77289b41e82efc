//! Names in UTF-16: WTF-8, upper case, comparison.
#![allow(clippy::unwrap_used)] // a test may panic
use nt::{Utf16, Wtf8Error, upcase};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs;

/// The recommended table of the exFAT specification, expanded, from docs/spec/upcase.tsv.
fn table() -> HashMap<u16, u16> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/spec/upcase.tsv");
    let text = fs::read_to_string(path).unwrap();
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|row| row.split_once('\t').unwrap());
    rows.map(|(from, to)| (unit(from), unit(to))).collect()
}

#[test]
fn every_unit_becomes_what_microsoft_s_table_says() {
    let table = table();
    assert_eq!(table.len(), 874);
    for unit in 0..=u16::MAX {
        assert_eq!(upcase(unit), table.get(&unit).copied().unwrap_or(unit), "0x{unit:04X}");
    }
}

/// Unicode's own mapping, from Rust's copy of it, is an independent source: it agrees wherever both map a unit to one,
/// but for four units that the published table maps the other way round.
#[test]
fn unicode_agrees_but_for_four_units() {
    let one = |unit: u16| {
        let mut upper = char::from_u32(u32::from(unit))?.to_uppercase();
        let single = upper.next().filter(|_| upper.next().is_none())?;
        u16::try_from(u32::from(single)).ok()
    };
    let differ: Vec<u16> = (0..=u16::MAX)
        .filter(|unit| upcase(*unit) != *unit)
        .filter(|unit| one(*unit).is_some_and(|unicode| unicode != upcase(*unit)))
        .collect();
    assert_eq!(differ, [0x023A, 0x023E]);
    assert_eq!([0x1FCC, 0x1FFC].map(upcase), [0x1FC3, 0x1FF3]);
}

#[test]
fn upper_case_is_its_own_upper_case() {
    for unit in 0..=u16::MAX {
        assert_eq!(upcase(upcase(unit)), upcase(unit), "0x{unit:04X}");
    }
}

#[test]
fn no_unit_outside_ascii_becomes_an_ascii_letter_and_surrogates_stay() {
    for unit in 0x80..=u16::MAX {
        assert!(upcase(unit) >= 0x80, "0x{unit:04X}");
    }
    for surrogate in 0xD800..=0xDFFF {
        assert_eq!(upcase(surrogate), surrogate);
    }
}

#[test]
fn names_that_differ_only_in_case_are_one_name() {
    let name = |text: &str| Utf16::from(text);
    assert!(name("R\u{e9}sum\u{e9}.TXT").eq_ignore_case(&name("r\u{c9}SUM\u{c9}.txt")));
    assert!(!name("stra\u{df}e").eq_ignore_case(&name("STRASSE")));
    assert!(!name("a").eq_ignore_case(&name("ab")));
    assert_eq!(name("b").cmp_ignore_case(&name("A")), Ordering::Greater);
    assert_eq!(name("a_").cmp_ignore_case(&name("AB")), Ordering::Greater);
    assert_eq!(name("File.txt").to_upcased(), name("FILE.TXT"));
}

/// The bytes are those of the WTF-8 specification's generalized UTF-8 (simonsapin.github.io/wtf-8, section 3.2).
#[test]
fn an_unpaired_surrogate_has_three_bytes() {
    for (units, bytes) in [
        (&[0xD800][..], &[0xED, 0xA0, 0x80][..]),
        (&[0xDFFF], &[0xED, 0xBF, 0xBF]),
        (&[0xDC00, 0xD800], &[0xED, 0xB0, 0x80, 0xED, 0xA0, 0x80]),
        (&[0xD83D, 0xDCA9], &[0xF0, 0x9F, 0x92, 0xA9]),
        (&[0x61, 0xD83D, 0x62], &[0x61, 0xED, 0xA0, 0xBD, 0x62]),
    ] {
        assert_eq!(Utf16::from(units).to_wtf8(), bytes);
        assert_eq!(Utf16::from_wtf8(bytes), Ok(Utf16::from(units)));
    }
}

#[test]
fn bytes_that_are_not_wtf_8_are_refused_with_the_place() {
    for (bytes, offset) in [
        (&[0xED, 0xA0, 0xBD, 0xED, 0xB2, 0xA9][..], 3), // a pair in halves
        (&[0x61, 0xFF], 1),
        (&[0xC0, 0x80], 0),
        (&[0x61, 0x62, 0xED, 0xA0], 2),
        (&[0xF4, 0x90, 0x80, 0x80], 0),
        (&[0xE2, 0x82], 0),
    ] {
        assert_eq!(Utf16::from_wtf8(bytes), Err(Wtf8Error { offset }), "{bytes:02x?}");
    }
}

/// Units of which many are surrogates.
fn a_name() -> impl Strategy<Value = Utf16> {
    prop::collection::vec(prop_oneof![any::<u16>(), 0xD800u16..=0xDFFF, 0x20u16..0x7F], 0..40).prop_map(Utf16)
}

proptest! {
    #[test]
    fn a_name_survives_its_bytes(name in a_name()) {
        prop_assert_eq!(Utf16::from_wtf8(&name.to_wtf8()), Ok(name.clone()));
        prop_assert_eq!(Utf16::from_le_bytes(&name.to_le_bytes()), Some(name));
    }

    #[test]
    fn bytes_that_are_read_are_written_back(bytes in prop::collection::vec(
        prop_oneof![any::<u8>(), Just(0xEDu8), 0xA0u8..=0xBF, Just(0x80u8)], 0..24)) {
        if let Ok(name) = Utf16::from_wtf8(&bytes) {
            prop_assert_eq!(name.to_wtf8(), bytes);
        }
    }

    #[test]
    fn text_has_the_bytes_of_utf_8(text: String) {
        prop_assert_eq!(Utf16::from(text.as_str()).to_wtf8(), text.as_bytes());
        prop_assert_eq!(Utf16::from(text.as_str()).to_text(), Some(text));
    }

    #[test]
    fn the_order_without_case_is_the_order_of_the_upper_case(a in a_name(), b in a_name()) {
        prop_assert_eq!(a.cmp_ignore_case(&b), a.to_upcased().cmp(&b.to_upcased()));
        prop_assert_eq!(a.eq_ignore_case(&b), a.to_upcased() == b.to_upcased());
        prop_assert!(a.eq_ignore_case(&a.to_upcased()));
    }
}
