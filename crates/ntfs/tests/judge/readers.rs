//! Readers that share no line with us: dissect.ntfs and libfsntfs. Where they are missing nothing is compared.
use super::{Disk, has, open};
use ntfs::{Medium, Volume, WalkOptions};
use std::collections::BTreeMap;
use std::process::Command;

/// The base record, and the point's bytes.
pub(crate) type Points = BTreeMap<u64, Vec<u8>>;

/// What we read, by the MFT, which is what `$R` says.
pub(crate) fn ours<M: Medium>(volume: &Volume<M>) -> Points {
    let findings = volume.check(|finding| panic!("{finding:?}")).unwrap();
    assert_eq!(findings.points, findings.entries);
    let points = volume.walk(WalkOptions::default()).map(Result::unwrap);
    points.map(|point| (point.file.record(), volume.get(point.file).unwrap().encode())).collect()
}

/// Every $REPARSE_POINT by dissect.ntfs: the base record, and the bytes in hexadecimal.
const DISSECT: &str = "
import sys
from dissect.ntfs import NTFS
for segment in NTFS(open(sys.argv[1], 'rb')).mft.segments():
    base = segment.header.BaseFileRecordSegment
    base = base.SegmentNumberLowPart | base.SegmentNumberHighPart << 32
    if segment.header.Flags & 1 == 0 or base:
        continue
    for kind, found in segment.attributes.items():
        if int(kind) == 0xC0:
            print(segment.segment, found.open().read().hex())
";

fn dissect(disk: &Disk) -> Option<Points> {
    let python = std::env::var("POINTSMAN_DISSECT_PYTHON").ok()?;
    let output = Command::new(python).args(["-c", DISSECT]).arg(disk.image()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let byte = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap();
    let line = |line: &str| {
        let (record, hex) = line.split_once(' ').unwrap();
        (record.parse().unwrap(), hex.as_bytes().chunks(2).map(byte).collect())
    };
    Some(said.lines().map(line).collect())
}

/// The tags by libfsntfs: the base record, and the tag.
fn libfsntfs(disk: &Disk) -> Option<BTreeMap<u64, u32>> {
    if !has("fsntfsinfo") {
        return None;
    }
    let output = Command::new("fsntfsinfo").args(["-E", "all"]).arg(disk.image()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (mut tags, mut record, mut is_allocated, mut in_point) = (BTreeMap::new(), 0, false, false);
    for line in said.lines() {
        let value = || line.split_once(": ").map_or("", |(_, value)| value.trim());
        if let Some(rest) = line.strip_prefix("MFT entry: ") {
            record = rest.split(' ').next().unwrap().parse().unwrap();
        } else if line.contains("Is allocated") {
            is_allocated = value() == "true";
        } else if line.contains("Base record file reference") && !value().starts_with("Not set") {
            record = value().split('-').next().unwrap().parse().unwrap();
        } else if line.contains("\tType\t") {
            in_point = line.contains("$REPARSE_POINT");
        } else if in_point && is_allocated && line.contains("\tTag\t") {
            tags.insert(record, u32::from_str_radix(value().trim_start_matches("0x"), 16).unwrap());
        }
    }
    Some(tags)
}

/// Every reader that there is reads the same.
pub(crate) fn assert_agree(disk: &Disk, what: &str) {
    let points = ours(&open(disk));
    assert!(!points.is_empty());
    if let Some(theirs) = dissect(disk) {
        assert!(theirs == points, "{what}: dissect.ntfs reads something else");
    }
    if let Some(theirs) = libfsntfs(disk) {
        // It tells 0 for the tag of a point that lies in clusters.
        let tag = |bytes: &Vec<u8>| u32::from_le_bytes(bytes[..4].try_into().unwrap());
        let tags = points.iter().map(|(record, bytes)| (*record, tag(bytes)));
        let tags: BTreeMap<u64, u32> = tags
            .map(|(record, tag)| (record, if theirs.get(&record) == Some(&0) { 0 } else { tag }))
            .collect();
        assert!(theirs == tags, "{what}: libfsntfs reads something else");
    }
}

/// In how many records the MFT's own attributes lie, by ntfsinfo.
pub(crate) fn records_of_mft(disk: &Disk) -> usize {
    let output = Command::new("ntfsinfo").args(["-v", "-i", "0"]).arg(disk.image()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let records =
        said.lines().filter_map(|line| line.split_once("from mft record ")).map(|(_, record)| record);
    records.collect::<std::collections::BTreeSet<_>>().len()
}
