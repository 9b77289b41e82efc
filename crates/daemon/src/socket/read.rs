//! Reading: what the socket has at once, and one message after the other of it.
use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::sync::atomic::Ordering;

use rustix::buffer::spare_capacity;
use rustix::net::{RecvFlags, recv};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::task::{Task, WRITE_BYTES};
use crate::clock::now;

/// Bytes that are read at once.
const READ_BYTES: usize = 128 * 1024;

/// A message of which so much is there is read to where it stays.
const BEGUN_BYTES: usize = 16 * 1024;

/// How many times as much as is there of a message room is made for, at most: who announces much and sends little takes little.
const GROWTH: usize = 16;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Task {
    /// Reads what the socket has: into a buffer that all tasks of a thread share, so that none keeps one while its client is silent, or
    /// to the end of the message that is coming in, when that is long.
    pub(super) fn read(&mut self, stream: &TcpStream) {
        if self.machine.lacks() >= BEGUN_BYTES && self.machine.begun() >= BEGUN_BYTES {
            return self.read_on(stream);
        }
        BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(READ_BYTES, 0);
            let came = receive(stream, READ_BYTES, |stream| {
                recv(stream, &mut **buffer, RecvFlags::empty()).map(|(_, len)| len)
            });
            if let Some(len) = self.came(came) {
                // What other connections did before the client wrote this counts before it.
                self.read_mail();
                self.take(buffer.get(..len).unwrap_or_default());
            }
        });
    }

    /// Reads more of a long message to where it stays.
    fn read_on(&mut self, stream: &TcpStream) {
        let lacks = self.machine.lacks();
        let mut message = self.machine.lend();
        // A buffer that is moved is copied whole: not before what there is of it is full.
        if message.capacity() - message.len() < lacks.min(READ_BYTES) {
            message.reserve_exact(lacks.min(message.len().saturating_mul(GROWTH)));
        }
        let room = message.capacity() - message.len();
        let came = receive(stream, room, |stream| {
            recv(stream, spare_capacity(&mut message), RecvFlags::empty()).map(|(_, len)| len)
        });
        self.came(came);
        self.read_mail();
        let mut rest = Vec::new();
        let effects = self.machine.receive_lent(self.now, message, &mut rest);
        self.begin_local(effects);
        (self.leftover, self.leftover_at) = (rest, 0);
    }

    /// How many bytes came, if any did.
    fn came(&mut self, came: io::Result<usize>) -> Option<usize> {
        match came {
            Ok(0) => self.is_over = true,
            Ok(len) => {
                let counted = u64::try_from(len).unwrap_or(0);
                self.daemon.traffic.received.fetch_add(counted, Ordering::Relaxed);
                return Some(len);
            }
            Err(error) => self.is_over |= error.kind() != ErrorKind::WouldBlock,
        }
        None
    }

    /// Does what one message after the other asks for; what there is no time or no room for is left.
    fn take(&mut self, mut bytes: &[u8]) {
        self.take_some(&mut bytes);
        self.leftover.clear();
        self.leftover.extend_from_slice(bytes);
        self.leftover_at = 0;
    }

    /// Goes on with what was read and left.
    pub(super) fn go_on(&mut self) {
        let leftover = core::mem::take(&mut self.leftover);
        let mut bytes = leftover.get(self.leftover_at..).unwrap_or_default();
        self.take_some(&mut bytes);
        if !bytes.is_empty() {
            self.leftover_at = leftover.len() - bytes.len();
            self.leftover = leftover;
        }
    }

    fn take_some(&mut self, bytes: &mut &[u8]) {
        while !bytes.is_empty() && !self.is_over && self.now.monotonic <= self.slice_until {
            let effects = self.machine.receive_one(self.now, bytes);
            self.begin_local(effects);
            self.hold();
            if self.queued > WRITE_BYTES || !self.has_room() {
                break;
            }
            if !bytes.is_empty() {
                self.now = now();
            }
        }
    }
}

/// Asks the socket once. Fewer bytes than there was room for are all that it has: then it is not asked again before it says that there are
/// more. A socket that came to its end or broke says so even then. (epoll(7), on EPOLLET and streams)
fn receive(
    stream: &TcpStream,
    room: usize,
    read: impl FnOnce(&TcpStream) -> rustix::io::Result<usize>,
) -> io::Result<usize> {
    let mut came = None;
    let asked = stream.try_io(Interest::READABLE, || {
        let len = read(stream)?;
        came = Some(len);
        if len > 0 && len < room { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    match (came, asked) {
        (Some(len), _) => Ok(len),
        (None, asked) => asked.map(|()| 0),
    }
}
