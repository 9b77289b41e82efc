//! The rules of layout that no compiler knows.
use crate::arrows;
use crate::cite::citations;
use crate::sources::{Source, verdict, with_extension};

const LINES_GOOD: usize = 600;
const LINES_MAX: usize = 900;

/// Names that say nothing about what is inside.
const BANNED_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "types"];

/// Holes behind names. Written in halves, so that this file is not one of its own finds.
const HOLES: &[&str] = &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];

/// Lints that keep outside input from ending the process: lifted in tests only.
const KEPT_LINTS: &[&str] =
    &["clippy::unwrap_used", "clippy::expect_used", "clippy::panic", "clippy::indexing_slicing"];

/// Checks every rule, and fails when one is broken.
pub(crate) fn tidy() -> Result<(), String> {
    let mut complaints: Vec<String> = with_extension("toml")?.iter().flat_map(arrows::complaints).collect();
    for source in &with_extension("rs")? {
        length(source, &mut complaints);
        name(source, &mut complaints);
        lines(source, &mut complaints);
        for citation in citations(source).iter().filter(|citation| citation.ill_formed) {
            let (path, line, spec) = (source.path.display(), citation.line, citation.spec);
            complaints.push(format!("{path}:{line}: a citation is written [{spec}] n.n.n"));
        }
    }
    verdict("tidy", &complaints)
}

fn length(source: &Source, complaints: &mut Vec<String>) {
    let (path, lines) = (source.path.display(), source.text.lines().count());
    if lines > LINES_MAX {
        complaints.push(format!("{path}: {lines} lines, the most is {LINES_MAX}"));
    } else if lines > LINES_GOOD {
        println!("warning: {path}: {lines} lines, better {LINES_GOOD} at the most");
    }
}

fn name(source: &Source, complaints: &mut Vec<String>) {
    for part in source.path.iter().map(|part| part.to_string_lossy()) {
        let stem = part.strip_suffix(".rs").unwrap_or(&part);
        if BANNED_NAMES.contains(&stem) {
            complaints.push(format!("{}: `{stem}` says nothing about what is inside", source.path.display()));
        }
    }
}

fn lines(source: &Source, complaints: &mut Vec<String>) {
    let path = source.path.display();
    for (at, line) in source.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for hole in HOLES.iter().filter(|hole| code.contains(**hole)) {
            complaints.push(format!("{path}:{}: `{}` is a hole", at + 1, hole.trim_end_matches('(')));
        }
        let lifts = code.contains("allow(") || code.contains("expect(clippy");
        for lint in KEPT_LINTS.iter().filter(|lint| lifts && code.contains(**lint)) {
            if !source.is_test(at) && !code.contains('"') {
                complaints.push(format!("{path}:{}: `{lint}` is lifted outside tests", at + 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(path: &str, text: &str) -> usize {
        let source = Source { path: path.into(), text: text.to_owned() };
        let mut complaints = Vec::new();
        length(&source, &mut complaints);
        name(&source, &mut complaints);
        lines(&source, &mut complaints);
        complaints.len()
    }

    #[test]
    fn a_file_or_folder_that_says_nothing_is_a_complaint() {
        assert_eq!(complaints_about("crates/nt/src/util.rs", ""), 1);
        assert_eq!(complaints_about("crates/nt/src/common/mod.rs", ""), 1);
        assert_eq!(complaints_about("crates/nt/src/utility_belt.rs", ""), 0);
    }

    #[test]
    fn a_file_may_have_nine_hundred_lines_and_no_more() {
        assert_eq!(complaints_about("a.rs", &"\n".repeat(900)), 0);
        assert_eq!(complaints_about("a.rs", &"\n".repeat(901)), 1);
    }

    #[test]
    fn a_hole_is_a_complaint_in_code_and_not_in_a_comment() {
        let hole = concat!("todo", "!()");
        assert_eq!(complaints_about("a.rs", &format!("fn f() {{ {hole} }}")), 1);
        assert_eq!(complaints_about("a.rs", &format!("// {hole} is banned")), 0);
    }

    #[test]
    fn a_kept_lint_is_lifted_in_tests_only() {
        let lift = concat!("#[allow(", "clippy::unwrap_used)]");
        assert_eq!(complaints_about("crates/nt/src/a.rs", lift), 1);
        assert_eq!(complaints_about("crates/nt/tests/a.rs", lift), 0);
        assert_eq!(complaints_about("crates/nt/src/a.rs", &format!("#[cfg(test)]\n{lift}")), 0);
        assert_eq!(complaints_about("crates/nt/src/a.rs", &format!("{lift}\n#[cfg(test)]")), 1);
    }
}
