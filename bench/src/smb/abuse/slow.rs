//! Clients that read, or write, a byte now and then.
use super::super::link::Link;
use super::super::load::opened;
use super::greedy::{earn, is_closed, push, until_closed};
use super::server::PATIENCE_S;
use super::{Ground, Outcome};
use crate::report::Failure;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use wire::create::OplockLevel;

/// MaxReadSize and MaxWriteSize.
const LARGEST: u32 = 8 << 20;

/// Beyond the time that the server gives them.
const GRACE: Duration = Duration::from_secs(15);

/// Each asks for 60 times 8 MiB and takes 16 bytes of it at a time.
pub(super) fn readers(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    fs::write(ground.server.share.join("big"), vec![5; LARGEST as usize])?;
    let count = ground.count(40, 8);
    let mut streams = Vec::new();
    let mut asked = 0u64;
    for _ in 0..count {
        let mut link = ground.link()?;
        earn(&mut link)?;
        let file = opened(&mut link, "big", OplockLevel::NONE)?;
        let requests: Result<Vec<Vec<u8>>, Failure> =
            (0..60).map(|_| link.framed(&[requests::read(file, 0, LARGEST)])).collect();
        let bytes = requests?.concat();
        asked += 60 * u64::from(LARGEST);
        push(&mut link.stream, &bytes)?;
        streams.push(link.stream);
    }
    outcome.tell(format!("{count} connections asked for {} MiB", asked >> 20));
    // That the server has closed one its client learns behind all that was sent: the server itself is asked.
    let start = Instant::now();
    for stream in &streams {
        stream.set_nonblocking(true)?;
    }
    let left = loop {
        for stream in &mut streams {
            is_closed(stream, &mut [0; 16]);
        }
        // The neighbour has two, when it logs on.
        let left = ground.server.figures()?.connections.saturating_sub(2);
        if left == 0 || start.elapsed() > Duration::from_secs(PATIENCE_S) + GRACE {
            break left;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    match left {
        0 => outcome.tell(format!("all let go after {:.0} s", start.elapsed().as_secs_f64())),
        left => outcome.claim(false, format!("{left} were not let go")),
    }
    Ok(())
}

/// Each begins to write 8 MiB, as much as is taken, and goes on with a byte at a time.
pub(super) fn writers(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let data = vec![3; LARGEST as usize];
    let count = ground.count(200, 30);
    let mut streams = Vec::new();
    let mut sent = 0u64;
    for at in 0..count {
        let mut link: Link = ground.link()?;
        earn(&mut link)?;
        let file = opened(&mut link, &format!("written{at}"), OplockLevel::NONE)?;
        let bytes = link.framed(&[requests::write(file, 0, &data)])?;
        sent += push(&mut link.stream, bytes.get(..bytes.len() - 4096).unwrap_or_default())? as u64;
        streams.push(link.stream);
    }
    outcome.tell(format!("{count} connections began to write 8 MiB each; {} MiB were taken", sent >> 20));
    let dribble = |stream: &mut TcpStream| {
        // Whether it is taken is the server's affair.
        let _ = stream.write(&[3]);
    };
    let closed = until_closed(&mut streams, Duration::from_secs(PATIENCE_S) + GRACE, dribble)?;
    match closed {
        Some(time) => outcome.tell(format!("all let go after {:.0} s", time.as_secs_f64())),
        None => outcome.claim(false, format!("{} were not let go", streams.len())),
    }
    Ok(())
}
