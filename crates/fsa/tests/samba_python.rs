//! Samba's own library as judge of the stored attributes. Skipped, with the reason printed, where Debian's
//! `python3-samba` is missing.
#![allow(clippy::print_stdout)] // a skipped test says why
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that cannot go on fails
use fsa::host::meta::{DosAttrib, NtAcl};
use nt::{FileAttributes, FileTime};
use std::io::Write;
use std::process::{Command, Stdio};

const CREATED: FileTime = FileTime(0x01DA_0000_1234_5678);
const SDDL: &str = "O:BAG:SYD:(A;;FA;;;WD)(D;;FR;;;S-1-5-21-1-2-3-500)";

/// Runs `script` with `input`, in hexadecimal, as its standard input, and gives its lines; `None` without python3-samba.
fn samba(script: &str, input: &[u8]) -> Option<Vec<String>> {
    let pythons = ["/usr/bin/python3", "python3"];
    let has_samba = |python: &&&str| {
        let tried = Command::new(python).args(["-c", "import samba.ndr"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let Some(python) = pythons.iter().find(has_samba) else {
        println!("skipped: no python3 with the samba module (Debian: python3-samba)");
        return None;
    };
    let prelude = "import sys\nfrom samba.dcerpc import xattr, security\nfrom samba.ndr import *\n\
        value = bytes.fromhex(sys.stdin.read())\n\
        sid = security.dom_sid('S-1-5-21-1-2-3')\n";
    let mut child = Command::new(python)
        .args(["-c", &format!("{prelude}{script}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(hex(input).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "Samba refuses the value");
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn samba_unpacks_the_attributes_that_are_written() {
    let value =
        DosAttrib { attributes: FileAttributes(0x0422), created: Some(CREATED), changed: None }.encode();
    let script = "a = ndr_unpack(xattr.DOSATTRIB, value)\n\
        print(a.version, hex(a.info.valid_flags), hex(a.info.attrib), hex(a.info.create_time))\n\
        print(ndr_pack(a) == value)";
    let Some(lines) = samba(script, &value) else { return };
    assert_eq!(lines, ["5 0x11 0x422 0x1da000012345678", "True"]);
}

#[test]
fn every_version_that_samba_packs_is_read() {
    let script = "for version, make in ((1, xattr.DosInfo1), (3, xattr.DosInfo3), (4, xattr.DosInfo4), (5, xattr.DosInfo5)):\n\
        \x20   a = xattr.DOSATTRIB(); a.version = version; info = make()\n\
        \x20   info.attrib = 0x22; info.create_time = 0x1da000012345678\n\
        \x20   if version > 1: info.valid_flags = 0x11\n\
        \x20   a.info = info; print(ndr_pack(a).hex())";
    let Some(lines) = samba(script, &[]) else { return };
    assert_eq!(lines.len(), 4);
    for line in lines {
        let attributes = FileAttributes::HIDDEN | FileAttributes::ARCHIVE;
        assert_eq!(
            DosAttrib::decode(&bytes(&line)),
            Ok(DosAttrib { attributes, created: Some(CREATED), changed: None }),
            "{line}"
        );
    }
}

#[test]
fn samba_unpacks_the_descriptor_that_is_written() {
    let Some(lines) =
        samba(&format!("print(ndr_pack(security.descriptor.from_sddl('{SDDL}', sid)).hex())"), &[])
    else {
        return;
    };
    let value = NtAcl::new(bytes(&lines[0])).encode().unwrap();
    let unpacked =
        samba("a = ndr_unpack(xattr.NTACL, value)\nprint(a.version, ndr_pack(a.info).hex())", &value)
            .unwrap();
    assert_eq!(unpacked, [format!("1 {}", lines[0])]);
}

#[test]
fn the_descriptor_of_every_version_that_samba_packs_is_read_and_written_back_the_same() {
    let script = format!(
        "sd = security.descriptor.from_sddl('{SDDL}', sid)\n\
        print(ndr_pack(sd).hex())\n\
        hashes = (None, xattr.security_descriptor_hash_v2, xattr.security_descriptor_hash_v3, xattr.security_descriptor_hash_v4)\n\
        for version, make in enumerate(hashes, 1):\n\
        \x20   n = xattr.NTACL(); n.version = version\n\
        \x20   if make is None: n.info = sd\n\
        \x20   else:\n\
        \x20       h = make(); h.sd = sd; h.hash = [0xaa] * (16 if version == 2 else 64)\n\
        \x20       if version > 2: h.hash_type = 1\n\
        \x20       if version == 4: h.description = 'posix_acl'; h.time = 0; h.sys_acl_hash = [0xbb] * 64\n\
        \x20       n.info = h\n\
        \x20   print(ndr_pack(n).hex())"
    );
    let Some(lines) = samba(&script, &[]) else { return };
    assert_eq!(lines.len(), 5);
    for line in &lines[1..] {
        let acl = NtAcl::decode(&bytes(line)).unwrap();
        assert_eq!(hex(&acl.descriptor), lines[0]);
        assert_eq!(&hex(&acl.encode().unwrap()), line);
    }
}
