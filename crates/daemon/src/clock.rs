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
