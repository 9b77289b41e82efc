//! Readers that share no line with us, and a kernel, agree with us on every point of every image.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, NOW, header, in_memory, junction, missing, open, skip, symlink, vendor, write_back};
use ntfs::{Medium, NewFile, Volume, WalkOptions, Wrong};
use reparse::Tag;
use std::collections::BTreeMap;
use std::process::Command;

const TOOLS: &[&str] = &["mkntfs", "ntfs-3g", "ntfsfix", "ntfsinfo", "setfattr", "getfattr"];

type Points = BTreeMap<u64, Vec<u8>>;

/// What we read, by the MFT, which is what `$R` says.
fn ours<M: Medium>(volume: &Volume<M>) -> Points {
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
    if !judge::has("fsntfsinfo") {
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

fn assert_agree(disk: &Disk, what: &str) {
    let points = ours(&open(disk));
    assert!(!points.is_empty());
    if let Some(theirs) = dissect(disk) {
        assert!(theirs == points, "{what}: dissect.ntfs reads something else");
    }
    if let Some(theirs) = libfsntfs(disk) {
        // It tells 0 for tags that it does not know, a third party's among them.
        let tag = |bytes: &Vec<u8>| match u32::from_le_bytes(bytes[..4].try_into().unwrap()) {
            0xBEEF => 0,
            tag => tag,
        };
        let tags: BTreeMap<u64, u32> = points.iter().map(|(record, bytes)| (*record, tag(bytes))).collect();
        assert!(theirs == tags, "{what}: libfsntfs reads something else");
    }
}

/// Every form in which a point is stored, set by us and by ntfs-3g.
fn fill(disk: &Disk) {
    let mounted = disk.mount();
    std::fs::create_dir_all(mounted.path("d/e")).unwrap();
    std::fs::write(mounted.path("target"), "what the link leads to").unwrap();
    for name in ["link", "first", "d/theirs", "d/gone", "d/large", "d/retagged"] {
        std::fs::write(mounted.path(name), "").unwrap();
    }
    for number in 0..120 {
        std::fs::hard_link(mounted.path("first"), mounted.path(&format!("d/link number {number}"))).unwrap();
    }
    mounted.set("d/theirs", &symlink("..\\link"));
    drop(mounted);
    let mut volume = open(disk);
    let mut set = |path: &str, bytes: &[u8]| {
        let file = volume.find(path).unwrap();
        volume.set(file, bytes, NOW).unwrap();
    };
    set("link", &symlink("target"));
    set("first", &vendor(900));
    set("d/large", &vendor(16_360));
    set("d/e", &junction("\\??\\C:\\x"));
    set("d/gone", &vendor(5000));
    let gone = volume.find("d/gone").unwrap();
    volume.delete(gone, &header(&vendor(5000)), NOW).unwrap();
    let new = NewFile { point: Some(symlink("target")), ..NewFile::default() };
    volume.create_path("new", &new, NOW).unwrap();
}

#[test]
fn dissect_and_libfsntfs_agree_on_every_geometry() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    if std::env::var("POINTSMAN_DISSECT_PYTHON").is_err() && !judge::has("fsntfsinfo") {
        return skip("neither dissect.ntfs nor libfsntfs-utils is here");
    }
    for geometry in judge::GEOMETRIES {
        let disk = Disk::format(24, geometry);
        fill(&disk);
        disk.check();
        assert_agree(&disk, &format!("{geometry:?}"));
    }
}

/// A volume that is nearly full of files of one cluster, every second of which goes: what grows then is in pieces.
#[test]
fn a_fragmented_mft_is_read_grown_and_written() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(40, &["-c", "1024", "-z", "1"]);
    let mounted = disk.mount();
    for directory in 0..6 {
        std::fs::create_dir(mounted.path(&format!("d{directory}"))).unwrap();
    }
    let name = |number: usize| format!("d{}/file {number}", number % 6);
    // Data between the pieces of the MFT, which grows beneath it.
    let mut made = 0;
    while std::fs::write(mounted.path(&name(made)), vec![7; 1500]).is_ok() {
        made += 1;
    }
    for number in (0..made).step_by(2) {
        std::fs::remove_file(mounted.path(&name(number))).unwrap();
    }
    drop(mounted);
    let mut volume = in_memory(&disk);
    let before = volume.record_count();
    let mut number = 0;
    // Until the MFT has grown fifty times, into what the files have left.
    while volume.record_count() < before + 800 {
        let new = NewFile { point: Some(vendor(700 + number % 300)), ..NewFile::default() };
        match volume.create_path(&format!("d{}/new {number}", number % 6), &new, NOW) {
            Ok(_) => number += 1,
            // A full disk, or an MFT in more pieces than one record tells of: refused, and nothing changed.
            Err(ntfs::Error::NotSupported(_) | ntfs::Error::Request { .. }) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(number > 500, "{number}");
    write_back(&disk, &volume);
    disk.check();
    assert_agree(&disk, "fragmented");
    let mounted = disk.mount();
    for at in (0..number).step_by(31) {
        assert_eq!(mounted.get(&format!("d{}/new {at}", at % 6)), Some(vendor(700 + at % 300)));
    }
}

/// What the kernel is asked on each disk.
const SCRIPT: &str = r#"
for disk in vda vdb vdc vdd; do
    [ -b /dev/$disk ] || continue
    mount -t ntfs3 -o rw /dev/$disk /mnt || { echo "$disk: not mounted"; continue; }
    echo "$disk: link -> $(readlink /mnt/link): $(cat /mnt/link)"
    echo "$disk: theirs -> $(readlink /mnt/d/theirs): $(cat /mnt/d/theirs)"
    echo "$disk: new -> $(readlink /mnt/new): $(cat /mnt/new)"
    echo "$disk: $(ls /mnt/d | wc -l) names"
    echo kernel > "/mnt/d/made by the kernel"
    umount /mnt
done
"#;

#[test]
fn a_kernel_mounts_what_we_wrote_and_follows_the_links() {
    if let Some(why) = missing(TOOLS).or_else(|| missing(&["qemu-system-x86_64", "busybox", "cpio", "xz"])) {
        return skip(&why);
    }
    let Ok(kernel) = std::env::var("POINTSMAN_KERNEL") else {
        return skip("POINTSMAN_KERNEL names no unpacked kernel; `cargo xtask judge ntfs` fetches one");
    };
    let disks: Vec<Disk> = [&[][..], &["-c", "65536"], &["-c", "512"], &["-s", "4096"]]
        .map(|geometry| Disk::format(24, geometry))
        .into();
    disks.iter().for_each(fill);
    let script = disks[0].beside("script");
    std::fs::write(&script, SCRIPT).unwrap();
    let boot = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/kernel.sh");
    let images = disks.iter().map(Disk::image);
    let output = Command::new("sh").arg(boot).arg(kernel).arg(script).args(images).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    let lines: Vec<&str> = said.split_once("@@BEGIN").map_or("", |(_, rest)| rest).lines().collect();
    for (disk, name) in disks.iter().zip(["vda", "vdb", "vdc", "vdd"]) {
        for expected in [
            format!("{name}: link -> target: what the link leads to"),
            format!("{name}: theirs -> ../link: what the link leads to"),
            format!("{name}: new -> target: what the link leads to"),
            format!("{name}: 125 names"),
        ] {
            assert!(lines.contains(&expected.as_str()), "{expected} is missing in {said}");
        }
        // And it writes beside what we wrote; all of it is in order still.
        disk.check();
        let mut volume = open(disk);
        assert!(volume.find("d/made by the kernel").is_ok());
        mend_after_ntfs3(&mut volume);
        assert_eq!(ours(&volume).len(), 6);
    }
}

/// ntfs3 of Linux 6.12 writes 0 in place of the tag when it brings a link's entry in its directory up to date, as it does
/// for a new time of access. `check` tells it, and `repair` puts the tag back.
fn mend_after_ntfs3(volume: &mut ntfs::Image) {
    let mut findings = Vec::new();
    volume.check(|finding| findings.push(finding)).unwrap();
    for finding in &findings {
        let is_known = matches!(finding.wrong, Wrong::Name { entry: Some(Tag(0)), .. });
        assert!(is_known, "{finding:?}");
        assert!(volume.repair(finding).unwrap());
    }
}

/// Slow: a minute for the files, most of a gigabyte of disk.
#[test]
#[ignore = "slow; `cargo xtask judge ntfs` runs it"]
fn three_hundred_thousand_files_and_three_thousand_points() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(800, &["-Q"]);
    let mounted = disk.mount();
    for number in 0..300_000 {
        let directory = format!("d{}", number / 3000);
        if number % 3000 == 0 {
            std::fs::create_dir(mounted.path(&directory)).unwrap();
        }
        std::fs::write(mounted.path(&format!("{directory}/file {number}")), "").unwrap();
    }
    drop(mounted);
    let mut volume = open(&disk);
    for number in (0..300_000).step_by(3000) {
        let file = volume.find(&format!("d{}/file {number}", number / 3000)).unwrap();
        volume.set(file, &symlink("x"), NOW).unwrap();
        let new = NewFile { point: Some(vendor(2000)), ..NewFile::default() };
        volume.create_path(&format!("d{}/another", number / 3000), &new, NOW).unwrap();
    }
    judge::assert_points(&volume, 200);
    assert_eq!(ours(&volume).len(), 200);
    drop(volume);
    disk.check();
    let mounted = disk.mount();
    assert_eq!(mounted.get("d7/another"), Some(vendor(2000)));
}
