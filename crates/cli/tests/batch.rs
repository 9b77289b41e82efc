//! Batch mode: a result for each line, errors that stop nothing, and a summary that is true.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // a test that fails does so by a panic
mod run;

use run::Scratch;
use serde_json::{Value, json};

#[test]
fn each_line_gets_its_result_and_the_summary_counts_them() {
    let here = Scratch::new();
    here.file("data", "data");
    let lines = [
        json!({"path": "a", "create": "file", "symlink": "x"}),
        json!({"path": "b", "create": "dir", "junction": r"C:\x"}),
        json!({"path": "data", "symlink": "x"}),
        json!({"path": "c", "create": "file", "tag": "0xBEEF", "guid": "3740c860-b19b-11d9-9669-0800200c9a66", "data": "01"}),
        json!({"path": "d", "create": "file", "hex": "2400008000000000"}),
        json!({"path": "e", "create": "file", "point": {"type": "nfs_fifo"}}),
    ];
    let stdin = lines.map(|line| format!("{line}\n")).concat();
    let ran = here.run_with(&["set", "--batch"], &stdin);
    assert_eq!(ran.code, 1);
    let results = ran.json();
    let (summary, results) = results.split_last().expect("a summary");
    assert_eq!(summary, &json!({"summary": {"lines": 6, "ok": 5, "failed": 1, "durable": true}}));
    let told: Vec<(u64, bool)> =
        results.iter().map(|r| (r["line"].as_u64().expect("a number"), r["ok"] == true)).collect();
    assert_eq!(told, [(1, true), (2, true), (3, false), (4, true), (5, true), (6, true)]);
    assert_eq!(results[2]["error"]["status"], "STATUS_IO_REPARSE_DATA_INVALID");
    assert_eq!(results[2]["path"], "data");

    let read = here.run_with(&["get", "--batch"], "{\"path\":\"a\"}\n\n{\"path\":\"e\"}");
    assert_eq!(read.code, 0);
    assert_eq!(read.json()[0]["point"]["type"], "symlink");
    assert_eq!(
        read.json()[1],
        json!({"line": 3, "path": "e", "ok": true, "kind": "file",
        "tag": "0x80000014", "tag_name": "IO_REPARSE_TAG_NFS", "point": {"type": "nfs_fifo"}})
    );
    assert_eq!(read.json()[2], json!({"summary": {"lines": 2, "ok": 2, "failed": 0}}));

    let deleted =
        here.run_with(&["delete", "--batch"], "{\"path\":\"a\"}\n{\"path\":\"b\",\"tag\":\"SYMLINK\"}\n");
    assert_eq!(deleted.code, 1);
    assert_eq!(deleted.json()[1]["error"]["status"], "STATUS_IO_REPARSE_TAG_MISMATCH");
}

#[test]
fn a_line_that_cannot_be_read_is_told_and_passed_over() {
    let here = Scratch::new();
    let long = format!("{{\"path\":\"{}\"}}", "x".repeat(1_100_000));
    let lines = [
        "not json",
        r#"{"path":"a"}"#,
        r#"{"path":"a","symlink":"x","junction":"C:\\x"}"#,
        r#"{"path":"a","symlnk":"x"}"#,
        r#"{"symlink":"x"}"#,
        r#"{"path":"a","hex":"0"}"#,
        r#"{"path":"a","tag":"NONE_SUCH"}"#,
        r#"{"path":"a","tag":"0xBEEF","guid":"1"}"#,
        r#"{"path":"a","point":{"type":"nope"}}"#,
        r#"{"path":"a","symlink":"C:x"}"#,
        &long,
        r#"{"path":"z","create":"file","symlink":"x"}"#,
    ];
    let ran = here.run_with(&["set", "--batch"], &lines.join("\n"));
    assert_eq!(ran.code, 1);
    let results = ran.json();
    assert_eq!(results.len(), lines.len() + 1);
    for result in &results[..11] {
        assert!(
            result["ok"] == false && !result["error"]["reason"].as_str().unwrap_or_default().is_empty(),
            "{result}"
        );
    }
    assert_eq!(results[11]["ok"], true);
    assert!(!here.join("a").exists());
}

#[test]
fn the_summary_says_what_is_durable() {
    let here = Scratch::new();
    for (sync, durable) in [("each", true), ("end", true), ("none", false)] {
        let line = json!({"path": sync, "create": "file", "symlink": "x"}).to_string();
        let results = here.run_with(&["set", "--batch", "--sync", sync], &line).json();
        assert_eq!(results[1]["summary"]["durable"], durable, "{sync}");
    }
    here.run(&["set", "--sync", "each", "x", "--symlink", "y"]).fails(2);
}

#[test]
fn an_empty_batch_is_a_batch() {
    let here = Scratch::new();
    let results = here.run_with(&["delete", "--batch"], "").json();
    assert_eq!(results, [json!({"summary": {"lines": 0, "ok": 0, "failed": 0, "durable": true}})]);
}

#[test]
fn replacing_a_tag_works_in_a_batch_too() {
    let here = Scratch::new();
    here.run(&["set", "--create", "file", "--wsl-fifo", "f"]).ok();
    let lines = [
        json!({"path": "f", "symlink": "x"}),
        json!({"path": "f", "symlink": "x", "if_tag": "LX_FIFO"}),
        json!({"path": "f", "tag": "AF_UNIX", "if_tag": "none"}),
        json!({"path": "f", "tag": "AF_UNIX", "replace_tag": true}),
    ];
    let results = here.run_with(&["set", "--batch"], &lines.map(|line| format!("{line}\n")).concat()).json();
    let told: Vec<Value> = results[..4].iter().map(|result| result["ok"].clone()).collect();
    assert_eq!(told, [json!(false), json!(true), json!(false), json!(true)]);
}

#[test]
fn a_path_that_is_not_utf_8_is_given_by_its_bytes() {
    let here = Scratch::new();
    let line = json!({"path_hex": "61ff62", "create": "file", "symlink": "x"}).to_string();
    assert_eq!(here.run_with(&["set", "--batch"], &line).code, 0);
    let found = here.run(&["find", "--json", "."]).json();
    assert_eq!(found[0]["path_hex"], "2e2f61ff62");
    let read =
        here.run_with(&["get", "--batch"], &json!({"path_hex": found[0]["path_hex"]}).to_string()).json();
    assert_eq!(read[0]["point"]["substitute"], "x");
}
