//! FILETIME and its text.
use nt::{FileTime, FileTimeParseError};
use proptest::prelude::*;

/// The numbers come from Python's `datetime`, as differences from `datetime(1601, 1, 1)`.
const KNOWN: &[(&str, u64)] = &[
    ("1601-01-01T00:00:00Z", 0),
    ("1700-03-01T00:00:00Z", 31_292_352_000_000_000),
    ("1899-12-31T23:59:59Z", 94_354_847_990_000_000),
    ("1970-01-01T00:00:00Z", 116_444_736_000_000_000),
    ("2000-02-29T12:34:56Z", 125_963_012_960_000_000),
    ("2000-12-31T23:59:59Z", 126_227_807_990_000_000),
    ("2024-02-29T00:00:00Z", 133_536_384_000_000_000),
    ("2100-02-28T23:59:59Z", 157_520_159_990_000_000),
    ("2100-03-01T00:00:00Z", 157_520_160_000_000_000),
    ("2400-12-31T00:00:00Z", 252_454_752_000_000_000),
    ("9999-12-31T23:59:59Z", 2_650_467_743_990_000_000),
];

#[test]
fn dates_are_those_of_the_gregorian_calendar() {
    for (text, ticks) in KNOWN {
        assert_eq!(FileTime(*ticks).to_string(), *text);
        assert_eq!(text.parse(), Ok(FileTime(*ticks)));
    }
}

#[test]
fn a_fraction_is_written_in_seven_digits_and_read_in_any() {
    assert_eq!(FileTime(1).to_string(), "1601-01-01T00:00:00.0000001Z");
    assert_eq!(FileTime(5_000_000).to_string(), "1601-01-01T00:00:00.5000000Z");
    for (text, ticks) in [("0.5", 5_000_000), ("0.1234567", 1_234_567), ("0.123456789", 1_234_567)] {
        assert_eq!(format!("1601-01-01T00:00:0{text}Z").parse(), Ok(FileTime(ticks)));
    }
}

#[test]
fn an_offset_from_utc_is_taken_off() {
    let noon = "2024-02-29T12:00:00Z".parse::<FileTime>();
    assert!(noon.is_ok());
    assert_eq!("2024-02-29T13:30:00+01:30".parse(), noon);
    assert_eq!("2024-02-28t20:00:00-16:00".parse(), noon);
    assert_eq!("1601-01-01T00:00:00+00:01".parse::<FileTime>(), Err(FileTimeParseError::OutOfRange));
    assert_eq!("1601-01-01T00:30:00+00:30".parse(), Ok(FileTime(0)));
}

#[test]
fn the_last_time_of_64_bits_has_a_text() {
    assert_eq!(FileTime(u64::MAX).to_string(), "+60056-05-28T05:36:10.9551615Z");
    assert_eq!("+60056-05-28T05:36:10.9551615Z".parse(), Ok(FileTime(u64::MAX)));
    let beyond = "+60056-05-28T05:36:10.9551616Z".parse::<FileTime>();
    assert_eq!(beyond, Err(FileTimeParseError::OutOfRange));
}

#[test]
fn a_text_that_is_no_time_is_refused_with_the_reason() {
    use FileTimeParseError::*;
    for (text, want) in [
        ("", Form),
        ("2024-02-29", Form),
        ("2024-02-29T12:00:00", Form),
        ("2024-2-29T12:00:00Z", Form),
        ("24-02-29T12:00:00Z", Form),
        ("2024-02-29T12:00:00.Z", Form),
        ("2024-02-29T12:00:00Zjunk", Form),
        ("2024-02-29T12:00:00+0100", Form),
        ("+2024-02-29T12:00:00Z", Form),
        ("+99999999999999999999-02-29T12:00:00Z", Form),
        ("2024-02-2\u{e9}T12:00:00Z", Form),
        ("2023-02-29T12:00:00Z", NoSuchTime),
        ("2100-02-29T12:00:00Z", NoSuchTime),
        ("2024-13-01T12:00:00Z", NoSuchTime),
        ("2024-00-01T12:00:00Z", NoSuchTime),
        ("2024-04-31T12:00:00Z", NoSuchTime),
        ("2024-02-29T24:00:00Z", NoSuchTime),
        ("2024-02-29T23:59:60Z", NoSuchTime),
        ("2024-02-29T23:59:59+24:00", NoSuchTime),
        ("1600-12-31T23:59:59Z", OutOfRange),
    ] {
        assert_eq!(text.parse::<FileTime>(), Err(want), "{text:?}");
    }
}

#[test]
fn unix_times_outside_the_range_are_clamped() {
    assert_eq!(FileTime::from_unix(i64::MIN, 0), FileTime(0));
    assert_eq!(FileTime::from_unix(i64::MAX, 999_999_999), FileTime(u64::MAX));
    assert_eq!(FileTime::from_unix(0, 100), FileTime(116_444_736_000_000_001));
}

proptest! {
    #[test]
    fn a_time_survives_its_text(ticks: u64) {
        prop_assert_eq!(FileTime(ticks).to_string().parse(), Ok(FileTime(ticks)));
    }

    #[test]
    fn texts_of_four_digit_years_stand_in_the_order_of_their_times(
        a in 0u64..2_650_467_744_000_000_000,
        b in 0u64..2_650_467_744_000_000_000,
    ) {
        // Whole seconds only: a fraction's dot stands before the Z in the alphabet.
        let [a, b] = [a, b].map(|ticks| FileTime(ticks / 10_000_000 * 10_000_000));
        prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
    }

    #[test]
    fn a_time_survives_unix_seconds(ticks: u64) {
        let (seconds, nanoseconds) = FileTime(ticks).to_unix();
        prop_assert_eq!(FileTime::from_unix(seconds, nanoseconds), FileTime(ticks));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[+0-9TZ:. \u{e9}-]{0,40}") {
        let _ = text.parse::<FileTime>();
    }
}
