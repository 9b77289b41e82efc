//! [MS-DTYP] 2.3.3: FILETIME.
use core::fmt;
use core::str::FromStr;

/// 100-nanosecond intervals since 1601-01-01 UTC. [MS-DTYP] 2.3.3
///
/// Its text is RFC 3339's in UTC, `2024-02-29T12:00:00.1234567Z`: no fraction when it is zero, else all seven digits.
/// A year beyond 9999 carries a plus sign, as ISO 8601 has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct FileTime(pub u64);

/// Why a text is not a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileTimeParseError {
    /// It does not have the form of RFC 3339.
    Form,
    /// There is no such date or time of day.
    NoSuchTime,
    /// It lies before 1601 or beyond what 64 bits count.
    OutOfRange,
}

/// Seconds between 1601-01-01 and 1970-01-01.
const UNIX_EPOCH_S: i64 = 11_644_473_600;

const TICKS_PER_S: u64 = 10_000_000;
const S_PER_DAY: u64 = 86_400;
const FIRST_YEAR: u64 = 1601;
/// Days of 400, 100, 4 years and of one, as they stand at the start of a 400-year cycle of the calendar, such as 1601.
const DAYS_400: u64 = 146_097;
const DAYS_100: u64 = 36_524;
const DAYS_4: u64 = 1_461;
const DAYS_1: u64 = 365;

impl FileTime {
    /// From Unix seconds and nanoseconds; times outside FILETIME's range are clamped to its ends.
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> FileTime {
        let ticks =
            i128::from(seconds.saturating_add(UNIX_EPOCH_S)) * 10_000_000 + i128::from(nanoseconds / 100);
        FileTime(u64::try_from(ticks.max(0)).unwrap_or(u64::MAX))
    }

    /// To Unix seconds and nanoseconds.
    pub fn to_unix(self) -> (i64, u32) {
        let seconds = i64::try_from(self.0 / TICKS_PER_S).unwrap_or(i64::MAX) - UNIX_EPOCH_S;
        let nanoseconds = u32::try_from(self.0 % TICKS_PER_S).unwrap_or_default() * 100;
        (seconds, nanoseconds)
    }
}

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ticks) = (self.0 / TICKS_PER_S, self.0 % TICKS_PER_S);
        let (days, second) = (seconds / S_PER_DAY, seconds % S_PER_DAY);
        let (year, month, day) = date_of(days);
        f.write_str(if year > 9999 { "+" } else { "" })?;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if ticks != 0 {
            write!(f, ".{ticks:07}")?;
        }
        f.write_str("Z")
    }
}

impl FromStr for FileTime {
    type Err = FileTimeParseError;

    /// Reads RFC 3339 with `Z` or an offset. Digits of the fraction beyond the seventh are cut off; a leap second is no
    /// time that FILETIME can hold.
    fn from_str(text: &str) -> Result<FileTime, FileTimeParseError> {
        let form = FileTimeParseError::Form;
        let (year, rest) = year_of(text)?;
        let (month, rest) = two_digits(rest, "-")?;
        let (day, rest) = two_digits(rest, "-")?;
        let (hour, rest) = two_digits(rest.strip_prefix(['T', 't', ' ']).ok_or(form)?, "")?;
        let (minute, rest) = two_digits(rest, ":")?;
        let (second, rest) = two_digits(rest, ":")?;
        let (ticks, rest) = fraction_of(rest)?;
        let offset_s = offset_of(rest)?;
        if hour > 23 || minute > 59 || second > 59 {
            return Err(FileTimeParseError::NoSuchTime);
        }
        let days = days_until(year, month, day)?;
        let seconds =
            i128::from(days * S_PER_DAY + hour * 3600 + minute * 60 + second) - i128::from(offset_s);
        u64::try_from(seconds * i128::from(TICKS_PER_S) + i128::from(ticks))
            .map(FileTime)
            .map_err(|_| FileTimeParseError::OutOfRange)
    }
}

/// Year, month and day of a count of days since 1601-01-01.
fn date_of(days: u64) -> (u64, u64, u64) {
    let (cycles, days) = (days / DAYS_400, days % DAYS_400);
    // The last day of a 400-year and of a 4-year cycle is the leap day of its last century or year, not a new one.
    let centuries = (days / DAYS_100).min(3);
    let days = days - centuries * DAYS_100;
    let (fours, days) = (days / DAYS_4, days % DAYS_4);
    let ones = (days / DAYS_1).min(3);
    let mut day = days - ones * DAYS_1;
    let year = FIRST_YEAR + cycles * 400 + centuries * 100 + fours * 4 + ones;
    let mut month = 1;
    while day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

/// Days from 1601-01-01 to a date.
fn days_until(year: u64, month: u64, day: u64) -> Result<u64, FileTimeParseError> {
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return Err(FileTimeParseError::NoSuchTime);
    }
    let years = year.checked_sub(FIRST_YEAR).ok_or(FileTimeParseError::OutOfRange)?;
    let before = years * DAYS_1 + years / 4 - years / 100 + years / 400;
    Ok(before + (1..month).map(|month| days_in(year, month)).sum::<u64>() + day - 1)
}

fn days_in(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Four digits, or a plus sign and at least five.
fn year_of(text: &str) -> Result<(u64, &str), FileTimeParseError> {
    let (digits, rest) = match text.strip_prefix('+') {
        Some(text) => text.split_at(text.find('-').unwrap_or_default()),
        None => text.split_at_checked(4).ok_or(FileTimeParseError::Form)?,
    };
    let long = text.starts_with('+');
    if (long && !(5..=9).contains(&digits.len())) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FileTimeParseError::Form);
    }
    Ok((digits.parse().map_err(|_| FileTimeParseError::Form)?, rest))
}

/// A separator, then two digits.
fn two_digits<'a>(text: &'a str, separator: &str) -> Result<(u64, &'a str), FileTimeParseError> {
    let text = text.strip_prefix(separator).ok_or(FileTimeParseError::Form)?;
    let (digits, rest) = text.split_at_checked(2).ok_or(FileTimeParseError::Form)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FileTimeParseError::Form);
    }
    Ok((digits.parse().map_err(|_| FileTimeParseError::Form)?, rest))
}

/// A fraction of a second in ticks, zero when there is none.
fn fraction_of(text: &str) -> Result<(u64, &str), FileTimeParseError> {
    let Some(text) = text.strip_prefix('.') else { return Ok((0, text)) };
    let (digits, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    if digits.is_empty() {
        return Err(FileTimeParseError::Form);
    }
    let seven = digits.bytes().chain(core::iter::repeat(b'0')).take(7);
    Ok((seven.fold(0, |ticks, digit| ticks * 10 + u64::from(digit - b'0')), rest))
}

/// The offset from UTC in seconds.
fn offset_of(text: &str) -> Result<i64, FileTimeParseError> {
    if matches!(text, "Z" | "z") {
        return Ok(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hour, rest) = two_digits(text.strip_prefix(['+', '-']).ok_or(FileTimeParseError::Form)?, "")?;
    match two_digits(rest, ":")? {
        (minute @ 0..=59, "") if hour < 24 => {
            Ok(sign * i64::try_from(hour * 3600 + minute * 60).unwrap_or_default())
        }
        (_, "") => Err(FileTimeParseError::NoSuchTime),
        _ => Err(FileTimeParseError::Form),
    }
}

impl fmt::Display for FileTimeParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a time is written 2024-02-29T12:00:00.1234567Z",
            Self::NoSuchTime => "there is no such date or time of day",
            Self::OutOfRange => "the time lies before 1601 or too far ahead",
        })
    }
}

impl core::error::Error for FileTimeParseError {}
