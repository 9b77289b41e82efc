//! Conversations with a connection and the server together, as scripts: tests/conversations/README.md says what a line means.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
mod client;
mod conversation;

use conversation::Conversation;
use std::path::Path;

/// Every script of the folder.
#[test]
fn every_conversation_goes_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "script") {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        for (title, lines) in chapters(&text) {
            let mut conversation = Conversation::new();
            for (number, line) in lines {
                let said = conversation.step(line);
                assert!(said.is_ok(), "{}:{number}: {title}: {line}: {}", path.display(), said.unwrap_err());
            }
            let left = conversation.end();
            assert!(left.is_ok(), "{}: {title}: at its end: {}", path.display(), left.unwrap_err());
        }
    }
    assert!(seen >= 5, "only {seen} scripts were found");
}

/// A script that says what is not so must fail: each line of the first script, with its expectation changed.
#[test]
fn a_conversation_that_is_written_wrong_is_found_out() {
    for wrong in
        ["expect OBJECT_NAME_NOT_FOUND", "expect SUCCESS SUCCESS", "expect silence", "store Read -> data 1"]
    {
        let mut conversation = Conversation::new();
        conversation.step("connect 2.1").unwrap();
        conversation.step("send CREATE name=f").unwrap();
        conversation.step("store Open -> opened 1").unwrap();
        assert!(conversation.step(wrong).is_err(), "{wrong}");
    }
    let mut conversation = Conversation::new();
    conversation.step("connect 2.1").unwrap();
    conversation.step("send CREATE name=f").unwrap();
    assert!(conversation.end().is_err(), "an operation is unanswered");
}

/// `== title` begins a conversation.
fn chapters(text: &str) -> Vec<(&str, Vec<(usize, &str)>)> {
    let mut chapters: Vec<(&str, Vec<(usize, &str)>)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        match line.strip_prefix("== ") {
            Some(title) => chapters.push((title, Vec::new())),
            None if line.is_empty() => {}
            None => chapters.last_mut().unwrap().1.push((number, line)),
        }
    }
    chapters
}
