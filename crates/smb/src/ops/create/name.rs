//! The name of a CREATE, with `..` taken out as Windows' server takes it out, by spelling alone, before any file system sees it.
use nt::{NtStatus, Utf16};

const BACKSLASH: u16 = b'\\' as u16;
const DOTS: [u16; 2] = [b'.' as u16; 2];

/// The name without `..`. Above the share there is nothing. Windows: smbtorture smb2.notify.tree opens `zqy\..`, and smb2.mkdir
/// finds `..\..\..` to be no path.
///
/// `.` and nothing between two backslashes are passed over; a name that begins as `a\..\b` does is refused: the CreateClose cases of
/// WindowsProtocolTestSuites, its CreateFile_WithDoubleBackSlashInMiddle, and smbprotocol's test_query_directory.
pub(super) fn canonical(name: Utf16) -> Result<Utf16, NtStatus> {
    let is_separator = |unit: &u16| *unit == BACKSLASH;
    let last = name.units().iter().copied().filter(|unit| is_separator(unit)).count();
    let is_idle = |at: usize, component: &[u16]| {
        at > 0 && at < last && (component.is_empty() || component == &DOTS[..1])
    };
    let is_clean = |(at, component): (usize, &[u16])| *component != DOTS && !is_idle(at, component);
    if name.units().split(is_separator).enumerate().all(is_clean) {
        return Ok(name);
    }
    let components: Vec<&[u16]> = name.units().split(is_separator).collect();
    if let [first, second, _, ..] = components[..]
        && second == DOTS
        && first != DOTS
    {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let mut kept: Vec<&[u16]> = Vec::new();
    for (at, component) in components.iter().copied().enumerate() {
        match component == DOTS {
            true => drop(kept.pop().ok_or(NtStatus::OBJECT_PATH_SYNTAX_BAD)?),
            false if is_idle(at, component) => {}
            false => kept.push(component),
        }
    }
    Ok(Utf16::from(kept.join(&BACKSLASH).as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_dots_take_away_the_name_before_them_and_nothing_above_the_share() {
        let canonical = |name: &str| canonical(Utf16::from(name)).map(|name| name.to_text().unwrap());
        assert_eq!(canonical(r"a\b\..\c").as_deref(), Ok(r"a\c"));
        assert_eq!(canonical(r"a\..").as_deref(), Ok(""));
        assert_eq!(canonical(r"a\..b\.").as_deref(), Ok(r"a\..b\."));
        assert_eq!(canonical(r"a\b\..\..\..\c"), Err(NtStatus::OBJECT_PATH_SYNTAX_BAD));
        assert_eq!(canonical(".."), Err(NtStatus::OBJECT_PATH_SYNTAX_BAD));
    }

    #[test]
    fn one_dot_and_nothing_between_two_backslashes_are_passed_over() {
        let canonical = |name: &str| canonical(Utf16::from(name)).map(|name| name.to_text().unwrap());
        assert_eq!(canonical(r"a\.\b").as_deref(), Ok(r"a\b"));
        assert_eq!(canonical(r"a\\b\\\c").as_deref(), Ok(r"a\b\c"));
        assert_eq!(canonical(r"a\").as_deref(), Ok(r"a\"), "at the end it says that a directory is meant");
        assert_eq!(canonical(r"x\..\y.txt"), Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(canonical(r"..\a\b"), Err(NtStatus::OBJECT_PATH_SYNTAX_BAD));
    }
}
