//! The tags against the tables extracted from the specification and the public headers (docs/spec).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use reparse::{Tag, Vendor};

/// The rows of a table: its cells, comments left out.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split('\t').collect()).collect()
}

fn number(cell: &str) -> u32 {
    u32::from_str_radix(cell.strip_prefix("0x").unwrap(), 16).unwrap()
}

#[test]
fn every_microsoft_tag_has_the_value_of_the_specification_and_none_is_missing() {
    let mut ours: Vec<(String, u32)> = Tag::ALL.iter().map(|(tag, name)| (name.to_string(), tag.0)).collect();
    let table = rows(include_str!("../../../docs/spec/reparse_tags.tsv"));
    let mut theirs: Vec<(String, u32)> =
        table.iter().map(|row| (row[0].to_string(), number(row[1]))).collect();
    ours.sort();
    theirs.sort();
    assert!(theirs.len() > 50);
    assert_eq!(ours, theirs);
}

#[test]
fn every_registered_third_party_tag_has_its_value_owner_and_guid() {
    let table = rows(include_str!("../../../docs/spec/vendor_tags.tsv"));
    assert_eq!(table.len(), Vendor::REGISTERED.len());
    for row in table {
        let vendor = Tag(number(row[1])).vendor().unwrap();
        assert_eq!(vendor.tag_name, row[0]);
        assert_eq!(vendor.owner, row[3]);
        assert_eq!(vendor.guid.map(|guid| guid.to_string()), (row[2] != "-").then(|| row[2].to_string()));
        assert!(vendor.registered && !vendor.tag.is_microsoft());
    }
}

#[test]
fn a_tag_reads_back_from_every_way_it_is_written() {
    let registered = Vendor::REGISTERED.iter().map(|vendor| (vendor.tag, vendor.tag_name));
    for (tag, name) in Tag::ALL.iter().copied().chain(registered) {
        let bare = name.strip_prefix("IO_REPARSE_TAG_").unwrap();
        for text in [name, bare, &bare.to_lowercase(), &format!("0x{:x}", tag.0), &format!("0x{:08X}", tag.0)]
        {
            assert_eq!(text.parse(), Ok(tag), "{text}");
        }
        assert_eq!(tag.to_string(), format!("{name} (0x{:08X})", tag.0));
    }
    for wrong in
        ["", "SYMLINKS", "IO_REPARSE_TAG_", "0x", "0x+1", "0x1FFFFFFFF", "12", "é_REPARSE_TAG_SYMLINK"]
    {
        assert!(wrong.parse::<Tag>().is_err(), "{wrong}");
    }
}

/// [MS-FSCC] 2.1.2.1 gives D and N a meaning, and forbids both together.
#[test]
fn the_bits_of_every_tag_agree_with_one_another() {
    for (tag, name) in Tag::ALL {
        assert!(!(tag.is_directory() && tag.is_name_surrogate()), "{name}");
        assert_eq!(tag.is_valid(), !matches!(tag.0, 0 | 1), "{name}");
        assert_eq!(tag.is_microsoft(), tag.0 > 2, "{name}");
    }
    assert_eq!(Tag::ALL.iter().filter(|(tag, _)| tag.is_cloud()).count(), 16);
    assert!(Tag::SYMLINK.is_name_surrogate() && Tag::CLOUD_6.is_directory() && !Tag::WOF.is_name_surrogate());
    assert!(!Tag(0x8001_0000).is_valid());
}
