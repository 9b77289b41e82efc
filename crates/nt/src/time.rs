//! [MS-DTYP] 2.3.3: FILETIME.

/// 100-nanosecond intervals since 1601-01-01 UTC. [MS-DTYP] 2.3.3
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct FileTime(pub u64);

/// Seconds between 1601-01-01 and 1970-01-01.
const UNIX_EPOCH_S: i64 = 11_644_473_600;

impl FileTime {
    /// From Unix seconds and nanoseconds; times outside FILETIME's range are clamped to its ends.
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> FileTime {
        let ticks =
            i128::from(seconds.saturating_add(UNIX_EPOCH_S)) * 10_000_000 + i128::from(nanoseconds / 100);
        FileTime(u64::try_from(ticks.max(0)).unwrap_or(u64::MAX))
    }

    /// To Unix seconds and nanoseconds.
    pub fn to_unix(self) -> (i64, u32) {
        let seconds = i64::try_from(self.0 / 10_000_000).unwrap_or(i64::MAX) - UNIX_EPOCH_S;
        let nanoseconds = u32::try_from(self.0 % 10_000_000).unwrap_or_default() * 100;
        (seconds, nanoseconds)
    }
}
