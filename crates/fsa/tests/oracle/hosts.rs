//! The hosts that every scenario runs on.
use crate::store::{Store, drives};
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::host::{Host, HostFault, XattrMode};
use fsa::{SecurityContext, Volume, VolumeOptions};
use std::path::PathBuf;

/// A device that leads to the volume, as the I/O manager knows it below the drive letter.
pub const DEVICE: &str = r"\Device\HarddiskVolume7";

fn options() -> VolumeOptions {
    VolumeOptions { drives: drives().with(DEVICE, r"\"), events: true, ..VolumeOptions::default() }
}

fn store<H: Host>(host: H) -> Store<H> {
    Store { volume: Volume::new(host, options()), cx: SecurityContext::superuser() }
}

/// A fresh volume in memory.
pub fn on_memory() -> Store<MemoryHost> {
    store(MemoryHost::new(MemoryOptions::default()))
}

/// Names another disk for the folders than the one that the build is on: a mount of another file system, say.
const DIRECTORY: &str = "ORACLE_DIRECTORY";

/// A fresh folder on the disk that the build is on, as a volume, for as long as `scenario` takes. Where that disk has no
/// user extended attributes the scenario is left out, and says so.
pub fn on_linux(name: &str, scenario: impl FnOnce(&Store<LinuxHost>)) {
    let folder = Folder::new(name);
    let host = LinuxHost::open(&folder.0, LinuxOptions::default()).unwrap();
    let probe = host.set_xattr(&host.root(), "user.pointsman.probe", b"1", XattrMode::Any);
    if probe.is_err_and(|error| error.fault == HostFault::NotSupported) {
        println!("skipped: {} has no user extended attributes", folder.0.display());
        return;
    }
    host.remove_xattr(&host.root(), "user.pointsman.probe").unwrap();
    scenario(&store(host));
}

/// A folder that goes when the test does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("oracle-{}-{}", std::process::id(), name.replace("::", "-"));
        let disk = std::env::var_os(DIRECTORY).unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let path = PathBuf::from(disk).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind harms no other test: the next run has another name.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
