//! The name of a CREATE, with `..` taken out as Windows' server takes it out, by spelling alone, before any file system sees it.
use nt::{NtStatus, Utf16};

const BACKSLASH: u16 = b'\\' as u16;
const DOTS: [u16; 2] = [b'.' as u16; 2];

/// The name without `..`. Above the share there is nothing. Windows: smbtorture smb2.notify.tree opens `zqy\..`, and smb2.mkdir
/// finds `..\..\..` to be no path.
pub(super) fn canonical(name: Utf16) -> Result<Utf16, NtStatus> {
    let components = || name.units().split(|unit| *unit == BACKSLASH);
    if !components().any(|component| component == DOTS) {
        return Ok(name);
    }
    let mut kept: Vec<&[u16]> = Vec::new();
    for component in components() {
        match component == DOTS {
            true => drop(kept.pop().ok_or(NtStatus::OBJECT_PATH_SYNTAX_BAD)?),
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
        assert_eq!(canonical(r"a\..\..\b"), Err(NtStatus::OBJECT_PATH_SYNTAX_BAD));
        assert_eq!(canonical(".."), Err(NtStatus::OBJECT_PATH_SYNTAX_BAD));
    }
}
