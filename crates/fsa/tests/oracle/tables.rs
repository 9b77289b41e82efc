//! The tables of `conformance/`: what each row of a suite came to, and that they tell the truth.
use super::{samba, semantics, winbtrfs, wine, wine_symlinks, winfsp_and_clients};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Every table: its name, and its text.
const TABLES: &[(&str, &str)] = &[
    ("oracle-wine", include_str!("../../../../conformance/oracle-wine.tsv")),
    ("oracle-winbtrfs", include_str!("../../../../conformance/oracle-winbtrfs.tsv")),
    ("oracle-samba", include_str!("../../../../conformance/oracle-samba.tsv")),
    ("oracle-clients", include_str!("../../../../conformance/oracle-clients.tsv")),
    ("oracle-semantics", include_str!("../../../../conformance/oracle-semantics.tsv")),
];

/// How many rows each section of the semantics has: none is forgotten, and none is made up.
const SECTIONS: &[(&str, usize)] = &[
    ("2.2", 21),
    ("2.3", 10),
    ("2.4", 9),
    ("3.2", 19),
    ("3.2-syntax", 12),
    ("3.3", 7),
    ("3.4", 10),
    ("3.5", 14),
    ("3.6", 13),
    ("6.2", 50),
    ("6.3", 28),
];

const SCOREBOARD: &str = include_str!("../../../../docs/SCOREBOARD.md");

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Verdict {
    Pass,
    Fail,
    Skip,
}

/// One line of a table: row, fact, verdict, scenarios, reason.
struct Row {
    id: &'static str,
    verdict: Verdict,
    scenarios: Vec<&'static str>,
    reason: &'static str,
}

impl Row {
    fn parse(line: &'static str) -> Row {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[id, fact, verdict, scenarios, reason] = fields.as_slice() else {
            panic!("a row has five fields, separated by tabs: {line}")
        };
        assert!(!id.is_empty() && !fact.is_empty(), "a row says what it is of: {line}");
        let verdict = match verdict {
            "pass" => Verdict::Pass,
            "fail" => Verdict::Fail,
            "skip" => Verdict::Skip,
            other => panic!("`{other}` is no verdict: {line}"),
        };
        let scenarios = scenarios.split(' ').filter(|name| !name.is_empty()).collect();
        Row { id, verdict, scenarios, reason }
    }
}

fn rows(table: &'static str) -> Vec<Row> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.skip(1).map(Row::parse).collect()
}

fn every_row() -> Vec<Row> {
    TABLES.iter().flat_map(|(_, text)| rows(text)).collect()
}

fn every_scenario() -> BTreeSet<&'static str> {
    let suites = [
        wine::SCENARIOS,
        wine_symlinks::SCENARIOS,
        winbtrfs::SCENARIOS,
        samba::SCENARIOS,
        winfsp_and_clients::SCENARIOS,
        semantics::SCENARIOS,
    ];
    suites.into_iter().flatten().copied().collect()
}

/// Runs a scenario and holds it to what the tables say of it.
pub fn judge(name: &str, scenario: impl FnOnce()) {
    let rows = every_row();
    let mut verdicts = rows.iter().filter(|row| row.scenarios.contains(&name)).map(|row| row.verdict);
    let verdict = verdicts.next().unwrap_or_else(|| panic!("no table in conformance/ names {name}"));
    if verdict == Verdict::Pass {
        return scenario();
    }
    let failed = catch_unwind(AssertUnwindSafe(scenario)).is_err();
    assert!(failed, "{name} passes, and a table in conformance/ says that it fails: correct the table");
}

#[test]
fn every_scenario_is_in_a_table_and_every_table_names_scenarios_that_exist() {
    let known = every_scenario();
    let named: BTreeSet<&str> = every_row().iter().flat_map(|row| row.scenarios.clone()).collect();
    assert_eq!(known.difference(&named).collect::<Vec<_>>(), [&""; 0], "in no table");
    assert_eq!(named.difference(&known).collect::<Vec<_>>(), [&""; 0], "no such scenario");
}

#[test]
fn a_row_that_passes_has_a_scenario_and_one_that_does_not_has_a_reason() {
    for row in every_row() {
        let Row { id, verdict, scenarios, reason } = &row;
        match verdict {
            Verdict::Pass => assert!(!scenarios.is_empty(), "{id} has no scenario"),
            Verdict::Fail => {
                assert!(!scenarios.is_empty() && !reason.is_empty(), "{id}: scenario and reason")
            }
            Verdict::Skip => assert!(scenarios.is_empty() && !reason.is_empty(), "{id}: a reason alone"),
        }
    }
}

#[test]
fn a_scenario_has_one_verdict_in_every_row_that_names_it() {
    let mut verdicts: BTreeMap<&str, Verdict> = BTreeMap::new();
    for row in every_row() {
        for name in &row.scenarios {
            let verdict = *verdicts.entry(name).or_insert(row.verdict);
            assert_eq!(verdict, row.verdict, "{name}, {}", row.id);
        }
    }
}

#[test]
fn no_row_has_the_name_of_another() {
    let mut seen = BTreeSet::new();
    for row in every_row() {
        assert!(seen.insert(row.id), "{} twice", row.id);
    }
}

#[test]
fn every_row_of_the_semantics_is_in_a_table() {
    let ids: BTreeSet<&str> = every_row().iter().map(|row| row.id).collect();
    for (section, count) in SECTIONS {
        let prefix = format!("{section}/");
        let found = ids.iter().filter(|id| id.starts_with(&prefix)).count();
        assert_eq!(found, *count, "rows of section {section}");
    }
}

#[test]
fn the_scoreboard_shows_what_the_tables_say() {
    for (name, text) in TABLES {
        let rows = rows(text);
        let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
        let (pass, fail, skip) = (count(Verdict::Pass), count(Verdict::Fail), count(Verdict::Skip));
        let line =
            format!("| [{name}](../conformance/{name}.tsv) | {} | {pass} | {fail} | {skip} |", rows.len());
        assert!(SCOREBOARD.lines().any(|have| have.starts_with(&line)), "docs/SCOREBOARD.md wants: {line}");
    }
}
