//! What a Win32 or an NT name names, before any volume is asked.
//!
//! Win32 names are brought into order first, as RtlGetFullPathName does: "File path formats on Windows systems" of the
//! .NET documentation says how. Names behind `\\?\` and `\??\` are taken as they are.
use nt::Win32Error;
use reparse::Volume;

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const COLON: u16 = b':' as u16;
const DOT: u16 = b'.' as u16;
const SPACE: u16 = b' ' as u16;

/// The longest name, in units: UNICODE_STRING's length has 16 bits.
pub(crate) const UNITS_MAX: usize = 32_767;

/// What a name names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// A path of a drive, a volume or a share: its root is `\`.
    OnVolume {
        /// Which.
        volume: Volume,
        /// The path from its root, with a backslash in front.
        path: Vec<u16>,
    },
    /// A path of the drive that holds the current directory: `\a\b`.
    OnCurrentDrive(Vec<u16>),
    /// A path of this machine, its names parted by slashes. One without a slash in front begins at the current directory.
    Host(Vec<u16>),
}

/// Reads a name as CreateFileW does.
pub(crate) fn win32(name: &[u16]) -> Result<Named, Win32Error> {
    if name.is_empty() {
        return Err(Win32Error::PATH_NOT_FOUND);
    }
    if name.len() > UNITS_MAX {
        return Err(Win32Error::FILENAME_EXCED_RANGE);
    }
    if let Some(rest) = strip(name, r"\\?\").or_else(|| strip(name, r"\??\")) {
        return literal(rest);
    }
    let mut straight: Vec<u16> = name.to_vec();
    let host = name.first() == Some(&SLASH) && name.get(1) != Some(&SLASH);
    if host {
        return Ok(Named::Host(slashed(name)));
    }
    straight.iter_mut().filter(|unit| **unit == SLASH).for_each(|unit| *unit = BACKSLASH);
    if let Some(rest) = strip(&straight, r"\\.\") {
        return device(rest);
    }
    if let Some(rest) = strip(&straight, r"\\") {
        return share(rest, normalize);
    }
    match straight.as_slice() {
        [letter, COLON, rest @ ..] if is_letter(*letter) => on_drive(*letter, normalize(rest)),
        [BACKSLASH, ..] => Ok(Named::OnCurrentDrive(normalize(&straight))),
        _ => Ok(Named::Host(slashed(name))),
    }
}

/// Reads a name as NtCreateFile does: nothing is brought into order.
pub(crate) fn nt(name: &[u16]) -> Result<Named, Win32Error> {
    match strip(name, r"\??\").or_else(|| strip(name, r"\DosDevices\")) {
        Some(rest) => literal(rest),
        None => Err(Win32Error::PATH_NOT_FOUND),
    }
}

/// What follows `\\?\` or `\??\`.
fn literal(rest: &[u16]) -> Result<Named, Win32Error> {
    if let Some(unc) = strip(rest, r"UNC\") {
        return share(unc, <[u16]>::to_vec);
    }
    match rest {
        [letter, COLON, path @ ..] if is_letter(*letter) => on_drive(*letter, path.to_vec()),
        _ => {
            let end = rest.iter().position(|unit| *unit == BACKSLASH).unwrap_or(rest.len());
            let (device, path) = rest.split_at(end);
            let volume = String::from_utf16(device).ok().and_then(|text| text.parse().ok());
            let volume = volume.ok_or(Win32Error::FILE_NOT_FOUND)?;
            Ok(Named::OnVolume { volume, path: rooted(path.to_vec()) })
        }
    }
}

/// What follows `\\.\`: a drive's path may, a device may not; there are none.
fn device(rest: &[u16]) -> Result<Named, Win32Error> {
    match rest {
        [letter, COLON, BACKSLASH, ..] if is_letter(*letter) => {
            on_drive(*letter, normalize(rest.get(2..).unwrap_or_default()))
        }
        _ => Err(Win32Error::FILE_NOT_FOUND),
    }
}

/// What follows `\\`: server, share and path.
fn share(rest: &[u16], order: fn(&[u16]) -> Vec<u16>) -> Result<Named, Win32Error> {
    let mut parts = rest.splitn(3, |unit| *unit == BACKSLASH);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(server), Some(share), path) if !server.is_empty() && !share.is_empty() => {
            let path = [&[BACKSLASH], path.unwrap_or_default()].concat();
            let volume = Volume::Share { server: server.into(), share: share.into() };
            Ok(Named::OnVolume { volume, path: order(&path) })
        }
        (Some(server), ..) if !server.is_empty() => Err(Win32Error::BAD_PATHNAME),
        _ => Err(Win32Error::BAD_NETPATH),
    }
}

fn on_drive(letter: u16, path: Vec<u16>) -> Result<Named, Win32Error> {
    let letter = char::from_u32(u32::from(letter)).ok_or(Win32Error::INVALID_NAME)?;
    Ok(Named::OnVolume { volume: Volume::Drive(letter), path: rooted(path) })
}

/// With a backslash in front: a path of a drive begins at its root, there is no current directory of each drive here.
fn rooted(mut path: Vec<u16>) -> Vec<u16> {
    if path.first() != Some(&BACKSLASH) {
        path.insert(0, BACKSLASH);
    }
    path
}

/// The path without `.`, `..` and empty components; nothing is above the root. A period at the end of a component goes,
/// periods and spaces at the end of the path go. A closing backslash stays.
pub(crate) fn normalize(path: &[u16]) -> Vec<u16> {
    let mut names: Vec<&[u16]> = Vec::new();
    let components: Vec<&[u16]> = path.split(|unit| *unit == BACKSLASH).collect();
    let last = components.len().saturating_sub(1);
    let mut closed = false;
    for (at, component) in components.into_iter().enumerate() {
        closed = false;
        match component {
            [] | [DOT] => closed = true,
            [DOT, DOT] => {
                names.pop();
                closed = true;
            }
            name => {
                let name = if at == last { without_tail(name) } else { without_period(name) };
                if name.is_empty() { closed = true } else { names.push(name) }
            }
        }
    }
    let mut normal = Vec::with_capacity(path.len());
    for name in &names {
        normal.push(BACKSLASH);
        normal.extend_from_slice(name);
    }
    let explicit = path.last() == Some(&BACKSLASH);
    if names.is_empty() || (closed && explicit) {
        normal.push(BACKSLASH);
    }
    normal
}

/// One period at the end, that has no other before it, goes.
fn without_period(name: &[u16]) -> &[u16] {
    match name {
        [head @ .., DOT] if head.last() != Some(&DOT) => head,
        _ => name,
    }
}

/// All periods and spaces at the end go.
fn without_tail(mut name: &[u16]) -> &[u16] {
    while let [head @ .., DOT | SPACE] = name {
        name = head;
    }
    name
}

fn slashed(name: &[u16]) -> Vec<u16> {
    name.iter().map(|unit| if *unit == BACKSLASH { SLASH } else { *unit }).collect()
}

fn is_letter(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphabetic())
}

/// What follows `prefix`, in any case.
fn strip<'a>(name: &'a [u16], prefix: &str) -> Option<&'a [u16]> {
    let (head, rest) = name.split_at_checked(prefix.len())?;
    let same = head
        .iter()
        .zip(prefix.bytes())
        .all(|(unit, byte)| u8::try_from(*unit).is_ok_and(|unit| unit.eq_ignore_ascii_case(&byte)));
    same.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn drive(path: &str) -> Result<Named, Win32Error> {
        Ok(Named::OnVolume { volume: Volume::Drive('C'), path: units(path) })
    }

    #[test]
    fn a_win32_path_is_brought_into_order() {
        for (given, path) in [
            (r"C:\a\b", r"\a\b"),
            ("C:/a/b", r"\a\b"),
            (r"C:\a\.\b\..\c", r"\a\c"),
            (r"C:\..\..\a", r"\a"),
            (r"C:\a\\b", r"\a\b"),
            (r"C:\a.\b. . ", r"\a\b"),
            (r"C:\a...\b", r"\a...\b"),
            (r"C:\a\", r"\a\"),
            (r"C:\a\..", r"\"),
            (r"C:\", r"\"),
            ("C:", r"\"),
            (r"\\.\C:\a\..\b", r"\b"),
        ] {
            assert_eq!(win32(&units(given)), drive(path), "{given}");
        }
    }

    #[test]
    fn behind_the_prefix_nothing_is_changed() {
        for prefix in [r"\\?\", r"\??\"] {
            assert_eq!(win32(&units(&format!(r"{prefix}C:\a\..\b. "))), drive(r"\a\..\b. "));
        }
        assert_eq!(nt(&units(r"\??\C:\a")), drive(r"\a"));
        assert_eq!(nt(&units(r"C:\a")), Err(Win32Error::PATH_NOT_FOUND));
    }

    #[test]
    fn a_slash_in_front_is_a_path_of_this_machine_and_so_is_a_bare_name() {
        assert_eq!(win32(&units("/tmp/a")), Ok(Named::Host(units("/tmp/a"))));
        assert_eq!(win32(&units(r"a\b")), Ok(Named::Host(units("a/b"))));
        assert_eq!(win32(&units(r"\a\..\b")), Ok(Named::OnCurrentDrive(units(r"\b"))));
    }

    #[test]
    fn a_share_is_a_volume_and_half_of_one_is_refused() {
        let volume = Volume::Share { server: "s".into(), share: "x".into() };
        let named = Named::OnVolume { volume, path: units(r"\a") };
        assert_eq!(win32(&units(r"\\s\x\a")), Ok(named.clone()));
        assert_eq!(win32(&units(r"//s/x/b/../a")), Ok(named.clone()));
        assert_eq!(win32(&units(r"\\?\UNC\s\x\a")), Ok(named));
        assert_eq!(win32(&units(r"\\s")), Err(Win32Error::BAD_PATHNAME));
    }

    #[test]
    fn devices_there_are_none() {
        for name in [r"\\.\PhysicalDrive0", r"\\?\GLOBALROOT\x", r"\\.\C:"] {
            assert_eq!(win32(&units(name)), Err(Win32Error::FILE_NOT_FOUND), "{name}");
        }
        assert_eq!(win32(&[]), Err(Win32Error::PATH_NOT_FOUND));
    }
}
