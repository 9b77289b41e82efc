//! Readers that share no line with us, and a kernel, agree with us on every point of every image.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, NOW, TOOLS, assert_agree, header, junction, missing, open, ours, skip, symlink, vendor};
use ntfs::{NewFile, Wrong};
use reparse::Tag;
use std::process::Command;

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

/// Clusters to 2 MiB, records of 1, 2 and 4 KiB: every kind of change, and every reader there is.
#[test]
fn the_largest_clusters_and_records_are_written_and_every_reader_agrees() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for (mebibytes, geometry) in judge::LARGE_GEOMETRIES {
        let disk = Disk::format(*mebibytes, geometry);
        fill(&disk);
        disk.check();
        assert_agree(&disk, &format!("{geometry:?}"));
        let mut volume = open(&disk);
        for number in 0..90 {
            let new = NewFile { point: Some(vendor(300 + number)), ..NewFile::default() };
            volume.create_path(&format!("d/new {number}"), &new, NOW).unwrap();
        }
        drop(volume);
        disk.check();
        assert_agree(&disk, &format!("{geometry:?}, grown"));
        assert_eq!(disk.mount().get("d/new 77"), Some(vendor(377)));
        let image = ntfs::ImageFile::open(&disk.image(), false, None).unwrap();
        ntfs::undo(&image).unwrap();
        drop(image);
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
        assert!(volume.repair(finding, NOW).unwrap());
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
