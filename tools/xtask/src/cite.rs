//! Citations: `[MS-FSA] 2.1.5.10.3` in a comment names a section that exists.
use crate::sources::{Source, verdict, with_extension};
use std::collections::HashSet;
use std::fs;

const SECTIONS: &str = "docs/spec/sections.tsv";

/// One mention of a specification: where it stands, and the sections it names, if it cites any.
pub(crate) struct Citation<'a> {
    pub(crate) line: usize,
    pub(crate) spec: &'a str,
    pub(crate) sections: Vec<&'a str>,
    /// A number follows, but not in the form of a citation.
    pub(crate) ill_formed: bool,
}

/// Every citation in the comments of a source.
pub(crate) fn citations(source: &Source) -> Vec<Citation<'_>> {
    let mut found = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let Some(comment) = line.find("//").and_then(|start| line.get(start..)) else { continue };
        for (start, _) in comment.match_indices("[MS-") {
            let rest = comment.get(start + 1..).unwrap_or_default();
            let Some((spec, rest)) = rest.split_once(']') else { continue };
            let sections = sections(rest);
            let ill_formed = sections.is_empty() && numbered(rest);
            found.push(Citation { line: at + 1, spec, sections, ill_formed });
        }
    }
    found
}

/// ` 2.4, 2.5 and 2.6.1 ...`: the section numbers that follow a specification's name.
fn sections(mut text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut separators: &[&str] = &[" "];
    while let Some(rest) = separators.iter().find_map(|separator| text.strip_prefix(separator)) {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest.get(..end).unwrap_or_default().trim_end_matches('.');
        if !number.split('.').all(|part| !part.is_empty()) {
            break;
        }
        found.push(number);
        text = rest.get(number.len()..).unwrap_or_default();
        separators = &[", ", " and ", " to "];
    }
    found
}

/// True when a section number follows in some other form: `[..]2.1`, `[..], 2.1`, `[..] section 2.1`. What cites a note
/// (`<146>`) or a name of the abstract data model (`Open.Mode`) or nothing at all is not a citation of a section.
fn numbered(text: &str) -> bool {
    let bare = |text: &str| text.trim_start_matches([' ', ',', ':', '.', '\u{a7}']).to_owned();
    let mut text = bare(text);
    for word in ["sections", "section", "chapter", "sec"] {
        if let Some(rest) = text.strip_prefix(word) {
            text = bare(rest);
        }
    }
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Fails when a cited section is not in the table.
pub(crate) fn cite() -> Result<(), String> {
    let table = fs::read_to_string(SECTIONS).map_err(|error| format!("{SECTIONS}: {error}"))?;
    let known: HashSet<(&str, &str)> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some((columns.next()?, columns.next()?))
        })
        .collect();
    let mut complaints = Vec::new();
    let mut count = 0;
    let sources = with_extension("rs")?;
    for source in &sources {
        for citation in citations(source) {
            count += citation.sections.len();
            for section in citation.sections {
                if !known.contains(&(citation.spec, section)) {
                    let (path, line, spec) = (source.path.display(), citation.line, citation.spec);
                    complaints.push(format!("{path}:{line}: [{spec}] has no section {section}"));
                }
            }
        }
    }
    println!("== citations: {count} of {} known sections", known.len());
    verdict("citations", &complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(line: &str) -> Vec<String> {
        let source = Source { path: "a.rs".into(), text: line.to_owned() };
        let each = |citation: Citation<'_>| {
            citation.sections.iter().map(|s| format!("{} {s}", citation.spec)).collect::<Vec<_>>()
        };
        citations(&source).into_iter().flat_map(each).collect()
    }

    #[test]
    fn a_citation_s_sections_are_read_to_the_last() {
        assert_eq!(cited("/// [MS-FSA] 2.1.5.10.3"), ["MS-FSA 2.1.5.10.3"]);
        assert_eq!(cited("//! [MS-FSCC] 2.4 and 2.5: classes."), ["MS-FSCC 2.4", "MS-FSCC 2.5"]);
        let both = cited("f(); // [MS-DTYP] 2.4.2 to 2.4.6, 2.5.3. See [MS-SMB2] 2.2.13.1.1, note 50.");
        assert_eq!(both, ["MS-DTYP 2.4.2", "MS-DTYP 2.4.6", "MS-DTYP 2.5.3", "MS-SMB2 2.2.13.1.1"]);
    }

    #[test]
    fn what_is_not_in_a_comment_is_no_citation() {
        assert_eq!(cited("let text = \"[MS-FSA] 2.1\";"), Vec::<String>::new());
    }

    #[test]
    fn a_number_in_another_form_is_ill_formed_and_a_mere_mention_is_not() {
        let ill_formed = |rest: &str| {
            let source = Source { path: "a.rs".into(), text: format!("// {}MS-FSA]{rest}", '[') };
            citations(&source).iter().any(|citation| citation.ill_formed)
        };
        for rest in ["2.1", ", 2.1", " section 2.1.5", " \u{a7}2.1", ": sections 2.1 and 2.2", "  2.1"] {
            assert!(ill_formed(rest), "{rest:?}");
        }
        for rest in [" 2.1.5", " <146>", " Open.Mode", "", " for all of it", ", and 3 more"] {
            assert!(!ill_formed(rest), "{rest:?}");
        }
    }
}
