//! Progress of long work: one line on stderr, rewritten a few times a second, and only when a terminal shows it.
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line is rewritten.
const EVERY: Duration = Duration::from_millis(150);

/// A counter that shows itself.
pub(crate) struct Progress {
    what: &'static str,
    shown: Option<Shown>,
}

struct Shown {
    begun: Instant,
    next: Instant,
}

impl Progress {
    /// Counts `what`, such as `objects seen`. Silent unless stderr is a terminal.
    #[allow(clippy::disallowed_methods)] // the command may look at the clock; what lies below it may not
    pub(crate) fn new(what: &'static str) -> Progress {
        let now = Instant::now();
        let shown = io::stderr().is_terminal().then(|| Shown { begun: now, next: now + EVERY });
        Progress { what, shown }
    }

    /// Shows the count if it is time to.
    #[allow(clippy::disallowed_methods)] // as above
    pub(crate) fn at(&mut self, seen: u64, found: u64) {
        let Some(shown) = &mut self.shown else { return };
        let now = Instant::now();
        if now < shown.next {
            return;
        }
        shown.next = now + EVERY;
        let seconds = now.duration_since(shown.begun).as_secs();
        // A terminal that went away takes the progress with it, not the work.
        let _ = write!(io::stderr(), "\r\x1b[K{seen} {}, {found} found, {seconds} s", self.what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
