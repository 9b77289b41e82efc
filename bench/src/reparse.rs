//! Decoding and encoding a symbolic link, in nanoseconds and instructions, beside the nearest crate on crates.io.
//!
//! That crate is smb-msg, whose FSCTL_SET_REPARSE_POINT request is the envelope: tag, length, data. It looks into no
//! data, checks nothing that Windows checks, and has no lenient reader; so the comparison is made twice, once with the
//! envelope alone on both sides, and once with the names as well, for which its user writes the code that stands in
//! `by_hand`. (The crates known to us that have typed reparse points build on Windows alone, or are not on crates.io.)
#![allow(clippy::print_stdout, clippy::disallowed_methods)] // a benchmark: it prints and has a clock
#![allow(clippy::cast_precision_loss)] // ratios

use std::hint::black_box;
use std::io::Cursor;
use std::process::Command;
use std::time::Instant;

use binrw::{BinRead, BinWrite};
use nt::Utf16;
use reparse::{RawReparse, ReparsePoint, Symlink, SymlinkFlags};
use smb_msg::ioctl::SetReparsePointRequest;

/// One thing to measure, by the name that the counting helper knows.
pub type Op = (&'static str, fn(&Subject));

/// What the operations work on.
pub struct Subject {
    bytes: Vec<u8>,
    substitute: Utf16,
    print: Utf16,
}

impl Default for Subject {
    fn default() -> Subject {
        let (substitute, print) =
            (Utf16::from(r"\??\C:\Users\Public\Documents"), Utf16::from(r"C:\Users\Public\Documents"));
        let link = Symlink::new(substitute.clone(), print.clone(), SymlinkFlags::ABSOLUTE);
        let bytes = link.map(|link| link.raw().encode()).unwrap_or_default();
        Subject { bytes, substitute, print }
    }
}

/// Every operation; an "other" one does the same work with smb-msg.
pub const OPS: &[Op] = &[
    ("decode envelope", |subject| {
        let _ = black_box(RawReparse::decode_set(black_box(&subject.bytes)));
    }),
    ("decode envelope, other", |subject| {
        let _ = black_box(SetReparsePointRequest::read_le(&mut Cursor::new(black_box(&subject.bytes))));
    }),
    ("decode names", |subject| {
        let raw = RawReparse::decode_set(black_box(&subject.bytes));
        let _ = black_box(raw.map(|raw| ReparsePoint::from_raw(&raw)));
    }),
    ("decode names, other", |subject| {
        let request = SetReparsePointRequest::read_le(&mut Cursor::new(black_box(&subject.bytes)));
        let _ = black_box(request.ok().and_then(|request| by_hand::names(&request.reparse_data)));
    }),
    ("encode", |subject| {
        let (substitute, print) = (black_box(&subject.substitute).clone(), black_box(&subject.print).clone());
        let link = Symlink::new(substitute, print, SymlinkFlags::ABSOLUTE);
        let _ = black_box(link.map(|link| ReparsePoint::Symlink(link).into_raw().into_bytes()));
    }),
    ("encode, other", |subject| {
        let (substitute, print) = (black_box(&subject.substitute).clone(), black_box(&subject.print).clone());
        let mut bytes = Cursor::new(Vec::new());
        let request = SetReparsePointRequest {
            reparse_tag: 0xA000_000C,
            reparse_guid: None,
            reparse_data: by_hand::data(&substitute, &print),
        };
        let _ = black_box(request.write_le(&mut bytes));
        let _ = black_box(bytes.into_inner());
    }),
];

/// What a user of smb-msg writes beside it: the names in the data of a symlink, in bounds.
mod by_hand {
    use nt::Utf16;

    pub(super) fn names(data: &[u8]) -> Option<(Utf16, Utf16)> {
        let number = |at: usize| {
            data.get(at..at + 2)?.first_chunk().map(|pair| usize::from(u16::from_le_bytes(*pair)))
        };
        let path = data.get(12..)?;
        let name = |at, len| Utf16::from_le_bytes(path.get(at..)?.get(..len)?);
        Some((name(number(0)?, number(2)?)?, name(number(4)?, number(6)?)?))
    }

    pub(super) fn data(substitute: &Utf16, print: &Utf16) -> Vec<u8> {
        let (substitute, print) = (substitute.to_le_bytes(), print.to_le_bytes());
        let len = |name: &[u8]| u16::try_from(name.len()).unwrap_or_default();
        let mut data = Vec::with_capacity(12 + substitute.len() + print.len());
        for number in [len(&print), len(&substitute), 0, len(&print), 0, 0] {
            data.extend_from_slice(&number.to_le_bytes());
        }
        data.extend_from_slice(&print);
        data.extend_from_slice(&substitute);
        data
    }
}

/// Rounds of which the fastest counts, and calls in a round.
const ROUNDS: usize = 9;
const CALLS: u32 = 200_000;

/// Measures every operation and prints ratios.
pub fn run() {
    let subject = Subject::default();
    println!("reparse: a symlink of {} bytes, beside smb-msg", subject.bytes.len());
    let counts = instructions();
    if let Err(why) = &counts {
        println!("  instructions not counted: {why}");
    }
    let counts = counts.unwrap_or_default();
    let count_of = |name: &str| counts.iter().find(|(of, _)| *of == name).map(|(_, count)| *count);
    for pair in OPS.chunks(2) {
        let [(name, ours), (other_name, other)] = pair else { continue };
        let (our_ns, other_ns) = (nanoseconds(*ours, &subject), nanoseconds(*other, &subject));
        print!("  {name}: {our_ns:.0} ns / {other_ns:.0} ns = {:.2}", our_ns / other_ns);
        if let (Some(our_count), Some(other_count)) = (count_of(name), count_of(other_name)) {
            let ratio = our_count as f64 / other_count as f64;
            print!("; {our_count} / {other_count} instructions = {ratio:.2}");
        }
        println!();
    }
}

fn nanoseconds(op: fn(&Subject), subject: &Subject) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        (0..CALLS).for_each(|_| op(subject));
        start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

/// Instructions of one call of each operation, by valgrind's count of two runs of the helper `examples/reparse_op.rs`.
fn instructions() -> Result<Vec<(&'static str, u64)>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "-q", "--release", "-p", "pointsman-bench", "--example", "reparse_op"];
    let built = Command::new(cargo).args(arguments).status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("the helper does not build".to_string());
    }
    let helper = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/examples/reparse_op");
    OPS.iter()
        .map(|(name, _)| {
            let (few, many) = (counted(helper, name, 100)?, counted(helper, name, 1_100)?);
            Ok((*name, many.saturating_sub(few) / 1_000))
        })
        .collect()
}

/// The instructions of one run of the helper, as callgrind counts them.
fn counted(helper: &str, name: &str, calls: u32) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", helper, name, &calls.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said
        .lines()
        .find_map(|line| line.split_once("Collected :").map(|(_, count)| count.trim().to_string()));
    line.and_then(|count| count.parse().ok()).ok_or_else(|| format!("valgrind gave no count: {said}"))
}
