//! docs/SCOREBOARD.md: what stands between its two marks is made from the tables of the server's judges.
use super::table::{self, Rows, Verdict};
use std::collections::BTreeMap;

const PAGE: &str = "docs/SCOREBOARD.md";
const BEGIN: &str = "<!-- made by `cargo xtask judge scoreboard`: begin -->";
const END: &str = "<!-- made by `cargo xtask judge scoreboard`: end -->";

/// The table, and what it is.
const JUDGES: &[(&str, &str)] = &[
    (
        "clients",
        "smbprotocol 1.17.0 and impacket 0.13.1 from PyPI, Debian's smbclient, the local command: `cargo xtask judge clients`",
    ),
    (
        "kernel",
        "the SMB client of Debian trixie's kernel (6.12), under qemu: `cargo xtask judge kernel trixie`",
    ),
    ("kernel-backports", "the same of trixie-backports (7.3): `cargo xtask judge kernel trixie-backports`"),
    (
        "smbtorture",
        "smbtorture of Debian's samba-testsuite, each smb2 test alone: `cargo xtask judge smbtorture`",
    ),
    (
        "pike",
        "pike 0.4.6 (emc-isilon, in Python), its own tests; ten minutes, not in CI: `cargo xtask judge pike`",
    ),
    (
        "suites",
        "the tests of smbprotocol 1.17.0 and impacket 0.13.1 that ask a server; five minutes, not in CI: `cargo xtask judge suites`",
    ),
    (
        "wpts",
        "Microsoft's WindowsProtocolTestSuites, FileServer, the cases of SMB2 and FSA, which want .NET and Windows: what they assert, asked \
         by tests of ours (`cargo test -p pointsman-daemon --test wpts`) that the table names",
    ),
];

/// Writes the page anew.
pub(crate) fn write() -> Result<(), String> {
    let page = std::fs::read_to_string(PAGE).map_err(|error| format!("{PAGE}: {error}"))?;
    std::fs::write(PAGE, with_part(&page, &part()?)).map_err(|error| format!("{PAGE}: {error}"))
}

/// Fails when the page is not what the tables say.
pub(crate) fn check() -> Result<(), String> {
    let page = std::fs::read_to_string(PAGE).map_err(|error| format!("{PAGE}: {error}"))?;
    match page == with_part(&page, &part()?) {
        true => Ok(()),
        false => Err(format!("{PAGE} is not what conformance/ says: run `cargo xtask judge scoreboard`")),
    }
}

fn with_part(page: &str, part: &str) -> String {
    let (before, after) = match page.split_once(BEGIN) {
        Some((before, rest)) => (before, rest.split_once(END).map_or("\n", |(_, after)| after)),
        None => (page, "\n"),
    };
    format!("{}\n\n{BEGIN}\n{part}{END}{after}", before.trim_end())
}

fn part() -> Result<String, String> {
    let mut text = String::from(
        "\n## The server against clients and suites of others\n\n| table | tests | pass | fail | skip | what it is |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (name, what) in JUDGES {
        let rows = table::read(name)?;
        if rows.is_empty() {
            continue;
        }
        text.push_str(&line(&format!("[{name}](../conformance/{name}.tsv)"), &rows));
        text.push_str(&format!(" {what} |\n"));
    }
    text.push_str("\nAn unexpected pass fails the run as an unexpected failure does. The reason of every failure and skip stands in the table.\n");
    text.push_str("\n### smbtorture by suite\n\n| suite | tests | pass | fail | skip |\n| --- | --- | --- | --- | --- |\n");
    let mut suites: BTreeMap<String, Rows> = BTreeMap::new();
    for (test, row) in table::read("smbtorture")? {
        let suite = test.split('.').take(2).collect::<Vec<_>>().join(".");
        suites.entry(suite).or_default().insert(test, row);
    }
    for (suite, rows) in &suites {
        if rows.values().any(|row| row.verdict != Verdict::Skip) {
            text.push_str(&line(suite, rows));
            text.push('\n');
        }
    }
    text.push('\n');
    Ok(text)
}

fn line(name: &str, rows: &Rows) -> String {
    let [pass, fail, skip] = table::counts(rows);
    format!("| {name} | {} | {pass} | {fail} | {skip} |", rows.len())
}
