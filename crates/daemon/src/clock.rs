//! The one clock of the process: everything below is told the time.
use nt::FileTime;
use smb::connection::Now;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time, of both kinds. The monotonic one counts from the first call.
#[allow(clippy::disallowed_methods)] // this is where time comes from
pub fn now() -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    let monotonic = START.get_or_init(Instant::now).elapsed();
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(unix.as_secs()).unwrap_or(i64::MAX);
    Now { monotonic, wall: FileTime::from_unix(seconds, unix.subsec_nanos()) }
}

/// CLOCK_MONOTONIC in microseconds, as systemd wants it.
pub(crate) fn boot_us() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1000)
}
