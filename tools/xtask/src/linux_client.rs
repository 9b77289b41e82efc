//! The Linux kernel's SMB client as a judge: a kernel of Debian trixie, whose client makes every kind of link (that of
//! bookworm does not), and what it takes to boot it without KVM. Nothing is installed from trixie: its kernel is unpacked.
use crate::kernel;
use crate::packages::install_these;
use crate::run::Run;
use std::path::Path;

const PACKAGES: &[&str] = &[
    "qemu-system-x86", // the machine
    "busybox-static",  // its programs
    "cpio",            // its file system
    "bc",
    "kmod",
    "xz-utils",
    "zstd",
    "attr",
    "git", // clones a repository onto the share
];

/// Shared with `cargo xtask judge kernel`.
const KERNELS: &str = "target/judges/kernel";

/// Installs, fetches, runs the test that needs it.
pub(crate) fn linux_client() -> Result<(), String> {
    install_these(PACKAGES)?;
    let kernel = kernel::unpacked(Path::new(KERNELS), kernel::TRIXIE)?;
    let path = kernel.to_str().ok_or("a path that is no text")?;
    Run::cargo("linux client", &["test", "-p", "pointsman-cli", "--test", "linux_client"])
        .args(&["--", "--nocapture", "--test-threads", "1"])
        .env("POINTSMAN_KERNEL", path)
        .go()
}
