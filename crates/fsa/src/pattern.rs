//! Whether a name is in an expression with wildcards. [MS-FSA] 2.1.4.3 and 2.1.4.4
use nt::upcase;

/// Matches zero or more characters.
const STAR: u16 = b'*' as u16;
/// Matches a single character.
const QUESTION: u16 = b'?' as u16;
/// DOS_DOT: a period, or nothing at the end of the name.
const DOS_DOT: u16 = b'"' as u16;
/// DOS_QM: a single character, or nothing before a period and at the end of the name.
const DOS_QM: u16 = b'>' as u16;
/// DOS_STAR: zero or more characters up to the last period of the name, and that too if it ends there.
const DOS_STAR: u16 = b'<' as u16;
const PERIOD: u16 = b'.' as u16;

/// A pattern, made ready to be compared with many names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Pattern {
    /// Every name.
    All,
    /// One name, in any case.
    Name(Vec<u16>),
    /// Names that end so, in any case.
    Ending(Vec<u16>),
    /// An expression.
    Expression(Vec<u16>),
}

/// True for the wildcards. [MS-FSA] 2.1.4.3
pub(crate) fn is_wildcard(unit: u16) -> bool {
    matches!(unit, STAR | QUESTION | DOS_DOT | DOS_QM | DOS_STAR)
}

impl Pattern {
    /// Reads a pattern; an empty one stands for every name.
    pub(crate) fn new(pattern: &[u16]) -> Pattern {
        let folded: Vec<u16> = pattern.iter().copied().map(upcase).collect();
        match folded.as_slice() {
            [] | [STAR] | [STAR, PERIOD, STAR] => Pattern::All,
            units if !units.iter().copied().any(is_wildcard) => Pattern::Name(folded),
            [STAR, rest @ ..] if !rest.iter().copied().any(is_wildcard) => Pattern::Ending(rest.to_vec()),
            _ => Pattern::Expression(folded),
        }
    }

    /// Compares a name, without case.
    pub(crate) fn matches(&self, name: &[u16]) -> bool {
        let folded = || name.iter().copied().map(upcase);
        match self {
            Pattern::All => true,
            Pattern::Name(wanted) => folded().eq(wanted.iter().copied()),
            Pattern::Ending(end) => {
                let skipped = name.len().checked_sub(end.len());
                skipped.is_some_and(|skipped| folded().skip(skipped).eq(end.iter().copied()))
            }
            Pattern::Expression(expression) => matches_expression(expression, &folded().collect::<Vec<_>>()),
        }
    }
}

/// Follows every way through the expression at once: `reached` says which of its places the name read so far can have led
/// to. At most expression times name steps, whatever they are.
fn matches_expression(expression: &[u16], name: &[u16]) -> bool {
    let last_period = name.iter().rposition(|unit| *unit == PERIOD);
    let mut reached = vec![false; expression.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for (at, unit) in name.iter().copied().enumerate() {
        skip(expression, &mut reached, Some(unit));
        let mut next = vec![false; reached.len()];
        for (place, wanted) in expression.iter().copied().enumerate() {
            if !reached.get(place).copied().unwrap_or(false) {
                continue;
            }
            let (consumes, stays) = match wanted {
                STAR => (true, true),
                DOS_STAR => (last_period != Some(at), true),
                QUESTION => (true, false),
                DOS_QM => (unit != PERIOD, false),
                DOS_DOT => (unit == PERIOD, false),
                literal => (literal == unit, false),
            };
            if let Some(led_to) = next.get_mut(if stays { place } else { place + 1 }) {
                *led_to |= consumes;
            }
            // "until encountering and matching the final ." Windows: `<txt` finds Fine.txt, in the DOS_STAR_WildCard cases of
            // WindowsProtocolTestSuites.
            if wanted == DOS_STAR
                && last_period == Some(at)
                && let Some(led_to) = next.get_mut(place + 1)
            {
                *led_to = true;
            }
        }
        reached = next;
    }
    skip(expression, &mut reached, None);
    reached.last().copied().unwrap_or(false)
}

/// Adds the places that are reached without a character: `unit` is the next one, `None` the end of the name.
fn skip(expression: &[u16], reached: &mut [bool], unit: Option<u16>) {
    for (place, wanted) in expression.iter().copied().enumerate() {
        let free = match wanted {
            STAR | DOS_STAR => true,
            DOS_QM => unit.is_none_or(|unit| unit == PERIOD),
            DOS_DOT => unit.is_none(),
            _ => false,
        };
        if free
            && reached.get(place).copied().unwrap_or(false)
            && let Some(after) = reached.get_mut(place + 1)
        {
            *after = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn matches(pattern: &str, name: &str) -> bool {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        Pattern::new(&units(pattern)).matches(&units(name))
    }

    #[test]
    fn a_star_matches_any_characters_and_none() {
        for name in ["", "a", "a.b.c"] {
            assert!(matches("*", name));
        }
        assert!(matches("a*c", "ac") && matches("a*c", "abbc") && !matches("a*c", "abcd"));
        assert!(matches("*.*", "no_period"), "the book's special case");
    }

    #[test]
    fn a_question_mark_matches_one_character() {
        assert!(matches("a?c", "abc") && matches("?", "."));
        assert!(!matches("a?", "a") && !matches("a?", "abc"));
    }

    #[test]
    fn names_compare_without_case() {
        assert!(matches("ReadMe.TXT", "readme.txt") && matches("*.TXT", "readme.txt"));
        assert!(matches("\u{e4}*", "\u{c4}pfel"));
    }

    #[test]
    fn dos_star_does_not_take_the_last_period() {
        assert!(matches("<", "name") && !matches("<", "name.txt"), "`dir *.` lists names without extension");
        assert!(matches("<.txt", "a.b.txt") && !matches("<.b", "a.b.txt"));
        assert!(matches("<txt", "a.b.txt") && !matches("<b", "a.b.txt") && !matches("<txt", "atxt.b"));
        assert!(matches("<", "name.") && matches("<txt", "nametxt"), "and where there is none to match");
    }

    #[test]
    fn dos_question_marks_end_early_at_a_period_and_at_the_end() {
        assert!(matches(">>>", "a") && matches(">>>.txt", "a.txt") && matches(">>>", "abc"));
        assert!(!matches(">>>", "abcd") && !matches(">", "."));
    }

    #[test]
    fn dos_dot_is_a_period_or_nothing_at_the_end() {
        assert!(matches("a\"b", "a.b") && matches("a\"", "a") && matches("a\"", "a."));
        assert!(!matches("a\"b", "ab"));
        assert!(matches("<\"*", "a.b") && matches("<\"*", "a"), "what `*.*` becomes after `a`");
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        let pattern = "*a".repeat(120);
        assert!(!matches(&format!("{pattern}b"), &"a".repeat(255)));
    }
}
