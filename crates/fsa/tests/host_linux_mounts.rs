//! The Linux host on other file systems, each made for the test: only where the machine lets us mount, else the reason is
//! printed.
#![cfg(target_os = "linux")]
// A test says what it expects by panicking, and why it did not run by printing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod host_conformance;
mod host_disk;
use fsa::host::linux::{LinuxHost, LinuxOptions, STORE_FOLDER, StoreAt};
use fsa::host::{BlobId, Host, HostFault, HostName, Make, XattrMode};
use fsa::{OpenRequest, RangeCopy, Requester, SecurityContext, Volume, VolumeOptions};
use host_disk::Scratch;
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass, FsctlCode, NtStatus,
};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes of the image of a disk, nearly all of it a hole: of less, mkfs.ext4 makes blocks of 1,024 bytes, unlike on disks.
const IMAGE_BYTES: u64 = 1 << 30;

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Something mounted, until dropped.
struct Mount {
    at: PathBuf,
    scratch: Scratch,
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

fn run(program: &str, arguments: &[&OsStr]) -> Result<(), String> {
    let out =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    match out.status.success() {
        true => Ok(()),
        false => Err(format!("{program}: {}", String::from_utf8_lossy(&out.stderr))),
    }
}

impl Mount {
    /// A disk in a file, as `mkfs` makes it by default.
    fn disk(mkfs: &str) -> Result<Mount, String> {
        let scratch = Scratch::new();
        let image = scratch.join("image");
        fs::File::create(&image).and_then(|file| file.set_len(IMAGE_BYTES)).unwrap();
        run(mkfs, &[OsStr::new(if mkfs == "mkfs.ext4" { "-q" } else { "-f" }), image.as_ref()])?;
        Mount::mounted(scratch, |at| {
            run("mount", &["-o".as_ref(), "loop".as_ref(), image.as_ref(), at.as_ref()])
        })
    }

    fn tmpfs() -> Result<Mount, String> {
        Mount::mounted(Scratch::new(), |at| {
            let arguments = ["-t", "tmpfs", "-o", "mode=755,size=256m", "none"].map(OsStr::new);
            run("mount", &[&arguments[..], &[at.as_ref()]].concat())
        })
    }

    /// A layer over another, both on a tmpfs, whose attributes of users it passes through.
    fn overlay() -> Result<(Mount, Mount), String> {
        let below = Mount::tmpfs()?;
        for name in ["lower/seen", "upper", "work"] {
            fs::create_dir_all(below.at.join(name)).unwrap();
        }
        let part = |name: &str| below.at.join(name).display().to_string();
        let options =
            format!("lowerdir={},upperdir={},workdir={}", part("lower"), part("upper"), part("work"));
        let over = Mount::mounted(Scratch::new(), |at| {
            let arguments = ["-t", "overlay", "overlay", "-o", &options].map(OsStr::new);
            run("mount", &[&arguments[..], &[at.as_ref()]].concat())
        })?;
        Ok((over, below))
    }

    fn mounted(scratch: Scratch, mount: impl Fn(&Path) -> Result<(), String>) -> Result<Mount, String> {
        let at = scratch.join("mounted");
        fs::create_dir(&at).unwrap();
        mount(&at)?;
        Ok(Mount { at, scratch })
    }

    fn host(&self) -> LinuxHost {
        LinuxHost::open(&self.at, LinuxOptions::default()).unwrap()
    }
}

/// What a file system must do, with how large an attribute it holds beside others.
fn holds(mounted: Result<Mount, String>, attribute_bytes: usize) {
    let mount = match mounted {
        Ok(mount) => mount,
        Err(reason) => return println!("skipped: {reason}"),
    };
    host_conformance::all(&mount.host());
    names_are_indexed(&mount);
    attributes_up_to(&mount, attribute_bytes);
}

fn names_are_indexed(mount: &Mount) {
    let host = mount.host();
    let found = |name: &str| host.lookup(&host.root(), &utf16(name)).unwrap().is_some();
    assert!(!found("FILE"));
    for _ in 0..10 {
        fs::write(mount.at.join("file"), "").unwrap();
        assert!(found("FILE"));
        fs::rename(mount.at.join("file"), mount.at.join("other")).unwrap();
        assert!(!found("FILE") && found("OTHER"));
        fs::remove_file(mount.at.join("other")).unwrap();
        assert!(!found("OTHER"));
    }
    assert_eq!(host.scans(), 1, "the kernel tells of every change here");
}

/// An attribute of `held` bytes fits; one of a whole reparse buffer fits too, or is refused in the words that send it
/// beside the tree, where it is kept.
fn attributes_up_to(mount: &Mount, held: usize) {
    let host = mount.host();
    let (file, _) = host.create(&host.root(), &utf16("attributes"), Make::File).unwrap();
    host.set_xattr(&file, "user.DOSATTRIB", &[1; 80], XattrMode::Any).unwrap();
    host.set_xattr(&file, "user.SmbReparse", &vec![2; held], XattrMode::Any).unwrap();
    let whole = vec![3; 16_384];
    match host.set_xattr(&file, "user.SmbReparse", &whole, XattrMode::Any) {
        Ok(()) => assert_eq!(host.xattr(&file, "user.SmbReparse").unwrap(), Some(whole.clone())),
        Err(error) => {
            assert!(held < 16_384, "{error}");
            assert_eq!(error.fault, HostFault::AttributesFull);
            assert_eq!(host.xattr(&file, "user.SmbReparse").unwrap(), Some(vec![2; held]));
        }
    }
    let id = host.put_blob(&file, &whole).unwrap();
    drop(host);
    let host = mount.host();
    assert_eq!(host.blob(&host.root(), id).unwrap(), Some(whole));
}

#[test]
fn ext4_as_mkfs_makes_it() {
    holds(Mount::disk("mkfs.ext4"), 3800);
}

#[test]
fn xfs_as_mkfs_makes_it() {
    holds(Mount::disk("mkfs.xfs"), 16_384);
}

#[test]
fn btrfs_as_mkfs_makes_it() {
    holds(Mount::disk("mkfs.btrfs"), 15_000);
}

#[test]
fn tmpfs() {
    holds(Mount::tmpfs(), 16_384);
}

#[test]
fn overlayfs() {
    match Mount::overlay() {
        Ok((over, _below)) => holds(Ok(over), 16_384),
        Err(reason) => println!("skipped: {reason}"),
    }
}

#[test]
fn an_ext4_without_space_says_so_and_not_that_attributes_are_full() {
    let mount = match Mount::disk("mkfs.ext4") {
        Ok(mount) => mount,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let host = mount.host();
    let (file, _) = host.create(&host.root(), &utf16("file"), Make::File).unwrap();
    let (filler, _) = host.create(&host.root(), &utf16("filler"), Make::File).unwrap();
    let chunk = vec![0; 1 << 20];
    let mut written = 0;
    let mut step = chunk.len();
    while step >= 4096 {
        match host.write(&filler, written, &chunk[..step]) {
            Ok(()) => written += step as u64,
            Err(error) => {
                assert_eq!(error.fault, HostFault::NoSpace);
                step /= 2;
            }
        }
    }
    host.sync_all().unwrap();
    assert_eq!(host.space().unwrap().blocks_free, 0);
    let set = host.set_xattr(&file, "user.x", &[1; 3000], XattrMode::Any);
    assert_eq!(set.unwrap_err().fault, HostFault::NoSpace);
}

#[test]
fn the_top_of_the_mount_keeps_values_for_all_below() {
    let mount = match Mount::tmpfs() {
        Ok(mount) => mount,
        Err(reason) => return println!("skipped: {reason}"),
    };
    fs::create_dir_all(mount.at.join("a/b/c")).unwrap();
    fs::write(mount.at.join("a/b/c/file"), "").unwrap();
    let options = LinuxOptions { store_at: StoreAt::TopOfMount, ..LinuxOptions::default() };
    let at = |path: &str| LinuxHost::open(&mount.at.join(path), options).unwrap();
    let host = at("a/b");
    let id = host.put_blob(&host.root(), b"value").unwrap();
    assert!(mount.at.join(STORE_FOLDER).is_dir(), "at the top of the mount, and not above it");
    assert!(!mount.scratch.join(STORE_FOLDER).exists());
    assert_eq!(host.blobs().unwrap(), [], "the root of another volume governs it");
    fs::rename(mount.at.join("a/b/c"), mount.at.join("c")).unwrap();
    let moved = at("c");
    assert_eq!(moved.blob(&moved.root(), id).unwrap().as_deref(), Some(&b"value"[..]));
    let top = at("");
    assert_eq!(top.blobs().unwrap(), [id]);
    assert!(top.is_empty(&top.root()).is_ok_and(|empty| !empty));
    // A value kept at the top of another mount is not this one's.
    let elsewhere = LinuxHost::open(mount.scratch.path(), LinuxOptions::default()).unwrap();
    assert_eq!(elsewhere.blob(&elsewhere.root(), BlobId::of(b"value")).unwrap(), None);
}

#[test]
fn a_file_system_mounted_below_is_another_volume() {
    let mount = match Mount::tmpfs() {
        Ok(mount) => mount,
        Err(reason) => return println!("skipped: {reason}"),
    };
    fs::write(mount.at.join("inside"), "").unwrap();
    let above = mount.scratch.host();
    let looked = above.lookup(&above.root(), &utf16("mounted"));
    assert_eq!(looked.map(drop).unwrap_err().fault, HostFault::CrossDevice);
    let all = mount.scratch.host_with(LinuxOptions { cross_mounts: true, ..LinuxOptions::default() });
    let (dir, _) = all.lookup(&all.root(), &utf16("MOUNTED")).unwrap().unwrap();
    let (inside, name) = all.lookup(&dir, &utf16("INSIDE")).unwrap().unwrap();
    assert_eq!(all.link(&inside, &all.root(), &utf16("x")).unwrap_err().fault, HostFault::CrossDevice);
    let moved = all.rename(&dir, &name, &all.root(), &utf16("x"), fsa::host::RenameMode::Replace);
    assert_eq!(moved.unwrap_err().fault, HostFault::CrossDevice);
    assert_eq!(all.entries(&dir).unwrap()[0].name, HostName(b"inside".to_vec()));
    for (host, seen) in [(&above, 2), (&all, 3)] {
        let count = std::sync::atomic::AtomicUsize::new(0);
        let options = fsa::host::linux::scan::ScanOptions { threads: std::num::NonZeroUsize::MIN };
        fsa::host::linux::scan::scan(host, &host.root(), &options, &|item| {
            assert!(!matches!(item.found, fsa::host::linux::scan::Found::Fault(_)));
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            fsa::host::linux::scan::Walk::On
        });
        assert_eq!(count.into_inner() + 1, seen);
    }
}

#[test]
fn a_read_only_mount_is_known_as_such() {
    let mount = match Mount::tmpfs() {
        Ok(mount) => mount,
        Err(reason) => return println!("skipped: {reason}"),
    };
    fs::write(mount.at.join("file"), "").unwrap();
    run("mount", &["-o".as_ref(), "remount,ro".as_ref(), mount.at.as_ref()]).unwrap();
    let host = mount.host();
    assert!(host.is_read_only());
    let made = host.create(&host.root(), &utf16("new"), Make::File);
    assert_eq!(made.map(drop).unwrap_err().fault, HostFault::ReadOnly);
}

/// What the host says of blocks that files share is what the file system does: on btrfs a gigabyte's disk holds a file and
/// sixteen that share its blocks.
#[test]
fn btrfs_shares_blocks_and_ext4_says_that_it_cannot() {
    const LEN: u64 = 100 << 20;
    let fault = |mkfs: &str, copies: u64| {
        let mount = match Mount::disk(mkfs) {
            Ok(mount) => mount,
            Err(reason) => {
                println!("skipped: {reason}");
                return None;
            }
        };
        let host = mount.host();
        let (source, _) = host.create(&host.root(), &utf16("source"), Make::File).unwrap();
        for at in (0..LEN).step_by(1 << 20) {
            host.write(&source, at, &vec![7; 1 << 20]).unwrap();
        }
        for number in 0..copies {
            let (target, _) = host.create(&host.root(), &utf16(&number.to_string()), Make::File).unwrap();
            if let Err(error) = host.share_range((&source, 0), (&target, 0), LEN) {
                return Some(Err(error.fault));
            }
            let mut last = [0; 1];
            assert_eq!(host.read(&target, LEN - 1, &mut last), Ok(1));
            assert_eq!(last, [7]);
        }
        host.sync_all().unwrap();
        Some(Ok(()))
    };
    assert!(matches!(fault("mkfs.btrfs", 16), None | Some(Ok(()))));
    assert!(matches!(fault("mkfs.ext4", 1), None | Some(Err(HostFault::NotSupported))));
}

/// smb2.ioctl.compress_file_flag, compress_dir_inherit, compress_inherit_disable, compress_query_file_attr and
/// dup_extents_len_beyond_dest, dup_extents_src_is_dest_overlap: on btrfs, which does both; ext4 says that it does neither.
#[test]
fn btrfs_compresses_and_shares_and_ext4_says_that_it_does_neither() {
    for (mkfs, can) in [("mkfs.btrfs", true), ("mkfs.ext4", false)] {
        let mount = match Mount::disk(mkfs) {
            Ok(mount) => mount,
            Err(reason) => {
                println!("skipped: {reason}");
                continue;
            }
        };
        let volume = Volume::new(mount.host(), VolumeOptions::default());
        let features = volume.host().features();
        assert_eq!(
            (features.shares_blocks, features.compresses, features.punches),
            (can, can, true),
            "{mkfs}"
        );
        let cx = SecurityContext::superuser();
        let made = |path: &str, options| {
            let path = utf16(path);
            let disposition = CreateDisposition::CREATE;
            let request = OpenRequest {
                options,
                disposition,
                ..OpenRequest::existing(&path, AccessMask::FILE_ALL_ACCESS)
            };
            volume.open(&cx, &request).unwrap().id
        };
        let compress = |id, state: u16| {
            let set = volume.fs_control(id, FsctlCode::SET_COMPRESSION, &state.to_le_bytes(), 0);
            set.map_or_else(|refusal| refusal.status, |reply| reply.status)
        };
        let state = |id| {
            let told = volume.fs_control(id, FsctlCode::GET_COMPRESSION, &[], 2).unwrap().output;
            let shown = volume.opened_facts(id).unwrap().attributes;
            (told, shown.contains(FileAttributes::COMPRESSED))
        };
        let (on, off) = ((vec![2, 0], true), (vec![0, 0], false));
        let dir = made("dir", CreateOptions::DIRECTORY_FILE);
        assert_eq!(state(dir), off);
        if !can {
            assert_eq!(compress(dir, 1), NtStatus::NOT_SUPPORTED);
            assert_eq!(compress(dir, 0), NtStatus::SUCCESS);
            continue;
        }
        assert_eq!(compress(dir, 1), NtStatus::SUCCESS);
        assert_eq!(state(dir), on);
        let inherits = made(r"dir\inherits", CreateOptions::NONE);
        assert_eq!(state(inherits), on);
        assert_eq!(state(made(r"dir\plain", CreateOptions::NO_COMPRESSION)), off);
        assert_eq!(compress(dir, 0), NtStatus::SUCCESS);
        assert_eq!((state(inherits), state(made(r"dir\later", CreateOptions::NONE))), (on, off.clone()));
        assert_eq!(compress(inherits, 0), NtStatus::SUCCESS);
        assert_eq!(state(inherits), off);

        let (source, target) = (made("source", CreateOptions::NONE), made("target", CreateOptions::NONE));
        volume.write(source, 0, &[7; 32_768]).unwrap();
        let share_as = |source, target, target_offset, len, is_atomic| {
            let copy = RangeCopy { source, source_offset: 0, target, target_offset, len };
            let done = volume.duplicate_extents(copy, is_atomic);
            done.map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
        };
        let share = |source, target, target_offset, len| share_as(source, target, target_offset, len, false);
        assert_eq!(share(source, target, 0, 32_768), NtStatus::SUCCESS, "nothing of it beyond the end");
        assert_eq!(
            share_as(source, target, 0, 32_768, true),
            NtStatus::NOT_SUPPORTED,
            "all of it or nothing"
        );
        assert_eq!(volume.opened_facts(target).unwrap().size, 0);
        let (class, len) = (FileInformationClass::END_OF_FILE_INFORMATION, 32_768_u64.to_le_bytes());
        volume.set_information(&cx, Requester::Local, target, class, &len).unwrap();
        assert_eq!(volume.read(target, 0, 32_768).unwrap(), vec![0; 32_768]);
        assert_eq!(share_as(source, target, 16_384, 32_768, true), NtStatus::NOT_SUPPORTED);
        assert_eq!(volume.read(target, 0, 32_768).unwrap(), vec![0; 32_768], "nothing of it");
        assert_eq!(share_as(source, target, 0, 32_768, true), NtStatus::SUCCESS);
        assert_eq!(volume.read(target, 0, 32_768).unwrap(), vec![7; 32_768]);
        volume.write(target, 0, &[8; 32_768]).unwrap();
        assert_eq!(share(source, target, 0, 32_768), NtStatus::SUCCESS);
        assert_eq!(volume.read(target, 0, 32_768).unwrap(), vec![7; 32_768]);
        assert_eq!(share(source, source, 8192, 16_384), NtStatus::NOT_SUPPORTED, "it overlaps itself");
        assert_eq!(share(source, source, 16_384, 16_384), NtStatus::SUCCESS);
    }
}
