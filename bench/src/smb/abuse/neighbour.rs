//! A client that does nothing wrong, beside those that do: what it asks for now and then, and how long each takes.
use super::super::link::{Link, Target, statuses};
use super::super::load::opened;
use super::super::ops::create_request;
use super::Outcome;
use crate::report::Failure;
use nt::{AccessMask, CreateDisposition, CreateOptions, FsctlCode, NtStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use wire::FileId;
use wire::create::OplockLevel;

/// How long it rests after each request.
const REST: Duration = Duration::from_millis(2);

/// A request that takes longer than this was not served: the only time that is judged.
const STALL: Duration = Duration::from_secs(5);

const MEBI: u32 = 1 << 20;

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A point is set and read as one chain, 4 KiB are written: small things.
    Small,
    /// 1 MiB is read.
    Large,
    /// A connection, a logon, a share.
    Logon,
}

const BEFORE: u8 = 0;
const DURING: u8 = 1;
const OVER: u8 = 2;

pub(super) struct Neighbour {
    phase: Arc<AtomicU8>,
    thread: JoinHandle<Observed>,
}

/// How long everything took.
#[derive(Default)]
pub(super) struct Observed {
    times: Vec<(u8, Kind, Duration)>,
    errors: Vec<String>,
}

impl Neighbour {
    pub(super) fn start(target: Target) -> Result<Neighbour, Failure> {
        let phase = Arc::new(AtomicU8::new(BEFORE));
        let now = phase.clone();
        let mut link = Link::connect(target)?;
        let file = opened(&mut link, r"kept\large", OplockLevel::NONE)?;
        let data = vec![7; MEBI as usize];
        succeed(&link.round_trip(&[requests::write(file, 0, &data)])?)?;
        let thread = std::thread::spawn(move || observe(link, file, target, &now));
        Ok(Neighbour { phase, thread })
    }

    /// Lets it work for so many seconds.
    pub(super) fn observe(&self, seconds: u64) {
        std::thread::sleep(Duration::from_secs(seconds));
    }

    /// From now on others do harm.
    pub(super) fn attacked(&self) {
        self.phase.store(DURING, Ordering::Relaxed);
    }

    pub(super) fn stop(self) -> Result<Observed, Failure> {
        self.phase.store(OVER, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the neighbour panicked".into())
    }
}

fn succeed(message: &[u8]) -> Result<(), Failure> {
    let all = statuses(message)?;
    match all.iter().find(|status| **status != NtStatus::SUCCESS) {
        None => Ok(()),
        Some(status) => Err(format!("{status}").into()),
    }
}

fn observe(mut link: Link, file: FileId, target: Target, now: &AtomicU8) -> Observed {
    let mut observed = Observed::default();
    for number in 0u64.. {
        let phase = now.load(Ordering::Relaxed);
        if phase == OVER {
            break;
        }
        let kind = match number {
            number if number % 100 == 99 => Kind::Logon,
            number if number % 10 == 5 => Kind::Large,
            _ => Kind::Small,
        };
        let start = Instant::now();
        let done = match kind {
            Kind::Small => small(&mut link, file, number),
            Kind::Large => {
                link.round_trip(&[requests::read(file, 0, MEBI)]).and_then(|answer| succeed(&answer))
            }
            Kind::Logon => Link::connect(target).map(drop),
        };
        // What was asked for in peace and answered in war counts as war.
        let phase = phase.max(now.load(Ordering::Relaxed)).min(DURING);
        observed.times.push((phase, kind, start.elapsed()));
        if let Err(error) = done {
            observed.errors.push(error.to_string());
            // Its connection may be the one that broke.
            std::thread::sleep(Duration::from_millis(100));
            if observed.errors.len() > 100 {
                break;
            }
        }
        std::thread::sleep(REST);
    }
    observed
}

fn small(link: &mut Link, file: FileId, number: u64) -> Result<(), Failure> {
    if number.is_multiple_of(2) {
        return succeed(&link.round_trip(&[requests::write(file, 4096 * (number % 256), &[7; 4096])])?);
    }
    let path = format!(r"kept\point{}", number % 50);
    let access = AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::FILE_READ_ATTRIBUTES;
    let point = requests::symlink("target");
    let chain = [
        create_request(&path, access, CreateDisposition::OPEN_IF, CreateOptions::OPEN_REPARSE_POINT),
        requests::control(FsctlCode::SET_REPARSE_POINT, FileId::ANY, &point, 0),
        requests::control(FsctlCode::GET_REPARSE_POINT, FileId::ANY, &[], 16_384),
        requests::close(FileId::ANY),
    ];
    succeed(&link.round_trip(&chain)?)
}

impl Observed {
    pub(super) fn tell(&self, outcome: &mut Outcome) {
        for (phase, when) in [(BEFORE, "before"), (DURING, "meanwhile")] {
            let of = |kind: Kind| {
                let chosen = self.times.iter().filter(|(at, what, _)| *at == phase && *what == kind);
                let mut times: Vec<f64> = chosen.map(|(_, _, time)| time.as_secs_f64() * 1000.0).collect();
                times.sort_by(f64::total_cmp);
                let at = |part: f64| {
                    let last = times.len().saturating_sub(1);
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a place in the list
                    times.get((last as f64 * part) as usize).copied().unwrap_or(f64::NAN)
                };
                format!("{:.2} / {:.1} / {:.1} ({})", at(0.5), at(0.99), at(1.0), times.len())
            };
            outcome.tell(format!(
                "the neighbour {when}, ms median / 99th / worst (number): small {}; 1 MiB read {}; logon {}",
                of(Kind::Small),
                of(Kind::Large),
                of(Kind::Logon)
            ));
        }
        let worst = self.times.iter().map(|(_, _, time)| *time).max().unwrap_or_default();
        outcome.claim(worst < STALL, format!("the neighbour waited {:.1} s", worst.as_secs_f64()));
        let errors = self.errors.len();
        outcome.claim(
            errors == 0,
            format!("the neighbour saw {errors} errors, first {:?}", self.errors.first()),
        );
    }
}
