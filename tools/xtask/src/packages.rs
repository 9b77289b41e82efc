//! The Debian packages that tests judge by. Without them those tests skip and say so.
use crate::run::{Run, answers};
use std::process::Command;

/// One list for all: who adds a test that needs a package adds it here.
const PACKAGES: &[&str] = &[
    "attr",              // getfattr, setfattr: the on-disk form seen by another program
    "btrfs-progs",       // mkfs for loop mounts
    "e2fsprogs",         // likewise
    "xfsprogs",          // likewise
    "samba",             // smbd shows the attributes of our files
    "samba-vfs-modules", // its streams and ACLs in extended attributes
    "smbclient",         // asks it
    "python3-samba",     // unpacks DOSATTRIB and NTACL
    "ntfs-3g",           // mkntfs, ntfs-3g, ntfsfix, ntfsinfo: NTFS images made and read by another program
    "fdisk",             // sfdisk: tables of partitions
    "wimtools",          // wimlib-imagex: compresses as `compact /exe` does
    "qemu-utils",        // qemu-img: images in the formats of virtual machines
    "ewf-tools",         // ewfacquire: E01
    "libfsntfs-utils",   // fsntfsinfo: another reader of NTFS
    // Logons by ticket.
    "krb5-kdc",          // a realm
    "krb5-admin-server", // its keys
    "krb5-user",         // a client of it
    // Judges of the server (cargo xtask judge).
    "python3-venv",    // a Python of its own for clients from PyPI
    "samba-testsuite", // smbtorture
    "iptables",        // by which it cuts connections
    "qemu-system-x86", // a machine for the kernel's client
    "busybox-static",  // its programs
    "cpio",            // its first file system
    "kmod",            // its modules
    "xz-utils",
    "zstd",
    "bc",
    "git",
    // The programs that use libpointsman: compilers, the real <windows.h>, a checker of memory, two other languages.
    "gcc",
    "g++",
    "clang",
    "gcc-mingw-w64-x86-64",
    "g++-mingw-w64-x86-64",
    "valgrind",
    "krb5-kdc", // a realm of its own, for shares with tickets
    "krb5-admin-server",
    "krb5-user",
    "golang-go",
    "python3",
];

/// Installs what is missing when root on Debian; says what is missing otherwise.
pub(crate) fn install() -> Result<(), String> {
    install_these(PACKAGES)
}

/// The same for another list.
pub(crate) fn install_these(wanted: &[&str]) -> Result<(), String> {
    if !answers("dpkg-query", &["--version"]) {
        println!("== skip: packages, this is not Debian; some tests want: {}", wanted.join(" "));
        return Ok(());
    }
    let missing: Vec<&str> = wanted.iter().copied().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() {
        println!("== skip: not root, some tests will skip for want of: {}", missing.join(" "));
        return Ok(());
    }
    apt("package lists", &["update", "-q"])?;
    if install_all(&missing).is_ok() {
        return Ok(());
    }
    // One package that this machine cannot have (another release of a neighbour is installed, say) must not take the others
    // with it: what needs it skips, as on a machine that is not Debian.
    let refused: Vec<&str> =
        missing.iter().copied().filter(|package| install_all(&[package]).is_err()).collect();
    if refused.len() == missing.len() {
        return Err(format!("apt-get installs none of: {}", missing.join(" ")));
    }
    println!("== skip: apt-get cannot install here, some tests will skip for want of: {}", refused.join(" "));
    Ok(())
}

fn install_all(packages: &[&str]) -> Result<(), String> {
    let args: Vec<&str> =
        ["install", "-y", "-q", "--no-install-recommends"].iter().chain(packages).copied().collect();
    apt("packages", &args)
}

fn apt(name: &'static str, args: &[&str]) -> Result<(), String> {
    // Another apt-get may be at work, as on a machine that has just started.
    let patient = ["-o", "DPkg::Lock::Timeout=600"];
    Run::command(name, Command::new("apt-get"))
        .args(&patient)
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .go()
}

fn installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f", "${Status}", package])
        .output()
        .is_ok_and(|output| output.status.success() && output.stdout.ends_with(b" installed"))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
