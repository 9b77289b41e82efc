//! The headers: their numbers against the tables of docs/spec, and their calls against the library.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // tests: they end by a panic, and say what they skip
mod programs;

use programs::{have, include, libraries};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn header(name: &str) -> String {
    fs::read_to_string(include().join("pointsman").join(name)).unwrap()
}

fn number(text: &str) -> u64 {
    let bare = text.trim_matches(|c: char| !c.is_ascii_hexdigit() && c != 'x').trim_end_matches(['L', 'u']);
    match bare.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
        None => bare.parse().unwrap(),
    }
}

/// Names and numbers of a table.
fn table(name: &str) -> BTreeSet<(String, u64)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec").join(name);
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let mut columns = row.split('\t');
        (columns.next().unwrap().to_owned(), number(columns.next().unwrap()))
    })
    .collect()
}

/// Names and numbers that a header defines.
fn defined(name: &str) -> BTreeSet<(String, u64)> {
    let text = header(name);
    let defines = text.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    defines.map(|(name, value)| (name.to_owned(), number(value.trim_start_matches("((NTSTATUS)")))).collect()
}

#[test]
fn the_numbers_are_those_of_the_specification_s_tables() {
    assert_eq!(defined("winerror.h"), table("win32.tsv"));
    assert_eq!(defined("ntstatus.h"), table("ntstatus.tsv"));
    assert_eq!(defined("reparse_tags.h"), table("reparse_tags.tsv"));
}

/// A call that is not built is not declared, and one that is built can be found.
#[test]
fn what_is_declared_is_what_the_library_exports() {
    if !have("nm") {
        println!("skip: nm is not installed (binutils)");
        return;
    }
    let text = header("winioctl.h");
    let declared: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '(')
        .filter_map(|word| word.split_once('(').map(|(name, _)| name))
        .filter(|name| name.starts_with("Pointsman"))
        .collect();
    let library = libraries().join("libpointsman.so");
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().unwrap();
    let symbols = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<&str> = symbols.lines().filter_map(|line| line.split(' ').next_back()).collect();
    assert_eq!(declared, exported.into_iter().filter(|name| name.starts_with("Pointsman")).collect());
}
