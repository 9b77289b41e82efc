//! Images in the formats of virtual machines and of forensics: qemu-img and ewfacquire make them of a volume, we read in them
//! what is in the volume.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
#![cfg(feature = "containers")]
mod judge;

use judge::{Disk, missing, run, skip, symlink, vendor, wim};
use ntfs::{Error, Image, OpenOptions, Partition, Refused, Volume, WalkOptions};
use std::path::{Path, PathBuf};

const TOOLS: &[&str] = &["mkntfs", "ntfs-3g", "setfattr", "getfattr"];

/// What qemu-img makes: the file's ending, the format, its options.
const QEMU: [(&str, &str, &str); 12] = [
    ("plain.qcow2", "qcow2", "cluster_size=65536"),
    ("small.qcow2", "qcow2", "cluster_size=4096"),
    ("old.qcow2", "qcow2", "compat=0.10"),
    ("full.qcow2", "qcow2", "preallocation=full"),
    ("packed.qcow2", "qcow2", "compression_type=zlib"),
    ("dynamic.vhd", "vpc", "subformat=dynamic"),
    ("fixed.vhd", "vpc", "subformat=fixed"),
    ("dynamic.vhdx", "vhdx", "subformat=dynamic"),
    ("fixed.vhdx", "vhdx", "subformat=fixed"),
    ("blocks.vhdx", "vhdx", "block_size=1048576"),
    ("sparse.vmdk", "vmdk", "subformat=monolithicSparse"),
    ("packed.vmdk", "vmdk", "subformat=streamOptimized"),
];

fn read_only() -> OpenOptions {
    OpenOptions { read_only: true, ..OpenOptions::default() }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A volume of several MiB of data of every kind, with points.
fn filled() -> Disk {
    let disk = Disk::format(24, &[]);
    let mounted = disk.mount();
    for (name, data) in wim::samples() {
        std::fs::write(mounted.path(name), &data[..data.len().min(2 << 20)]).unwrap();
    }
    for number in 0..40 {
        std::fs::write(mounted.path(&format!("link {number}")), "").unwrap();
        mounted.set(&format!("link {number}"), &symlink(&format!("target {number}")));
    }
    std::fs::write(mounted.path("vendor"), "").unwrap();
    mounted.set("vendor", &vendor(16_000));
    drop(mounted);
    disk
}

fn converted(disk: &Disk, source: &Path, (name, format, options): (&str, &str, &str)) -> PathBuf {
    let path = disk.beside(name);
    let packed: &[&str] = if options.starts_with("compression_type") { &["-c"] } else { &[] };
    let args = [&["convert", "-f", "raw", "-O", format, "-o", options], packed, &[text(source), text(&path)]];
    run("qemu-img", &args.concat());
    path
}

/// Everything that is asked of an image, from one and from the other.
fn assert_same(raw: &Path, path: &Path, options: &OpenOptions) {
    let (raw, other) = (Image::open(raw, options).unwrap(), Image::open(path, options).unwrap());
    let points = |volume: &Image| volume.walk(WalkOptions::default()).map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(points(&raw).len(), 41);
    assert_eq!(points(&raw), points(&other), "{}", path.display());
    for point in points(&raw) {
        assert_eq!(raw.get(point.file).unwrap(), other.get(point.file).unwrap());
        assert_eq!(raw.path_of(point.file).unwrap(), other.path_of(point.file).unwrap());
    }
    for (name, data) in wim::samples() {
        let data = &data[..data.len().min(2 << 20)];
        let mut read = vec![0; data.len() + 1];
        let count = other.read_content(other.find(name).unwrap(), 0, &mut read).unwrap();
        assert!(count == data.len() && read[..count] == *data, "{} {name}", path.display());
    }
    let check = |volume: &Image| {
        let mut findings = Vec::new();
        let checked = volume.check(|finding| findings.push(format!("{finding:?}"))).unwrap();
        (findings, checked.points)
    };
    assert_eq!(check(&raw), check(&other));
    assert!(matches!(other.write_refusal(), Some(Refused::ReadOnly)));
}

#[test]
fn what_is_in_a_volume_is_read_in_every_format_that_qemu_makes() {
    if let Some(why) = missing(&[TOOLS, &["qemu-img"]].concat()) {
        return skip(&why);
    }
    let disk = filled();
    for form in QEMU {
        let path = converted(&disk, &disk.image(), form);
        assert_same(&disk.image(), &path, &read_only());
        let refused = Image::open(&path, &OpenOptions::default()).map(drop);
        let is_refused = matches!(refused, Err(Error::Refused(Refused::ReadOnlyFormat(_))));
        assert_eq!(is_refused, form.0 != "fixed.vhd", "{}: a plain image with a footer is written", form.0);
    }
}

#[test]
fn a_partition_in_an_image_is_found() {
    if let Some(why) = missing(&[TOOLS, &["qemu-img"]].concat()) {
        return skip(&why);
    }
    let disk = filled();
    // An MBR with one partition, of kind 7, from 1 MiB on.
    let mut whole = vec![0u8; 1 << 20];
    whole[446 + 4] = 7;
    whole[446 + 8..446 + 12].copy_from_slice(&2048u32.to_le_bytes());
    whole[446 + 12..446 + 16].copy_from_slice(&(24u32 << 11).to_le_bytes());
    whole[510..512].copy_from_slice(&[0x55, 0xAA]);
    whole.extend(std::fs::read(disk.image()).unwrap());
    let raw = disk.beside("whole.img");
    std::fs::write(&raw, whole).unwrap();
    for form in [QEMU[0], QEMU[5], QEMU[7], QEMU[10]] {
        let path = converted(&disk, &raw, form);
        for partition in [Partition::Only, Partition::Number(1), Partition::Offset(1 << 20)] {
            assert_same(&raw, &path, &OpenOptions { partition, ..read_only() });
        }
    }
}

#[test]
fn what_ewfacquire_takes_is_read_in_one_segment_and_in_many() {
    if let Some(why) = missing(&[TOOLS, &["ewfacquire"]].concat()) {
        return skip(&why);
    }
    let disk = filled();
    for (name, options) in
        [("packed", ["-c", "deflate:best", "-S", "1GiB"]), ("split", ["-c", "none", "-S", "3MiB"])]
    {
        let target = disk.beside(name);
        let args = ["-q", "-u", "-f", "encase6", "-t", text(&target)];
        run("ewfacquire", &[&args[..], &options, &[text(&disk.image())]].concat());
        assert_eq!(disk.beside("split.E05").exists(), name == "split");
        let path = disk.beside(&format!("{name}.E01"));
        assert_same(&disk.image(), &path, &read_only());
        assert!(matches!(
            Image::open(&path, &OpenOptions::default()).map(drop),
            Err(Error::Refused(Refused::ReadOnlyFormat("E01")))
        ));
    }
    std::fs::remove_file(disk.beside("split.E03")).unwrap();
    let cut = Image::open(&disk.beside("split.E01"), &read_only()).map(drop);
    assert!(cut.is_err(), "a segment is missing");
}

/// A name in an image could be that of any file of this machine.
#[test]
fn images_that_name_other_files_are_refused_and_say_so() {
    if let Some(why) = missing(&[TOOLS, &["qemu-img"]].concat()) {
        return skip(&why);
    }
    let disk = Disk::format(8, &[]);
    let (base, path) = (disk.beside("base.qcow2"), disk.beside("overlay.qcow2"));
    run("qemu-img", &["convert", "-O", "qcow2", text(&disk.image()), text(&base)]);
    run("qemu-img", &["create", "-q", "-f", "qcow2", "-b", text(&base), "-F", "qcow2", text(&path)]);
    let flat = disk.beside("flat.vmdk");
    run(
        "qemu-img",
        &["convert", "-O", "vmdk", "-o", "subformat=monolithicFlat", text(&disk.image()), text(&flat)],
    );
    let far = disk.beside("far.qcow2");
    let data = format!("data_file={}", text(&disk.beside("far.raw")));
    run("qemu-img", &["create", "-q", "-f", "qcow2", "-o", &data, text(&far), "8M"]);
    for (path, wanted) in [(&path, "differences"), (&far, ""), (&flat, "vmdk descriptor")] {
        let refused = Image::open(path, &read_only()).map(drop).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains(wanted) && refused.next_step().is_some(), "{}: {said}", path.display());
    }
    // The flat extent itself is a plain image.
    Image::open(&disk.beside("flat-flat.vmdk"), &read_only()).unwrap();
    for options in ["extended_l2=on,cluster_size=131072", "compression_type=zstd"] {
        let path = converted(&disk, &disk.image(), ("new.qcow2", "qcow2", options));
        let refused = Image::open(&path, &read_only()).map(drop);
        assert!(matches!(refused, Err(Error::Container { format: "qcow2", .. })), "{options}: {refused:?}");
    }
}

/// Every byte of the headers at its extremes: nothing panics, and what opens is read or refused.
#[test]
fn lying_headers_neither_panic_nor_take_memory() {
    if let Some(why) = missing(&[TOOLS, &["qemu-img"]].concat()) {
        return skip(&why);
    }
    let disk = Disk::format(4, &[]);
    for form in [QEMU[0], QEMU[2], QEMU[5], QEMU[7], QEMU[10], QEMU[11]] {
        let path = converted(&disk, &disk.image(), form);
        let whole = std::fs::read(&path).unwrap();
        let head = if form.1 == "vhdx" { 0x10_000..0x10_060 } else { 4..112 };
        for at in head {
            for value in [0x00, 0xFF] {
                let mut lie = whole.clone();
                lie[at] = value;
                std::fs::write(&path, &lie).unwrap();
                let _ = Image::open(&path, &read_only()).map(|volume: Volume<_>| volume.find("$Extend"));
            }
        }
        for len in [0, 3, 8, 60, 512, 1024, 5000, 70_000, whole.len() / 2] {
            std::fs::write(&path, &whole[..len.min(whole.len())]).unwrap();
            let _ = Image::open(&path, &read_only()).map(|volume| volume.find("$Extend"));
        }
    }
}
