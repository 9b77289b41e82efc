//! The calls of the host that renames, links, listings and EAs lean on, on a real file system.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)] // a test that cannot go on fails
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::{
    DirectoryQuery, DriveMap, EaQuery, OpenId, OpenRequest, Requester, SecurityContext, Volume, VolumeOptions,
};
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileInformationClass as Class, FsctlCode, NtStatus, Utf16,
};
use std::path::PathBuf;

const ALL: AccessMask = AccessMask(0x001F_01FF);

struct Tree {
    folder: PathBuf,
    volume: Volume<LinuxHost>,
    cx: SecurityContext,
}

impl Tree {
    fn new(name: &str) -> Tree {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("set-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let host = LinuxHost::open(&folder, LinuxOptions::default()).unwrap();
        let options =
            VolumeOptions { drives: DriveMap::new().with(r"\??\C:", r"\"), ..VolumeOptions::default() };
        Tree { folder, volume: Volume::new(host, options), cx: SecurityContext::superuser() }
    }

    fn open(&self, path: &str, options: CreateOptions, disposition: CreateDisposition) -> OpenId {
        let path: Vec<u16> = path.encode_utf16().collect();
        let request = OpenRequest { options, disposition, ..OpenRequest::existing(&path, ALL) };
        self.volume.open(&self.cx, &request).unwrap_or_else(|error| panic!("{error}")).id
    }

    fn itself(&self, path: &str) -> OpenId {
        self.open(path, CreateOptions::OPEN_REPARSE_POINT, CreateDisposition::OPEN)
    }

    fn file(&self, path: &str, data: &[u8]) {
        let id = self.open(path, CreateOptions::NONE, CreateDisposition::CREATE);
        self.volume.write(id, 0, data).unwrap();
        self.volume.close(id).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let id = self.open(path, CreateOptions::OPEN_REPARSE_POINT, CreateDisposition::CREATE);
        let point = reparse::Symlink::new(target, target, reparse::SymlinkFlags(1)).unwrap().raw().encode();
        self.volume.fs_control(id, FsctlCode::SET_REPARSE_POINT, &point, 0).unwrap();
        self.volume.close(id).unwrap();
    }

    fn set(&self, id: OpenId, class: Class, input: &[u8]) -> NtStatus {
        match self.volume.set_information(&self.cx, Requester::Local, id, class, input) {
            Ok(()) => NtStatus::SUCCESS,
            Err(refusal) => refusal.status,
        }
    }

    fn names(&self, path: &str) -> Vec<String> {
        let id = self.itself(path);
        let ask = DirectoryQuery {
            class: Class::NAMES_INFORMATION,
            len_max: 65_536,
            restart: false,
            single: false,
            pattern: &[],
        };
        let bytes = self.volume.query_directory(id, &ask).unwrap().bytes;
        self.volume.close(id).unwrap();
        let mut names = Vec::new();
        let mut at = 0;
        loop {
            let word = |offset: usize| {
                u32::from_le_bytes(bytes[at + offset..at + offset + 4].try_into().unwrap()) as usize
            };
            names.push(Utf16::from_le_bytes(&bytes[at + 12..at + 12 + word(8)]).unwrap().to_string());
            match word(0) {
                0 => return names,
                next => at += next,
            }
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn new_name(flags: u32, name: &str) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = flags.to_le_bytes().to_vec();
    bytes.extend_from_slice(&[0; 12]);
    bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&name);
    bytes.resize(bytes.len().max(24), 0);
    bytes
}

#[test]
fn renames_change_case_replace_links_and_keep_points() {
    let tree = Tree::new("rename");
    tree.file("target", b"target");
    tree.file("other", b"other");
    tree.link("link", "target");
    tree.link("second", "target");
    let id = tree.itself("second");
    assert_eq!(tree.set(id, Class::RENAME_INFORMATION, &new_name(0, "SECOND")), NtStatus::SUCCESS);
    assert_eq!(
        tree.set(id, Class::RENAME_INFORMATION, &new_name(0, "link")),
        NtStatus::OBJECT_NAME_COLLISION
    );
    tree.volume.close(id).unwrap();
    let id = tree.itself("other");
    assert_eq!(tree.set(id, Class::RENAME_INFORMATION, &new_name(1, "Link")), NtStatus::SUCCESS);
    tree.volume.close(id).unwrap();
    assert_eq!(tree.names(""), ["Link", "SECOND", "target"]);
    assert_eq!(std::fs::read(tree.folder.join("Link")).unwrap(), b"other");
    assert_eq!(std::fs::read(tree.folder.join("target")).unwrap(), b"target");
    let id = tree.itself("second");
    let point = tree.volume.fs_control(id, FsctlCode::GET_REPARSE_POINT, &[], 16_384).unwrap();
    assert_eq!(point.output[..4], 0xA000_000Cu32.to_le_bytes());
}

#[test]
fn links_are_made_replaced_and_merged() {
    let tree = Tree::new("link");
    tree.file("one", b"one");
    tree.file("old", b"old");
    let id = tree.itself("one");
    assert_eq!(tree.set(id, Class::LINK_INFORMATION, &new_name(0, "two")), NtStatus::SUCCESS);
    assert_eq!(tree.set(id, Class::LINK_INFORMATION, &new_name(0, "old")), NtStatus::OBJECT_NAME_COLLISION);
    assert_eq!(tree.set(id, Class::LINK_INFORMATION, &new_name(1, "Old")), NtStatus::SUCCESS);
    assert_eq!(std::fs::read(tree.folder.join("Old")).unwrap(), b"one");
    assert_eq!(tree.set(id, Class::RENAME_INFORMATION, &new_name(0, "two")), NtStatus::SUCCESS);
    tree.volume.close(id).unwrap();
    assert_eq!(tree.names(""), ["Old", "two"]);
    let id = tree.itself("two");
    let standard = tree.volume.query_information(id, Class::STANDARD_INFORMATION, 24).unwrap().bytes;
    assert_eq!(standard[16], 2);
}

#[test]
fn directories_move_with_what_is_in_them() {
    let tree = Tree::new("directory");
    for path in ["a", r"a\b", "c"] {
        let id = tree.open(path, CreateOptions::DIRECTORY_FILE, CreateDisposition::CREATE);
        tree.volume.close(id).unwrap();
    }
    tree.file(r"a\b\file", b"data");
    let id = tree.itself(r"a\b");
    assert_eq!(tree.set(id, Class::RENAME_INFORMATION, &new_name(0, r"\c\d")), NtStatus::SUCCESS);
    assert_eq!(tree.set(id, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::DIRECTORY_NOT_EMPTY);
    tree.volume.close(id).unwrap();
    assert_eq!(tree.names(r"c\d"), [".", "..", "file"]);
    assert_eq!(tree.names("a"), [".", ".."]);
    let id = tree.itself("a");
    assert_eq!(tree.set(id, Class::DISPOSITION_INFORMATION, &[1]), NtStatus::SUCCESS);
    tree.volume.close(id).unwrap();
    assert_eq!(tree.names(""), ["c"]);
}

#[test]
fn the_index_of_reparse_points_is_of_the_whole_tree() {
    let tree = Tree::new("index");
    let id = tree.open("dir", CreateOptions::DIRECTORY_FILE, CreateDisposition::CREATE);
    tree.volume.close(id).unwrap();
    tree.link(r"dir\link", "x");
    std::os::unix::fs::symlink("target", tree.folder.join("unix")).unwrap();
    let path: Vec<u16> = r"\$Extend\$Reparse:$R:$INDEX_ALLOCATION".encode_utf16().collect();
    let opened =
        tree.volume.open(&tree.cx, &OpenRequest::existing(&path, AccessMask::FILE_READ_DATA)).unwrap();
    let ask = DirectoryQuery {
        class: Class::REPARSE_POINT_INFORMATION,
        len_max: 4096,
        restart: true,
        single: false,
        pattern: &[],
    };
    let bytes = tree.volume.query_directory(opened.id, &ask).unwrap().bytes;
    let tags: Vec<_> =
        bytes.chunks(16).map(|entry| u32::from_le_bytes(entry[8..12].try_into().unwrap())).collect();
    assert_eq!(tags, [0xA000_000C; 2], "one of them a link of the host");
}

#[test]
fn eas_and_streams_live_beside_the_largest_point() {
    let tree = Tree::new("ea");
    tree.file("file", b"");
    let id = tree.itself("file");
    let mut point = 0x8000_4711u32.to_le_bytes().to_vec();
    point.extend_from_slice(&16_376u16.to_le_bytes());
    point.resize(16_384, 0x11);
    point[6..8].fill(0);
    tree.volume.fs_control(id, FsctlCode::SET_REPARSE_POINT, &point, 0).unwrap();
    let ea = [&[0, 0, 0, 0, 0, 4, 3, 0][..], b"name\0abc"].concat();
    tree.volume.set_ea(id, &ea).unwrap();
    let listed = tree.volume.query_ea(id, &EaQuery { len_max: 100, ..EaQuery::default() }).unwrap();
    assert_eq!(listed.bytes[8..], *b"NAME\0abc");
    let got = tree.volume.fs_control(id, FsctlCode::GET_REPARSE_POINT, &[], 16_384).unwrap();
    assert_eq!(got.output, point);
    let stream = tree.open("file:s", CreateOptions::OPEN_REPARSE_POINT, CreateDisposition::CREATE);
    tree.volume.write(stream, 0, b"data").unwrap();
    let found = tree.volume.query_information(id, Class::STREAM_INFORMATION, 4096).unwrap();
    assert_eq!(found.bytes.len(), 24 + 14 + 2 + 24 + 16);
    fsa::check(tree.volume.host(), false, |finding| panic!("{finding:?}")).unwrap();
}

/// Names in the staging folder are `<process>-<number>`; no process has the largest number that Linux can give.
#[test]
fn a_check_removes_what_dead_makers_left_and_nothing_of_the_living() {
    let tree = Tree::new("leftover");
    let staging = tree.folder.join(".pointsman/staging");
    std::fs::create_dir_all(&staging).unwrap();
    let living = format!("{}-7", std::process::id());
    for name in ["4194304-0", &living, "something else"] {
        std::fs::write(staging.join(name), b"").unwrap();
    }
    let mut found = Vec::new();
    fsa::check(tree.volume.host(), true, |finding| {
        found.push((finding.path.to_string(), finding.wrong, finding.repaired))
    })
    .unwrap();
    assert_eq!(found, [("4194304-0".to_owned(), fsa::Wrong::Leftover, true)]);
    assert!(!staging.join("4194304-0").exists() && staging.join(living).exists());
}
