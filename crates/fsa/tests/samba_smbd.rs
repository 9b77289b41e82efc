//! One tree, served by Samba and by this store in turn. A Debian smbd runs on loopback as root over a temporary directory;
//! skipped, with the reason printed, where smbd or smbclient is missing or the machine is not root.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)] // a test that cannot go on fails
use fsa::host::Host;
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::host::meta;
use nt::{FileAttributes, FileTime};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// From this version on Samba is held to showing reparse points; it got them one release after another.
const SAMBA_WITH_REPARSE_POINTS: (u32, u32) = (4, 22);

/// A running smbd, and the directory that it serves.
struct Samba {
    folder: PathBuf,
    config: PathBuf,
    port: u16,
    daemon: Child,
}

impl Samba {
    /// Starts smbd over an empty directory; `None`, with the reason printed, where that cannot be.
    fn start(name: &str) -> Option<Samba> {
        let skip = |reason: &str| {
            println!("skipped: {reason}");
            None
        };
        for program in ["smbd", "smbclient"] {
            if version_of(program).is_none() {
                return skip("no smbd or smbclient (Debian: samba, samba-vfs-modules, smbclient)");
            }
        }
        if !Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n") {
            return skip("smbd needs root");
        }
        let folder = std::env::temp_dir().join(format!("pointsman-smbd-{}-{name}", std::process::id()));
        for part in ["share", "lock", "state", "cache", "private", "pid", "ncalrpc"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        let port = free_port();
        let config = folder.join("smb.conf");
        std::fs::write(&config, configuration(&folder, port)).unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let daemon = Command::new("smbd")
            .args(["-F", "--no-process-group", "--debug-stdout", "-s"])
            .arg(&config)
            // It ends with the pipe, however we end; and as it ends it ends its process group, which is not ours.
            .stdin(Stdio::piped())
            .process_group(0)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let samba = Samba { folder, config, port, daemon };
        for _ in 0..100 {
            if samba.client("ls").is_some() {
                return Some(samba);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "smbd does not answer: {}",
            std::fs::read_to_string(samba.folder.join("log")).unwrap_or_default()
        );
    }

    fn share(&self) -> PathBuf {
        self.folder.join("share")
    }

    fn host(&self) -> LinuxHost {
        LinuxHost::open(&self.share(), LinuxOptions::default()).unwrap()
    }

    /// What smbclient prints for these commands; `None` when they fail.
    fn client(&self, commands: &str) -> Option<String> {
        let output = Command::new("smbclient")
            .args(["//127.0.0.1/share", "-N", "-p", &self.port.to_string(), "-c", commands, "-s"])
            .arg(&self.config)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success() && !text.contains("NT_STATUS_")).then_some(text)
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A Samba program's version: `Version 4.17.12-Debian` gives (4, 17).
fn version_of(program: &str) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("-V").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.strip_prefix("Version ")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// A port that nobody has now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn configuration(folder: &Path, port: u16) -> String {
    let at = folder.display();
    format!(
        "[global]\nserver role = standalone server\ninterfaces = 127.0.0.1/8\nbind interfaces only = yes\n\
        smb ports = {port}\ndisable netbios = yes\nlock directory = {at}/lock\nstate directory = {at}/state\n\
        cache directory = {at}/cache\nprivate dir = {at}/private\npid directory = {at}/pid\n\
        ncalrpc dir = {at}/ncalrpc\nmap to guest = Bad User\nguest account = root\nload printers = no\n\
        printcap name = /dev/null\ndisable spoolss = yes\nrpc start on demand helpers = no\n\
        [share]\npath = {at}/share\nguest ok = yes\nread only = no\nforce user = root\nstore dos attributes = yes\n\
        ea support = yes\nvfs objects = streams_xattr acl_xattr\nhide dot files = no\n"
    )
}

fn node(host: &LinuxHost, name: &str) -> <LinuxHost as Host>::Node {
    let units: Vec<u16> = name.encode_utf16().collect();
    host.lookup(&host.root(), &units).unwrap().unwrap().0
}

#[test]
fn samba_shows_the_attributes_times_and_streams_that_are_written_here() {
    let Some(samba) = Samba::start("shows") else { return };
    std::fs::write(samba.share().join("file"), b"data").unwrap();
    let host = samba.host();
    let file = node(&host, "file");
    // 2001-02-03 04:05:06 UTC
    let created = FileTime::from_unix(981_173_106, 0);
    meta::set_basic(&host, &file, Some(FileAttributes::HIDDEN | FileAttributes::SYSTEM), Some(created))
        .unwrap();
    let stream = meta::stream_create(&host, &file, &"side".encode_utf16().collect::<Vec<_>>()).unwrap();
    meta::stream_write(&host, &file, &stream, b"12345").unwrap();
    let shown = samba.client("allinfo file").unwrap();
    assert!(shown.contains("attributes: HS (6)"), "{shown}");
    assert!(shown.contains("Feb  3 ") && shown.contains(" 2001"), "{shown}");
    assert!(shown.contains("stream: [:side:$DATA], 5 bytes"), "{shown}");
    let copy = samba.folder.join("copy");
    samba.client(&format!("get file:side {}", copy.display())).unwrap();
    assert_eq!(std::fs::read(copy).unwrap(), b"12345");
}

#[test]
fn what_samba_writes_is_read_here() {
    let Some(samba) = Samba::start("writes") else { return };
    let local = samba.folder.join("local");
    std::fs::write(&local, b"stream data").unwrap();
    let local = local.display();
    samba.client(&format!("put {local} file; put {local} file:side; setmode file +hs; mkdir dir")).unwrap();
    let host = samba.host();
    let file = node(&host, "file");
    let loaded = meta::load(&host, &file).unwrap();
    let expected = FileAttributes::HIDDEN | FileAttributes::SYSTEM | FileAttributes::ARCHIVE;
    assert_eq!(loaded.attributes, expected);
    assert!(loaded.stored.unwrap().created.is_some());
    let streams = meta::stream_list(&host, &file).unwrap();
    assert_eq!((streams[0].name.to_string().as_str(), streams[0].size), ("side", 11));
    assert_eq!(meta::stream_read(&host, &file, &streams[0].at).unwrap(), Some(b"stream data".to_vec()));
    assert!(meta::ea_list(&host, &file).unwrap().is_empty(), "none of Samba's attributes is an EA");
    let descriptor = meta::security(&host, &file).unwrap().expect("acl_xattr wrote one");
    let read = nt::security::SecurityDescriptor::decode(&descriptor).unwrap();
    assert!(read.owner.is_some() && read.dacl.present().is_some());
    let dir = meta::load(&host, &node(&host, "dir")).unwrap();
    assert_eq!(dir.attributes, FileAttributes::DIRECTORY);
}

/// Samba believes the bit in user.DOSATTRIB before it looks at the reparse point. Versions before its reparse points hide the
/// bit, which then must do no harm.
#[test]
fn samba_sees_a_reparse_point_that_is_set_here_until_it_is_removed() {
    let Some(samba) = Samba::start("point") else { return };
    std::fs::write(samba.share().join("file"), b"").unwrap();
    let host = samba.host();
    let file = node(&host, "file");
    let mut point = 0x8000_0023u32.to_le_bytes().to_vec(); // AF_UNIX
    point.extend_from_slice(&[0; 4]);
    meta::set_point(&host, &file, &point).unwrap();
    let shown = samba.client("allinfo file").unwrap();
    if version_of("smbd").unwrap() < SAMBA_WITH_REPARSE_POINTS {
        println!("half skipped: this Samba has no reparse points yet");
        assert!(shown.contains("(80)"), "{shown}");
    } else {
        assert!(shown.contains("(400)"), "{shown}");
    }
    assert!(meta::remove_point(&host, &file).unwrap());
    let shown = samba.client("allinfo file").unwrap();
    assert!(shown.contains("(80)"), "{shown}");
}

/// Version 1 of security.NTACL, which Samba believes without a hash; and its own version 4, which keeps its hashes.
#[test]
fn samba_shows_the_descriptor_that_is_set_here() {
    let Some(samba) = Samba::start("acl") else { return };
    std::fs::write(samba.share().join("ours"), b"").unwrap();
    let local = samba.folder.join("local");
    std::fs::write(&local, b"").unwrap();
    samba.client(&format!("put {} theirs", local.display())).unwrap();
    let host = samba.host();
    let descriptor = {
        use nt::security::{Ace, Acl, AclSlot, SecurityDescriptor, Sid};
        let sid = Sid::new(5, &[21, 1, 2, 3, 1001]).unwrap();
        SecurityDescriptor {
            owner: Some(Sid::BUILTIN_ADMINISTRATORS),
            group: Some(Sid::LOCAL_SYSTEM),
            dacl: AclSlot::Present(Acl::new(vec![
                Ace::allow(Sid::EVERYONE, nt::AccessMask::FILE_ALL_ACCESS),
                Ace::allow(sid, nt::AccessMask(0x0012_0089)),
            ])),
            ..SecurityDescriptor::default()
        }
        .encode()
        .unwrap()
    };
    for name in ["ours", "theirs"] {
        let file = node(&host, name);
        meta::set_security(&host, &file, &descriptor).unwrap();
        let shown = samba.client(&format!("showacls; ls {name}")).unwrap();
        assert!(shown.contains("Owner SID:\tS-1-5-32-544"), "{name}: {shown}");
        let second = shown.split("Permissions: 0x120089").nth(1).unwrap_or_default();
        assert!(
            second.lines().nth(1).is_some_and(|line| line.contains("SID: S-1-5-21-1-2-3-1001")),
            "{name}: {shown}"
        );
    }
}
