//! Opens and closes one file of a directory many times, for `strace -c` and `valgrind --tool=callgrind`; what one operation
//! costs is the difference between two counts.
//!
//! ```text
//! opens PATH (open | stat | get | stopped | create | set) COUNT [WAIT_MS]
//! ```
#![allow(clippy::print_stderr)] // a program says what went wrong
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::{Durability, Follow, OpenError, OpenRequest, SecurityContext, Volume, VolumeOptions};
use nt::security::{Privileges, Sid, Token};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileInformationClass, FsctlCode, Utf16};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A symbolic link of Windows to `t`.
const LINK: &[u8] = &[0x0C, 0, 0, 0xA0, 16, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 1, 0, 0, 0, b't', 0, b't', 0];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, what, count, rest @ ..] = &arguments[..] else {
        return Err("opens PATH (open | stat | get | stopped | create | set) COUNT [WAIT_MS]".into());
    };
    let wait = rest.first().map_or(Ok(0), |wait| wait.parse())?;
    let root = Path::new(root);
    let folder = root.join("kept");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let options = VolumeOptions { durability: Durability::Deferred, ..VolumeOptions::default() };
    let volume = Volume::new(LinuxHost::open(root, LinuxOptions::default())?, options);
    let user = Sid::new(5, &[21, 1, 2, 3, 1000]).ok_or("a SID")?;
    let token = Token { user, groups: vec![Sid::EVERYONE], privileges: Privileges::CREATE_SYMBOLIC_LINK };
    let cx = SecurityContext::user(token);
    for (name, point) in [(r"kept\file5", false), (r"kept\point5", true)] {
        one(&volume, &cx, name, CreateDisposition::CREATE, if point { "set" } else { "create" })?;
    }
    volume.hear();
    std::thread::sleep(Duration::from_millis(wait));
    for number in 0..count.parse()? {
        match &what[..] {
            "create" | "set" => {
                let name = format!(r"kept\c{number}");
                one(&volume, &cx, &name, CreateDisposition::CREATE, what)?;
            }
            "open" | "stat" => one(&volume, &cx, r"kept\file5", CreateDisposition::OPEN, what)?,
            _ => one(&volume, &cx, r"kept\point5", CreateDisposition::OPEN, what)?,
        }
    }
    Ok(())
}

/// One operation, as the server does it.
fn one(
    volume: &Volume<LinuxHost>,
    cx: &SecurityContext,
    name: &str,
    disposition: CreateDisposition,
    what: &str,
) -> Result<(), Box<dyn Error>> {
    let path = Utf16::from(name);
    let itself = if what == "stopped" { CreateOptions::NONE } else { CreateOptions::OPEN_REPARSE_POINT };
    let more = if what == "set" { AccessMask::FILE_WRITE_ATTRIBUTES } else { AccessMask::NONE };
    let request = OpenRequest {
        disposition,
        options: itself,
        follow: Follow::Caller,
        wants_facts: true,
        ..OpenRequest::existing(path.units(), AccessMask::FILE_READ_ATTRIBUTES | more)
    };
    let opened = match volume.open(cx, &request) {
        Ok(opened) => opened,
        Err(OpenError::StoppedOnSymlink(_)) if what == "stopped" => return Ok(()),
        Err(other) => return Err(other.into()),
    };
    if opened.facts.is_none() {
        volume.opened_facts(opened.id)?;
    }
    match what {
        "stat" => {
            drop(volume.query_information(opened.id, FileInformationClass::NETWORK_OPEN_INFORMATION, 56)?)
        }
        "get" => drop(volume.fs_control(opened.id, FsctlCode::GET_REPARSE_POINT, &[], 16_384)?),
        "set" => drop(volume.fs_control(opened.id, FsctlCode::SET_REPARSE_POINT, LINK, 0)?),
        _ => {}
    }
    Ok(volume.close(opened.id)?)
}
