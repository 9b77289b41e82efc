//! A process that sets, replaces and deletes a reparse point without end is killed again and again: what is found afterwards
//! is always whole, and one that the process wrote.
//!
//! The process is this test's own program, run for one test with an environment variable set. The directory lies where
//! `CARGO_TARGET_TMPDIR` is; on a disk with ext4 the large buffers take the way over the store's own folder.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)] // a test that cannot go on fails
#![allow(clippy::disallowed_methods)] // the moment of the kill is chance by intention
use fsa::host::linux::{LinuxHost, LinuxOptions};
use fsa::host::meta;
use fsa::host::{Host, Make};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

const WRITER: &str = "POINTSMAN_KILLED_WRITER";
const FIRST_ROUND: &str = "POINTSMAN_KILLED_WRITER_FIRST_ROUND";
const READY: &str = "the writer is ready";
const KILLS: u32 = 150;
/// A writer stays in one row: what fits the attribute, what does not, and both in turn.
const ROWS: [[usize; 4]; 3] =
    [[40, 1_000, 2_000, 3_900], [16_384, 9_000, 12_000, 5_000], [40, 16_384, 1_000, 9_000]];
/// Rounds of one writer are numbered from a multiple of this on.
const ROUNDS: u32 = 1 << 20;

type Node = <LinuxHost as Host>::Node;

/// The length of a round's buffer.
fn len_of(round: u32) -> usize {
    ROWS[(round / ROUNDS) as usize % ROWS.len()][round as usize % ROWS[0].len()]
}

/// The buffer of a round: its length and all of its bytes follow from the number in it.
fn buffer(round: u32) -> Vec<u8> {
    let len = len_of(round);
    let mut bytes = 0x8000_4711u32.to_le_bytes().to_vec();
    bytes.extend_from_slice(&u16::try_from(len - 8).unwrap().to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    while bytes.len() < len {
        bytes.extend_from_slice(&round.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

fn open(folder: &Path) -> (LinuxHost, Node) {
    let host = LinuxHost::open(folder, LinuxOptions::default()).unwrap();
    let name: Vec<u16> = "file".encode_utf16().collect();
    let found = host.lookup(&host.root(), &name).unwrap();
    let node = match found {
        Some((node, _)) => node,
        None => host.create(&host.root(), &name, Make::File).unwrap().0,
    };
    (host, node)
}

/// Not a test by itself: the process to be killed. It does nothing unless it is told the folder.
#[test]
fn the_writer() {
    let Some(folder) = std::env::var_os(WRITER) else { return };
    let (host, node) = open(Path::new(&folder));
    let first = std::env::var(FIRST_ROUND).unwrap().parse().unwrap();
    println!("\n{READY}");
    for round in first.. {
        meta::set_point(&host, &node, &buffer(round)).unwrap();
        if round % 7 == 6 {
            assert!(meta::remove_point(&host, &node).unwrap());
        }
    }
}

#[test]
fn a_killed_writer_leaves_an_old_point_or_a_new_one_whole() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (host, node) = open(&folder);
    if host.set_xattr(&node, "user.pointsman.probe", b"x", fsa::host::XattrMode::Any).is_err() {
        println!("skipped: {} has no extended attributes", folder.display());
        return;
    }
    let mut seen = BTreeMap::new();
    for kill in 0..KILLS {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_writer", "--nocapture"])
            .env(WRITER, &folder)
            .env(FIRST_ROUND, (kill * ROUNDS + kill).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == READY), "the writer did not start");
        // A value that is kept beside the tree waits for the disk.
        let longest = if (kill as usize).is_multiple_of(ROWS.len()) { 4_000 } else { 40_000 };
        let chance = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_nanos();
        std::thread::sleep(Duration::from_micros(u64::from(chance / 1_000) % longest));
        writer.kill().unwrap();
        assert!(!writer.wait().unwrap().success(), "the writer ended by itself");
        match meta::point(&host, &node).unwrap() {
            None => *seen.entry(0).or_insert(0) += 1,
            Some(found) => {
                let round = u32::from_le_bytes(found[8..12].try_into().unwrap());
                assert_eq!(found, buffer(round), "half of a point");
                *seen.entry(found.len()).or_insert(0) += 1;
            }
        }
        let loaded = meta::load(&host, &node).unwrap();
        assert_eq!(loaded.point.is_some(), meta::point(&host, &node).unwrap().is_some());
    }
    println!("found after a kill, by length: {seen:?}");
    assert!(seen.len() >= 4, "the kills came at few different points");
    let mut wrong = Vec::new();
    fsa::check(&host, true, |finding| wrong.push(finding.wrong)).unwrap();
    // A kill leaves values that nobody names and stale bits, and nothing worse.
    let harmless = |wrong: &fsa::Wrong| {
        matches!(wrong, fsa::Wrong::Orphan(_) | fsa::Wrong::StaleBit { .. } | fsa::Wrong::Leftover)
    };
    assert!(wrong.iter().all(harmless), "{wrong:?}");
    assert_eq!(fsa::check(&host, false, |_| ()).unwrap().findings, 0, "and the check put it right");
    drop((host, node));
    std::fs::remove_dir_all(&folder).unwrap();
}
