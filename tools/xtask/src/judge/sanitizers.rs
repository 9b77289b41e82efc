//! libpointsman under those who see each access to memory: ThreadSanitizer and AddressSanitizer, with Rust's own library
//! instrumented too, and valgrind.
use super::folder;
use crate::kernel::{TRIXIE, unpacked_package};
use crate::packages;
use crate::run::{Run, answers};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The kinds, and what the runtime of each is called.
const KINDS: &[(&str, &str)] = &[("thread", "tsan"), ("address", "asan")];

pub(super) fn judge() -> Result<(), String> {
    packages::install()?;
    nightly()?;
    KINDS.iter().try_for_each(|(kind, runtime)| sanitized(kind, runtime))?;
    let (valgrind, tools) = valgrind()?;
    Run::cargo("valgrind", &["test", "-p", "pointsman-capi", "--test", "c_programs", "valgrind"])
        .env("POINTSMAN_VALGRIND", &valgrind.to_string_lossy())
        .env("VALGRIND_LIB", &tools.to_string_lossy())
        .go()
}

/// A nightly toolchain with the sources of Rust's own library, which are to be instrumented too.
fn nightly() -> Result<(), String> {
    let output = Command::new("rustc").args(["+nightly", "--print", "sysroot"]).output();
    let root = output.ok().map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    if root.is_some_and(|root| root.join("lib/rustlib/src/rust/library/Cargo.lock").exists()) {
        return Ok(());
    }
    Run::command("nightly toolchain", Command::new("rustup"))
        .args(&["toolchain", "install", "nightly", "--profile", "minimal", "-c", "rust-src"])
        .go()
}

/// Builds the library with a sanitizer and runs the programs with it.
fn sanitized(kind: &str, runtime: &str) -> Result<(), String> {
    let built = folder("sanitizers")?.join(kind);
    // Without debug information of variables: it is half of the time and of the room.
    Run::command("build libpointsman", Command::new("cargo"))
        .args(&["+nightly", "build", "-Zbuild-std", "--target", TARGET, "-p", "pointsman-capi"])
        .args(&["--target-dir".as_ref(), built.as_os_str()])
        .env("RUSTFLAGS", &format!("-Zsanitizer={kind}"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .go()?;
    let library = built.join(TARGET).join("debug/libpointsman.a");
    let runtime = runtimes()?.join(format!("librustc-nightly_rt.{runtime}.a"));
    Run::cargo("programs", &["test", "-p", "pointsman-capi", "--test", "sanitized", "--", "--nocapture"])
        .env("POINTSMAN_SANITIZER", kind)
        .env("POINTSMAN_SANITIZED_LIBRARY", &library.to_string_lossy())
        .env("POINTSMAN_SANITIZER_RUNTIME", &runtime.to_string_lossy())
        .go()
}

/// Where the nightly toolchain keeps what sanitized programs need.
fn runtimes() -> Result<PathBuf, String> {
    let output = Command::new("rustc")
        .args(["+nightly", "--print", "target-libdir", "--target", TARGET])
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .output()
        .map_err(|error| format!("rustc +nightly: {error}"))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// This machine's valgrind if it is 3.22 or later, else that of Debian trixie, unpacked and not installed; and its tools.
pub(super) fn valgrind() -> Result<(PathBuf, PathBuf), String> {
    let output = Command::new("valgrind").arg("--version").output();
    let version =
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if knows_openat2(&version) {
        return Ok((PathBuf::from("valgrind"), PathBuf::from("/usr/libexec/valgrind")));
    }
    if !answers("apt-get", &["--version"]) {
        return Err("there is none of 3.22 or later, and this is not Debian".to_owned());
    }
    let unpacked = unpacked_package(Path::new("target/judges"), TRIXIE, "valgrind")?;
    Ok((unpacked.join("usr/bin/valgrind"), unpacked.join("usr/libexec/valgrind")))
}

/// `valgrind-3.24.0`
fn knows_openat2(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches("valgrind-").split('.').map(|number| number.parse());
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (3_u32, 22_u32),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valgrind_knows_openat2_from_3_22_on() {
        assert!(knows_openat2("valgrind-3.24.0\n") && knows_openat2("valgrind-4.0.GIT"));
        assert!(!knows_openat2("valgrind-3.19.0\n") && !knows_openat2(""));
    }
}
