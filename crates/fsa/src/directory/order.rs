//! The order of names in a directory: that of their upper case, as on NTFS.
use crate::host::HostNames;
use crate::host::name::decode_into;
use nt::upcase;

/// So many units of a name nearly always decide.
const FIRST_UNITS: usize = 8;

/// Puts names in order. Those whose upper case is one are ordered by what the host has of them.
pub(super) fn by_upper_case(names: &HostNames) -> HostNames {
    // All names in upper case, one behind the other, and where each ends.
    let mut all: Vec<u16> = Vec::new();
    let mut ends: Vec<usize> = Vec::with_capacity(names.len());
    // The first units of each name as one number, and which it is.
    let mut keys: Vec<(u128, usize)> = Vec::with_capacity(names.len());
    let mut decoded = Vec::new();
    for (at, entry) in names.iter().enumerate() {
        let start = all.len();
        match entry.name.is_ascii() {
            true => all.extend(entry.name.iter().map(|byte| u16::from(byte.to_ascii_uppercase()))),
            false => {
                decode_into(entry.name, &mut decoded);
                all.extend(decoded.iter().copied().map(upcase));
            }
        }
        ends.push(all.len());
        let units = all.get(start..).unwrap_or_default();
        let first = units.iter().take(FIRST_UNITS).fold(0, |first, unit| first << 16 | u128::from(*unit));
        let missing = u32::try_from(16 * FIRST_UNITS.saturating_sub(units.len())).unwrap_or_default();
        keys.push((first.checked_shl(missing).unwrap_or_default(), at));
    }
    let units = |at: usize| {
        let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        ends.get(at).and_then(|end| all.get(start..*end)).unwrap_or_default()
    };
    keys.sort_unstable_by(|(first, at), (other, other_at)| {
        first.cmp(other).then_with(|| units(*at).cmp(units(*other_at))).then_with(|| {
            names.get(*at).map(|entry| entry.name).cmp(&names.get(*other_at).map(|entry| entry.name))
        })
    });
    names.in_order(keys.iter().map(|(_, at)| *at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(names: &[&str]) -> Vec<String> {
        let mut all = HostNames::default();
        names.iter().for_each(|name| all.push(name.as_bytes(), 0));
        by_upper_case(&all).iter().map(|entry| String::from_utf8(entry.name.to_vec()).unwrap()).collect()
    }

    #[test]
    fn names_are_ordered_by_their_upper_case() {
        assert_eq!(
            ordered(&["b", "_", "a", "C"]),
            ["a", "b", "C", "_"],
            "an underscore comes behind letters"
        );
        assert_eq!(ordered(&["abcde", "ABCD", "abcd0"]), ["ABCD", "abcd0", "abcde"]);
        assert_eq!(ordered(&["\u{e4}", "z", "\u{c3}"]), ["z", "\u{c3}", "\u{e4}"]);
        assert_eq!(ordered(&["x", "X"]), ["X", "x"], "where two differ in case only, their bytes decide");
        assert_eq!(ordered(&["X", "x"]), ["X", "x"]);
    }

    /// The first units are compared apart from the rest: that must not show.
    #[test]
    fn the_order_is_that_of_all_units() {
        let mut names: Vec<String> =
            (0..2000u32).map(|n| format!("file-{:x}", n.wrapping_mul(2_654_435_761) % 50_000)).collect();
        names.sort_unstable();
        names.dedup();
        let mut wanted = names.clone();
        wanted.sort_by_key(|name| name.to_uppercase());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(ordered(&names), wanted);
    }
}
