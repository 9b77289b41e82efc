//! conformance/wpts.tsv: which test of ours stands for which case of WindowsProtocolTestSuites, which cannot run here. A case that
//! passes names a file and a test in it, or a row of another table that passes; both must be there.
use super::table::{self, Row, Verdict};
use std::path::PathBuf;

/// Fails where a case names no test that there is.
pub(super) fn check() -> Result<(), String> {
    let rows = table::read("wpts")?;
    let passes = rows.iter().filter(|(_, row)| row.verdict == Verdict::Pass);
    let wrong: Vec<String> =
        passes.filter_map(|(case, row)| Some(format!("{case}: {}", fault(row)?))).collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("conformance/wpts.tsv: {}", wrong.join("; "))),
    }
}

/// What is wrong with a row that passes.
fn fault(row: &Row) -> Option<String> {
    let Some((place, name)) = row.reason.split_once(' ') else { return Some("it names no test".to_owned()) };
    if !place.contains('/') {
        let there = table::read(place).ok()?.get(name).is_some_and(|row| row.verdict == Verdict::Pass);
        return (!there).then(|| format!("{name} does not pass in conformance/{place}.tsv"));
    }
    let root = if place.starts_with("wpts/") { "crates/daemon/tests" } else { "crates" };
    let path = PathBuf::from(root).join(place);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let there = text.contains(&format!("fn {name}()")) || text.contains(&format!("== {name}"));
    (!there).then(|| format!("{} has no {name}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_names_no_test_that_there_is_is_found() {
        let row = |reason: &str| Row { verdict: Verdict::Pass, reason: reason.to_owned() };
        assert!(fault(&row("covered")).is_some());
        assert!(fault(&row("wpts/leases.rs no_such_test")).is_some());
        assert!(fault(&row("pike no.such.row")).is_some());
    }
}
