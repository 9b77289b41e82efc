//! The order of names in a directory: that of their upper case, as on NTFS.
use crate::host::HostEntry;
use crate::host::name::decode;
use nt::upcase;

/// Puts entries in order. Those whose upper case is one are ordered by what the host has of them.
pub(super) fn by_upper_case(entries: Vec<HostEntry>) -> Vec<HostEntry> {
    // All names in upper case, one behind the other, and where each ends.
    let mut all: Vec<u16> = Vec::new();
    let mut ends: Vec<usize> = Vec::with_capacity(entries.len());
    // The first units of a name nearly always decide; then which it is.
    let mut keys: Vec<(u64, usize)> = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let start = all.len();
        match entry.name.0.is_ascii() {
            true => all.extend(entry.name.0.iter().map(|byte| u16::from(byte.to_ascii_uppercase()))),
            false => all.extend(decode(&entry.name.0).into_iter().map(upcase)),
        }
        ends.push(all.len());
        let units = all.get(start..).unwrap_or_default().iter().copied().chain(core::iter::repeat(0));
        keys.push((units.take(4).fold(0, |first, unit| first << 16 | u64::from(unit)), at));
    }
    let units = |at: usize| {
        let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        ends.get(at).and_then(|end| all.get(start..*end)).unwrap_or_default()
    };
    keys.sort_unstable_by(|(first, at), (other, other_at)| {
        first.cmp(other).then_with(|| units(*at).cmp(units(*other_at))).then_with(|| {
            entries.get(*at).map(|entry| &entry.name).cmp(&entries.get(*other_at).map(|entry| &entry.name))
        })
    });
    let mut entries: Vec<Option<HostEntry>> = entries.into_iter().map(Some).collect();
    keys.into_iter().filter_map(|(_, at)| entries.get_mut(at)?.take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HostName;

    fn ordered(names: &[&str]) -> Vec<String> {
        let entry = |name: &&str| HostEntry { name: HostName(name.as_bytes().to_vec()), inode: 0 };
        let entries = by_upper_case(names.iter().map(entry).collect());
        entries.into_iter().map(|entry| String::from_utf8(entry.name.0).unwrap()).collect()
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

    /// The first four units are compared apart from the rest: that must not show.
    #[test]
    fn the_order_is_that_of_all_units() {
        let mut names: Vec<String> =
            (0..2000u32).map(|n| format!("f{:x}", n.wrapping_mul(2_654_435_761) % 5000)).collect();
        names.sort_unstable();
        names.dedup();
        let mut wanted = names.clone();
        wanted.sort_by_key(|name| name.to_uppercase());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(ordered(&names), wanted);
    }
}
