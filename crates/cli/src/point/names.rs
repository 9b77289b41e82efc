//! From a target as a user types it to the two names of a link, as CreateSymbolicLink and `mklink` write them.
//!
//! Source: the reference pages of CreateSymbolicLinkW and "Naming Files, Paths, and Namespaces" (MicrosoftDocs/win32,
//! desktop-src/FileIO), [MS-FSCC] 2.1.2.4 and 2.1.2.5.
use std::fmt;

/// The names of a link and how its substitute name is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LinkNames {
    /// What the system follows.
    pub(crate) substitute: String,
    /// What the user is shown.
    pub(crate) print: String,
    /// SYMLINK_FLAG_RELATIVE.
    pub(crate) relative: bool,
    /// What Windows would make of it that the user may not expect.
    pub(crate) warning: Option<&'static str>,
}

/// How the user says that a target is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meant {
    /// As Windows would tell from the text.
    Detected,
    /// Relative, whatever it looks like.
    Relative,
    /// Absolute: an NT path where it is no other.
    Absolute,
}

/// Why a text makes no target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NamesError {
    /// Nothing.
    Empty,
    /// `C:x`, relative to a directory that only a Windows process has.
    DriveRelative,
    /// Asked to be absolute, yet names no drive, share or NT path.
    NotAbsolute,
    /// A junction stays on its machine.
    JunctionToShare,
    /// A junction's target is absolute.
    JunctionRelative,
}

/// The kinds of path that Win32 tells apart by the first characters.
enum Dos<'a> {
    /// `C:\x`
    Drive,
    /// `C:x`
    DriveRelative,
    /// `\\server\share`: the part after the separators
    Unc(&'a str),
    /// `\\?\x`, `\\.\x`: the part after
    Device(&'a str),
    /// `\??\x`: an NT path already
    Nt,
    /// `\x`
    Rooted,
    /// `x`
    Relative,
}

const NT_PREFIX: &str = r"\??\";
const SLASHES: &str = "Windows does not separate names at '/' in a relative target: write '\\'";

/// The names of a symbolic link to `target`.
pub(crate) fn of_symlink(target: &str, meant: Meant) -> Result<LinkNames, NamesError> {
    if target.is_empty() {
        return Err(NamesError::Empty);
    }
    if meant == Meant::Relative {
        return Ok(relative(target));
    }
    match classify(target) {
        Dos::DriveRelative => Err(NamesError::DriveRelative),
        Dos::Rooted if meant == Meant::Absolute => {
            Ok(LinkNames { substitute: target.into(), print: target.into(), relative: false, warning: None })
        }
        Dos::Relative if meant == Meant::Absolute => Err(NamesError::NotAbsolute),
        Dos::Rooted | Dos::Relative => Ok(relative(target)),
        absolute => Ok(self::absolute(target, &absolute)),
    }
}

/// The names of a junction to `target`.
pub(crate) fn of_junction(target: &str) -> Result<LinkNames, NamesError> {
    match classify(target) {
        _ if target.is_empty() => Err(NamesError::Empty),
        Dos::DriveRelative => Err(NamesError::DriveRelative),
        Dos::Unc(_) => Err(NamesError::JunctionToShare),
        Dos::Rooted | Dos::Relative => Err(NamesError::JunctionRelative),
        absolute => Ok(self::absolute(target, &absolute)),
    }
}

/// Stored as it is typed: CreateSymbolicLink looks no further into a relative target.
fn relative(target: &str) -> LinkNames {
    LinkNames {
        substitute: target.into(),
        print: target.into(),
        relative: true,
        warning: target.contains('/').then_some(SLASHES),
    }
}

fn absolute(target: &str, dos: &Dos<'_>) -> LinkNames {
    let (substitute, print) = match dos {
        Dos::Device(rest) => (format!("{NT_PREFIX}{rest}"), target.to_owned()),
        Dos::Nt => (target.to_owned(), shown(target)),
        Dos::Unc(rest) => (format!(r"{NT_PREFIX}UNC\{}", full_path(rest, 2)), target.to_owned()),
        _ => (format!("{NT_PREFIX}{}", full_path(target, 1)), target.to_owned()),
    };
    LinkNames { substitute, print, relative: false, warning: None }
}

/// An NT path as Win32 users write it.
fn shown(nt: &str) -> String {
    let rest = nt.strip_prefix(NT_PREFIX).unwrap_or(nt);
    match rest.get(..4) {
        Some(unc) if unc.eq_ignore_ascii_case(r"UNC\") => format!(r"\\{}", rest.get(4..).unwrap_or_default()),
        _ if rest.get(..7).is_some_and(|v| v.eq_ignore_ascii_case("Volume{")) => format!(r"\\?\{rest}"),
        _ => rest.to_owned(),
    }
}

/// What GetFullPathName makes of an absolute path: `/` becomes `\`, repeated separators one, `.` and `..` go (not above
/// the first `kept` names), dots and spaces at the end of the last name go.
fn full_path(path: &str, kept: usize) -> String {
    let ends_in_separator = path.ends_with(is_separator);
    let mut names: Vec<&str> = Vec::new();
    for name in path.split(is_separator).filter(|name| !name.is_empty()) {
        match name {
            "." => {}
            ".." if names.len() > kept => drop(names.pop()),
            ".." => {}
            name => names.push(name),
        }
    }
    let mut full = names.join("\\");
    if ends_in_separator || names.len() == 1 && kept == 1 {
        full.push('\\');
    } else if names.len() > kept {
        full.truncate(full.trim_end_matches(['.', ' ']).len());
    }
    full
}

fn classify(target: &str) -> Dos<'_> {
    if target.starts_with(NT_PREFIX) {
        return Dos::Nt;
    }
    let mut chars = target.chars();
    match (chars.next(), chars.next(), chars.next(), chars.next()) {
        (Some(a), Some(b), Some('?' | '.'), Some(d))
            if is_separator(a) && is_separator(b) && is_separator(d) =>
        {
            Dos::Device(target.get(4..).unwrap_or_default()) // four characters of one byte each
        }
        (Some(a), Some(b), _, _) if is_separator(a) && is_separator(b) => {
            Dos::Unc(target.get(2..).unwrap_or_default())
        }
        (Some(a), _, _, _) if is_separator(a) => Dos::Rooted,
        (Some(drive), Some(':'), Some(c), _) if drive.is_ascii_alphabetic() && is_separator(c) => Dos::Drive,
        (Some(drive), Some(':'), _, _) if drive.is_ascii_alphabetic() => Dos::DriveRelative,
        _ => Dos::Relative,
    }
}

fn is_separator(c: char) -> bool {
    c == '\\' || c == '/'
}

impl NamesError {
    /// The way out.
    pub(crate) fn next(self) -> &'static str {
        match self {
            NamesError::Empty => "name a target",
            NamesError::DriveRelative => r"write the whole path, such as C:\dir\file",
            NamesError::NotAbsolute => {
                r"write C:\dir, \\server\share\dir, or an NT path such as \Device\Name\dir"
            }
            NamesError::JunctionToShare => "use --symlink, which can name a share",
            NamesError::JunctionRelative => {
                r"write the whole path, such as C:\dir, or use --symlink, which can be relative"
            }
        }
    }
}

impl fmt::Display for NamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NamesError::Empty => "an empty target is none",
            NamesError::DriveRelative => {
                "a target such as C:x is relative to the current directory of that drive, which only a Windows process has"
            }
            NamesError::NotAbsolute => "the target names no drive, share or NT path, so it is not absolute",
            NamesError::JunctionToShare => "a junction names a directory of its own machine, not a share",
            NamesError::JunctionRelative => "a junction's target is an absolute path",
        })
    }
}

impl std::error::Error for NamesError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn symlink(target: &str) -> (String, String, bool) {
        let names = of_symlink(target, Meant::Detected).expect("a good target");
        (names.substitute, names.print, names.relative)
    }

    fn strings(substitute: &str, print: &str, relative: bool) -> (String, String, bool) {
        (substitute.into(), print.into(), relative)
    }

    #[test]
    fn a_drive_path_gets_the_nt_prefix_and_keeps_its_print_name() {
        assert_eq!(symlink(r"C:\a\b"), strings(r"\??\C:\a\b", r"C:\a\b", false));
        assert_eq!(symlink(r"c:\a\"), strings(r"\??\c:\a\", r"c:\a\", false));
        assert_eq!(symlink(r"C:\"), strings(r"\??\C:\", r"C:\", false));
    }

    #[test]
    fn an_absolute_path_is_made_full_as_win32_does() {
        assert_eq!(symlink("C:/a/./b/../c").0, r"\??\C:\a\c");
        assert_eq!(symlink(r"C:\a\\b . .").0, r"\??\C:\a\b");
        assert_eq!(symlink(r"C:\..\..\x").0, r"\??\C:\x");
        assert_eq!(symlink(r"C:\..").0, r"\??\C:\");
    }

    #[test]
    fn a_share_becomes_an_unc_name() {
        assert_eq!(symlink(r"\\srv\share\d"), strings(r"\??\UNC\srv\share\d", r"\\srv\share\d", false));
        assert_eq!(symlink(r"\\srv\share\..\..\d").0, r"\??\UNC\srv\share\d");
    }

    #[test]
    fn a_verbatim_path_is_not_looked_into() {
        let volume = r"\\?\Volume{12345678-1234-1234-1234-123456789abc}\";
        assert_eq!(symlink(volume).0, r"\??\Volume{12345678-1234-1234-1234-123456789abc}\");
        assert_eq!(symlink(r"\\?\C:\a\..\b").0, r"\??\C:\a\..\b");
        assert_eq!(symlink(r"\??\C:\x"), strings(r"\??\C:\x", r"C:\x", false));
        assert_eq!(symlink(r"\??\UNC\s\t\x").1, r"\\s\t\x");
    }

    #[test]
    fn rooted_and_relative_targets_are_relative_and_stored_as_typed() {
        assert_eq!(symlink(r"\x\y"), strings(r"\x\y", r"\x\y", true));
        assert_eq!(symlink(r"..\x"), strings(r"..\x", r"..\x", true));
        let slashes = of_symlink("a/b", Meant::Detected).expect("a good target");
        assert_eq!((slashes.substitute.as_str(), slashes.warning), ("a/b", Some(SLASHES)));
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        assert_eq!(of_symlink("", Meant::Detected), Err(NamesError::Empty));
        assert_eq!(of_symlink("C:x", Meant::Detected), Err(NamesError::DriveRelative));
        assert_eq!(of_symlink("C:", Meant::Detected), Err(NamesError::DriveRelative));
        assert_eq!(of_symlink("x", Meant::Absolute), Err(NamesError::NotAbsolute));
        assert_eq!(of_junction(r"\\srv\share"), Err(NamesError::JunctionToShare));
        assert_eq!(of_junction(r"x"), Err(NamesError::JunctionRelative));
        assert_eq!(of_junction(r"\x"), Err(NamesError::JunctionRelative));
    }

    #[test]
    fn a_word_of_the_user_overrules_the_look() {
        let device = of_symlink(r"\Device\NamedPipe\", Meant::Absolute).expect("an NT path");
        assert_eq!((device.substitute.as_str(), device.relative), (r"\Device\NamedPipe\", false));
        let odd = of_symlink(r"C:\x", Meant::Relative).expect("taken as it is");
        assert_eq!((odd.substitute.as_str(), odd.relative), (r"C:\x", true));
    }

    #[test]
    fn a_junction_is_written_as_mklink_does() {
        let names = of_junction(r"C:\Tools").expect("a good target");
        assert_eq!((names.substitute.as_str(), names.print.as_str()), (r"\??\C:\Tools", r"C:\Tools"));
    }
}
