//! What the documents and the help show is run: their examples work, their output is the real one, and what is generated
//! from the definition of the command line is up to date.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // a test that fails does so by a panic
mod run;

use run::Scratch;
use std::fs;
use std::path::{Path, PathBuf};

/// The commands with help of their own.
const COMMANDS: [&str; 17] = [
    "set",
    "get",
    "delete",
    "explain",
    "find",
    "resolve",
    "copy",
    "retarget",
    "check",
    "cat",
    "save",
    "restore",
    "tour",
    "serve",
    "user",
    "status",
    "completions",
];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blessing() -> bool {
    std::env::var_os("POINTSMAN_BLESS").is_some()
}

/// Runs every `console` block of a document, each in a directory of its own, and compares what each `$` line prints with
/// what stands below it. Under POINTSMAN_BLESS it writes the document anew instead.
fn check_document(name: &str) {
    let path = project().join(name);
    let text = fs::read_to_string(&path).expect(name);
    let renewed = renewed(&text);
    if blessing() {
        fs::write(&path, renewed).expect(name);
        return;
    }
    for (at, (is, should)) in text.lines().zip(renewed.lines()).enumerate() {
        assert_eq!(is, should, "{name}:{}: the output differs; POINTSMAN_BLESS=1 renews it", at + 1);
    }
    assert_eq!(text.lines().count(), renewed.lines().count(), "{name} ends early or late");
}

/// The document with the output of every command as it is now.
fn renewed(text: &str) -> String {
    let mut renewed = String::new();
    let mut scratch: Option<Scratch> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        renewed.push_str(line);
        renewed.push('\n');
        if line != "```console" {
            continue;
        }
        let scratch = scratch.insert(Scratch::new());
        for line in lines.by_ref() {
            if line == "```" {
                renewed.push_str("```\n");
                break;
            }
            let Some(command) = line.strip_prefix("$ ") else { continue }; // old output
            renewed.push_str(line);
            renewed.push('\n');
            let ran = scratch.shell(&format!("{{ {command}\n}} 2>&1"));
            let expected_failure = command.contains("# exit ");
            if expected_failure {
                assert!(command.ends_with(&format!("# exit {}", ran.code)), "{command}: exit {}", ran.code);
            } else {
                assert_eq!(ran.code, 0, "{command}:\n{}", ran.stdout);
            }
            renewed.push_str(&ran.stdout);
        }
    }
    renewed
}

#[test]
fn the_examples_of_the_cli_document_print_what_stands_there() {
    check_document("docs/CLI.md");
}

#[test]
fn the_examples_of_the_readme_print_what_stands_there() {
    check_document("README.md");
}

#[test]
fn every_example_of_every_help_works() {
    for command in COMMANDS {
        let scratch = Scratch::new();
        let help = scratch.run(&[command, "--help"]).ok();
        let examples: Vec<&str> =
            help.lines().filter_map(|line| line.trim_start().strip_prefix("$ ")).collect();
        assert!(!examples.is_empty(), "{command} --help has no example");
        for example in examples {
            let ran = scratch.shell(example);
            assert_eq!(ran.code, 0, "{command} --help: {example}\n{}{}", ran.stdout, ran.stderr);
        }
    }
}

#[test]
fn man_pages_and_completions_are_up_to_date() {
    let scratch = Scratch::new();
    for what in ["man", "completions"] {
        let fresh = scratch.dir(what);
        scratch.run(&["generate", what, what]).ok();
        let kept = project().join("docs").join(what);
        assert_eq!(
            names_in(&fresh),
            names_in(&kept),
            "docs/{what}: `pointsman generate {what} docs/{what}` renews it"
        );
        for name in names_in(&fresh) {
            let (fresh, kept) = (fs::read(fresh.join(&name)), fs::read(kept.join(&name)));
            assert!(
                fresh.ok() == kept.ok(),
                "docs/{what}/{name} is old: `pointsman generate {what} docs/{what}`"
            );
        }
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
