//! Vectors: bytes that others wrote or captured, one file each in tests/vectors, with their source.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
#![cfg(feature = "serde")]
use std::fs;
use std::path::Path;

use reparse::{RawReparse, ReparsePoint, verdict};
use serde_json::Value;

struct Vector {
    name: String,
    set: String,
    oddities: String,
    meaning: Value,
    bytes: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| read(&path)).collect()
}

fn read(path: &Path) -> Vector {
    let text = fs::read_to_string(path).unwrap();
    let (head, bytes) = text.split_once("bytes:\n").unwrap();
    let member = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("{name} is missing in {}", path.display())).trim().to_string()
    };
    assert!(!member("source").is_empty(), "{} names no source", path.display());
    let pairs = bytes.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).unwrap());
    Vector {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        set: member("set"),
        oddities: member("oddities"),
        meaning: serde_json::from_str(&member("meaning")).unwrap(),
        bytes: pairs.collect(),
    }
}

#[test]
fn every_vector_means_what_its_source_says() {
    let all = vectors();
    assert!(all.len() >= 20);
    for vector in all {
        let (raw, mut oddities) = RawReparse::decode(&vector.bytes).unwrap();
        let (point, more) = ReparsePoint::from_raw(&raw);
        oddities.extend(more);
        assert_eq!(serde_json::to_value(&point).unwrap(), vector.meaning, "{}", vector.name);
        let kinds: Vec<String> = oddities.iter().map(kind).collect();
        assert_eq!(kinds.join(" "), vector.oddities, "{}", vector.name);
        assert_eq!(raw.encode(), vector.bytes, "{}", vector.name);
    }
}

/// The name of an oddity's kind, without what it carries.
fn kind(oddity: &reparse::Oddity) -> String {
    let text = format!("{oddity:?}");
    text.split([' ', '{']).next().unwrap().to_string()
}

#[test]
fn every_vector_is_accepted_or_refused_at_set_as_windows_does() {
    for vector in vectors() {
        let said = match verdict(&vector.bytes) {
            Ok(()) => "accepted",
            Err(error) => error.status().name().unwrap(),
        };
        assert_eq!(said, vector.set, "{}", vector.name);
    }
}

/// The builders write, byte for byte, what others wrote: the JSON of a vector without `exact` goes through them.
#[test]
fn the_builders_write_what_others_wrote() {
    let mut built = 0;
    for vector in vectors().into_iter().filter(|vector| vector.meaning.get("exact").is_none()) {
        let point: ReparsePoint = serde_json::from_value(vector.meaning).unwrap();
        assert_eq!(point.to_raw().as_bytes(), vector.bytes, "{}", vector.name);
        built += 1;
    }
    assert!(built >= 15);
}
