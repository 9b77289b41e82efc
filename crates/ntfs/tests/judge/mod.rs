//! Images that mkntfs makes and ntfs-3g fills and reads, for tests to judge by. Where they are missing, or /dev/fuse is,
//! the tests skip and say so.
#![allow(dead_code, unused_imports)] // each test file uses a part
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)] // a test that is wrong shall panic, one that skips says so
mod readers;
pub(crate) mod wim;

use nt::FileTime;
use ntfs::{Error, Image, Medium, MemoryImage, OpenOptions, Volume, WalkOptions};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) use readers::{assert_agree, ours, records_of_mft};

/// What makes images, fills and checks them.
pub(crate) const TOOLS: &[&str] = &["mkntfs", "ntfs-3g", "ntfsfix", "ntfsinfo", "setfattr", "getfattr"];

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// An image in a directory of its own, which is removed at the end.
pub(crate) struct Disk {
    directory: PathBuf,
}

/// The image, mounted by ntfs-3g until this is dropped.
pub(crate) struct Mounted<'d> {
    disk: &'d Disk,
}

/// True when the program answers.
pub(crate) fn has(program: &str) -> bool {
    let there = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    there.is_ok_and(|output| output.status.success())
}

/// `ntfsck` of ntfsprogs-plus, where there is one. Debian's ntfs-3g-dev has an unfinished program of the same name, which
/// knows no option -V.
pub(crate) fn ntfsck() -> Option<String> {
    let named = std::env::var("POINTSMAN_NTFSCK").ok();
    named.or_else(|| {
        let said = Command::new("ntfsck").arg("-V").output().ok()?;
        String::from_utf8_lossy(&said.stdout).contains("ntfsck v").then(|| "ntfsck".to_owned())
    })
}

/// Says why a test does nothing.
pub(crate) fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

/// The reason why nothing can be judged here, if there is one.
pub(crate) fn missing(programs: &[&str]) -> Option<String> {
    if let Some(program) = programs.iter().find(|program| !has(program)) {
        return Some(format!("{program} is not installed"));
    }
    let fuse = std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse");
    let needs_fuse = programs.contains(&"ntfs-3g");
    fuse.err().filter(|_| needs_fuse).map(|error| format!("/dev/fuse: {error}"))
}

/// Runs a program that must succeed.
pub(crate) fn run(program: &str, args: &[&str]) -> Output {
    let output =
        Command::new(program).args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    output
}

impl Disk {
    /// An empty volume of so many MiB.
    pub(crate) fn format(mebibytes: u64, args: &[&str]) -> Disk {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("pointsman-ntfs-{}-{number}", std::process::id()));
        std::fs::create_dir_all(directory.join("mnt")).unwrap();
        let disk = Disk { directory };
        std::fs::File::create(disk.image()).unwrap().set_len(mebibytes << 20).unwrap();
        disk.mkntfs(&disk.image(), args);
        disk
    }

    fn mkntfs(&self, image: &Path, args: &[&str]) {
        let image = image.to_str().unwrap();
        run("mkntfs", &[args, &["-q", "-f", "-F", "-L", "judge", image]].concat());
    }

    /// Where the image is.
    pub(crate) fn image(&self) -> PathBuf {
        self.directory.join("disk.img")
    }

    /// A file beside the image.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Mounts the image.
    pub(crate) fn mount(&self) -> Mounted<'_> {
        self.mount_with("efs_raw,streams_interface=xattr")
    }

    /// Mounts the image with other options.
    pub(crate) fn mount_with(&self, options: &str) -> Mounted<'_> {
        let (image, mount) = (self.image(), self.directory.join("mnt"));
        run("ntfs-3g", &["-o", options, image.to_str().unwrap(), mount.to_str().unwrap()]);
        Mounted { disk: self }
    }

    /// What `ntfsfix` and `ntfsinfo` find wrong; nothing, one hopes.
    pub(crate) fn check(&self) {
        let image = self.image();
        let image = image.to_str().unwrap();
        let fix = run("ntfsfix", &["-n", image]);
        let said = String::from_utf8_lossy(&fix.stdout);
        assert!(said.contains("processed successfully"), "{said}");
        run("ntfsinfo", &["-m", image]);
        // The strictest checker there is outside Windows; `cargo xtask judge ntfs` builds it, for Debian has it in sid only.
        if let Some(ntfsck) = ntfsck() {
            let check = run(&ntfsck, &["-n", "-q", image]);
            let said = String::from_utf8_lossy(&check.stdout);
            assert!(said.contains("Clean, No errors found or left (errors:0, fixed:0)"), "{said}");
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // With POINTSMAN_KEEP the images of tests stay, for a look at one that failed.
        if std::env::var_os("POINTSMAN_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

impl Mounted<'_> {
    /// A path on the mounted volume.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.disk.directory.join("mnt").join(path)
    }

    /// Sets a reparse point, as ntfs-3g does it.
    pub(crate) fn set(&self, path: &str, bytes: &[u8]) {
        self.set_xattr(path, "system.ntfs_reparse_data", bytes);
    }

    /// Sets an extended attribute of the host's.
    pub(crate) fn set_xattr(&self, path: &str, name: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = self.path(path);
        run("setfattr", &["-h", "-n", name, "-v", &format!("0x{hex}"), path.to_str().unwrap()]);
    }

    /// Reads a reparse point; `None` when ntfs-3g knows of none.
    pub(crate) fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.get_xattr(path, "system.ntfs_reparse_data")
    }

    /// Reads an extended attribute of the host's.
    pub(crate) fn get_xattr(&self, path: &str, name: &str) -> Option<Vec<u8>> {
        let path = self.path(path);
        let args = ["-h", "-n", name, "--only-values", "--absolute-names", path.to_str().unwrap()];
        let output = Command::new("getfattr").args(args).output().unwrap();
        output.status.success().then_some(output.stdout)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let mount = self.disk.directory.join("mnt");
        for _ in 0..50 {
            if Command::new("umount").arg(&mount).output().is_ok_and(|output| output.status.success()) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        // ntfs-3g writes the last of it after umount has returned.
        for _ in 0..100 {
            let image = self.disk.image();
            let busy = Command::new("pgrep").args(["-f", image.to_str().unwrap()]).output();
            if !busy.is_ok_and(|output| output.status.success()) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// A symbolic link, as Windows writes it.
pub(crate) fn symlink(target: &str) -> Vec<u8> {
    let point = reparse::Symlink::relative(target).unwrap();
    point.raw().encode()
}

/// A junction, as Windows writes it.
pub(crate) fn junction(target: &str) -> Vec<u8> {
    let point = reparse::MountPoint::new(target, "x").unwrap();
    point.raw().encode()
}

/// A third party's point with so many bytes of data.
pub(crate) fn vendor(len: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..len).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let guid = nt::Guid([7; 16]);
    reparse::RawReparse::new(reparse::Tag(0x0000_BEEF), Some(guid), &data).unwrap().encode()
}

/// The time of every change here.
pub(crate) const NOW: FileTime = FileTime(133_000_000_000_000_000);

/// Every geometry that the tools here can make.
pub(crate) const GEOMETRIES: &[&[&str]] =
    &[&[], &["-s", "4096"], &["-c", "512"], &["-c", "65536"], &["-s", "1024", "-c", "2048"]];

/// The largest clusters that NTFS has, which need a large disk; and records and sectors of 2 KiB.
pub(crate) const LARGE_GEOMETRIES: &[(u64, &[&str])] =
    &[(700, &["-Q", "-c", "2097152"]), (300, &["-Q", "-c", "1048576", "-s", "4096"]), (32, &["-s", "2048"])];

/// Opens an image for writing.
pub(crate) fn open(disk: &Disk) -> Image {
    Image::open(&disk.image(), &OpenOptions::default()).unwrap()
}

/// A copy of the image in memory: the disk would be flushed several times a change.
pub(crate) fn in_memory(disk: &Disk) -> Volume<MemoryImage> {
    let image = MemoryImage::new(std::fs::read(disk.image()).unwrap());
    Volume::on(image, &OpenOptions::default()).unwrap()
}

/// Puts it on the disk again.
pub(crate) fn write_back(disk: &Disk, volume: &Volume<MemoryImage>) {
    std::fs::write(disk.image(), volume.medium().bytes()).unwrap();
}

/// The index and the walk agree, and are so many.
pub(crate) fn assert_points<M: Medium>(volume: &Volume<M>, count: usize) {
    let by_index: Vec<_> = volume.reparse_points().unwrap().unwrap().map(Result::unwrap).collect();
    // The order of $R is that of 32-bit numbers: the tag, then the record, then the sequence number.
    let key = |point: &ntfs::FoundPoint| (point.tag, point.file.record(), point.file.sequence());
    assert!(by_index.is_sorted_by_key(key));
    let by_walk: BTreeSet<_> = volume.walk(WalkOptions::default()).map(Result::unwrap).collect();
    assert_eq!(by_index.iter().copied().collect::<BTreeSet<_>>(), by_walk);
    assert_eq!(by_index.len(), count);
}

/// What asks for a point to be deleted.
pub(crate) fn header(point: &[u8]) -> Vec<u8> {
    let (raw, _) = reparse::RawReparse::decode(point).unwrap();
    reparse::RawReparse::new(raw.tag(), raw.guid(), &[]).unwrap().encode()
}
