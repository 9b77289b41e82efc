//! Connections that never come to a session: silent, with half a frame, or with a dialect and no more.
use super::super::link::only_negotiated;
use super::greedy::until_closed;
use super::server::PATIENCE_S;
use super::{Ground, Outcome};
use crate::report::Failure;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Bytes of resident memory that one may take.
const EACH_BYTES_MAX: u64 = 16 * 1024;

pub(super) fn attack(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let count = ground.count(10_000, 900);
    let port = ground.target().port;
    let before = ground.server.figures()?;
    let start = Instant::now();
    let mut streams = Vec::with_capacity(count);
    for at in 0..count {
        streams.push(match at % 3 {
            0 => TcpStream::connect(("127.0.0.1", port))?,
            1 => {
                let mut stream = TcpStream::connect(("127.0.0.1", port))?;
                stream.write_all(&[0, 0, 1, 0, 0xFE])?;
                stream
            }
            _ => only_negotiated(port)?,
        });
    }
    // Those that came first are still there: the last was accepted within their time.
    let all = ground.server.figures()?;
    let each = all.resident_kib.saturating_sub(before.resident_kib) * 1024 / count as u64;
    outcome.tell(format!(
        "{} connections of {count} at once, made in {:.1} s: {each} bytes of resident memory each",
        all.connections - before.connections,
        start.elapsed().as_secs_f64()
    ));
    outcome.claim(each <= EACH_BYTES_MAX, format!("{each} bytes a connection, {EACH_BYTES_MAX} allowed"));
    let patience = Duration::from_secs(PATIENCE_S + 10);
    match until_closed(&mut streams, patience, |_| {})? {
        Some(_) => outcome.tell(format!("all let go {:.0} s after the first", start.elapsed().as_secs_f64())),
        None => outcome.claim(false, format!("{} are still open", streams.len())),
    }
    Ok(())
}
