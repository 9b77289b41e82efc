//! The tables of conformance/: a test, its verdict, the reason.
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Pass,
    Fail,
    Skip,
}

impl Verdict {
    fn of(word: &str) -> Option<Verdict> {
        match word {
            "pass" => Some(Verdict::Pass),
            "fail" | "timeout" | "crash" => Some(Verdict::Fail),
            "skip" => Some(Verdict::Skip),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Skip => "skip",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) verdict: Verdict,
    pub(super) reason: String,
}

/// Test to verdict, in order of names.
pub(super) type Rows = BTreeMap<String, Row>;

/// Lines of `test<TAB>verdict<TAB>reason`; comments and the line of titles are no rows.
pub(super) fn parse(text: &str) -> Rows {
    text.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<(String, Row)> {
    let mut fields = line.split('\t');
    let test = fields.next().filter(|test| !test.starts_with('#'))?;
    let verdict = Verdict::of(fields.next()?)?;
    let reason = fields.next().unwrap_or_default().trim().to_owned();
    Some((test.to_owned(), Row { verdict, reason }))
}

/// The rows of a table; none when there is no file yet.
pub(super) fn read(name: &str) -> Result<Rows, String> {
    let path = format!("conformance/{name}.tsv");
    if !Path::new(&path).exists() {
        return Ok(Rows::new());
    }
    std::fs::read_to_string(&path).map(|text| parse(&text)).map_err(|error| format!("{path}: {error}"))
}

/// A judge that ran every test it has: one that the table has and nobody saw is a difference too.
pub(super) fn settle_all(name: &str, seen: &Rows, update: bool) -> Result<(), String> {
    let expected = read(name)?;
    let missing: Vec<&String> = expected.keys().filter(|test| !seen.contains_key(*test)).collect();
    settle(name, seen, update)?;
    match missing.is_empty() || update {
        true => Ok(()),
        false => Err(format!("conformance/{name}.tsv has tests that did not run: {missing:?}")),
    }
}

/// Says what was seen, and fails where the table says otherwise; or writes it into the table.
pub(super) fn settle(name: &str, seen: &Rows, update: bool) -> Result<(), String> {
    let expected = read(name)?;
    println!("== {name}: {}", summary(seen));
    if update {
        return write(name, expected, seen);
    }
    let wrong = differences(&expected, seen);
    wrong.iter().for_each(|line| println!("   {line}"));
    match wrong.len() {
        0 => Ok(()),
        count => Err(format!(
            "{count} results differ from conformance/{name}.tsv; correct the table with --update once they are understood"
        )),
    }
}

/// A line for each test whose verdict the table does not have.
pub(super) fn differences(expected: &Rows, seen: &Rows) -> Vec<String> {
    let differs = |(test, row): (&String, &Row)| {
        let wanted = expected.get(test).map(|row| row.verdict);
        let told = match wanted {
            Some(wanted) if wanted == row.verdict => return None,
            Some(wanted) => format!("the table says {}", wanted.word()),
            None => "no table has it".to_owned(),
        };
        Some(format!("{test}: {} ({told}) {}", row.verdict.word(), row.reason))
    };
    seen.iter().filter_map(differs).collect()
}

/// `N passed, M failed, K skipped`
pub(super) fn summary(rows: &Rows) -> String {
    let [passed, failed, skipped] = counts(rows);
    format!("{passed} passed, {failed} failed, {skipped} skipped")
}

pub(super) fn counts(rows: &Rows) -> [usize; 3] {
    [Verdict::Pass, Verdict::Fail, Verdict::Skip]
        .map(|verdict| rows.values().filter(|row| row.verdict == verdict).count())
}

/// A reason that stands in the table stays while the verdict does: a person may have written it.
fn write(name: &str, mut rows: Rows, seen: &Rows) -> Result<(), String> {
    for (test, row) in seen {
        match rows.get(test) {
            Some(old) if old.verdict == row.verdict && !old.reason.is_empty() => {}
            _ => {
                rows.insert(test.clone(), row.clone());
            }
        }
    }
    let path = format!("conformance/{name}.tsv");
    let head = std::fs::read_to_string(&path).unwrap_or_default();
    let mut text: String =
        head.lines().take_while(|line| line.starts_with('#')).flat_map(|line| [line, "\n"]).collect();
    text.push_str("test\tverdict\treason\n");
    for (test, row) in &rows {
        text.push_str(&format!("{test}\t{}\t{}\n", row.verdict.word(), row.reason));
    }
    std::fs::write(&path, text).map_err(|error| format!("{path}: {error}"))?;
    super::scoreboard::write()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# a comment\ntest\tverdict\treason\na\tpass\t\nb\tfail\twhy\nc\tskip\tneeds more\n";

    #[test]
    fn what_the_table_says_is_no_difference() {
        let rows = parse(TABLE);
        assert_eq!(counts(&rows), [1, 1, 1]);
        assert!(differences(&rows, &rows).is_empty());
    }

    #[test]
    fn an_unexpected_pass_fails_and_so_does_an_unknown_test() {
        let told = differences(&parse(TABLE), &parse("b\tpass\nnew\tpass\na\ttimeout\tslow\n"));
        assert_eq!(told.len(), 3, "{told:?}");
    }
}
