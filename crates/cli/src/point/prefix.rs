//! Rewriting where links lead, by prefix: whole components, letters compared without case for Windows targets.
use crate::point::names::{self, LinkNames, Meant, NamesError};
use nt::{Utf16, upcase};
use std::fmt;

/// From which prefix to which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Rewrite {
    /// Targets as Windows has them: the substitute and the print name, of absolute or of relative links.
    Windows { from: Names, to: Names, relative: bool },
    /// Targets as Unix has them (LX_SYMLINK, NFS): letters compared as they are.
    Unix { from: String, to: String },
}

/// A prefix of either name, without a closing separator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Names {
    substitute: Utf16,
    print: Utf16,
}

/// Why two prefixes make no rewriting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum RewriteError {
    /// One of them is no target.
    Prefix { prefix: String, error: NamesError },
    /// One is absolute and the other is not, or one is Unix's and the other Windows'.
    Kinds,
    /// They are the same.
    Same,
}

const BACKSLASH: u16 = b'\\' as u16;

impl Rewrite {
    /// The rewriting of `from` to `to`, each as a user types a target. What begins with `/` is a Unix target.
    pub(crate) fn new(from: &str, to: &str) -> Result<Rewrite, RewriteError> {
        if from == to {
            return Err(RewriteError::Same);
        }
        match (from.starts_with('/'), to.starts_with('/')) {
            (true, true) => {
                let bare = |prefix: &str| prefix.trim_end_matches('/').to_owned();
                return Ok(Rewrite::Unix { from: bare(from), to: bare(to) });
            }
            (false, false) => {}
            _ => return Err(RewriteError::Kinds),
        }
        let names = |prefix: &str| {
            names::of_symlink(prefix, Meant::Detected)
                .map_err(|error| RewriteError::Prefix { prefix: prefix.to_owned(), error })
        };
        let (from, to) = (names(from)?, names(to)?);
        if from.relative != to.relative {
            return Err(RewriteError::Kinds);
        }
        Ok(Rewrite::Windows { relative: from.relative, from: Names::of(&from), to: Names::of(&to) })
    }

    /// The two names of a link after the rewriting; `None` when it leads elsewhere.
    pub(crate) fn windows(
        &self,
        substitute: &Utf16,
        print: &Utf16,
        link_is_relative: bool,
    ) -> Option<(Utf16, Utf16)> {
        let Rewrite::Windows { from, to, relative } = self else { return None };
        if link_is_relative != *relative {
            return None;
        }
        let new_substitute = replaced(substitute, &from.substitute, &to.substitute)?;
        // A print name that says something else is the user's own, and stays.
        let new_print = replaced(print, &from.print, &to.print)
            .or_else(|| replaced(print, &from.substitute, &to.substitute))
            .unwrap_or_else(|| print.clone());
        Some((new_substitute, new_print))
    }

    /// A Unix target after the rewriting; `None` when it leads elsewhere.
    pub(crate) fn unix(&self, target: &[u8]) -> Option<Vec<u8>> {
        let Rewrite::Unix { from, to } = self else { return None };
        let rest = target.strip_prefix(from.as_bytes())?;
        let whole = rest.is_empty() || rest.starts_with(b"/");
        whole.then(|| [to.as_bytes(), rest].concat())
    }
}

impl Names {
    fn of(names: &LinkNames) -> Names {
        let bare = |name: &str| Utf16::from(name.trim_end_matches(['\\', '/']));
        Names { substitute: bare(&names.substitute), print: bare(&names.print) }
    }
}

/// `name` with `from` at its start replaced, if that is whole components.
fn replaced(name: &Utf16, from: &Utf16, to: &Utf16) -> Option<Utf16> {
    let (head, tail) = name.units().split_at_checked(from.units().len())?;
    let same = head.iter().zip(from.units()).all(|(a, b)| upcase(slash(*a)) == upcase(slash(*b)));
    let whole = tail.first().is_none_or(|unit| slash(*unit) == BACKSLASH);
    (same && whole).then(|| Utf16([to.units(), tail].concat()))
}

/// A print name may be written with slashes.
fn slash(unit: u16) -> u16 {
    if unit == u16::from(b'/') { BACKSLASH } else { unit }
}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RewriteError::Prefix { prefix, error } => write!(f, "{prefix}: {error}"),
            RewriteError::Kinds => f.write_str(
                "--from and --to must both be absolute, both relative, or both Unix paths that begin with /",
            ),
            RewriteError::Same => f.write_str("--from and --to are the same"),
        }
    }
}

impl std::error::Error for RewriteError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(from: &str, to: &str, substitute: &str, print: &str) -> Option<(String, String)> {
        let rewrite = Rewrite::new(from, to).expect("good prefixes");
        let names = rewrite.windows(&substitute.into(), &print.into(), !substitute.starts_with(r"\??\"));
        names.map(|(substitute, print)| (substitute.to_string(), print.to_string()))
    }

    #[test]
    fn both_names_are_rewritten_without_regard_to_case() {
        let new = rewritten(r"C:\Old", r"D:\New", r"\??\c:\OLD\x", r"c:\old\x");
        assert_eq!(new, Some((r"\??\D:\New\x".into(), r"D:\New\x".into())));
        let whole = rewritten(r"C:\Old\", r"D:\New", r"\??\C:\old", r"C:\old");
        assert_eq!(whole, Some((r"\??\D:\New".into(), r"D:\New".into())));
    }

    #[test]
    fn a_prefix_ends_where_a_name_ends() {
        assert_eq!(rewritten(r"C:\Old", r"D:\New", r"\??\C:\Older", r"C:\Older"), None);
        let drive = rewritten(r"C:\", r"D:\", r"\??\C:\x", r"C:\x");
        assert_eq!(drive, Some((r"\??\D:\x".into(), r"D:\x".into())));
        let share = rewritten(r"\\old\s", r"\\new\s", r"\??\UNC\OLD\s\x", r"\\old\s\x");
        assert_eq!(share, Some((r"\??\UNC\new\s\x".into(), r"\\new\s\x".into())));
    }

    #[test]
    fn a_print_name_of_its_own_stays() {
        let new = rewritten(r"C:\Old", r"D:\New", r"\??\C:\Old\x", "My files");
        assert_eq!(new, Some((r"\??\D:\New\x".into(), "My files".into())));
        let empty = rewritten(r"C:\Old", r"D:\New", r"\??\C:\Old\x", "");
        assert_eq!(empty, Some((r"\??\D:\New\x".into(), String::new())));
    }

    #[test]
    fn relative_prefixes_touch_relative_links_only() {
        assert_eq!(rewritten("old", "new", r"old\x", r"old\x"), Some((r"new\x".into(), r"new\x".into())));
        assert_eq!(rewritten(r"\old", r"\new", r"\??\C:\old", r"C:\old"), None);
    }

    #[test]
    fn unix_targets_keep_their_case() {
        let rewrite = Rewrite::new("/mnt/c/", "/srv/c").expect("good prefixes");
        assert_eq!(rewrite.unix(b"/mnt/c/x"), Some(b"/srv/c/x".to_vec()));
        assert_eq!(rewrite.unix(b"/mnt/C/x"), None);
        assert_eq!(rewrite.unix(b"/mnt/cd"), None);
    }

    #[test]
    fn prefixes_of_two_kinds_are_refused() {
        assert_eq!(Rewrite::new(r"C:\x", "y"), Err(RewriteError::Kinds));
        assert_eq!(Rewrite::new("/x", r"C:\y"), Err(RewriteError::Kinds));
        assert_eq!(Rewrite::new("x", "x"), Err(RewriteError::Same));
        assert!(matches!(Rewrite::new("C:x", r"C:\y"), Err(RewriteError::Prefix { .. })));
    }
}
