//! The JSON form: the examples of docs/JSON.md, and what is refused.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use reparse::{RawReparse, ReparsePoint};
use serde_json::{Value, json};

/// The examples of the document: each fenced block of `json`.
fn examples() -> Vec<Value> {
    let document = include_str!("../../../docs/JSON.md");
    let blocks = document.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error} in {block}")))
        .collect()
}

#[test]
fn every_example_of_the_document_is_a_point_and_is_written_back_the_same() {
    let all = examples();
    assert!(all.len() >= 22);
    for example in all {
        let point: ReparsePoint =
            serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{error} in {example}"));
        assert_eq!(serde_json::to_value(&point).unwrap(), example);
    }
}

#[test]
fn every_type_has_an_example() {
    let mut types: Vec<String> = examples().iter().map(|e| e["type"].as_str().unwrap().to_string()).collect();
    types.sort();
    types.dedup();
    let all = "af_unix app_exec_link cloud lx_blk lx_chr lx_fifo lx_symlink mount_point nfs_block_device \
               nfs_char_device nfs_fifo nfs_socket nfs_symlink raw symlink third_party wci wim wof_file wof_wim";
    assert_eq!(types.join(" "), all);
}

fn refusal(value: Value) -> String {
    serde_json::from_value::<ReparsePoint>(value).unwrap_err().to_string()
}

#[test]
fn what_is_not_in_the_document_is_refused() {
    let link = json!({"type": "symlink", "substitute": "a", "print": "a", "relative": true});
    assert!(serde_json::from_value::<ReparsePoint>(link.clone()).is_ok());
    for (member, value) in [("extra", json!(1)), ("flags", json!(1)), ("exact", json!("zz"))] {
        let mut wrong = link.clone();
        wrong[member] = value;
        let _ = refusal(wrong);
    }
    assert!(refusal(json!({"type": "af_unix", "data": ""})).contains("unknown field"));
    assert!(refusal(json!({"type": "link"})).contains("unknown variant"));
    assert!(refusal(json!({"type": "symlink", "substitute": "a", "relative": true})).contains("print"));
    assert!(refusal(json!({"substitute": "a"})).contains("type"));
    assert!(
        serde_json::from_str::<ReparsePoint>(r#"{"type":"nfs_symlink","target":"a","target":"b"}"#).is_err()
    );
    for wrong in [json!(null), json!([]), json!("symlink"), json!({}), json!(7)] {
        let _ = refusal(wrong);
    }
}

#[test]
fn bounds_are_checked_on_the_way_in() {
    let long = "x".repeat(9000);
    for wrong in [
        json!({"type": "symlink", "substitute": long, "print": "a", "relative": false}),
        json!({"type": "symlink", "substitute": "", "print": "a", "relative": false}),
        json!({"type": "nfs_symlink", "target": "x".repeat(1026)}),
        json!({"type": "nfs_char_device", "major": 4_294_967_296u64, "minor": 0}),
        json!({"type": "lx_symlink", "version": 2}),
        json!({"type": "lx_symlink", "version": 1, "target": "a"}),
        json!({"type": "lx_symlink", "version": 3, "target": "a"}),
        json!({"type": "cloud", "tag": "0x80000017", "flags": 1, "uncompressed_len": 4, "body": ""}),
        json!({"type": "cloud", "tag": "CLOUD", "flags": 65_536, "uncompressed_len": 4, "body": ""}),
        json!({"type": "wim", "image": "92a23bd8-99f5-4fd6-807c-c56f3a063c52", "path_hash": "00"}),
        json!({"type": "third_party", "tag": "0x0000002A", "guid": "00000000-0000-0000-0000-000000000000", "data": ""}),
        json!({"type": "raw", "tag": "0x80000017", "data": "0"}),
        json!({"type": "raw", "tag": "0x80000017", "data": "00".repeat(16_377)}),
        json!({"type": "raw", "tag": "0x80000017", "data": "00".repeat(200_000)}),
        json!({"type": "raw", "tag": "2147483671", "data": ""}),
        json!({"type": "mount_point", "substitute": {"utf16": "00d"}, "print": ""}),
        json!({"type": "mount_point", "substitute": {"utf16": "00d800"}, "print": ""}),
        json!({"type": "mount_point", "substitute": {"utf16": "00d8", "text": "x"}, "print": ""}),
    ] {
        let _ = refusal(wrong);
    }
}

#[test]
fn exact_bytes_must_mean_what_the_members_say() {
    let second = json!({"type": "symlink", "substitute": "ab", "print": "cd", "relative": true,
                        "exact": "0c0000a014000000000004000400040001000000610062006300 6400".replace(' ', "")});
    assert!(serde_json::from_value::<ReparsePoint>(second.clone()).is_ok());
    let mut wrong = second.clone();
    wrong["print"] = json!("ce");
    assert!(refusal(wrong).contains("exact"));
    let mut cut = second;
    cut["exact"] = json!("0c0000a0");
    assert!(refusal(cut).contains("exact"));
}

#[test]
fn tags_are_read_by_name_too_and_a_raw_point_from_any_type() {
    let by_name: RawReparse =
        serde_json::from_value(json!({"type": "raw", "tag": "dedup", "data": "01"})).unwrap();
    assert_eq!(by_name.as_bytes(), b"\x13\0\0\x80\x01\0\0\0\x01");
    assert_eq!(
        serde_json::to_value(&by_name).unwrap(),
        json!({"type": "raw", "tag": "0x80000013", "data": "01"})
    );
    let typed: RawReparse = serde_json::from_value(json!({"type": "lx_fifo"})).unwrap();
    assert_eq!(typed.as_bytes(), b"\x24\0\0\x80\0\0\0\0");
}
