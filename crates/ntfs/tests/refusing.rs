//! What is not opened, or not written, and the way out that the error tells.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, NOW, TOOLS, missing, run, skip, symlink};
use nt::NtStatus;
use ntfs::{Error, Image, OpenOptions, Refused};

/// A volume with a file, its image changed by hand.
fn disk_with(damage: impl FnOnce(&mut Vec<u8>)) -> Disk {
    let disk = Disk::format(12, &[]);
    let mounted = disk.mount();
    std::fs::write(mounted.path("file"), "").unwrap();
    drop(mounted);
    let mut bytes = std::fs::read(disk.image()).unwrap();
    damage(&mut bytes);
    std::fs::write(disk.image(), bytes).unwrap();
    disk
}

/// Where the version stands in each copy of `$Volume`'s record: in the value of $VOLUME_INFORMATION, behind 8 bytes.
fn versions(bytes: &[u8]) -> Vec<usize> {
    let header = [0x70, 0, 0, 0, 0x28, 0, 0, 0, 0, 0];
    let at: Vec<_> =
        (0..bytes.len() - 64).step_by(8).filter(|at| bytes[*at..].starts_with(&header)).collect();
    assert_eq!(at.len(), 2, "the MFT and its mirror");
    at.into_iter().map(|at| at + 0x18 + 8).collect()
}

fn open(disk: &Disk, force_dirty: bool) -> ntfs::Result<Image> {
    Image::open(&disk.image(), &OpenOptions { force_dirty, ..OpenOptions::default() })
}

/// It is read, and not written, for this reason and with this way out; and nothing of it has changed.
fn assert_only_read(disk: &Disk, refused: &Refused, step: &str) {
    let before = std::fs::read(disk.image()).unwrap();
    let mut volume = open(disk, false).unwrap();
    assert_eq!(volume.write_refusal(), Some(refused));
    let file = volume.find("file").unwrap();
    let error = volume.set(file, &symlink("x"), NOW).unwrap_err();
    assert!(matches!(&error, Error::Refused(why) if why == refused), "{error:?}");
    assert!(error.next_step().unwrap().contains(step), "{:?}", error.next_step());
    drop(volume);
    assert!(std::fs::read(disk.image()).unwrap() == before);
}

fn assert_written(disk: &Disk, force: bool) {
    let mut volume = open(disk, force).unwrap();
    let file = volume.find("file").unwrap();
    volume.set(file, &symlink("x"), NOW).unwrap();
}

#[test]
fn a_volume_under_bitlocker_is_told_by_its_signature() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = disk_with(|bytes| bytes[3..11].copy_from_slice(b"-FVE-FS-"));
    let error = open(&disk, false).map(drop).unwrap_err();
    assert!(matches!(error, Error::Refused(Refused::BitLocker)), "{error}");
    assert_eq!(error.status(), NtStatus::UNRECOGNIZED_VOLUME);
    assert!(error.next_step().unwrap().contains("unlock"));
}

#[test]
fn a_windows_that_sleeps_on_the_volume_forbids_writing() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for (signature, sleeps) in [(b"hibr", true), (b"HIBR", true), (b"wake", false), (b"\0\0\0\0", false)] {
        let disk = disk_with(|_| {});
        let mounted = disk.mount();
        let mut hiberfil = vec![0; 8192];
        hiberfil[..4].copy_from_slice(signature);
        std::fs::write(mounted.path("HiberFil.sys"), hiberfil).unwrap();
        drop(mounted);
        if sleeps {
            assert_only_read(&disk, &Refused::Hibernated, "shutdown");
        } else {
            assert_written(&disk, false);
        }
    }
}

#[test]
fn a_dirty_volume_is_written_only_by_force_and_stays_dirty() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = disk_with(|_| {});
    // Without options it marks the volume, so that Windows runs chkdsk.
    run("ntfsfix", &[disk.image().to_str().unwrap()]);
    assert_only_read(&disk, &Refused::Dirty, "chkdsk");
    assert_written(&disk, true);
    let volume = open(&disk, true).unwrap();
    assert!(volume.state().is_dirty);
    assert!(volume.get(volume.find("file").unwrap()).is_ok());
}

/// A restart page of $LogFile. The restart area: the LSN, one log client, which is in use, and flags.
fn restart_page(lsn: u64, client_in_use: u16, flags: u16) -> Vec<u8> {
    let mut page = vec![0; 4096];
    page[..4].copy_from_slice(b"RSTR");
    page[4..6].copy_from_slice(&0x1Eu16.to_le_bytes());
    page[6..8].copy_from_slice(&9u16.to_le_bytes());
    page[0x10..0x14].copy_from_slice(&4096u32.to_le_bytes());
    page[0x14..0x18].copy_from_slice(&4096u32.to_le_bytes());
    page[0x18..0x1A].copy_from_slice(&0x30u16.to_le_bytes());
    page[0x30..0x38].copy_from_slice(&lsn.to_le_bytes());
    page[0x38..0x3A].copy_from_slice(&1u16.to_le_bytes());
    page[0x3A..0x3C].copy_from_slice(&0xFFFFu16.to_le_bytes());
    page[0x3C..0x3E].copy_from_slice(&client_in_use.to_le_bytes());
    page[0x3E..0x40].copy_from_slice(&flags.to_le_bytes());
    page[0x1E..0x20].copy_from_slice(&1u16.to_le_bytes());
    for end in (510..4096).step_by(512) {
        page[end..end + 2].copy_from_slice(&1u16.to_le_bytes());
    }
    page
}

/// Where mkntfs has put the log: it fills it with ones.
fn log_of(bytes: &[u8]) -> usize {
    let is_ones = |chunk: &[u8]| chunk.iter().all(|byte| *byte == 0xFF);
    let pages: Vec<_> = bytes.chunks(4096).map(is_ones).collect();
    let first = pages.windows(64).position(|window| window.iter().all(|ones| *ones));
    first.unwrap() * 4096
}

#[test]
fn a_log_that_was_not_closed_forbids_writing() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let unplayed = Refused::LogFile("it has changes that were not played back");
    let damaged = Refused::LogFile("its restart pages are damaged");
    let cases = [
        // The newer of the two pages counts.
        (restart_page(100, 0, 0), restart_page(90, 0xFFFF, 2), Some(&unplayed)),
        (restart_page(90, 0xFFFF, 2), restart_page(100, 0, 0), Some(&unplayed)),
        (restart_page(100, 0, 2), restart_page(90, 0, 0), None),
        (restart_page(100, 0xFFFF, 0), restart_page(90, 0, 0), None),
        (vec![0; 4096], vec![7; 4096], Some(&damaged)),
        // Not written whole, so the older page is what there is.
        ([&restart_page(100, 0, 0)[..4094], &[9, 9]].concat(), restart_page(90, 0xFFFF, 2), None),
    ];
    for (index, (first, second, refused)) in cases.into_iter().enumerate() {
        let disk = disk_with(|bytes| {
            let at = log_of(bytes);
            bytes[at..at + 4096].copy_from_slice(&first);
            bytes[at + 4096..at + 8192].copy_from_slice(&second);
        });
        match refused {
            Some(refused) => assert_only_read(&disk, refused, "mount the volume once on Windows"),
            None => {
                let volume = open(&disk, false).unwrap();
                assert_eq!(volume.write_refusal(), None, "case {index}");
            }
        }
    }
}

#[test]
fn versions_that_are_not_known_are_not_opened_and_old_ones_only_read() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let with = |major: u8, minor: u8| {
        disk_with(|bytes| {
            for at in versions(bytes) {
                (bytes[at], bytes[at + 1]) = (major, minor);
            }
        })
    };
    for (major, minor) in [(3, 2), (4, 0), (0, 1)] {
        let error = open(&with(major, minor), false).map(drop).unwrap_err();
        assert!(matches!(error, Error::Refused(Refused::Version(..))), "{error}");
        assert!(error.next_step().unwrap().contains("3.0 and 3.1"));
    }
    assert_only_read(&with(1, 2), &Refused::OldVersion(1, 2), "Windows 2000");
    assert_written(&with(3, 0), false);
}

#[test]
fn a_long_work_of_windows_that_is_under_way_forbids_writing() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for (flag, what) in [
        (2, "the $LogFile is to be resized"),
        (4, "the volume is to be upgraded"),
        (0x10, "the change journal is being deleted"),
    ] {
        let disk = disk_with(|bytes| versions(bytes).into_iter().for_each(|at| bytes[at + 2] |= flag));
        assert_only_read(&disk, &Refused::Unfinished(what), "let Windows finish");
    }
}

#[test]
fn a_change_that_was_cut_off_forbids_everything_until_it_is_undone() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = disk_with(|_| {});
    let before = std::fs::read(disk.image()).unwrap();
    assert_written(&disk, false);
    // As if the program had been killed after its last write.
    let journal = |suffix: &str| disk.beside(&format!("disk.img.{suffix}"));
    std::fs::rename(journal("pointsman-last"), journal("pointsman-undo")).unwrap();
    let error = open(&disk, false).map(drop).unwrap_err();
    assert!(error.to_string().contains("pointsman-undo"), "{error}");
    assert!(error.next_step().unwrap().contains("pointsman undo"));
    let image = ntfs::ImageFile::open(&disk.image(), false, None).unwrap();
    ntfs::undo(&image).unwrap();
    drop(image);
    assert!(std::fs::read(disk.image()).unwrap() == before);
    assert!(!journal("pointsman-undo").exists());
    assert!(open(&disk, false).unwrap().write_refusal().is_none());
}

#[test]
fn a_medium_that_cannot_be_written_is_read() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = disk_with(|_| {});
    let image = disk.image();
    let read_only = OpenOptions { read_only: true, ..OpenOptions::default() };
    let mut volume = Image::open(&disk.image(), &read_only).unwrap();
    let file = volume.find("file").unwrap();
    let error = volume.set(file, &symlink("x"), NOW).unwrap_err();
    assert_eq!(error.status(), NtStatus::MEDIA_WRITE_PROTECTED);
    assert!(error.next_step().unwrap().contains("copy the image"));
    drop(volume);
    // A device that the kernel itself does not write.
    let looped = std::process::Command::new("losetup").args(["-r", "-f", "--show"]).arg(&image).output();
    let Some(device) = looped.ok().filter(|output| output.status.success()) else {
        return skip("losetup: no read-only device");
    };
    let device = String::from_utf8(device.stdout).unwrap();
    let device = std::path::Path::new(device.trim());
    let refused = Image::open(device, &OpenOptions::default()).map(drop);
    let opened = Image::open(device, &read_only).map(|volume| volume.find("file").is_ok());
    run("losetup", &["-d", device.to_str().unwrap()]);
    assert!(matches!(refused, Err(Error::Refused(Refused::ReadOnly))), "{refused:?}");
    assert!(opened.unwrap());
}

#[test]
fn images_that_are_no_plain_sectors_are_named() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let formats =
        [(&b"QFI\xFB"[..], "qcow2"), (b"vhdxfile", "vhdx"), (b"KDMV", "vmdk"), (b"conectix", "vhd")];
    let unread = [
        (&b"MSWIM\0\0\0"[..], "wim"),
        (b"EVF2\x0D\x0A\x81\0", "Ex01"),
        (b"# Disk DescriptorFile", "vmdk descriptor"),
    ];
    for (is_read, (magic, name)) in
        formats.map(|format| (true, format)).into_iter().chain(unread.map(|format| (false, format)))
    {
        let disk = disk_with(|bytes| {
            bytes[..512].fill(0);
            bytes[..magic.len()].copy_from_slice(magic);
        });
        let error = open(&disk, false).map(drop).unwrap_err();
        let wanted = if is_read { Refused::ReadOnlyFormat(name) } else { Refused::Format(name) };
        assert!(matches!(&error, Error::Refused(refused) if *refused == wanted), "{error}");
        let way_out = match name {
            "wim" => "wimlib-imagex apply",
            "Ex01" => "ewfexport",
            _ => "qemu-img convert",
        };
        assert!(error.next_step().unwrap().contains(way_out));
        let read_only = OpenOptions { read_only: true, ..OpenOptions::default() };
        let error = Image::open(&disk.image(), &read_only).map(drop).unwrap_err();
        let is_named = match &error {
            Error::Container { format, .. } => is_read && *format == name,
            Error::Refused(refused) => !is_read && *refused == wanted,
            _ => false,
        };
        assert!(is_named && error.next_step().unwrap().contains(way_out), "{error}");
    }
}
